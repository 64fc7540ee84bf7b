/** Windows that hold more than rows, executed: definitions of tables, XA transactions, what was open across the restart. */
import { expect, test } from 'vitest'
import { endOfLog, startPair } from '../support/servers/index.ts'
import type { Pair, Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { createTables, execMode, expectGreen, repair, trade, url } from '../repair/story.ts'

const kinds: readonly { readonly kind: ServerKind; readonly gtids: boolean }[] = [
  { kind: 'mysql-5.6', gtids: false },
  { kind: 'mysql-9.7', gtids: false },
  { kind: 'mysql-9.7', gtids: true },
  { kind: 'mariadb-10.11', gtids: false },
  { kind: 'mariadb-11.8', gtids: false },
]

interface Executed {
  readonly exitCode: number | null
  readonly codes: readonly string[]
  readonly outcome: string | null
  readonly said: string
}

async function execute(pair: Pair, from: string, more: readonly string[] = []): Promise<Executed> {
  const { active, passive } = pair
  const servers = ['--source', url(active), '--replica', url(passive)]
  const run = await repair(['--from', from, ...servers, '--execute', '--yes', '--json', ...more])
  const answer = run.stdout !== '' ? JSON.parse(run.stdout) : { findings: [], executed: null }
  const findings: readonly { code: string; severity: string }[] = answer.findings
  const blocking = findings.filter(({ severity }) => severity === 'blocking')
  return {
    exitCode: run.exitCode,
    codes: blocking.map(({ code }) => code),
    outcome: answer.executed?.outcome ?? null,
    said: `${run.stdout}${run.stderr}`,
  }
}

async function here(server: Server): Promise<string> {
  const { file, position } = await endOfLog(server)
  return `${file}:${position}`
}

/** Definitions and checksums of all tables of the schema. */
async function contents(server: Server): Promise<readonly string[]> {
  const tables = await server.query(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop' ORDER BY 1",
  )
  const out: string[] = []
  for (const { name } of tables) {
    const [shown] = await server.query(`SHOW CREATE TABLE shop.\`${String(name)}\``)
    const [sum] = await server.query(`CHECKSUM TABLE shop.\`${String(name)}\``)
    out.push(`${String(shown?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, '')} ${String(sum?.['Checksum'])}`)
  }
  return out
}

async function expectHealed(pair: Pair): Promise<void> {
  const { active, passive } = pair
  await pair.caughtUp()
  expect(await contents(passive)).toEqual(await contents(active))
  expect(await execMode(passive)).toBe('STRICT')
  await trade(active, 1)
  await trade(passive, 1)
  await pair.caughtUp()
  expect(await contents(passive)).toEqual(await contents(active))
  await expectGreen(passive)
  await expectGreen(active)
}

for (const { kind, gtids } of kinds) {
  const name = `${kind}${kind === 'mysql-9.7' ? (gtids ? ' with GTIDs' : ' without GTIDs') : ''}`
  describeWith(kind, `a window on ${name}`, () => {
    test('with tables made, emptied and dropped, not lost and lost, is replayed', async () => {
      await using pair = await startPair({ kind, gtids })
      const { active } = pair
      await createTables(pair)
      await pair.caughtUp()
      const from = await here(active)
      await active.run(
        'CREATE TABLE shop.made (id INT PRIMARY KEY, t VARCHAR(20)) ENGINE=InnoDB',
        "INSERT INTO shop.made VALUES (1, 'a'), (2, 'b')",
      )
      await pair.lose(async () => {
        await active.run(
          "INSERT INTO shop.made VALUES (3, 'lost')",
          'CREATE TABLE shop.lost (id INT PRIMARY KEY) ENGINE=InnoDB',
          'INSERT INTO shop.lost VALUES (1), (2)',
        )
        await trade(active, 3)
      })
      await active.run(
        'TRUNCATE TABLE shop.stock',
        "INSERT INTO shop.stock VALUES ('apple', 7), ('fig', 8)",
        'CREATE TABLE shop.again (id INT PRIMARY KEY) ENGINE=InnoDB',
        'INSERT INTO shop.again VALUES (1)',
        'DROP TABLE shop.again',
        'CREATE TABLE shop.again (id INT PRIMARY KEY) ENGINE=InnoDB',
        'INSERT INTO shop.again VALUES (5)',
      )
      await pair.caughtUp()
      const { exitCode, outcome, said } = await execute(pair, from)
      expect(exitCode === 0 ? '' : said).toBe('')
      expect(outcome).toBe('healed')
      await expectHealed(pair)
    })

    test('with an ALTER that changes rows is refused, and nothing is touched', async () => {
      await using pair = await startPair({ kind, gtids })
      const { active, passive } = pair
      await createTables(pair)
      await pair.caughtUp()
      const from = await here(active)
      await trade(active, 2)
      await active.run('ALTER TABLE shop.orders ADD COLUMN note INT')
      await pair.caughtUp()
      const before = await here(passive)
      expect(await execute(pair, from)).toMatchObject({ exitCode: 1, codes: ['DDL_IN_WINDOW'], outcome: null })
      expect(await here(passive)).toBe(before)
      await expectGreen(passive)
    })

    test('with XA transactions that are ended in it is replayed, and one that is open before it moves the restart back', async () => {
      await using pair = await startPair({ kind, gtids })
      const { active } = pair
      await createTables(pair)
      await pair.caughtUp()
      const before = await here(active)
      await active.run(
        "XA START 'early'",
        "INSERT INTO shop.orders (item, amount) VALUES ('xa', 1)",
        "XA END 'early'",
        "XA PREPARE 'early'",
      )
      const from = await here(active)
      await pair.caughtUp()
      await pair.lose(() => insertTwo(pair))
      await active.run("XA COMMIT 'early'")
      await active.run(
        "XA START 'x'",
        "UPDATE shop.stock SET amount = 1 WHERE item = 'pear'",
        "XA END 'x'",
        "XA PREPARE 'x'",
        "XA COMMIT 'x'",
      )
      await pair.caughtUp()
      // MySQL 5.6 logs an XA transaction when it commits, and as one of a non-transactional engine.
      const more = kind === 'mysql-5.6' ? ['--accept', 'NON_TRANSACTIONAL'] : []
      const { exitCode, said } = await execute(pair, from, more)
      // Strategy apply sends no XA transactions.
      expect(exitCode === (gtids ? 1 : 0) ? '' : said).toBe('')
      const named = gtids ? 'XA_IN_WINDOW' : kind === 'mysql-5.6' ? from : before
      expect(said).toContain(gtids ? named : `"position": ${named.split(':').at(-1)}`)
      await (gtids ? pair.caughtUp() : expectHealed(pair))
    })
  })
}

async function insertTwo({ active }: Pair): Promise<void> {
  const writer = await active.connect()
  await writer.query("INSERT INTO shop.orders (item, amount) VALUES ('lost', 1)")
  await writer.query("INSERT INTO shop.orders (item, amount) VALUES ('lost', 2)")
  await writer.end()
}

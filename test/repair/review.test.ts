/** Harm that a replay could do without a sign, each shown on a real pair and refused by name; and what a script leaves behind. */
import { describe, expect, test } from 'vitest'
import { endOfLog, replicaStatus, startPair, words } from '../support/servers/index.ts'
import type { Pair, Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { checksums, createTables, execMode, expectGreen, loseTrade, pause, repair, url } from './story.ts'

function start(kind: ServerKind, options: readonly string[] = []): Promise<Pair> {
  return startPair(kind === 'mysql-9.7' ? { kind, gtids: false, options } : { kind, options })
}

interface Finding {
  readonly code: string
  readonly severity: string
}

/** Plans a replay of what `statements` write to the active; both servers have it. */
async function planOver(pair: Pair, statements: readonly string[], more: readonly string[] = []) {
  const { active, passive } = pair
  const { file, position } = await endOfLog(active)
  await active.run(...statements)
  await pair.caughtUp()
  const given = ['--from', `${file}:${position}`, '--source', url(active), '--replica', url(passive), ...more]
  const { stdout, exitCode } = await repair([...given, '--json'])
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] }
  return { given, exitCode, blocking: findings.filter((one) => one.severity === 'blocking').map((one) => one.code) }
}

describe('keys in the window', () => {
  for (const kind of ['mysql-5.6', 'mysql-9.7', 'mariadb-10.11'] as const) {
    describeWith(kind, `on ${kind}`, () => {
      test('an update of a primary key is refused, as its replay makes a row too many; of other columns it is not', async () => {
        await using pair = await start(kind)
        const { active, passive } = pair
        await createTables(pair)
        const key = "UPDATE shop.stock SET item = 'fig' WHERE item = 'kiwi'"
        const others = await planOver(pair, ["UPDATE shop.stock SET amount = amount + 1 WHERE item = 'plum'"])
        expect(others).toMatchObject({ exitCode: 0, blocking: [] })
        const moved = await planOver(pair, ["INSERT INTO shop.stock VALUES ('kiwi', 1)", key])
        expect(moved).toMatchObject({ exitCode: 1, blocking: ['UNIQUE_KEY_MOVE'] })
        const accepted = await repair([...moved.given, '--accept', 'UNIQUE_KEY_MOVE'])
        expect(await passive.client(accepted.stdout)).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nok\n$/) })
        const rows = (server: typeof active) =>
          server.query("SELECT item FROM shop.stock WHERE item IN ('kiwi', 'fig') ORDER BY 1")
        expect(await rows(active)).toEqual([{ item: 'fig' }])
        expect(await rows(passive)).toEqual([{ item: 'fig' }, { item: 'kiwi' }])
      })

      test('a unique key that is not updated does not matter; one that is, or is an expression, does', async () => {
        await using pair = await start(kind)
        await createTables(pair)
        await pair.active.run(
          'CREATE TABLE shop.code (label VARCHAR(20), id INT PRIMARY KEY, code INT, UNIQUE (code)) ENGINE=InnoDB',
          "INSERT INTO shop.code VALUES ('a', 1, 1), ('b', 2, NULL)",
        )
        expect(await planOver(pair, ["UPDATE shop.code SET label = 'c' WHERE id = 2"])).toMatchObject({ blocking: [] })
        expect(await planOver(pair, ['UPDATE shop.code SET code = 0 WHERE id = 2'])).toMatchObject({
          blocking: ['UNIQUE_KEY_MOVE'],
        })
        if (kind !== 'mysql-9.7') return
        await pair.active.run('ALTER TABLE shop.code ADD UNIQUE ((UPPER(label)))')
        expect(await planOver(pair, ["UPDATE shop.code SET label = 'd' WHERE id = 2"])).toMatchObject({
          blocking: ['UNIQUE_KEY_MOVE'],
        })
      })

      test('a cascade into another schema is seen', async () => {
        await using pair = await start(kind)
        await createTables(pair)
        await pair.active.run(
          'CREATE DATABASE other',
          'CREATE TABLE other.child (id INT PRIMARY KEY, o INT, FOREIGN KEY (o) REFERENCES shop.orders (id) ON DELETE CASCADE) ENGINE=InnoDB',
        )
        expect(await planOver(pair, ["INSERT INTO shop.orders (id, item) VALUES (1001, 'plum')"])).toMatchObject({
          blocking: ['FOREIGN_KEY_CASCADE'],
        })
      })
    })
  }
})

describe('a script', () => {
  for (const kind of ['mysql-5.6', 'mysql-9.7', 'mariadb-11.8'] as const) {
    describeWith(kind, `on ${kind}`, () => {
      test('that is run twice at once runs once, and heals', async () => {
        await using pair = await start(kind)
        const { active, passive } = pair
        const at = await loseTrade(pair)
        const plan = await repair(['--at', at, ...exactly, '--source', url(active), '--replica', url(passive)])
        const release = await holdUp(passive)
        const first = passive.client(plan.stdout)
        await expect.poll(() => execMode(passive), { timeout: 20_000 }).toBe('IDEMPOTENT')
        const second = await passive.client(plan.stdout)
        const third = await repair(['--at', at, ...exactly, '--source', url(active), '--replica', url(passive)])
        await release()
        expect({ exitCode: second.exitCode, stderr: second.stderr }).toMatchObject({
          exitCode: 1,
          stderr: expect.stringContaining('1242'),
        })
        expect(third.exitCode).toBe(1)
        expect(third.stdout).toContain('-- blocking IDEMPOTENT_MODE: ')
        expect(await first).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nok\n$/) })
        await expectHealed(pair)
      })

      test('that is broken off behind CHANGE is finished as it says, and no other one is made before', async () => {
        await using pair = await start(kind)
        const { active, passive } = pair
        const at = await loseTrade(pair)
        await passive.run(`STOP ${words(passive).replica}`)
        const given = ['--at', at, ...exactly, '--source', url(active), '--replica', url(passive)]
        const plan = await repair(given)
        const [begun = ''] = /^[\s\S]*^CHANGE .*$/m.exec(plan.stdout) ?? []
        expect(await passive.client(begun)).toMatchObject({ exitCode: 0 })
        expect(await repair(given)).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('blocking IDEMPOTENT_MODE: ') })
        expect(await passive.client(restOf(plan.stdout))).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nok\n$/) })
        await expectHealed(pair)
      })

      test.each(['running', 'stopped'])(
        'that fails inside of the window of a %s replica is finished as it says',
        async (state) => {
          await using pair = await start(kind)
          const { active, passive } = pair
          const at = await loseTrade(pair)
          if (state === 'stopped') await passive.run(`STOP ${words(passive).replica}`)
          const given = ['--at', at, ...exactly, '--source', url(active), '--replica', url(passive)]
          const plan = await repair(given)
          expect(plan.exitCode).toBe(0)
          // It is not there when the replay comes to it.
          const withoutTable = plan.stdout.replace(
            /^SET GLOBAL \w+ = 'IDEMPOTENT';$/m,
            '$&\nRENAME TABLE shop.stock TO shop.away;',
          )
          const broken = await passive.client(`SET SESSION sql_log_bin = 0;\n${withoutTable}`)
          expect(broken).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('1242') })
          expect(await execMode(passive)).toBe('STRICT')
          await expect.poll(() => replicaStatus(passive)).toMatchObject({ applierRunning: false })

          await passive.run('SET SESSION sql_log_bin = 0', 'RENAME TABLE shop.away TO shop.stock')
          const [, file, position] = /the window ends at (\S+):(\d+)/.exec(broken.stdout) ?? []
          const finished = await passive.client(
            restOf(plan.stdout).replace("'FILE'", `'${file}'`).replace('POSITION', String(position)),
          )
          expect(finished).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nok\n$/) })
          await expectHealed(pair)
        },
      )
    })
  }
})

describeWith('mariadb-10.11', 'a server that limits how long a statement may run', () => {
  test('does not end the waits of a script', async () => {
    await using pair = await start('mariadb-10.11')
    const { active, passive } = pair
    const at = await loseTrade(pair)
    await passive.run('SET GLOBAL max_statement_time = 1')
    const plan = await repair(['--at', at, ...exactly, '--source', url(active), '--replica', url(passive)])
    const release = await holdUp(passive)
    const run = passive.client(plan.stdout)
    await expect.poll(() => execMode(passive), { timeout: 20_000 }).toBe('IDEMPOTENT')
    await pause(2500)
    await release()
    expect(await run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nok\n$/) })
    await expectHealed(pair)
  })
})

const exactly = ['--skew', '0', '--margin', '0']

/** The statements that finish a script, out of its comments. */
function restOf(script: string): string {
  return /finish it with\n((?:-- {3}.*\n)+)/.exec(script)?.[1]?.replaceAll(/^-- /gm, '') ?? ''
}

/** Keeps the applier from changing the stock until it is called. */
async function holdUp(server: Server): Promise<() => Promise<void>> {
  const session = await server.connect()
  await session.query('BEGIN')
  await session.query('SELECT * FROM shop.stock FOR UPDATE')
  return () => session.end()
}

async function expectHealed(pair: Pair): Promise<void> {
  await pair.caughtUp()
  expect(await checksums(pair.passive)).toEqual(await checksums(pair.active))
  expect(await execMode(pair.passive)).toBe('STRICT')
  await expectGreen(pair.passive)
}

/** What `repair` must not print a script for, on real servers, and why: exit 1, the finding's code, and no statement. */
import { describe, expect, test } from 'vitest'
import { accounts, endOfLog, purgeTo, startPair, startServer, words } from '../support/servers/index.ts'
import type { Server } from '../support/servers/index.ts'
import type { RunResult } from '../support/servers/run.ts'
import { describeWith } from '../support/servers/with.ts'
import { checksums, createTables, expectGreen, loseTrade, now, pause, repair, trade, url } from './story.ts'

const exactly = ['--skew', '0', '--margin', '0']

/** The codes of a refusal, which is comments only, so that the client runs it and does nothing. */
function refusal({ exitCode, stdout, stderr }: RunResult): readonly string[] {
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' })
  expect(stdout.split('\n').filter((line) => line !== '' && !line.startsWith('--'))).toEqual([])
  return [...stdout.matchAll(/^-- blocking (\w+): /gm)].map(([, code = '']) => code)
}

describeWith('mysql-9.7', 'a replica that has the GTIDs of what it lost', () => {
  test('is refused, and by hand the coordinates heal nothing with all lights green', async () => {
    await using pair = await startPair({ kind: 'mysql-9.7' })
    const { active, passive } = pair
    const at = await loseTrade(pair)
    const diverged = await checksums(passive)
    expect(diverged).not.toEqual(await checksums(active))
    await expectGreen(passive)
    const given = ['--at', at, ...exactly, '--source', url(active)]
    const byCoordinates = [...given, '--strategy', 'coordinates', '--replica', url(passive)]
    expect(refusal(await repair(byCoordinates))).toContain('GTID_SKIP')
    // Also from the words alone: the log says that its transactions have GTIDs.
    expect(refusal(await repair([...given, '--dialect', 'mysql-9.7']))).toContain('GTID_SKIP')

    const found = JSON.parse((await repair([...byCoordinates, '--json'])).stdout)
    expect(found.plan.steps).toEqual([])
    const { file, position } = found.plan.restart
    const end = await endOfLog(active)
    const byHand = await passive.client(
      [
        'STOP REPLICA',
        "SET GLOBAL replica_exec_mode = 'IDEMPOTENT'",
        `CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE = '${file}', SOURCE_LOG_POS = ${position}, SOURCE_AUTO_POSITION = 0`,
        'START REPLICA',
        `SELECT IF(SOURCE_POS_WAIT('${end.file}', ${end.position}, 30) >= 0, 'reached', (SELECT 1 UNION SELECT 2))`,
        "SET GLOBAL replica_exec_mode = 'STRICT'",
      ].join(';\n'),
    )
    expect(byHand).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('reached') })
    await expectGreen(passive)
    expect(await checksums(passive)).toEqual(diverged)
  })
})

describeWith('mysql-5.6', 'where the restart must not be', () => {
  test('PURGED: the source no longer has what was lost', async () => {
    await using pair = await startPair({ kind: 'mysql-5.6' })
    const { active, passive } = pair
    const at = await loseTrade(pair)
    const { file } = await endOfLog(active)
    await active.run('FLUSH LOGS')
    await trade(active, 2)
    await pair.caughtUp()
    const here = await endOfLog(active)
    await purgeTo(active, here.file)
    const early = ['--source', url(active), '--replica', url(passive)]
    expect(refusal(await repair(['--at', at, ...exactly, ...early]))).toContain('PURGED')
    expect(refusal(await repair(['--from', `${file}:4`, ...early]))).toContain('PURGED')
  })

  test('AHEAD_OF_REPLICA: the restart would skip what the replica has not executed', async () => {
    await using pair = await startPair({ kind: 'mysql-5.6' })
    const { active, passive } = pair
    await createTables(pair)
    await pair.caughtUp()
    await passive.run(`STOP ${words(passive).replica}`)
    await trade(active, 2)
    await pause(2000)
    const at = await now(active)
    await trade(active, 2)
    expect(refusal(await repair(['--at', at, ...exactly, '--source', url(active), '--replica', url(passive)]))).toContain(
      'AHEAD_OF_REPLICA',
    )
  })

  test('LOG_IDENTITY: the replica replicates from another server', async () => {
    await using pair = await startPair({ kind: 'mysql-5.6' })
    await using other = await startServer({ kind: 'mysql-5.6', serverId: 9 })
    const at = await loseTrade(pair)
    await createTables({ ...pair, active: other })
    await trade(other, 30)
    const { stdout, exitCode } = await repair(['--at', at, '--source', url(other), '--replica', url(pair.passive), '--json'])
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ plan: null })
    expect(
      refusal(await repair(['--from', `mysql-bin.000001:4`, '--source', url(other), '--replica', url(pair.passive)])),
    ).toContain('LOG_IDENTITY')
  })

  test('a coordinate inside a transaction is a slip that names the boundary before it', async () => {
    await using pair = await startPair({ kind: 'mysql-5.6' })
    const { active, passive } = pair
    await loseTrade(pair)
    const events = await active.query("SHOW BINLOG EVENTS IN 'mysql-bin.000001'")
    const xid = events.findLast((row) => row['Event_type'] === 'Xid')
    const begin = events.findLast((row) => row['Info'] === 'BEGIN')
    const coordinate = `mysql-bin.000001:${String(xid?.['Pos'])}`
    const result = await repair(['--from', coordinate, '--source', url(active), '--replica', url(passive)])
    expect(result).toMatchObject({ exitCode: 64, stdout: '' })
    expect(result.stderr).toContain(`mysql-bin.000001:${String(begin?.['Pos'])}`)
  })
})

/** What the window holds, each written by a client of the source; the codes that it must be refused with. */
const windows: readonly { readonly code: string; readonly accept: boolean; readonly write: (server: Server) => Promise<void> }[] =
  [
    {
      code: 'STATEMENT_FORMAT',
      accept: false,
      write: (server) => server.run("SET SESSION binlog_format = 'STATEMENT'", 'UPDATE shop.stock SET amount = amount + 1'),
    },
    { code: 'DDL_IN_WINDOW', accept: true, write: (server) => server.run('ALTER TABLE shop.orders ADD COLUMN note INT') },
    {
      code: 'NON_TRANSACTIONAL',
      accept: true,
      write: (server) =>
        server.run('CREATE TABLE shop.old (id INT PRIMARY KEY) ENGINE=MyISAM', 'INSERT INTO shop.old VALUES (1), (2)'),
    },
    {
      code: 'NO_PRIMARY_KEY',
      accept: true,
      write: (server) => server.run('CREATE TABLE shop.loose (id INT) ENGINE=InnoDB', 'INSERT INTO shop.loose VALUES (1)'),
    },
    {
      code: 'FOREIGN_KEY_CASCADE',
      accept: true,
      write: (server) =>
        server.run(
          'CREATE TABLE shop.child (id INT PRIMARY KEY, o INT, FOREIGN KEY (o) REFERENCES shop.orders (id) ON DELETE CASCADE) ENGINE=InnoDB',
          "INSERT INTO shop.orders (id, item) VALUES (1001, 'plum')",
          'INSERT INTO shop.child VALUES (1, 1001)',
        ),
    },
    {
      code: 'UNIQUE_KEY_MOVE',
      accept: true,
      write: (server) =>
        server.run(
          'CREATE TABLE shop.code (id INT PRIMARY KEY, code INT UNIQUE) ENGINE=InnoDB',
          'INSERT INTO shop.code VALUES (1, 1)',
          'UPDATE shop.code SET code = 2',
        ),
    },
    {
      code: 'PARTIAL_ROW_IMAGE',
      accept: true,
      write: (server) => server.run("SET SESSION binlog_row_image = 'MINIMAL'", 'UPDATE shop.stock SET amount = amount + 1'),
    },
  ]

describe('a window that a replay may not repeat', () => {
  for (const kind of ['mysql-5.6', 'mariadb-10.11'] as const) {
    describeWith(kind, `on ${kind}`, () => {
      test('is refused by name for each reason, and accepted by name where a person can judge', async () => {
        await using pair = await startPair({ kind })
        const { active, passive } = pair
        await createTables(pair)
        for (const { code, accept, write } of windows) {
          const start = await endOfLog(active)
          const writer = await active.connect()
          await write({ ...active, run: (...statements) => inOrder(statements, (sql) => writer.query(sql)) })
          await writer.end()
          await pair.caughtUp()
          const given = ['--from', `${start.file}:${start.position}`, '--source', url(active), '--replica', url(passive)]
          expect(refusal(await repair(given))).toContain(code)
          // What else blocks there is not this finding's matter.
          const accepted = await repair([...given, '--accept', code, '--json'])
          expect(accepted.exitCode).toBe(accept ? accepted.exitCode : 64)
          const findings = accept ? JSON.parse(accepted.stdout).findings : []
          expect(
            findings.some((one: { code: string; severity: string }) => one.code === code && one.severity === 'blocking'),
          ).toBe(false)
        }
      })

      test('OWN_EVENTS: it filters what it wrote itself', async () => {
        await using pair = await startPair({ kind })
        const { active, passive } = pair
        await createTables(pair)
        await pair.caughtUp()
        const start = await endOfLog(active)
        await trade(passive, 1)
        await pair.caughtUp()
        await trade(active, 1)
        await pair.caughtUp()
        const given = ['--from', `${start.file}:${start.position}`, '--source', url(active), '--replica', url(passive)]
        expect(refusal(await repair(given))).toContain('OWN_EVENTS')
      })
    })
  }
})

describeWith('mariadb-10.11', 'a replica that filters', () => {
  test('is refused when every table of the window is filtered, and told which when some are', async () => {
    await using pair = await startPair({ kind: 'mariadb-10.11' })
    const { active, passive } = pair
    const at = await loseTrade(pair)
    const given = ['--at', at, ...exactly, '--source', url(active), '--replica', url(passive)]
    const filter = (pattern: string): Promise<void> =>
      passive.run('STOP SLAVE', `SET GLOBAL replicate_wild_ignore_table = '${pattern}'`, 'START SLAVE')
    await filter(String.raw`shop.%`)
    expect(refusal(await repair(given))).toEqual(['FILTERS'])
    await filter('shop.st_ck')
    const some = await repair(given)
    expect(some.exitCode).toBe(0)
    expect(some.stdout).toContain('-- warning FILTERS: the replica filters shop.stock: rows of these do not come back')
  })
})

describeWith('mariadb-10.11', 'a replica of another log with the same names', () => {
  test('is refused where it stands inside of a transaction of this one', async () => {
    await using pair = await startPair({ kind: 'mariadb-10.11' })
    await using other = await startServer({ kind: 'mariadb-10.11' })
    await loseTrade(pair)
    await other.run('CREATE DATABASE shop', 'CREATE TABLE shop.log (id INT PRIMARY KEY, line TEXT)')
    // One transaction over all the positions that the replica can have.
    await other.run(`INSERT INTO shop.log VALUES (1, REPEAT('x', 60000))`)
    const given = ['--from', 'mysql-bin.000001:4', '--source', url(other), '--replica', url(pair.passive)]
    expect(refusal(await repair(given))).toEqual(['LOG_IDENTITY'])
  })
})

/** What an account needs to look at a replica, besides seeing its tables. */
const mayLook = {
  'mysql-5.6': 'REPLICATION CLIENT, REPLICATION SLAVE',
  'mysql-9.7': 'REPLICATION CLIENT',
  'mariadb-10.11': 'SLAVE MONITOR, REPLICATION MASTER ADMIN',
  'mariadb-11.8': 'SLAVE MONITOR, REPLICATION MASTER ADMIN',
}

describe('an account that sees too little of the replica', () => {
  for (const kind of ['mysql-5.6', 'mysql-9.7', 'mariadb-10.11', 'mariadb-11.8'] as const) {
    describeWith(kind, `on ${kind}`, () => {
      test('is refused until it has the privilege that the finding names', async () => {
        await using pair = await startPair(kind === 'mysql-9.7' ? { kind, gtids: false } : { kind })
        const { active, passive } = pair
        const at = await loseTrade(pair)
        const looker = "'looker'@'%'"
        // The password of the other accounts, as there is one for both servers.
        await passive.run(
          'SET SESSION sql_log_bin = 0',
          `CREATE USER ${looker} IDENTIFIED BY '${accounts.admin.password}'`,
          `GRANT ${mayLook[kind]} ON *.* TO ${looker}`,
        )
        const look = (): Promise<RunResult> =>
          repair(['--at', at, ...exactly, '--source', url(active), '--replica', `mysql://looker@${passive.host}:${passive.port}`])
        expect(new Set(refusal(await look()))).toEqual(new Set(['PRIVILEGE', 'DDL_IN_WINDOW']))
        await passive.run(`GRANT SELECT ON shop.* TO ${looker}`)
        expect(refusal(await look())).toEqual(['PRIVILEGE'])
        await passive.run(`GRANT REFERENCES ON *.* TO ${looker}`)
        expect(await look()).toMatchObject({ exitCode: 0, stderr: '' })
      })
    })
  }
})

async function inOrder(statements: readonly string[], run: (sql: string) => Promise<unknown>): Promise<void> {
  for (const statement of statements) await run(statement)
}

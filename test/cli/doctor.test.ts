/**
 * doctor on real servers. What it asks for must be enough, and is: an account that is granted what doctor prints, and no more, does all
 * that a repair does.
 */
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyWindow } from '../../src/app/apply/applyWindow.ts'
import type { Check } from '../../src/app/doctor.ts'
import { grantStatement } from '../../src/dialect/privileges.ts'
import { openApplySession } from '../../src/server/applySession.ts'
import { openSource } from '../../src/source/open.ts'
import { accounts, startPair, startServer, words } from '../support/servers/index.ts'
import type { Pair, Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { binpoint, fixtures, temporaryFolder } from './run.ts'
import { expectValid } from './schema.ts'

const password = 'a password'

interface Diagnosis {
  readonly status: number
  readonly checks: readonly Check[]
}

async function doctor(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Diagnosis> {
  const { status, stdout, stderr } = await binpoint(['doctor', ...args, '--json'], { env })
  expect(stderr).toBe('')
  const answer: { checks: Check[] } = JSON.parse(stdout)
  expectValid('doctor', answer)
  return { status, checks: answer.checks }
}

const url = (server: Server, user: string): string => `mysql://${encodeURIComponent(user)}@${server.host}:${server.port}`

const ofPair = ({ active, passive }: Pair, user: string): Promise<Diagnosis> =>
  doctor([url(active, user), url(passive, user)], {
    BINPOINT_PASSWORD: user === accounts.admin.user ? accounts.admin.password : password,
  })

function find({ checks }: Diagnosis, on: Check['on'], id: string): Check | undefined {
  return checks.find((check) => check.on === on && check.id === id)
}

const failed = ({ checks }: Diagnosis): readonly string[] =>
  checks.filter((check) => check.outcome === 'fail').map(({ on, id }) => `${on} ${id}`)

const grants = ({ checks }: Diagnosis, on: Check['on']): readonly string[] =>
  checks.flatMap((check) => (check.on === on && check.fix?.startsWith('GRANT ') === true ? [check.fix] : []))

const kinds: readonly ServerKind[] = ['mysql-5.6', 'mysql-9.7', 'mariadb-10.5', 'mariadb-10.11', 'mariadb-11.8']

for (const kind of kinds) {
  describeWith(kind, `doctor on a pair of ${kind}`, () => {
    const isModern = kind === 'mysql-9.7'
    let pair: Pair
    beforeAll(async () => {
      pair = await startPair({ kind })
      await pair.active.run('CREATE DATABASE d', 'CREATE TABLE d.t (id INT PRIMARY KEY, a INT)', 'INSERT INTO d.t VALUES (1, 1)')
      await pair.caughtUp()
    })
    afterAll(() => pair[Symbol.asyncDispose]())

    test('a sound pair passes, for an administrator', async () => {
      const diagnosis = await ofPair(pair, accounts.admin.user)
      expect(failed(diagnosis)).toEqual([])
      expect(diagnosis.status).toBe(0)
      expect(grants(diagnosis, 'source')).toEqual([])
      expect(grants(diagnosis, 'replica')).toEqual([])
      expect(find(diagnosis, 'source', 'reach')).toMatchObject({
        outcome: 'pass',
        message: expect.stringMatching(/mysql-bin\.000001, begun \d{4}-/),
      })
      expect(find(diagnosis, 'replica', 'follows-source')).toMatchObject({ outcome: 'pass' })
      expect(find(diagnosis, 'replica', 'other-direction')).toMatchObject({
        outcome: 'pass',
        message: 'the source replicates from it, and runs',
      })
      expect(find(diagnosis, 'replica', 'read-only')).toMatchObject({
        outcome: 'warn',
        fix: expect.stringContaining('read_only = ON;'),
      })
    })

    test('what it asks for is enough', async () => {
      const { active, passive } = pair
      const user = 'o\'neil "x" `y` -- z'.slice(0, 16)
      for (const server of [active, passive])
        await server.run('SET sql_log_bin = 0', `CREATE USER ${named(user)} IDENTIFIED BY '${password}'`, 'SET sql_log_bin = 1')
      let diagnosis = await ofPair(pair, user)
      expect(diagnosis.status).toBe(1)
      for (let round = 0; round < 5 && grants(diagnosis, 'source').length + grants(diagnosis, 'replica').length > 0; round++) {
        for (const [server, on] of [
          [active, 'source'],
          [passive, 'replica'],
        ] as const)
          for (const grant of grants(diagnosis, on)) await server.run('SET sql_log_bin = 0', grant, 'SET sql_log_bin = 1')
        diagnosis = await ofPair(pair, user)
      }
      expect(failed(diagnosis)).toEqual([])
      expect(diagnosis.status).toBe(0)
      const connection = await passive.connect({ host: passive.host, port: passive.port, user, password })
      const { before, after } = repairStatements(kind)
      for (const statement of before) await connection.query(statement)
      expect(isModern ? await applyAll(pair, user) : 1).toBe(1)
      const [threads] = await connection.query(
        "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'",
      )
      expect(threads).toHaveLength(1)
      for (const statement of after) await connection.query(statement)
      await pair.caughtUp()
      const [rows] = await connection.query('SELECT * FROM d.t')
      expect(rows).toEqual([{ id: 1, a: 1 }])
    })

    test('settings that stand in the way are named, with what puts them right', async () => {
      const { active, passive } = pair
      const { replica } = words(passive)
      // MySQL 9.7 changes the format only while no applier runs.
      await active.run(
        `STOP ${replica}`,
        'SET GLOBAL binlog_format = STATEMENT',
        'SET GLOBAL binlog_row_image = MINIMAL',
        `SET GLOBAL ${isModern ? 'binlog_expire_logs_seconds = 86400' : 'expire_logs_days = 1'}`,
      )
      await passive.run(`SET GLOBAL slave_exec_mode = IDEMPOTENT`, `STOP ${replica}`)
      const diagnosis = await ofPair(pair, accounts.admin.user)
      const rowImage = find(diagnosis, 'source', 'row-image')
      const mode = find(diagnosis, 'replica', 'exec-mode')
      expect(failed(diagnosis)).toEqual(['source binlog-format', 'source row-image', 'replica exec-mode'])
      expect(find(diagnosis, 'source', 'retention')).toMatchObject({
        outcome: 'warn',
        message: expect.stringContaining('1 day(s)'),
      })
      expect(find(diagnosis, 'replica', 'running')).toMatchObject({ outcome: 'warn' })
      const fixes = [find(diagnosis, 'source', 'binlog-format'), rowImage, find(diagnosis, 'source', 'retention')]
      for (const check of fixes) await active.query(String(check?.fix).replace(/;.*/, ''))
      await active.run(`START ${replica}`)
      await passive.run(String(mode?.fix).replace(/;.*/, ''), `START ${replica}`)
      expect(failed(await ofPair(pair, accounts.admin.user))).toEqual([])
    })
  })
}

/** What a repair does there, in its words; strategy apply is done by its own code. */
function repairStatements(kind: ServerKind): { readonly before: readonly string[]; readonly after: readonly string[] } {
  if (kind === 'mysql-9.7')
    return {
      before: [
        'STOP REPLICA',
        "SET GLOBAL replica_exec_mode = 'IDEMPOTENT'",
        "SET GLOBAL replica_exec_mode = 'STRICT'",
        'CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 1',
        'SET GLOBAL event_scheduler = OFF',
        'SET GLOBAL super_read_only = ON',
        'SET GLOBAL super_read_only = OFF',
        'SET GLOBAL read_only = OFF',
        'SET GLOBAL event_scheduler = ON',
      ],
      after: ['FLUSH NO_WRITE_TO_BINLOG BINARY LOGS', 'SHOW BINARY LOG STATUS', 'SHOW REPLICAS', 'START REPLICA'],
    }
  return {
    before: [
      'STOP SLAVE',
      "SET GLOBAL slave_exec_mode = 'IDEMPOTENT'",
      "SET GLOBAL slave_exec_mode = 'STRICT'",
      ...(kind === 'mysql-5.6' ? [] : ['SET GLOBAL gtid_slave_pos = @@GLOBAL.gtid_slave_pos']),
    ],
    after: ['FLUSH NO_WRITE_TO_BINLOG BINARY LOGS', 'SHOW MASTER STATUS', 'SHOW SLAVE HOSTS', 'START SLAVE'],
  }
}

/** Writes again what the source's log has, past the replica's own replication. */
async function applyAll({ active, passive }: Pair, user: string): Promise<number> {
  const account = { host: active.host, user, password }
  await using source = await openSource({ kind: 'server', address: { ...account, port: active.port } })
  const options = { timeoutMs: 30_000, lockWaitSeconds: 5 }
  await using session = await openApplySession({ ...account, port: passive.port }, options)
  const from = { file: 'mysql-bin.000001', position: 4 }
  const applied = await applyWindow({
    source,
    from,
    until: undefined,
    choose: () => true,
    statementAction: () => 'skip',
    session,
  })
  return applied.rowsEvents
}

function named(user: string): string {
  return `\`${user.replaceAll('`', '``')}\`@'127.0.0.1'`
}

describe('doctor on files', () => {
  const rollbar = join(fixtures, 'rollbar/active')

  test('sound ones pass', async () => {
    const diagnosis = await doctor([rollbar])
    expect(diagnosis).toMatchObject({ status: 0 })
    expect(diagnosis.checks.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      'reachable pass',
      'readable pass',
      'complete pass',
      'tail pass',
      'binlog-format pass',
    ])
    expect(find(diagnosis, 'source', 'reachable')?.message).toMatch(/^3 binlog file\(s\), begun \d{4}-\d\d-\d\d/)
    const text = await binpoint(['doctor', rollbar])
    expect(text).toMatchObject({ status: 0, stderr: '' })
    expect(text.stdout).toMatch(/^source \S+\n {2}pass {2}reachable .+\n[\s\S]*\nall is well\n$/)
  })

  test('one that is missing, and one that is damaged', async () => {
    const folder = temporaryFolder()
    for (const [n, as] of [
      [1, 1],
      [2, 2],
      [3, 4],
    ])
      copyFileSync(join(rollbar, `mysql-bin.00000${n}`), join(folder, `mysql-bin.00000${as}`))
    writeFileSync(join(folder, 'mysql-bin.000005'), '\xfebin and no more of one', 'latin1')
    const diagnosis = await doctor([folder])
    expect(diagnosis.status).toBe(1)
    expect(find(diagnosis, 'source', 'complete')).toMatchObject({
      outcome: 'fail',
      message: expect.stringContaining('between mysql-bin.000002 and mysql-bin.000004'),
    })
    expect(find(diagnosis, 'source', 'readable')).toMatchObject({
      outcome: 'fail',
      message: expect.stringContaining('mysql-bin.000005 (damaged)'),
    })
    const nowhere = await doctor([join(folder, 'nowhere')])
    expect(nowhere).toMatchObject({ status: 1, checks: [{ id: 'reachable', outcome: 'fail' }] })
  })

  test('statements at the tail, and encrypted files', async () => {
    const statements = await doctor([join(fixtures, 'grammar/mysql-5.6')])
    expect(failed(statements)).toEqual(['source binlog-format'])
    const encrypted = await doctor([join(fixtures, 'encrypted/mysql-9.7')])
    expect(find(encrypted, 'source', 'readable')).toMatchObject({
      outcome: 'fail',
      message: expect.stringContaining('encrypted'),
    })
  })
})

describe('doctor where nothing answers', () => {
  test('is a check that fails', async () => {
    const { status, checks } = await doctor(['mysql://nobody@127.0.0.1:1', 'mysql://nobody@127.0.0.1:1'])
    expect(status).toBe(1)
    expect(checks).toMatchObject([
      { id: 'reachable', on: 'source', outcome: 'fail', message: expect.stringContaining('127.0.0.1:1') },
      { id: 'reachable', on: 'replica', outcome: 'fail' },
    ])
    expect((await binpoint(['doctor', 'mysql://nobody@127.0.0.1:1', '--exit-zero'])).status).toBe(0)
  })
})

describeWith('mariadb-10.11', 'doctor on a single server', () => {
  test('says that it is no replica, that it writes no log, and that both are one', async () => {
    await using server = await startServer({ kind: 'mariadb-10.11', options: ['--skip-log-bin'] })
    const address = url(server, accounts.admin.user)
    const { status, checks } = await doctor([address, address], { BINPOINT_PASSWORD: accounts.admin.password })
    expect(status).toBe(1)
    expect(failed({ status, checks })).toEqual(['source log-bin', 'replica replicates'])
  })

  test('semi-synchronous replication, with the time-out to lower', async () => {
    await using pair = await startPair({
      kind: 'mariadb-10.11',
      options: ['--rpl-semi-sync-master-enabled=ON', '--rpl-semi-sync-slave-enabled=ON', '--slave-skip-errors=1032'],
    })
    await pair.active.run('CREATE DATABASE d')
    await pair.caughtUp()
    const diagnosis = await ofPair(pair, accounts.admin.user)
    expect(find(diagnosis, 'source', 'semi-sync')).toMatchObject({
      outcome: 'warn',
      fix: expect.stringContaining('SET GLOBAL rpl_semi_sync_master_timeout'),
    })
    expect(find(diagnosis, 'replica', 'skips')).toMatchObject({ outcome: 'warn', message: expect.stringContaining('1032') })
  })
})

test('a GRANT names the account so that nothing breaks out of it', () => {
  const grant = (account: string): string => grantStatement('PROCESS', account)
  expect(grant('repl@%')).toBe("GRANT PROCESS ON *.* TO 'repl'@'%';")
  expect(grant("a'b@c@127.0.0.1")).toBe("GRANT PROCESS ON *.* TO `a'b@c`@'127.0.0.1';")
  expect(grant('a\\`@%')).toBe("GRANT PROCESS ON *.* TO `a\\```@'%';")
})

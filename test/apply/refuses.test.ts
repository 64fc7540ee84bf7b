/** What cannot be sent, and what the server refuses: said with the transaction it is in, and nothing of that transaction is left behind. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { applyWindow } from '../../src/app/apply/applyWindow.ts'
import { largestEventOf } from '../../src/app/apply/events.ts'
import type { ApplySession } from '../../src/server/applySession.ts'
import { openApplySession } from '../../src/server/applySession.ts'
import { openFileSource } from '../../src/source/files.ts'
import { endOfLog, startServer } from '../support/servers/index.ts'
import type { Server } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { addressOf, logOf, openSession } from './story.ts'

describeWith('mysql-9.7', 'a window that cannot be sent', () => {
  let source: Server
  let replica: Server
  let session: ApplySession

  beforeAll(async () => {
    source = await startServer({ kind: 'mysql-9.7' })
    replica = await startServer({ kind: 'mysql-9.7', serverId: 2 })
    for (const server of [source, replica]) {
      await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (id INT PRIMARY KEY, v INT, j JSON)', 'USE d')
    }
  })

  afterAll(async () => {
    await source[Symbol.asyncDispose]()
    await replica[Symbol.asyncDispose]()
  })

  beforeEach(async () => {
    await source.run('TRUNCATE d.t', 'SET SESSION binlog_transaction_compression = OFF', "SET SESSION binlog_format = 'ROW'")
    await replica.run('TRUNCATE d.t')
    session = await openSession(replica)
    return () => session[Symbol.asyncDispose]()
  })

  async function applied(...statements: readonly string[]): Promise<unknown> {
    const from = await endOfLog(source)
    await source.run(...statements)
    const until = await endOfLog(source)
    return applyWindow({ source: logOf(source), from, until, choose: () => true, session })
  }

  async function rowsOnReplica(): Promise<unknown> {
    return (await replica.query('SELECT COUNT(*) AS n FROM d.t'))[0]?.['n']
  }

  for (const compression of ['OFF', 'ON']) {
    test(`parts of JSON values, compression ${compression}`, async () => {
      await source.run('INSERT INTO d.t VALUES (1, 1, \'{"a": "aaaaaaaaaaaaaaaa", "b": 1}\')')
      const work = applied(
        `SET SESSION binlog_transaction_compression = ${compression}`,
        "SET SESSION binlog_row_value_options = 'PARTIAL_JSON'",
        'BEGIN',
        'INSERT INTO d.t (id) VALUES (2)',
        "UPDATE d.t SET j = JSON_SET(j, '$.b', 2)",
        'COMMIT',
        "SET SESSION binlog_row_value_options = ''",
      )
      await expect(work).rejects.toMatchObject({
        code: 'REPLAY_FAILED',
        message: expect.stringMatching(/^the transaction at mysql-bin\.\d+:\d+ has a PARTIAL_UPDATE_ROWS event/),
      })
      expect(await rowsOnReplica()).toBe(0)
    })
  }

  test.each([
    ['a statement', ["SET SESSION binlog_format = 'STATEMENT'", 'INSERT INTO d.t (id) VALUES (1)'], /the statement 'INSERT INTO/],
    [
      'a statement with a variable',
      ["SET SESSION binlog_format = 'STATEMENT'", 'SET @x = 1', 'INSERT INTO d.t (id) VALUES (@x)'],
      /USER_VAR/,
    ],
    [
      'an XA transaction',
      ["XA START 'x'", 'INSERT INTO d.t (id) VALUES (1)', "XA END 'x'", "XA PREPARE 'x'", "XA COMMIT 'x'"],
      /an XA transaction/,
    ],
    ['DDL of which nothing was said', ['ALTER TABLE d.t COMMENT = "x"'], /the statement 'ALTER TABLE/],
  ])('%s', async (_name, statements, message) => {
    await expect(applied(...statements)).rejects.toMatchObject({ code: 'REPLAY_FAILED', message: expect.stringMatching(message) })
    expect(await rowsOnReplica()).toBe(0)
  })

  test('an event larger than the packet, which is named with the setting', async () => {
    await replica.run('SET GLOBAL max_allowed_packet = 1048576')
    await using small = await openSession(replica)
    await replica.run('SET GLOBAL max_allowed_packet = 67108864')
    const from = await endOfLog(source)
    await source.run('INSERT INTO d.t (id, j) VALUES (1, JSON_QUOTE(REPEAT("x", 800000)))')
    const until = await endOfLog(source)
    const window = { source: logOf(source), from, until, choose: () => true }
    await expect(applyWindow({ ...window, session: small })).rejects.toMatchObject({
      code: 'REPLAY_FAILED',
      message: expect.stringMatching(/an event of 8\d{5} bytes.* max_allowed_packet of \d+, and the replica has 1048576$/),
    })
    await applyWindow({ ...window, session })
    expect(await rowsOnReplica()).toBe(1)
  })

  test('the largest event that fits the packet is sent', async () => {
    await replica.run('SET GLOBAL max_allowed_packet = 1048576')
    await using small = await openSession(replica)
    await replica.run('SET GLOBAL max_allowed_packet = 67108864')
    const from = await endOfLog(source)
    await source.run('BEGIN', 'INSERT INTO d.t (id) VALUES (7)')
    const rowOverhead = 60
    const length = largestEventOf(1_048_576) - rowOverhead
    await source.run(`INSERT INTO d.t (id, j) VALUES (1, JSON_QUOTE(REPEAT("x", ${length})))`, 'COMMIT')
    const until = await endOfLog(source)
    await applyWindow({ source: logOf(source), from, until, choose: () => true, session: small })
    expect(await rowsOnReplica()).toBe(2)
  })

  test('a replica that is super_read_only', async () => {
    await replica.run('SET GLOBAL super_read_only = ON')
    try {
      await expect(applied('INSERT INTO d.t (id) VALUES (1)')).rejects.toMatchObject({
        code: 'REPLAY_FAILED',
        message: expect.stringMatching(/on d\.t with error 1290/),
        hint: expect.stringContaining('SET GLOBAL super_read_only = OFF'),
      })
    } finally {
      await replica.run('SET GLOBAL read_only = OFF')
    }
    expect(await rowsOnReplica()).toBe(0)
  })

  test('a table that is not there: the one transaction of many that has it is named', async () => {
    await source.run('CREATE TABLE d.gone (id INT PRIMARY KEY)')
    const from = await endOfLog(source)
    await source.run('INSERT INTO d.t (id) VALUES (1)', 'INSERT INTO d.t (id) VALUES (2)')
    const at = await endOfLog(source)
    await source.run('INSERT INTO d.gone (id) VALUES (3)', 'INSERT INTO d.t (id) VALUES (4)')
    const until = await endOfLog(source)
    await expect(applyWindow({ source: logOf(source), from, until, choose: () => true, session })).rejects.toMatchObject({
      code: 'REPLAY_FAILED',
      message: expect.stringMatching(
        new RegExp(`at ${at.file}:${at.position} \\([0-9a-f-]+:\\d+\\) on d\\.gone with error 1146: .*gone`),
      ),
    })
    expect(await rowsOnReplica()).toBe(2)
    await source.run('DROP TABLE d.gone')
  })

  test('an account that may not, and one that may do no more than that', async () => {
    await replica.run("CREATE USER 'rows'@'%' IDENTIFIED BY 'p'", "GRANT SESSION_VARIABLES_ADMIN ON *.* TO 'rows'@'%'")
    const address = { ...addressOf(replica), user: 'rows', password: 'p' }
    const open = (): Promise<ApplySession> => openApplySession(address, { timeoutMs: 10_000, lockWaitSeconds: 1 })
    const from = await endOfLog(source)
    await source.run('INSERT INTO d.t (id) VALUES (1)')
    const window = { source: logOf(source), from, until: await endOfLog(source), choose: () => true }
    {
      await using mayNotSend = await open()
      await expect(applyWindow({ ...window, session: mayNotSend })).rejects.toMatchObject({
        code: 'MISSING_PRIVILEGE',
        hint: expect.stringContaining('BINLOG_ADMIN'),
      })
    }
    await replica.run("REVOKE SESSION_VARIABLES_ADMIN ON *.* FROM 'rows'@'%'", "GRANT BINLOG_ADMIN ON *.* TO 'rows'@'%'")
    await expect(open()).rejects.toMatchObject({
      code: 'MISSING_PRIVILEGE',
      hint: expect.stringContaining('SESSION_VARIABLES_ADMIN'),
    })
    await replica.run("GRANT SESSION_VARIABLES_ADMIN ON *.* TO 'rows'@'%'")
    await using enough = await open()
    await applyWindow({ ...window, session: enough })
    expect(await rowsOnReplica()).toBe(1)
  })

  test('a row that another session holds', async () => {
    await replica.run('INSERT INTO d.t (id) VALUES (1)', 'BEGIN', 'SELECT * FROM d.t WHERE id = 1 FOR UPDATE')
    await session.run('SET SESSION innodb_lock_wait_timeout = 1')
    await expect(applied('INSERT INTO d.t (id) VALUES (1)')).rejects.toMatchObject({
      code: 'REPLAY_FAILED',
      message: expect.stringMatching(/on d\.t with error 1205/),
    })
    await replica.run('COMMIT')
  })
})

describeWith(['mysql-9.7', 'mariadb-10.11'], 'rows events of version 1', () => {
  test('are refused for a server that does not take them', async () => {
    await using source = await startServer({ kind: 'mariadb-10.11' })
    await using replica = await startServer({ kind: 'mysql-9.7', serverId: 2 })
    await source.run('CREATE DATABASE d', 'CREATE TABLE d.t (id INT PRIMARY KEY)')
    const from = await endOfLog(source)
    await source.run('INSERT INTO d.t VALUES (1)')
    await using session = await openSession(replica)
    expect(session.takesVersion1).toBe(false)
    const log = openFileSource('old', [source.binlogDir])
    await expect(applyWindow({ source: log, from, until: undefined, choose: () => true, session })).rejects.toMatchObject({
      code: 'UNSUPPORTED_SERVER',
      message: expect.stringContaining('WRITE_ROWS_V1'),
    })
    // Of what is not chosen, nothing is said.
    const none = await applyWindow({ source: log, from, until: undefined, choose: () => false, session })
    expect(none.transactions).toBe(0)
  })
})

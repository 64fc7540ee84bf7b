/** DDL of a chosen transaction, where the plan hands it over: run as its source ran it, not logged, or stepped over. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { applyWindow } from '../../src/app/apply/applyWindow.ts'
import type { StatementAction } from '../../src/app/apply/machine.ts'
import type { Applied } from '../../src/app/apply/sender.ts'
import type { Coordinate } from '../../src/core/coordinate.ts'
import { endOfLog, startServer } from '../support/servers/index.ts'
import type { Server } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { checksums, logOf, openSession } from './story.ts'

describeWith('mysql-9.7', 'a statement in the window', () => {
  let source: Server
  let replica: Server

  beforeAll(async () => {
    source = await startServer({ kind: 'mysql-9.7' })
    replica = await startServer({ kind: 'mysql-9.7', serverId: 2 })
  })

  beforeEach(async () => {
    for (const server of [source, replica]) {
      await server.run(
        'DROP DATABASE IF EXISTS d',
        'DROP DATABASE IF EXISTS `e``e`',
        'CREATE DATABASE d',
        'CREATE DATABASE `e``e`',
        'CREATE TABLE d.t (id INT PRIMARY KEY, v INT)',
        'INSERT INTO d.t VALUES (1, 1), (2, 2)',
        'USE d',
      )
    }
  })

  afterAll(async () => {
    await source[Symbol.asyncDispose]()
    await replica[Symbol.asyncDispose]()
  })

  async function windowOf(...statements: readonly string[]): Promise<{ readonly from: Coordinate; readonly until: Coordinate }> {
    const from = await endOfLog(source)
    await source.run(...statements)
    return { from, until: await endOfLog(source) }
  }

  async function apply(
    window: { readonly from: Coordinate; readonly until: Coordinate },
    action: StatementAction,
    isRepeat = false,
  ): Promise<Coordinate | null> {
    await using session = await openSession(replica)
    let done: Coordinate | null = null
    const onProgress = (applied: Applied): void => {
      done = applied.done
    }
    await applyWindow({
      source: logOf(source),
      ...window,
      choose: () => true,
      statementAction: () => action,
      isRepeat,
      session,
      onProgress,
    })
    return done
  }

  async function definition(server: Server, table: string): Promise<unknown> {
    return (await server.query(`SHOW CREATE TABLE ${table}`))[0]?.['Create Table']
  }

  test('is executed: TRUNCATE, DROP and CREATE, with rows before and behind', async () => {
    const window = await windowOf(
      'INSERT INTO d.t VALUES (3, 3)',
      'TRUNCATE d.t',
      'INSERT INTO d.t VALUES (4, 4)',
      'DROP TABLE t',
      'CREATE TABLE t (id INT PRIMARY KEY, w VARCHAR(20))',
      "INSERT INTO d.t VALUES (1, 'new')",
    )
    const before = [await endOfLog(replica), await replica.query('SELECT @@GLOBAL.gtid_executed')]
    await apply(window, 'execute')
    expect(await definition(replica, 'd.t')).toBe(await definition(source, 'd.t'))
    expect(await checksums(replica, ['d.t'])).toEqual(await checksums(source, ['d.t']))
    expect([await endOfLog(replica), await replica.query('SELECT @@GLOBAL.gtid_executed')]).toEqual(before)
    // The first rows are of another layout than the table has now, of which the server's error log alone tells.
    await expect(apply(window, 'execute')).rejects.toMatchObject({
      code: 'REPLAY_FAILED',
      message: expect.stringMatching(/on d\.t with error 1105/),
      hint: expect.stringContaining('error log'),
    })
  })

  test('that changes a layout is where an apply that was broken off begins again', async () => {
    const begin = await windowOf('INSERT INTO d.t VALUES (3, 3)')
    const middle = await windowOf('DROP TABLE t', 'CREATE TABLE t (id VARCHAR(20) PRIMARY KEY)')
    const end = await windowOf("INSERT INTO d.t VALUES ('a')", "INSERT INTO d.t VALUES ('b')")
    for (const first of [middle, end]) {
      await replica.run('DROP TABLE IF EXISTS d.t', 'CREATE TABLE d.t (id INT PRIMARY KEY, v INT)')
      const done = await apply({ from: begin.from, until: first.until }, 'execute')
      expect(done).not.toEqual(begin.from)
      await apply({ from: done ?? begin.from, until: end.until }, 'execute', true)
      expect(await checksums(replica, ['d.t'])).toEqual(await checksums(source, ['d.t']))
    }
  })

  test('is stepped over, and the rows behind it are written', async () => {
    const window = await windowOf('CREATE TABLE d.u (id INT PRIMARY KEY)', 'INSERT INTO d.u VALUES (1)')
    await replica.run('CREATE TABLE d.u (id INT PRIMARY KEY)')
    await apply(window, 'skip')
    expect(await checksums(replica, ['d.u'])).toEqual(await checksums(source, ['d.u']))
  })

  test('makes a table out of rows', async () => {
    const window = await windowOf(
      'CREATE TABLE d.u (PRIMARY KEY (id)) COMMENT "x" SELECT id, v FROM d.t',
      'INSERT INTO d.u VALUES (9, 9)',
    )
    await apply(window, 'execute')
    expect(await definition(replica, 'd.u')).toBe(await definition(source, 'd.u'))
    expect(await checksums(replica, ['d.u'])).toEqual(await checksums(source, ['d.u']))
    await replica.run('DELETE FROM d.u')
    await apply(window, 'skip')
    expect(await checksums(replica, ['d.u'])).toEqual(await checksums(source, ['d.u']))
  })

  test('is executed again after a window that was begun before, where it says so', async () => {
    const window = await windowOf('CREATE TABLE d.u (id INT PRIMARY KEY)', 'INSERT INTO d.u VALUES (1)', 'DROP TABLE d.t')
    await apply(window, 'execute')
    await expect(apply(window, 'execute')).rejects.toMatchObject({
      code: 'REPLAY_FAILED',
      message: expect.stringContaining('error 1050'),
    })
    await apply(window, 'execute', true)
    expect(await checksums(replica, ['d.u'])).toEqual(await checksums(source, ['d.u']))
  })

  test('that failed on its source may fail so again', async () => {
    await source.run('CREATE TABLE d.m1 (id INT PRIMARY KEY) ENGINE=MyISAM')
    await replica.run('CREATE TABLE d.m1 (id INT PRIMARY KEY) ENGINE=MyISAM')
    const window = await windowOf('DROP TABLE IF EXISTS d.m1, d.nothing', 'INSERT INTO d.t VALUES (9, 9)')
    await apply(window, 'execute')
    expect(await checksums(replica, ['d.t'])).toEqual(await checksums(source, ['d.t']))
    expect(await replica.query("SHOW TABLES FROM d LIKE 'm1'")).toEqual([])
  })

  test('means what it meant in the session that ran it', async () => {
    const window = await windowOf(
      'SET NAMES latin1 COLLATE latin1_german1_ci',
      "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone = '+05:00', foreign_key_checks = 0, explicit_defaults_for_timestamp = 0",
      'USE `e``e`',
      `CREATE TABLE "x" ("id" INT PRIMARY KEY, "s" VARCHAR(20) DEFAULT 'a\\n', "n" VARCHAR(20) DEFAULT 'na\u00efve' COMMENT 'na\u00efve',
         "t" TIMESTAMP, "p" INT, "g" VARCHAR(40) AS (IF('\u00ef' = 'i', 'x', "s")), FOREIGN KEY ("p") REFERENCES "later" ("id"))`,
      'INSERT INTO x (id) VALUES (1)',
      'SET NAMES utf8mb4, SESSION sql_mode = DEFAULT, time_zone = DEFAULT, foreign_key_checks = 1, explicit_defaults_for_timestamp = 1',
      "CREATE TABLE y (id INT PRIMARY KEY, s VARCHAR(9) DEFAULT '\u{1f600}')",
      'INSERT INTO y (id) VALUES (1)',
    )
    await apply(window, 'execute')
    for (const table of ['`e``e`.x', '`e``e`.y']) {
      expect(await definition(replica, table)).toBe(await definition(source, table))
      expect(await checksums(replica, [table])).toEqual(await checksums(source, [table]))
    }
  })
})

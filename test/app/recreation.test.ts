/** Where lost rows were made, in the logs of real servers: the restart that brings them back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LostRows } from '../../src/app/recreation.ts'
import { lostRowsOf, recreationOf } from '../../src/app/recreation.ts'
import { openFileSource } from '../../src/source/files.ts'
import { alone, compareOne } from '../compare/story.ts'
import { endOfLog, serverKinds, startPair, startServer } from '../support/servers/index.ts'
import type { Pair, Position, Server } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'

/** Where a transaction of one statement begins: at the end of the log, or behind a checkpoint that MariaDB writes meanwhile. */
async function startOf(server: Server, statement: string): Promise<Position> {
  const { file, position } = await endOfLog(server)
  await server.run(statement)
  const events = await server.query(`SHOW BINLOG EVENTS IN '${file}' FROM ${position}`)
  const first = events.find((event) => event['Event_type'] !== 'Binlog_checkpoint')
  return { file, position: Number(first?.['Pos']) }
}

function search(server: Server, tables: readonly LostRows[], from: Position | null = null): ReturnType<typeof recreationOf> {
  return recreationOf({ source: openFileSource('active', [server.binlogDir]), from, tables })
}

const lost = (table: string, ...ids: readonly number[]): LostRows => ({
  schema: 'd',
  table,
  columns: 2,
  key: [{ name: 'id', position: 1, type: 'int', characterSet: null }],
  missing: ids.map((id) => ({ id: String(id) })),
})

describe.each(serverKinds)('the log of %s', (kind) => {
  describeWith(kind, 'and rows that the replica has lost', () => {
    let server: Server
    beforeAll(async () => {
      server = await startServer({ kind })
      await server.run('CREATE DATABASE d')
    })
    afterAll(() => server[Symbol.asyncDispose]())

    test('has the last INSERT of each, in whatever file', async () => {
      await server.run('CREATE TABLE d.t (id INT PRIMARY KEY, v INT)', 'INSERT INTO d.t VALUES (1, 0), (2, 0)')
      await server.run('DELETE FROM d.t WHERE id = 1', 'FLUSH LOGS')
      const one = await startOf(server, 'INSERT INTO d.t VALUES (5, 0), (1, 0)')
      await server.run('UPDATE d.t SET v = 1', 'FLUSH LOGS')
      const three = await startOf(server, 'INSERT INTO d.t VALUES (3, 0)')
      // Replaced by an UPDATE, which brings nothing back.
      await server.run('REPLACE INTO d.t VALUES (3, 7)', 'DELETE FROM d.t WHERE id = 5')
      expect(await search(server, [lost('t', 3)])).toEqual({ restart: three, notInLog: 0, undecodable: 0 })
      expect(await search(server, [lost('t', 3, 1)])).toEqual({ restart: one, notInLog: 0, undecodable: 0 })
      expect(await search(server, [lost('t', 3, 1)], three)).toEqual({ restart: three, notInLog: 1, undecodable: 0 })
      expect(await search(server, [lost('t', 99)])).toEqual({ restart: null, notInLog: 1, undecodable: 0 })
      expect(await search(server, [])).toEqual({ restart: null, notInLog: 0, undecodable: 0 })
    })

    test('has the INSERT of what a row was before its key changed', async () => {
      await server.run('CREATE TABLE d.moved (id INT PRIMARY KEY, v INT)')
      const made = await startOf(server, 'INSERT INTO d.moved VALUES (1, 0)')
      await server.run('UPDATE d.moved SET id = 2')
      const other = await startOf(server, 'INSERT INTO d.moved VALUES (1, 5)')
      await server.run('FLUSH LOGS', 'UPDATE d.moved SET id = 3 WHERE id = 2')
      await server.run('BEGIN', 'INSERT INTO d.moved VALUES (7, 0)', 'UPDATE d.moved SET id = 8 WHERE id = 7')
      const both = await startOf(server, 'COMMIT')
      expect((await search(server, [lost('moved', 3)])).restart).toEqual(made)
      expect((await search(server, [lost('moved', 1)])).restart).toEqual(other)
      expect((await search(server, [lost('moved', 3, 1)])).restart).toEqual(made)
      expect((await search(server, [lost('moved', 8)])).restart).toEqual(both)
      // From behind the INSERT, the UPDATE alone makes nothing.
      expect(await search(server, [lost('moved', 3)], other)).toEqual({ restart: null, notInLog: 1, undecodable: 0 })
    })

    test('says what cannot be read, and finds the rest', async () => {
      await server.run(
        'CREATE TABLE d.wider (id INT PRIMARY KEY, v INT)',
        'INSERT INTO d.wider VALUES (1, 0)',
        'ALTER TABLE d.wider ADD w INT',
      )
      await server.run('CREATE TABLE d.fine (id INT PRIMARY KEY, v INT)')
      const fine = await startOf(server, 'INSERT INTO d.fine VALUES (1, 0)')
      const wider = { ...lost('wider', 1), columns: 3 }
      expect(await search(server, [wider, lost('fine', 1)])).toEqual({ restart: fine, notInLog: 0, undecodable: 1 })
    })
  })

  describeWith(kind, 'of a pair whose tables were compared', () => {
    let pair: Pair
    beforeAll(async () => {
      pair = await startPair({ kind, options: ['--character-set-server=utf8mb4', '--sql-mode='] })
      await pair.active.run('CREATE DATABASE d', 'SET NAMES utf8mb4')
    })
    afterAll(() => pair[Symbol.asyncDispose]())

    test('has the INSERT of each missing key, of each type', async () => {
      const keys: readonly (readonly [type: string, value: string])[] = [
        ['INT UNSIGNED ZEROFILL', '7'],
        ['BIGINT', '-9223372036854775808'],
        ['DECIMAL(10,2)', '-1.5'],
        ['DOUBLE', '0.30000000000000004'],
        ['VARCHAR(10) COLLATE utf8mb4_general_ci', "'aÉ😀 '"],
        ['CHAR(5) CHARACTER SET latin1', "'é'"],
        ['VARCHAR(5) CHARACTER SET ucs2', "'é'"],
        ['VARBINARY(5)', "X'00FF'"],
        ['BINARY(4)', "X'0100'"],
        ["ENUM('z','y''s','x')", "'y''s'"],
        ["SET('z','y','x')", "'z,x'"],
        ['BIT(10)', "b'1000000001'"],
        ['DATE', "'2024-02-29'"],
        ['TIME(3)', "'-10:00:00.5'"],
        ['DATETIME(6)', "'2024-03-31 02:30:00.000001'"],
        ['TIMESTAMP', "'2024-03-31 02:30:00'"],
        ['YEAR', '0'],
      ]
      const generated = kind === 'mysql-5.6' ? '' : ', g INT AS (1) VIRTUAL'
      const starts: Position[] = []
      for (const [i, [type, value]] of keys.entries()) {
        await pair.active.run(`CREATE TABLE d.k${i} (n INT NOT NULL${generated}, a ${type} NOT NULL, PRIMARY KEY (a, n))`)
        starts.push(await startOf(pair.active, `INSERT INTO d.k${i} (a, n) VALUES (${value}, 1), (${value}, 2)`))
      }
      await pair.caughtUp()
      await alone(pair.passive, ...keys.map((_, i) => `DELETE FROM d.k${i} WHERE n = 2`))
      const found = lostRowsOf(await Promise.all(keys.map((_, i) => compareOne(pair, `k${i}`))))
      expect(found).toHaveLength(keys.length)
      for (const [i, table] of found.entries())
        expect.soft(await search(pair.active, [table]), keys[i]?.[0]).toEqual({ restart: starts[i], notInLog: 0, undecodable: 0 })
      expect((await search(pair.active, found)).restart).toEqual(starts[0])
    })
  })
})

describeWith('mysql-9.7', 'a log of compressed transactions', () => {
  test('has the last INSERT', async () => {
    await using server = await startServer({ kind: 'mysql-9.7', options: ['--binlog-transaction-compression=ON'] })
    await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (id INT PRIMARY KEY, v INT)', 'INSERT INTO d.t VALUES (1, 0)')
    await server.run('DELETE FROM d.t')
    const start = await startOf(server, 'INSERT INTO d.t VALUES (2, 0), (1, 0)')
    await server.run('UPDATE d.t SET v = 1')
    expect(await search(server, [lost('t', 1)])).toEqual({ restart: start, notInLog: 0, undecodable: 0 })
  })
})

/** The same work, logged with compression and without, is the same work: on real servers. */
import { expect, test } from 'vitest'
import { readTransactions } from '../../src/app/window.ts'
import { EventType } from '../../src/core/binlog/layout.ts'
import { createScan } from '../../src/core/scan/scan.ts'
import type { LogSource } from '../../src/core/ports.ts'
import type { Transaction } from '../../src/core/transaction.ts'
import { filesOf } from '../pitfalls/written.ts'
import { openLive } from '../source/liveSupport.ts'
import { endOfLog, startServer } from '../support/servers/index.ts'
import type { Position, Server } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'

const long = 'REPEAT("a word or two ", 100)'

/** Every kind of change, and values that are worth compressing. */
const work: readonly string[] = [
  'DROP DATABASE IF EXISTS d',
  'CREATE DATABASE d',
  `CREATE TABLE d.t (i INT PRIMARY KEY, v VARCHAR(4000), b LONGBLOB, n DECIMAL(20, 6), j TEXT) /* ${'a comment '.repeat(50)} */`,
  'CREATE TABLE d.u (i INT, e ENUM("x", "y"), t TIMESTAMP(6) NULL, c CHAR(200))',
  'CREATE TABLE d.m (i INT PRIMARY KEY, v TEXT) ENGINE=MyISAM',
  `INSERT INTO d.t VALUES (1, ${long}, ${long}, 1.5, NULL), (2, NULL, NULL, -2, ${long}), (3, "", "", 0, "")`,
  'BEGIN',
  'INSERT INTO d.u SELECT i, "y", NOW(6), "c" FROM d.t',
  `UPDATE d.t SET v = ${long}, n = n + 1`,
  'DELETE FROM d.t WHERE i = 2',
  'COMMIT',
  'BEGIN',
  `INSERT INTO d.t SELECT i + 10, ${long}, b, n, j FROM d.t`,
  'SAVEPOINT s',
  'DELETE FROM d.u',
  'ROLLBACK TO s',
  'COMMIT',
  `INSERT INTO d.m VALUES (1, ${long})`,
  'CREATE TABLE d.made SELECT i, v FROM d.t',
  "XA START 'x'",
  'UPDATE d.u SET c = REPEAT("a word or two ", 10)',
  "XA END 'x'",
  "XA PREPARE 'x'",
  "XA COMMIT 'x'",
  "XA START 'y'",
  'UPDATE d.u SET i = i + 1',
  "XA END 'y'",
  "XA COMMIT 'y' ONE PHASE",
  'SET SESSION binlog_format = STATEMENT',
  `INSERT INTO d.t VALUES (100, "a statement", ${long}, 0, "${'text '.repeat(200)}")`,
  'CREATE TEMPORARY TABLE d.temporary (i INT)',
  'INSERT INTO d.temporary VALUES (1)',
  'INSERT INTO d.u SELECT i, "x", NULL, "from a temporary table" FROM d.temporary',
  'DROP TEMPORARY TABLE d.temporary',
  'SET SESSION binlog_format = ROW',
  'TRUNCATE d.u',
  'SET SESSION binlog_row_image = MINIMAL',
  'UPDATE d.t SET n = 7 WHERE i IN (1, 3)',
  'SET SESSION binlog_row_image = FULL',
]

interface Case {
  readonly kind: 'mysql-9.7' | 'mariadb-10.11' | 'mariadb-11.8'
  readonly on: readonly string[]
  readonly off: readonly string[]
  /** Of which the compressed log must have some. */
  readonly types: readonly number[]
}

const cases: readonly Case[] = [
  {
    kind: 'mysql-9.7',
    on: ['SET SESSION binlog_transaction_compression = ON'],
    off: ['SET SESSION binlog_transaction_compression = OFF'],
    types: [EventType.TRANSACTION_PAYLOAD],
  },
  ...(['mariadb-10.11', 'mariadb-11.8'] as const).map((kind) => ({
    kind,
    on: ['SET GLOBAL log_bin_compress = ON', 'SET GLOBAL log_bin_compress_min_len = 10'],
    off: ['SET GLOBAL log_bin_compress = OFF'],
    types: [
      EventType.QUERY_COMPRESSED,
      EventType.WRITE_ROWS_COMPRESSED_V1,
      EventType.UPDATE_ROWS_COMPRESSED_V1,
      EventType.DELETE_ROWS_COMPRESSED_V1,
    ],
  })),
]

for (const { kind, on, off, types } of cases) {
  describeWith(kind, `on ${kind}`, () => {
    test('transactions, tables, kinds and row counts are the same, from files and from the server', async () => {
      await using server = await startServer({ kind })
      // Once before, so that both find the same to drop.
      await server.run(...off, ...work)
      const plain = await logged(server, off)
      const compressed = await logged(server, on)
      expect(await typesFrom(filesOf(server), compressed.from)).toEqual(expect.arrayContaining([...types]))
      expect(compressed.transactions.map(essence)).toEqual(plain.transactions.map(essence))
      expect(plain.transactions.map(({ kind: of }) => of)).toEqual(expect.arrayContaining(['rows', 'ddl', 'statement', 'xa']))
      expect(plain.transactions.flatMap(({ tables }) => tables).every(({ rows }) => rows !== null && rows > 0)).toBe(true)
      await using live = await openLive(server)
      const streamed = await readTransactions({ source: live, from: compressed.from, until: compressed.to })
      expect(streamed).toEqual(compressed.transactions)
    })
  })
}

interface Logged {
  readonly from: Position
  readonly to: Position
  readonly transactions: readonly Transaction[]
}

async function logged(server: Server, settings: readonly string[]): Promise<Logged> {
  await server.run(...settings)
  const from = await endOfLog(server)
  await server.run(...work)
  const to = await endOfLog(server)
  return { from, to, transactions: await readTransactions({ source: filesOf(server), from, until: to }) }
}

/** What of a transaction does not depend on where and when it was written. */
function essence({ kind, tables, statements, marks, complete, xid, serverId }: Transaction): unknown {
  return { kind, tables, statements, marks: marks.filter((mark) => mark !== 'compressed'), complete, xid, serverId }
}

async function typesFrom(source: LogSource, from: Position): Promise<number[]> {
  const seen = new Set<number>()
  const scan = createScan({
    onTransaction: () => undefined,
    onEvent: ({ type }) => {
      seen.add(type)
      return true
    },
  })
  await source.read({ from }, scan)
  return [...seen]
}

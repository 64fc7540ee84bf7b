/** Statements and rows that are too large to be held: what decides safety is known of them, the rest is left out. */
import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { EventType } from '../../src/core/binlog/layout.ts'
import { classifyStatement } from '../../src/core/binlog/statement.ts'
import type { Transaction } from '../../src/core/transaction.ts'
import type { LogInMaking } from '../support/bytes.ts'
import { beginLog, body } from '../support/bytes.ts'
import { detailsOf } from './detailed.ts'
import { blobTable, eventHead } from './hugeLog.ts'

const MIB = 1 << 20

function logged(version: string, add: (log: LogInMaking) => void): Transaction | undefined {
  const log = beginLog({ version })
  add(log)
  return detailsOf(log.bytes())[0]
}

describe('statements', () => {
  test('one of 40 MiB: its beginning is kept', () => {
    const text = `INSERT INTO t VALUES ('${'x'.repeat(40 * MIB)}')`
    const seen = logged('5.6.51', (log) => {
      log.add(EventType.QUERY, body.query('BEGIN'))
      log.add(EventType.QUERY, body.query(text))
      log.add(EventType.XID, body.xid())
    })
    expect(seen).toMatchObject({ kind: 'statement', marks: ['statement'], statements: [{ kind: 'dml' }] })
    expect(seen?.statements[0]?.text).toBe(`${text.slice(0, MIB)}…`)
  })

  test('100,000 of them, and DDL behind: what is left out is counted, the DDL is not', () => {
    const seen = logged('5.6.51', (log) => {
      log.add(EventType.QUERY, body.query('BEGIN'))
      for (let i = 0; i < 100_000; i++) log.add(EventType.QUERY, body.query(`INSERT INTO t VALUES (${i})`))
      log.add(EventType.QUERY, body.query('CREATE TEMPORARY TABLE u (i INT)'))
      log.add(EventType.XID, body.xid())
    })
    expect(seen?.statements).toHaveLength(10_002)
    expect(seen?.statements.slice(-2)).toMatchObject([
      { kind: 'ddl', text: 'CREATE TEMPORARY TABLE u (i INT)' },
      { text: '/* and 90000 more */' },
    ])
    expect(seen?.marks).toEqual(['ddl', 'statement'])
  })

  test.each(['INSERT INTO t VALUES (', 'CREATE TABLE t (', '/* a comment */ TRUNCATE t -- '])(
    'compressed, of 40 MiB: %s',
    (begin) => {
      const text = `${begin}${Array.from({ length: 4 * MIB }, (_unused, i) => i % 97).join(',')}`
      const seen = logged('10.11.18-MariaDB', (log) => {
        log.add(EventType.MARIADB_GTID, body.mariaDbGtid(1, { flags: 1 }))
        log.add(EventType.QUERY_COMPRESSED, compressedQuery(text))
      })
      expect(seen).toMatchObject({ kind: begin.startsWith('INSERT') ? 'statement' : 'ddl', complete: true })
      expect(text.startsWith(seen?.statements[0]?.text.replace('…', '') ?? '?')).toBe(true)
      expect(seen?.statements[0]?.text.length).toBeGreaterThan(10_000)
    },
  )

  test('compressed, with a length that is not true: unknown', () => {
    const lying = compressedQuery('INSERT INTO t VALUES (1)', 7)
    const seen = logged('10.11.18-MariaDB', (log) => {
      log.add(EventType.MARIADB_GTID, body.mariaDbGtid(1, { flags: 1 }))
      log.add(EventType.QUERY_COMPRESSED, lying)
    })
    expect(seen).toMatchObject({ kind: 'other', marks: expect.arrayContaining(['unknown-event']) })
  })

  test('with its first word behind a comment of 600 MiB: not looked for so far, and taken for the worst', () => {
    const bytes = Buffer.alloc(600 * MIB, 0x20)
    bytes.write('INSERT', bytes.length - 6)
    expect(classifyStatement(bytes, 0, bytes.length)).toBe('ddl')
    expect(classifyStatement(bytes, bytes.length - 1000, bytes.length)).toBe('dml')
  })
})

describe('rows', () => {
  test.each([
    [15, 1],
    [17, null],
  ])('compressed by MariaDB, of %i MiB: %s', (mib, rows) => {
    const seen = logged('10.11.18-MariaDB', (log) => {
      log.add(EventType.MARIADB_GTID, body.mariaDbGtid(1))
      log.add(EventType.TABLE_MAP, blobTable)
      log.add(EventType.WRITE_ROWS_COMPRESSED_V1, compressedRows(mib * MIB))
      log.add(EventType.XID, body.xid())
    })
    expect(seen).toMatchObject({ kind: 'rows', tables: [{ schema: 'd', table: 'b', rows, inserts: rows ?? 0 }] })
  })
})

/** `says`: another length than it has. */
function compressedQuery(text: string, says: number = text.length): Buffer {
  return Buffer.concat([body.query(''), compressed(Buffer.from(text), says)])
}

/** WRITE_ROWS of version 1 with one row of d.b. */
function compressedRows(valueLength: number): Buffer {
  const head = eventHead(valueLength).subarray(19)
  const image = Buffer.concat([head.subarray(12), Buffer.alloc(valueLength)])
  return Buffer.concat([head.subarray(0, 8), Buffer.of(1, 1), compressed(image, image.length)])
}

function compressed(bytes: Buffer, says: number): Buffer {
  const length = Buffer.alloc(5)
  length.writeUInt8(0x84, 0)
  length.writeUInt32BE(says, 1)
  return Buffer.concat([length, deflateSync(bytes)])
}

/** Values of row images as each server prints the same rows itself. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readWindow } from '../../../src/app/window.ts'
import { AT_TYPE, EventRole, roleOfType } from '../../../src/core/binlog/layout.ts'
import { forEachInnerEvent } from '../../../src/core/binlog/payload.ts'
import { forEachRow } from '../../../src/core/binlog/rows.ts'
import type { MappedTable } from '../../../src/core/binlog/tableMap.ts'
import { decodeTableMap } from '../../../src/core/binlog/tableMap.ts'
import type { PrintedColumn } from '../../../src/core/binlog/values.ts'
import { valuePrinter } from '../../../src/core/binlog/values.ts'
import { openFileSource } from '../../../src/source/files.ts'
import { endOfLog, serverKinds, startServer } from '../../support/servers/index.ts'
import type { Server, ServerKind } from '../../support/servers/index.ts'
import { describeWith } from '../../support/servers/with.ts'

const types: readonly (readonly [type: string, values: readonly string[]])[] = [
  ['TINYINT', ['-128', '127', '0']],
  ['TINYINT UNSIGNED', ['255']],
  ['SMALLINT', ['-32768', '32767']],
  ['SMALLINT UNSIGNED', ['65535']],
  ['MEDIUMINT', ['-8388608', '8388607', '-1']],
  ['MEDIUMINT UNSIGNED', ['16777215']],
  ['INT', ['-2147483648', '2147483647']],
  ['INT UNSIGNED', ['4294967295']],
  ['BIGINT', ['-9223372036854775808', '9223372036854775807']],
  ['BIGINT UNSIGNED', ['18446744073709551615', '0']],
  ['DECIMAL(5,2)', ['-999.99', '0.01', '-0.01', '100', '0']],
  ['DECIMAL(65,30)', ['12345678901234567890123456789012345.123456789012345678901234567890', '-0.000000000000000000000000000001']],
  ['DECIMAL(10,0)', ['-1234567890', '7']],
  ['DECIMAL(9,9)', ['0.123456789', '-0.1']],
  ['DECIMAL(18,9)', ['999999999.000000001']],
  ['FLOAT', ['0', '0.1', '-1.5', '3.40282e38', '1e-37', '1234567', '16777216', '100000', '999999.5']],
  [
    'DOUBLE',
    [
      '0',
      '0.1',
      '0.30000000000000004',
      '1e14',
      '999999999999999',
      '1e15',
      '1e16',
      '123456789012345678',
      '1e-14',
      '1e-15',
      '1.5e-15',
      '1e-16',
      '-1.7976931348623157e308',
      '5e-324',
      '100',
      '2.5e20',
    ],
  ],
  ['BIT(1)', ["b'1'", "b'0'"]],
  ['BIT(64)', ['~0', '1']],
  ['BIT(10)', ["b'1000000001'"]],
  ['YEAR', ['1901', '2155', '0']],
  ['DATE', ["'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-02-29'"]],
  ['TIME', ["'00:00:00'", "'-00:00:01'", "'838:59:59'", "'-838:59:59'", "'-12:34:56'"]],
  ['TIME(1)', ["'-00:00:00.1'", "'12:34:56.7'"]],
  ['TIME(4)', ["'-00:00:00.0001'", "'-01:00:00.5'", "'100:00:00.1234'"]],
  ['TIME(6)', ["'-838:59:58.999999'", "'-00:00:00.000001'", "'838:59:58.000001'"]],
  ['DATETIME', ["'0000-00-00 00:00:00'", "'2024-12-31 23:59:59'", "'9999-12-31 23:59:59'"]],
  ['DATETIME(3)', ["'2024-12-31 23:59:59.001'", "'1000-01-01 00:00:00.99'"]],
  ['DATETIME(6)', ["'2024-12-31 23:59:59.000001'"]],
  ['TIMESTAMP NULL', ["'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'"]],
  ['TIMESTAMP(2) NULL', ["'2024-03-31 02:30:00.05'", "'0000-00-00 00:00:00'"]],
  ['TIMESTAMP(5) NULL', ["'2024-03-31 02:30:00.00012'"]],
  ['CHAR(10) CHARACTER SET utf8mb4', ["''", "'a  '", "'é😀'"]],
  ['CHAR(255) CHARACTER SET utf8mb4', ["REPEAT('é', 255)"]],
  ['VARCHAR(10) CHARACTER SET latin1', ["'a '", "_latin1 X'80E9FF'"]],
  ['VARCHAR(300) CHARACTER SET utf8mb4', ["''", "REPEAT('😀', 300)", "'\\0\\'\"\\\\'"]],
  ['CHAR(5) CHARACTER SET ucs2', ["'aé'", "'a '"]],
  ['VARCHAR(5) CHARACTER SET utf16', ["'😀'"]],
  ['VARCHAR(5) CHARACTER SET utf16le', ["'a😀'"]],
  ['VARCHAR(5) CHARACTER SET ascii', ["'a'"]],
  ['BINARY(4)', ["X'00'", "X'00010000'", "X'FFFFFFFF'", "''"]],
  ['VARBINARY(300)', ["X'0001'", "''", "REPEAT('x', 300)"]],
  ['TINYBLOB', ["X'00'"]],
  ['LONGBLOB', ["REPEAT('x', 70000)"]],
  ['MEDIUMTEXT', ["'é'", "REPEAT('x', 70000)"]],
  ["ENUM('a','b''c','é')", ["'a'", "'b''c'", "'é'"]],
  ["SET('a','b','c','d','e','f','g','h','i')", ["''", "'a,i'", "'b,c'"]],
]

/** What is not printed, and why not is in the comment of values.ts. */
const unprinted: readonly (readonly [type: string, value: string])[] = [
  ['VARCHAR(5) CHARACTER SET gbk', "'a'"],
  ['DOUBLE(10,2)', '1.5'],
  ["ENUM('a\\\\b','c')", "'c'"],
  ['GEOMETRY', "ST_GeomFromText('POINT(1 2)')"],
]
const ofKinds: Partial<Record<ServerKind, typeof unprinted>> = {
  'mysql-9.7': [
    ['JSON', "'{}'"],
    ['VECTOR(2)', "STRING_TO_VECTOR('[1,2]')"],
  ],
  'mariadb-10.11': [
    ['UUID', "'123e4567-e89b-12d3-a456-426655440000'"],
    ['VARCHAR(100) COMPRESSED', "'abc'"],
  ],
}

describe.each(serverKinds)('%s', (kind) => {
  describeWith(kind, 'and a log of every type', () => {
    let server: Server
    beforeAll(async () => {
      server = await startServer({ kind, options: ['--character-set-server=utf8mb4', '--sql-mode=NO_ENGINE_SUBSTITUTION'] })
      await server.run('CREATE DATABASE d', 'SET NAMES utf8mb4', "SET time_zone = '+00:00'")
    })
    afterAll(() => server[Symbol.asyncDispose]())

    test('is printed as in a SELECT', async () => {
      const rows = Math.max(...types.map(([, values]) => values.length))
      const columns = types.map(([type], i) => `c${i} ${type}`).join(', ')
      const row = (n: number): string => types.map(([, values]) => values[n] ?? 'NULL').join(', ')
      await server.run(
        `CREATE TABLE d.t (id INT, ${columns})`,
        ...Array.from({ length: rows }, (_, n) => `INSERT INTO d.t VALUES (${n}, ${row(n)})`),
      )
      const described = await columnsOf(server, 't')
      const shown = await server.query(`SELECT ${described.map(selected).join(', ')} FROM d.t ORDER BY id`)
      const expected = shown.map((found) => described.map((_, i) => asText(found[`c${i}`])))
      expect(await decoded(server, 't', described)).toEqual(expected)
    })

    test('is not printed where that would be a guess', async () => {
      const all = [...unprinted, ...(ofKinds[kind] ?? [])]
      await server.run(
        `CREATE TABLE d.u (id INT, ${all.map(([type], i) => `c${i} ${type}`).join(', ')})`,
        `INSERT INTO d.u VALUES (1, ${all.map(([, value]) => value).join(', ')})`,
      )
      const described = await columnsOf(server, 'u')
      expect(await decoded(server, 'u', described)).toEqual([['1', ...all.map(() => 'unprinted')]])
      // Of another type now than when it was logged.
      const later = [{ type: 'bigint', characterSet: null }, ...described.slice(1)]
      expect(await decoded(server, 'u', later)).toEqual([['unprinted', ...all.map(() => 'unprinted')]])
    })
  })
})

describeWith('mariadb-10.11', 'a MariaDB that writes dates and times as of old', () => {
  test('has them printed', async () => {
    await using server = await startServer({ kind: 'mariadb-10.11', options: ['--mysql56-temporal-format=OFF', '--sql-mode='] })
    await server.run(
      'CREATE DATABASE d',
      'CREATE TABLE d.old (id INT, a TIME, b DATETIME, c TIMESTAMP NULL)',
      "INSERT INTO d.old VALUES (1, '-838:59:59', '2024-12-31 23:59:59', '2024-12-31 23:59:59'), (2, '00:00:07', '0000-00-00', '0000-00-00')",
    )
    expect(await decoded(server, 'old', await columnsOf(server, 'old'))).toEqual([
      ['1', '-838:59:59', '2024-12-31 23:59:59', '2024-12-31 23:59:59'],
      ['2', '00:00:07', '0000-00-00 00:00:00', '0000-00-00 00:00:00'],
    ])
  })
})

async function columnsOf(server: Server, table: string): Promise<readonly PrintedColumn[]> {
  const rows = await server.query(
    'SELECT COLUMN_TYPE AS type, CHARACTER_SET_NAME AS cs FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION',
    ['d', table],
  )
  return rows.map((row) => ({ type: String(row['type']), characterSet: asText(row['cs']) }))
}

/** The column as text that the connection can carry; the first is `id`. */
function selected(column: PrintedColumn, i: number): string {
  const name = i === 0 ? 'id' : `c${i - 1}`
  if (column.characterSet !== null) return `CONVERT(${name} USING utf8mb4) AS c${i}`
  if (column.type.startsWith('bit')) return `CONCAT(CAST(${name} AS UNSIGNED)) AS c${i}`
  return /(binary|blob)/.test(column.type) ? `CONCAT('0x', HEX(${name})) AS c${i}` : `CONCAT(${name}) AS c${i}`
}

function asText(value: unknown): string | null {
  if (Buffer.isBuffer(value)) return value.toString()
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}

/** The inserted rows of a table of schema d. */
async function decoded(
  server: Server,
  name: string,
  columns: readonly PrintedColumn[],
): Promise<readonly (readonly (string | null)[])[]> {
  const rows: (string | null)[][] = []
  let table: MappedTable | null = null
  const take = (type: number, bytes: Buffer, from: number, end: number): void => {
    if (roleOfType[type] === EventRole.TABLE_MAP) table = decodeTableMap(bytes, from, 6)
    if (roleOfType[type] !== EventRole.ROWS || table?.table !== name) return
    const { types: of, metadata } = table
    const printers = columns.map((column, i) => valuePrinter(of[i] ?? 0, metadata[i] ?? 0, column))
    const isRead = forEachRow(bytes, from, end, type, table, 6, [], (images, places) => {
      const values = printers.map((printer, i) => {
        const start = places[2 * i] ?? 0
        if (printer === null) return 'unprinted'
        return start === 0 ? null : printer(images, start, places[2 * i + 1] ?? 0)
      })
      rows.push(values)
    })
    if (!isRead) throw new Error('rows that cannot be walked')
  }
  const until = await endOfLog(server)
  await readWindow({
    source: openFileSource('log', [server.binlogDir]),
    from: { file: 'mysql-bin.000001', position: 4 },
    until,
    onEvent: ({ type, bytes, from, bodyEnd }) => {
      if (roleOfType[type] === EventRole.PAYLOAD)
        forEachInnerEvent(bytes, from, bodyEnd, (inner, at, end) => take(inner[at + AT_TYPE] ?? 0, inner, at, end))
      else take(type, bytes, from, bodyEnd)
    },
    onTransaction: () => true,
  })
  return rows
}

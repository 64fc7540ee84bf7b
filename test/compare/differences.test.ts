/** What differs is found exactly, by its key, and nothing else: on every server, for every type, whatever the names. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Position } from '../../src/server/compare/encode.ts'
import { openReader } from '../../src/server/compare/reader.ts'
import { openReadSession } from '../../src/server/compare/session.ts'
import { commonKey, readShape } from '../../src/server/compare/shape.ts'
import { serverKinds, startPair } from '../support/servers/index.ts'
import type { Pair, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { alone, compare, compareOne, connectTo, equal } from './story.ts'

/** Definition, a value, and another one that is not the same in any bit, or hardly. */
const types: readonly (readonly [string, string, string])[] = [
  ['TINYINT', '-1', '1'],
  ['SMALLINT UNSIGNED ZEROFILL', '7', '8'],
  ['MEDIUMINT', '-8388608', '8388607'],
  ['INT(5) ZEROFILL', '7', '70'],
  ['BIGINT', '-9223372036854775808', '-9223372036854775807'],
  ['BIGINT UNSIGNED', '18446744073709551615', '18446744073709551614'],
  ['DECIMAL(65,30)', '12345678901234567890123456789012345.123456789012345678901234567890', '0.000000000000000000000000000001'],
  ['FLOAT', '0.1', '0.10000002'],
  ['DOUBLE', '0.1', '0.10000000000000002'],
  [
    'BIT(64)',
    "b'1000000000000000000000000000000000000000000000000000000000000001'",
    "b'1000000000000000000000000000000000000000000000000000000000000000'",
  ],
  ['CHAR(10) CHARACTER SET latin1', "_latin1 X'E9'", "'e'"],
  ['VARCHAR(10)', "'a'", "'a '"],
  ['VARCHAR(10) COLLATE utf8mb4_general_ci', "'a'", "'A'"],
  ['VARCHAR(10) CHARACTER SET ucs2', "'é'", "'É'"],
  ['VARBINARY(10)', "X'00'", "X'0000'"],
  ['BINARY(4)', "X'00'", "X'01'"],
  ['TINYTEXT', "''", 'NULL'],
  ['LONGTEXT', "REPEAT('x', 100000)", "CONCAT(REPEAT('x', 99999), 'X')"],
  ['MEDIUMBLOB', "X'00FF'", "X'00FE'"],
  ["ENUM('a','b','c')", "'a'", "'c'"],
  ["SET('a','b','c')", "'a,c'", "'a,b,c'"],
  ['DATE', "'2024-02-29'", "'0000-00-00'"],
  ['TIME(6)', "'-838:59:59.000000'", "'838:59:59.000000'"],
  ['DATETIME(6)', "'2024-02-29 23:59:59.999999'", "'2024-02-29 23:59:59.999998'"],
  ['TIMESTAMP(3) NULL', "'2024-03-31 02:30:00.001'", "'2024-03-31 02:30:00.002'"],
  ['YEAR', '0', '2000'],
  ['GEOMETRY', "ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(1 2.0000000000000004)')"],
  ['POINT', "ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(1 2)', 4326)"],
]
const ofKinds: Partial<Record<ServerKind, typeof types>> = {
  'mysql-9.7': [
    ['JSON', `'{"b":[1,2.0],"a":"é"}'`, `'{"b":[1,2.5],"a":"é"}'`],
    ['VECTOR(2)', "STRING_TO_VECTOR('[1,2]')", "STRING_TO_VECTOR('[1,2.0000002]')"],
  ],
  'mariadb-10.5': [['INET6', "'::1'", "'::2'"]],
  'mariadb-10.11': [
    ['INET4', "'1.2.3.4'", "'1.2.3.5'"],
    ['UUID', "'123e4567-e89b-12d3-a456-426655440000'", "'123e4567-e89b-12d3-a456-426655440001'"],
    ['TEXT COMPRESSED', "'a'", "'b'"],
  ],
  'mariadb-11.8': [['VECTOR(2)', "VEC_FromText('[1,2]')", "VEC_FromText('[1,2.5]')"]],
}

/** Keys in the order that their index has, of each sort of column. */
const keys: readonly (readonly [type: string, values: readonly string[], secondAndFirst: string])[] = [
  ['INT', ['-5', '-1', '0', '3', '10'], '-1,-5'],
  ['BIGINT UNSIGNED', ['0', '9223372036854775808', '18446744073709551615'], '9223372036854775808,0'],
  ['DECIMAL(10,2)', ['-1.50', '0.00', '2.25'], '0.00,-1.50'],
  ['DOUBLE', ['-0.1', '0.30000000000000004', '1e300'], '0.30000000000000004,-0.1'],
  ['FLOAT', ['-0.5', '0.25', '0.1', '3e10'], '0.25,-0.5'],
  ['VARCHAR(10) COLLATE utf8mb4_general_ci', ["'a'", "'B'", "'c d'", "'Ö'", "'😀'"], 'B,a'],
  ['VARCHAR(10) COLLATE utf8mb4_bin', ["'A'", "'a'", "'a''\\\\'", "'😀'"], 'a,A'],
  ['CHAR(5) CHARACTER SET latin1', ["'a'", "'é'", "'z'"], 'é,a'],
  ['VARCHAR(5) CHARACTER SET ucs2', ["''", "'b'", "'é'"], 'b,'],
  ['VARBINARY(5)', ["X''", "X'00'", "X'FF'"], '0x00,0x'],
  ['BINARY(2)', ["X'0000'", "X'2700'", "X'FFFF'"], '0x2700,0x0000'],
  ["ENUM('z','y','x')", ["'z'", "'y'", "'x'"], 'y,z'],
  ["SET('z','y','x')", ["''", "'z'", "'z,y'", "'x'"], 'z,'],
  ['BIT(10)', ["b'0'", "b'1'", "b'1111111111'"], '1,0'],
  ['DATE', ["'0000-00-00'", "'2020-02-31'", "'2024-01-01'"], '2020-02-31,0000-00-00'],
  ['TIME(3)', ["'-10:00:00.5'", "'00:00:00'", "'10:00:00.001'"], '00:00:00.000,-10:00:00.500'],
  [
    'DATETIME(6)',
    ["'1000-01-01'", "'2024-03-31 02:30:00.000001'", "'2024-03-31 02:30:00.000002'"],
    '2024-03-31 02:30:00.000001,1000-01-01 00:00:00.000000',
  ],
  ['TIMESTAMP', ["'2024-03-31 02:30:00'", "'2024-10-27 02:30:00'"], '2024-10-27 02:30:00,2024-03-31 02:30:00'],
  ['YEAR', ['0', '1970', '2000'], '1970,0000'],
]

describe.each(serverKinds)('two tables of %s', (kind) => {
  describeWith(kind, 'that are compared', () => {
    let pair: Pair
    beforeAll(async () => {
      pair = await startPair({ kind, options: ['--character-set-server=utf8mb4', '--sql-mode='] })
      await pair.active.run('CREATE DATABASE d', 'SET NAMES utf8mb4')
      await pair.caughtUp()
      // What a server or an account has been told must not matter.
      await pair.passive.run(
        "SET GLOBAL time_zone = '+05:00'",
        "SET GLOBAL sql_mode = 'ANSI,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'",
        'SET GLOBAL sql_select_limit = 2',
        'SET NAMES utf8mb4',
      )
    })
    afterAll(() => pair[Symbol.asyncDispose]())

    test('differ in missing, different and extra rows, and in no other', async () => {
      const rows = Array.from({ length: 5000 }, (_, i) => `(${i + 1}, 'v${i}', NULL)`)
      await pair.active.run(
        'CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(20), n INT)',
        `INSERT INTO d.t VALUES ${rows.join(', ')}`,
      )
      await pair.caughtUp()
      expect(await compareOne(pair, 't')).toMatchObject({ schema: 'd', table: 't', rows: 5000, ...equal })
      await alone(
        pair.passive,
        'DELETE FROM d.t WHERE id IN (1, 2500, 5000)',
        "UPDATE d.t SET v = 'other' WHERE id = 2",
        "UPDATE d.t SET n = 0, v = '' WHERE id = 4999",
        "INSERT INTO d.t VALUES (-7, 'x', 1), (6000, 'x', 1)",
      )
      const { differences, ...counts } = await compareOne(pair, 't')
      expect(counts).toMatchObject({
        schema: 'd',
        table: 't',
        rows: 5000,
        outcome: 'different',
        reason: null,
        missing: 3,
        different: 2,
        extra: 2,
      })
      expect(differences.map((difference) => `${difference.kind} ${difference.key['id']}`).toSorted()).toEqual(
        ['missing 1', 'missing 2500', 'missing 5000', 'different 2', 'different 4999', 'extra -7', 'extra 6000'].toSorted(),
      )
      const few = await compareOne(pair, 't', { maxDifferences: 2 })
      expect(few.differences).toHaveLength(2)
      expect(few.reason).toContain('2 differences')
    })

    test('differ in each type, in no more than a bit', async () => {
      const all = [...types, ...(ofKinds[kind] ?? [])]
      const generated = kind === 'mysql-5.6' ? '' : ', g INT AS (id + 1) STORED, h INT AS (id + 2) VIRTUAL'
      const names = all.map((_, i) => `c${i}`).join(', ')
      const values = all.map(([, value]) => value).join(', ')
      const nulls = all.map(() => 'NULL').join(', ')
      // Row i differs in column i; behind those are as many rows of NULLs.
      const rows = all.flatMap((_, i) => [`(${i}, ${values})`, `(${all.length + i}, ${nulls})`])
      await pair.active.run(
        `CREATE TABLE d.types (id INT PRIMARY KEY, ${all.map(([type], i) => `c${i} ${type}`).join(', ')}${generated})`,
        `INSERT INTO d.types (id, ${names}) VALUES ${rows.join(', ')}`,
      )
      await pair.caughtUp()
      expect(await compareOne(pair, 'types')).toMatchObject({ rows: rows.length, ...equal })
      const changes = all.flatMap(([, value, other], i) => [
        `UPDATE d.types SET c${i} = ${other} WHERE id = ${i}`,
        `UPDATE d.types SET c${i} = ${value} WHERE id = ${all.length + i}`,
      ])
      await alone(pair.passive, ...changes)
      const { differences } = await compareOne(pair, 'types')
      const found = new Set(differences.map((difference) => `${difference.kind} ${difference.key['id']}`))
      const unseen = all.filter((_, i) => !found.has(`different ${i}`) || !found.has(`different ${all.length + i}`))
      expect(unseen).toEqual([])
      expect(differences).toHaveLength(rows.length)
    })

    test('are read in the order of keys of each type', async () => {
      for (const [i, [type, values]] of keys.entries()) {
        const pairs = values.flatMap((value) => values.map((other) => `(${value}, ${other})`))
        await pair.active.run(
          "SET sql_mode = 'ALLOW_INVALID_DATES'",
          `CREATE TABLE d.k${i} (a ${type} NOT NULL, b ${type} NOT NULL, PRIMARY KEY (a, b))`,
          `INSERT INTO d.k${i} VALUES ${pairs.join(', ')}`,
        )
        expect.soft(await walk(pair, `k${i}`), type).toBe(pairs.length)
      }
      await pair.caughtUp()
      const names = keys.map((_, i) => `k${i}`)
      for (const compared of await compare(pair, names)) expect.soft(compared).toMatchObject(equal)
      const deletions = keys.map(([, values], i) => `DELETE FROM d.k${i} WHERE a = ${values[1]} AND b = ${values[0]}`)
      await alone(pair.passive, "SET sql_mode = 'ALLOW_INVALID_DATES'", ...deletions)
      const found = await Promise.all(names.map((name) => compareOne(pair, name)))
      for (const [i, compared] of found.entries())
        expect.soft(compared, keys[i]?.[0]).toMatchObject({ missing: 1, different: 0, extra: 0 })
      const shown = found.map((compared) => Object.values(compared.differences[0]?.key ?? {}).join(','))
      expect(shown).toEqual(keys.map(([, , words]) => words))
    })
  })
})

/** Rows of a table of schema d that are read in chunks of two. */
async function walk(pair: Pair, name: string): Promise<number> {
  await using connection = await connectTo(pair.active)
  await using session = await openReadSession(connection)
  const table = { schema: 'd', table: name }
  const shape = await readShape(session, table)
  const key = shape === null ? null : commonKey(shape, shape)
  if (shape === null || key === null) throw new Error(`no key of ${name}`)
  const reader = openReader(session, table, shape.columns, key)
  let rows = 0
  for (let from: Position | null = null, chunks = 0; chunks < 1000; chunks++) {
    const to = await reader.nth({ from, to: null }, 2)
    rows += (await reader.list({ from, to })).size
    if (to === null) break
    from = to
  }
  return rows
}

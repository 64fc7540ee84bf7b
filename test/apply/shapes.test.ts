/** Rows of every shape come back, from the log as it is written and compressed, read from files and from the server. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyWindow } from '../../src/app/apply/applyWindow.ts'
import { openServerSource } from '../../src/source/live.ts'
import { startPair } from '../support/servers/index.ts'
import type { Pair } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { addressOf, checksums, loseBetween, logOf, openSession, untouched } from './story.ts'

interface Shape {
  readonly name: string
  readonly tables: readonly string[]
  /** Before anything is lost. */
  readonly setUp: readonly string[]
  readonly lost: readonly string[]
  readonly later?: readonly string[]
}

const digits = 'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 100000)'

const shapes: readonly Shape[] = [
  {
    name: 'a transaction of 100,000 rows, in more than one batch',
    tables: ['d.large'],
    setUp: [
      'CREATE TABLE d.large (id INT PRIMARY KEY, v INT, note VARCHAR(400))',
      'SET SESSION cte_max_recursion_depth = 200000',
    ],
    lost: [
      'BEGIN',
      `INSERT INTO d.large ${digits} SELECT i, i, REPEAT(SHA2(i, 256), 4) FROM n`,
      'UPDATE d.large SET v = v + 1 WHERE id <= 20000',
      'DELETE FROM d.large WHERE id % 7 = 0',
      'COMMIT',
    ],
    later: ["INSERT INTO d.large VALUES (7, 7, 'again')"],
  },
  {
    name: 'an update of two tables in one statement, larger than a run',
    tables: ['d.a', 'd.b'],
    setUp: [
      'CREATE TABLE d.a (id INT PRIMARY KEY, v INT, note VARCHAR(200))',
      'CREATE TABLE d.b (id INT PRIMARY KEY, v INT, note VARCHAR(200))',
      'SET SESSION cte_max_recursion_depth = 200000',
      `INSERT INTO d.a ${digits} SELECT i, i, REPEAT('a', 100) FROM n WHERE i <= 5000`,
      `INSERT INTO d.b ${digits} SELECT i, i, REPEAT('b', 100) FROM n WHERE i <= 5000`,
    ],
    lost: ["UPDATE d.a JOIN d.b USING (id) SET a.v = a.v + 1, b.v = b.v + 2, a.note = 'joined'"],
    later: ['UPDATE d.b SET v = 0 WHERE id < 10'],
  },
  {
    name: 'parents and children of a foreign key',
    tables: ['d.parent', 'd.child'],
    setUp: [
      'CREATE TABLE d.parent (id INT PRIMARY KEY, v INT)',
      'CREATE TABLE d.child (id INT PRIMARY KEY, parent INT NOT NULL, FOREIGN KEY (parent) REFERENCES d.parent (id))',
      'CREATE TABLE d.kept (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES d.parent (id) ON DELETE CASCADE)',
      'INSERT INTO d.parent VALUES (1, 1)',
    ],
    lost: [
      'BEGIN',
      'INSERT INTO d.parent VALUES (2, 2), (3, 3), (4, 4)',
      'INSERT INTO d.child VALUES (1, 1), (2, 2), (3, 3)',
      'COMMIT',
      'BEGIN',
      'SET SESSION foreign_key_checks = 0',
      'INSERT INTO d.child VALUES (9, 5)',
      'INSERT INTO d.parent VALUES (5, 5)',
      'COMMIT',
      'SET SESSION foreign_key_checks = 1',
      'DELETE FROM d.parent WHERE id = 4',
    ],
    later: ['UPDATE d.parent SET v = 9 WHERE id = 1'],
  },
  {
    name: 'children that a parent takes with it',
    tables: ['d.head', 'd.tail'],
    setUp: [
      'CREATE TABLE d.head (id INT PRIMARY KEY)',
      'CREATE TABLE d.tail (id INT PRIMARY KEY, head INT, FOREIGN KEY (head) REFERENCES d.head (id) ON DELETE CASCADE)',
      'INSERT INTO d.head VALUES (1), (2)',
      'INSERT INTO d.tail VALUES (1, 1), (2, 1), (3, 2)',
    ],
    lost: ['INSERT INTO d.head VALUES (3)', 'INSERT INTO d.tail VALUES (4, 3)', 'DELETE FROM d.head WHERE id = 1'],
  },
  {
    name: 'names of four bytes, quotes and backticks',
    tables: ['d.`t😀`', "`d``'\\\\`.`x\"'`"],
    setUp: [
      'CREATE TABLE d.`t😀` (`i😀` INT PRIMARY KEY, `v``1` VARCHAR(40))',
      "CREATE DATABASE `d``'\\\\`",
      "CREATE TABLE `d``'\\\\`.`x\"'` (id INT PRIMARY KEY)",
    ],
    lost: ["INSERT INTO d.`t😀` VALUES (1, '😀'), (2, 'naïve')", "INSERT INTO `d``'\\\\`.`x\"'` VALUES (1), (2)"],
  },
  {
    name: 'columns of many types, generated ones among them',
    tables: ['d.types'],
    setUp: [
      `CREATE TABLE d.types (id BIGINT UNSIGNED PRIMARY KEY, n DECIMAL(20,6), f DOUBLE, b BIT(13), e ENUM('a','b'), s SET('x','y'),
        t TIMESTAMP(6) NULL, dt DATETIME(3), ti TIME(2), y YEAR, j JSON, g GEOMETRY, l LONGBLOB, c CHAR(10) CHARACTER SET latin1,
        day DATE AS (DATE(dt)) STORED, up VARCHAR(20) AS (UPPER(c)) VIRTUAL, KEY (up))`,
    ],
    lost: [
      `INSERT INTO d.types (id, n, f, b, e, s, t, dt, ti, y, j, g, l, c) VALUES
        (1, 1.5, 2.5, b'101', 'a', 'x,y', '2024-01-01 00:00:00.123456', '2024-06-01 10:00:00.5', '-10:00:00.25', 2024,
         '{"a": [1, 2, {"b": null}]}', ST_GeomFromText('POINT(1 2)'), REPEAT(X'00ff', 5000), 'naïve'),
        (18446744073709551615, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
      `INSERT INTO d.types (id, l) VALUES (2, REPEAT('m', 20000000))`,
    ],
    later: ["INSERT INTO d.types (id, j, c) VALUES (3, '[]', 'x')"],
  },
]

describeWith('mysql-9.7', 'the shapes of what is lost', () => {
  let pair: Pair

  beforeAll(async () => {
    pair = await startPair({ kind: 'mysql-9.7', options: ['--binlog-rows-query-log-events=ON'] })
    await pair.active.run('CREATE DATABASE d', 'USE d')
  })

  afterAll(() => pair[Symbol.asyncDispose]())

  for (const [i, shape] of shapes.entries()) {
    for (const isCompressed of [false, true]) {
      test(`${shape.name}${isCompressed ? ', compressed' : ''}`, async () => {
        const { active, passive } = pair
        await passive.run('START REPLICA')
        const drops = shape.tables.toReversed().map((table) => `DROP TABLE IF EXISTS ${table}`)
        await active.run('DROP TABLE IF EXISTS d.kept', ...drops, "DROP DATABASE IF EXISTS `d``'\\\\`", ...shape.setUp)
        await active.run(`SET SESSION binlog_transaction_compression = ${isCompressed ? 'ON' : 'OFF'}`)
        const window = await loseBetween(
          pair,
          () => active.run(...shape.lost),
          () => active.run(...(shape.later ?? [])),
        )
        expect(await checksums(passive, shape.tables)).not.toEqual(await checksums(active, shape.tables))
        const before = await untouched(pair)
        await using session = await openSession(passive)
        await using source = i % 2 === 0 ? await openServerSource(addressOf(active)) : logOf(active)
        const applied = await applyWindow({ source, ...window, choose: () => true, session })
        expect(applied.rowsEvents).toBeGreaterThan(0)
        expect(await checksums(passive, shape.tables)).toEqual(await checksums(active, shape.tables))
        expect(await untouched(pair)).toEqual(before)
        // Once more: it converges.
        await applyWindow({ source, ...window, choose: () => true, session })
        expect(await checksums(passive, shape.tables)).toEqual(await checksums(active, shape.tables))
      })
    }
  }
})

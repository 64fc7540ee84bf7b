/** What an applier does with a statement that the replica has executed already: the facts that src/core/ddl rests on. */
import { expect, test } from 'vitest'
import type { Pair, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { kinds, repeat, start } from './byHand.ts'

interface Fact {
  readonly before?: readonly string[]
  /** What is executed, and then repeated. `{t}` is a table of this fact alone. */
  readonly window: readonly string[]
  /** The errors with which it ends: of MySQL and of MariaDB with slave_ddl_exec_mode=STRICT; 0: none. */
  readonly strict: number
  /** Of MariaDB with slave_ddl_exec_mode=IDEMPOTENT, its default. The same, unless it is said. */
  readonly idempotent?: number
  readonly not?: ServerKind
}

const make = 'CREATE TABLE {t} (id INT PRIMARY KEY, v INT, KEY iv (v)) ENGINE=InnoDB'
const ranges = `CREATE TABLE {t} (id INT PRIMARY KEY) ENGINE=InnoDB PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN (20))`

const facts: Readonly<Record<string, Fact>> = {
  'CREATE TABLE': { window: [make], strict: 1050, idempotent: 0 },
  'CREATE TABLE IF NOT EXISTS': { window: [make.replace('TABLE', 'TABLE IF NOT EXISTS')], strict: 0 },
  'CREATE TABLE LIKE': { before: [make], window: ['CREATE TABLE {t}l LIKE {t}'], strict: 1050, idempotent: 0 },
  'CREATE TABLE SELECT': {
    before: [make, 'INSERT INTO {t} VALUES (1, 1)'],
    window: ['CREATE TABLE {t}s (PRIMARY KEY (id)) ENGINE=InnoDB SELECT * FROM {t}'],
    strict: 1050,
    idempotent: 0,
  },
  'DROP TABLE': { before: [make], window: ['DROP TABLE {t}'], strict: 1051, idempotent: 0 },
  'DROP TABLE IF EXISTS': { before: [make], window: ['DROP TABLE IF EXISTS {t}'], strict: 0 },
  'DROP of two, one of which is made again': {
    before: [make, 'CREATE TABLE {t}b (id INT PRIMARY KEY)'],
    window: ['DROP TABLE {t}, {t}b', make],
    strict: 1051,
    idempotent: 0,
  },
  'DROP and CREATE': { before: [make], window: ['DROP TABLE {t}', make], strict: 0 },
  'DROP and CREATE of the parent of a later child': {
    before: ['CREATE TABLE {t} (id INT PRIMARY KEY) ENGINE=InnoDB'],
    window: [
      'DROP TABLE {t}',
      'CREATE TABLE {t} (id INT PRIMARY KEY) ENGINE=InnoDB',
      'CREATE TABLE {t}c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES {t} (id)) ENGINE=InnoDB',
    ],
    strict: 3730,
  },
  TRUNCATE: { before: [make], window: ['TRUNCATE {t}'], strict: 0 },
  'TRUNCATE before DROP': { before: [make], window: ['TRUNCATE {t}', 'DROP TABLE {t}'], strict: 1146 },
  'rows before DROP': { before: [make], window: ['INSERT INTO {t} VALUES (1, 1)', 'DROP TABLE {t}'], strict: 1146 },
  'rows before DROP and another CREATE': {
    before: ['CREATE TABLE {t} (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB'],
    window: ["INSERT INTO {t} VALUES (1, 'x')", 'DROP TABLE {t}', make],
    strict: 1677,
  },
  'CREATE DATABASE': { window: ['CREATE DATABASE c{n}'], strict: 1007, idempotent: 0 },
  'DROP DATABASE': { before: ['CREATE DATABASE e{n}'], window: ['DROP DATABASE e{n}'], strict: 1008, idempotent: 0 },
  'ADD INDEX': { before: [make], window: ['ALTER TABLE {t} ADD INDEX i (v)'], strict: 1061 },
  'CREATE INDEX': { before: [make], window: ['CREATE INDEX i ON {t} (v)'], strict: 1061 },
  'DROP INDEX': { before: [make], window: ['ALTER TABLE {t} DROP INDEX iv'], strict: 1091 },
  'RENAME INDEX': { before: [make], window: ['ALTER TABLE {t} RENAME INDEX iv TO i'], strict: 1176, not: 'mysql-5.6' },
  options: {
    before: [make],
    window: [
      "ALTER TABLE {t} COMMENT = 'x', FORCE",
      'ALTER TABLE {t} ENGINE = InnoDB',
      '/*!40000 ALTER TABLE {t} DISABLE KEYS */',
      'ALTER TABLE {t} ROW_FORMAT=COMPACT',
    ],
    strict: 0,
  },
  'TRUNCATE PARTITION': { before: [ranges], window: ['ALTER TABLE {t} TRUNCATE PARTITION a'], strict: 0 },
  'DROP PARTITION': { before: [ranges], window: ['ALTER TABLE {t} DROP PARTITION a'], strict: 1508 },
  'rows before DROP PARTITION of the last one': {
    before: [ranges],
    window: ['INSERT INTO {t} VALUES (11)', 'ALTER TABLE {t} DROP PARTITION b'],
    strict: 1526,
  },
  'ADD PARTITION': {
    before: [ranges],
    window: ['ALTER TABLE {t} ADD PARTITION (PARTITION c VALUES LESS THAN (30))'],
    strict: 1517,
  },
  'REORGANIZE PARTITION': {
    before: [ranges],
    window: [
      'ALTER TABLE {t} REORGANIZE PARTITION b INTO (PARTITION c VALUES LESS THAN (15), PARTITION d VALUES LESS THAN (20))',
    ],
    strict: 1507,
  },
  'CREATE VIEW': { before: [make], window: ['CREATE VIEW {t}v AS SELECT id FROM {t}'], strict: 1050 },
  'CREATE OR REPLACE VIEW': { before: [make], window: ['CREATE OR REPLACE VIEW {t}v AS SELECT id FROM {t}'], strict: 0 },
  'CREATE OR REPLACE VIEW before DROP of its table': {
    before: [make],
    window: ['CREATE OR REPLACE VIEW {t}v AS SELECT id FROM {t}', 'DROP TABLE {t}'],
    strict: 1146,
  },
  'DROP VIEW IF EXISTS': { before: ['CREATE VIEW {t}v AS SELECT 1'], window: ['DROP VIEW IF EXISTS {t}v'], strict: 0 },
  'CREATE PROCEDURE': { window: ['CREATE PROCEDURE {t}p() SELECT 1'], strict: 1304 },
  'DROP PROCEDURE IF EXISTS': {
    before: ['CREATE PROCEDURE {t}p() SELECT 1'],
    window: ['DROP PROCEDURE IF EXISTS {t}p'],
    strict: 0,
  },
  'CREATE TRIGGER': {
    before: [make],
    window: ['CREATE TRIGGER {t}g BEFORE INSERT ON {t} FOR EACH ROW SET @a = 1'],
    strict: 1359,
  },
  'CREATE USER': { window: ['CREATE USER u{n}'], strict: 1396 },
  'CREATE USER IF NOT EXISTS': { window: ['CREATE USER IF NOT EXISTS u{n}'], strict: 0, not: 'mysql-5.6' },
  GRANT: { before: ['CREATE USER u{n}'], window: ['GRANT SELECT ON *.* TO u{n}'], strict: 0 },
  'ANALYZE, OPTIMIZE, FLUSH': {
    before: [make],
    window: ['ANALYZE TABLE {t}', 'OPTIMIZE TABLE {t}', 'FLUSH PRIVILEGES'],
    strict: 0,
  },
}

/** The same refusal under another number. */
const otherNumbers: Partial<Record<ServerKind, Readonly<Record<string, number>>>> = {
  'mysql-5.6': { 'CREATE TRIGGER': 1235, 'DROP and CREATE of the parent of a later child': 1217 },
  'mysql-9.7': { 'rows before DROP and another CREATE': 13_146 },
  'mariadb-10.11': { 'DROP and CREATE of the parent of a later child': 1451 },
  'mariadb-11.8': { 'DROP and CREATE of the parent of a later child': 1451 },
}

/** Those that are repeated without an error are so in one go. */
async function repeatAll(pair: Pair, expected: Readonly<Record<string, number>>): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  const silent: string[] = []
  for (const [n, [name, error]] of Object.entries(expected).entries()) {
    const named = (statement: string): string => statement.replaceAll('{t}', `d.t${n}`).replaceAll('{n}', `${n}`)
    await pair.active.run(...(facts[name]?.before ?? []).map(named))
    const window = facts[name]?.window.map(named) ?? []
    if (error === 0) silent.push(...window)
    else found[name] = await repeat(pair, ...window)
  }
  const error = await repeat(pair, ...silent)
  for (const name of Object.keys(expected)) found[name] ??= error
  return found
}

for (const kind of kinds) {
  const isMariaDb = kind.startsWith('mariadb')
  describeWith(kind, `what ${kind} repeats`, () => {
    test.each(isMariaDb ? (['STRICT', 'IDEMPOTENT'] as const) : (['STRICT'] as const))('in %s mode of DDL', async (mode) => {
      await using pair = await start(kind)
      if (isMariaDb) await pair.passive.run(`SET GLOBAL slave_ddl_exec_mode = '${mode}'`)
      await pair.active.run('CREATE DATABASE d')
      const expected: Record<string, number> = {}
      for (const [name, { strict, idempotent = strict, not }] of Object.entries(facts))
        if (not !== kind) expected[name] = otherNumbers[kind]?.[name] ?? (mode === 'STRICT' ? strict : idempotent)
      expect(await repeatAll(pair, expected)).toEqual(expected)
    })

    test('and what becomes of rows and tables', async () => {
      await using pair = await start(kind)
      const { active, passive } = pair
      await active.run('CREATE DATABASE d', ranges.replace('{t}', 'd.ranged'), 'INSERT INTO d.ranged VALUES (11)')
      await active.run(make.replace('{t}', 'd.u'), 'INSERT INTO d.u VALUES (2, 5)')
      await active.run('CREATE TABLE d.a (id INT)', 'CREATE TABLE d.b (id INT)')
      await pair.caughtUp()
      const local = 'CREATE TABLE IF NOT EXISTS d.local (id INT)'
      await passive.run('SET sql_log_bin = 0', local, 'INSERT INTO d.local VALUES (1)', 'SET sql_log_bin = 1')
      const ids = (server: typeof active, table: string): Promise<unknown> => server.query(`SELECT id FROM ${table} ORDER BY id`)

      // A row of a partition that is gone goes into the next one.
      expect(await repeat(pair, 'INSERT INTO d.ranged VALUES (2)', 'ALTER TABLE d.ranged DROP PARTITION a')).toBe(1508)
      expect(await ids(active, 'd.ranged')).toEqual([{ id: 11 }])
      expect(await ids(passive, 'd.ranged')).toEqual([{ id: 2 }, { id: 11 }])

      // A unique key that came later pushes a row out.
      const duplicate = ['INSERT INTO d.u VALUES (1, 5)', 'DELETE FROM d.u WHERE id = 1']
      expect(await repeat(pair, ...duplicate, 'ALTER TABLE d.u ADD UNIQUE u (v)')).toBe(1061)
      expect(await ids(active, 'd.u')).toEqual([{ id: 2 }])
      expect(await ids(passive, 'd.u')).toEqual([])

      // Of two tables one is there.
      expect(await repeat(pair, 'DROP TABLE d.a, d.b', 'CREATE TABLE d.a (id INT)')).toBe(isMariaDb ? 0 : 1051)
      expect(await passive.query("SHOW TABLES FROM d LIKE 'a'")).toHaveLength(kind === 'mysql-5.6' ? 0 : 1)

      // IF NOT EXISTS leaves a table alone, in MariaDB too.
      expect(await repeat(pair, local)).toBe(0)
      expect(await ids(passive, 'd.local')).toEqual([{ id: 1 }])
    })
  })
}

for (const kind of ['mariadb-10.11', 'mariadb-11.8'] as const) {
  describeWith(kind, `the applier of ${kind}`, () => {
    test('takes CREATE DATABASE for IF NOT EXISTS, but CREATE TABLE for OR REPLACE', async () => {
      await using pair = await start(kind)
      const { active, passive } = pair
      await passive.run('SET sql_log_bin = 0', 'CREATE DATABASE d', 'CREATE TABLE d.t (id INT)', 'INSERT INTO d.t VALUES (1)')
      await active.run('CREATE DATABASE d')
      await pair.caughtUp()
      expect(await passive.query('SELECT id FROM d.t')).toEqual([{ id: 1 }])
      await active.run('CREATE TABLE d.t (id INT)')
      await pair.caughtUp()
      expect(await passive.query('SELECT id FROM d.t')).toEqual([])
    })
  })
}

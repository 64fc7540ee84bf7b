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

/** Several leave a gap where one of them fails, and MySQL 9.7 then refuses CHANGE (1802). */
function oneWorker(kind: ServerKind): readonly string[] {
  return kind === 'mysql-9.7' ? ['--replica-parallel-workers=0'] : []
}

async function repeatAll(pair: Pair, prefix: string, applies: (fact: Fact) => boolean): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  let n = 0
  for (const [name, fact] of Object.entries(facts)) {
    n++
    if (!applies(fact)) continue
    const named = (statement: string): string => statement.replaceAll('{t}', `d.${prefix}${n}`).replaceAll('{n}', `${prefix}${n}`)
    await pair.active.run(...(fact.before ?? []).map(named))
    found[name] = await repeat(pair, ...fact.window.map(named))
  }
  return found
}

for (const kind of kinds) {
  const isMariaDb = kind.startsWith('mariadb')
  describeWith(kind, `what ${kind} repeats`, () => {
    test.each(isMariaDb ? (['STRICT', 'IDEMPOTENT'] as const) : (['STRICT'] as const))('in %s mode of DDL', async (mode) => {
      await using pair = await start(kind, oneWorker(kind))
      if (isMariaDb) await pair.passive.run(`SET GLOBAL slave_ddl_exec_mode = '${mode}'`)
      await pair.active.run('CREATE DATABASE d')
      const expected: Record<string, number> = {}
      for (const [name, { strict, idempotent = strict, not }] of Object.entries(facts))
        if (not !== kind) expected[name] = otherNumbers[kind]?.[name] ?? (mode === 'STRICT' ? strict : idempotent)
      expect(await repeatAll(pair, 't', ({ not }) => not !== kind)).toEqual(expected)
    })

    test('and where a row goes whose partition is gone', async () => {
      await using pair = await start(kind, oneWorker(kind))
      const { active, passive } = pair
      await active.run('CREATE DATABASE d', ranges.replace('{t}', 'd.t'), 'INSERT INTO d.t VALUES (11)')
      expect(await repeat(pair, 'INSERT INTO d.t VALUES (2)', 'ALTER TABLE d.t DROP PARTITION a')).toBe(1508)
      expect(await active.query('SELECT id FROM d.t')).toEqual([{ id: 11 }])
      expect(await passive.query('SELECT id FROM d.t ORDER BY id')).toEqual([{ id: 2 }, { id: 11 }])
    })

    test('without harm to a table that is there: IF NOT EXISTS', async () => {
      await using pair = await start(kind)
      const { active, passive } = pair
      await active.run('CREATE DATABASE d')
      await pair.caughtUp()
      const create = 'CREATE TABLE IF NOT EXISTS d.t (id INT)'
      await passive.run('SET sql_log_bin = 0', create, 'INSERT INTO d.t VALUES (1)', 'SET sql_log_bin = 1')
      expect(await repeat(pair, create)).toBe(0)
      expect(await passive.query('SELECT id FROM d.t')).toEqual([{ id: 1 }])
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

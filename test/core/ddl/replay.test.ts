/** Which statements of a window are repeated: by what is in it, and by what the replica has. */
import { describe, expect, test } from 'vitest'
import type { DdlReplay } from '../../../src/core/ddl/replay.ts'
import { decideDdl } from '../../../src/core/ddl/replay.ts'
import { createDdlSequence, tablesOf } from '../../../src/core/ddl/sequence.ts'
import type { ReplicaTables } from '../../../src/core/ddl/standing.ts'

const file = 'mysql-bin.000001'

/** `rows T` are rows of d.T, `rows T/L` with the layout L; anything else is a statement. With `+rows T` behind it the rows are in its transaction. */
function decide(window: readonly string[], has: string, more: Partial<ReplicaTables> = {}): DdlReplay {
  const collector = createDdlSequence()
  window.forEach((entry, index) => {
    const [text = '', ...rows] = entry.startsWith('rows ') ? ['', entry.slice(5)] : entry.split(' +rows ')
    collector.add({
      file,
      start: 100 + index * 10,
      end: 110 + index * 10,
      gtid: null,
      marks: text.includes('halved') ? ['two-phase-alter'] : [],
      tables: rows.map((one) => {
        const [table = '', layout = null] = one.split('/')
        return { schema: 'd', table, layout }
      }),
      statements:
        text === ''
          ? []
          : [
              {
                schema: 'd',
                text: text.replace(' unchecked', ''),
                kind: 'ddl',
                errorCode: text.includes('failed') ? 1051 : 0,
                checksForeignKeys: !text.includes(' unchecked'),
              },
            ],
    })
  })
  const to = { file, position: 100 + window.length * 10 }
  return decideDdl(collector.sequence(), replica(has, more), { from: { file, position: 100 }, to })
}

/** `has`: what is on the replica: `t`, `t.i` an index, `t:p` a partition, `schema/`. Schema d is there unless `-d` is said. */
function replica(has: string, more: Partial<ReplicaTables>): ReplicaTables {
  const words = new Set(has.split(' '))
  return {
    ddlMode: 'STRICT',
    foldsCase: false,
    hasSchema: (schema) => (schema === 'd' ? !words.has('-d') : words.has(`${schema}/`)),
    hasTable: ({ table }) => words.has(table),
    hasIndex: ({ table }, index) => words.has(`${table}.${index}`),
    hasPartition: ({ table }, partition) => words.has(`${table}:${partition}`),
    childrenOf: () => [],
    ...more,
  }
}

const short = ({ decisions, blocks }: DdlReplay): string => {
  const verdicts = decisions.map(({ verdict }) => ({ replay: 'R', 'step-over': 'S', block: 'B' })[verdict.verdict]).join('')
  return blocks.length > decisions.filter(({ verdict }) => verdict.verdict === 'block').length ? `${verdicts}!` : verdicts
}

const t = 'CREATE TABLE t (id INT)'
const p = 'ALTER TABLE t'

/** R: repeated, S: stepped over, B: blocks; an exclamation mark where rows or the window's end block. */
test.each<[readonly string[], string, string]>([
  // A table that is made.
  [[t, 'rows t'], 't', 'S'],
  [[t, 'rows t'], '', 'R'],
  [['CREATE TABLE IF NOT EXISTS t (id INT)', 'rows t'], 't', 'R'],
  [['CREATE TABLE IF NOT EXISTS t (id INT)', 'rows t'], '', 'R'],
  [['CREATE OR REPLACE TABLE t (id INT)', 'rows t'], 't', 'R'],
  [[t], '-d', 'B'],
  [['CREATE TEMPORARY TABLE t (id INT)'], '', 'B'],
  [['CREATE TABLE t SELECT 1'], '', 'B'],
  [[`${t} START TRANSACTION +rows t`], '', 'R'],
  [[`${t} START TRANSACTION +rows t`], 't', 'B'],
  // A table that is dropped.
  [['DROP TABLE t'], 't', 'R'],
  [['DROP TABLE t'], '', 'S'],
  [['DROP TABLE IF EXISTS t'], '', 'R'],
  [['rows t', 'DROP TABLE t'], 't', 'R'],
  [['rows t', 'DROP TABLE t'], '', 'S!'],
  [[t, 'rows t', 'DROP TABLE t'], '', 'RR'],
  [['DROP TABLE t, u'], 't u', 'R'],
  [['DROP TABLE t, u'], '', 'S'],
  [['DROP TABLE t, u'], 'u', 'B'],
  [['DROP TABLE t failed'], 't', 'B'],
  [['DROP TEMPORARY TABLE IF EXISTS t'], 't', 'R'],
  [['DROP TEMPORARY TABLE t'], 't', 'B'],
  // Dropped and made.
  [['DROP TABLE t', t, 'rows t'], 't', 'RR'],
  [['DROP TABLE t', t, 'rows t'], '', 'SR'],
  [[t, 'rows t', 'DROP TABLE t', t, 'rows t'], 't', 'SRR'],
  [[t, 'rows t', 'DROP TABLE t', 'CREATE TABLE t (id TEXT)', 'rows t'], 't', 'SRR!'],
  [['rows t/1', 'DROP TABLE t', t, 'rows t/1'], 't', 'RR'],
  [['rows t/1', 'DROP TABLE t', t, 'rows t/2'], 't', 'RR!'],
  [['rows t', 'DROP TABLE t', t, 'rows t'], 't', 'RR!'],
  [['rows t/1', 'DROP TABLE t', t], 't', 'RR!'],
  [['rows t/1', 'DROP TABLE t', 'CREATE TABLE t (id INT CHECK (id > 0))', 'rows t/1'], 't', 'RR!'],
  [['rows t/1', 'DROP TABLE t', 'CREATE TABLE t (id INT) PARTITION BY HASH (id)', 'rows t/1'], 't', 'RR!'],
  [['rows t/1', 'DROP TABLE t', 'CREATE TABLE t LIKE u', 'rows t/1'], 't u', 'RR!'],
  [['rows t/1', 'DROP TABLE t', t, `${p} ADD INDEX i (id)`, 'rows t/1'], 't', 'RRR'],
  [[t, 'rows t', 'DROP TABLE t', t, `${p} DROP PARTITION a`, 'rows t'], 't', 'SRRR!'],
  [[`${p} TRUNCATE PARTITION a`, 'DROP TABLE t', t], 't t:a', 'RRR!'],
  [['rows t/1', 'CREATE OR REPLACE TABLE t (id INT)', 'rows t/2'], 't', 'R!'],
  // TRUNCATE.
  [['rows t', 'TRUNCATE t', 'rows t'], 't', 'R'],
  [['TRUNCATE t'], '', 'S!'],
  [['TRUNCATE t', 'DROP TABLE t'], '', 'SS'],
  [['rows t'], '', '!'],
  // The shape of another table.
  [['CREATE TABLE t LIKE u'], 'u', 'R'],
  [['CREATE TABLE t LIKE u'], 't u', 'S'],
  [["ALTER TABLE u COMMENT = 'x'", 'CREATE TABLE t LIKE u'], 't u', 'RB'],
  [['TRUNCATE u', 'CREATE TABLE t LIKE u'], 't u', 'RS'],
  [['CREATE TABLE t LIKE u'], '', 'B!'],
  [['CREATE TABLE t LIKE u', 'ALTER TABLE u ADD INDEX i (id)'], 'u', 'BR'],
  [['CREATE TABLE u (id INT)', 'CREATE TABLE t LIKE u', 'ALTER TABLE u ADD INDEX i (id)'], '', 'RRR'],
  // ALTER.
  [[`${p} ADD INDEX i (id)`], 't', 'R'],
  [[`${p} ADD INDEX I (id)`], 't t.I', 'S'],
  [['CREATE INDEX i ON t (id)'], 't t.i', 'S'],
  [[`${p} DROP INDEX i`], 't', 'S'],
  [[`${p} DROP INDEX i`, `${p} ADD INDEX I (id)`], 't t.i', 'RR'],
  [[`${p} ADD INDEX i (id), ADD INDEX j (id)`], 't t.i', 'B'],
  [[`${p} ADD INDEX i (id), ALGORITHM=INPLACE`], 't t.i', 'S'],
  [[`${p} ADD INDEX i (id), COMMENT='x'`], 't t.i', 'B'],
  [[`${p} ADD INDEX i (id), COMMENT='x'`], 't', 'R'],
  [[`${p} ADD UNIQUE i (id)`], 't', 'B'],
  [[`${p} ADD UNIQUE i (id)`], 't t.i', 'S'],
  [['rows t', `${p} ADD UNIQUE i (id)`], 't t.i', 'B'],
  [[`${p} RENAME INDEX i TO j`], 't t.i', 'R'],
  [[`${p} RENAME INDEX i TO j`], 't t.j', 'S'],
  [[`${p} RENAME INDEX i TO j`], 't', 'B'],
  [[`${p} ALTER INDEX i INVISIBLE`], 't t.i', 'R'],
  [[`${p} ALTER INDEX i INVISIBLE`], 't', 'B'],
  [[`${p} COMMENT = 'x'`, `${p} FORCE`, `${p} AUTO_INCREMENT = 5`], 't', 'RRR'],
  [[`${p} ADD COLUMN a INT`], 't', 'B'],
  [[t, `${p} ADD COLUMN a INT`, 'rows t'], '', 'RR'],
  [[t, `${p} ADD COLUMN a INT`, 'rows t'], 't', 'SB'],
  [['CREATE TABLE IF NOT EXISTS t (id INT)', `${p} ADD COLUMN a INT`], '', 'RB'],
  [['DROP TABLE t', 'CREATE TABLE IF NOT EXISTS t (id INT)', `${p} ADD COLUMN a INT`], 't', 'RRR'],
  [[`${p} ADD COLUMN a INT`], '', 'S!'],
  [[`${p} ADD COLUMN a INT`, 'DROP TABLE t'], '', 'SS'],
  [['RENAME TABLE t TO u'], 't', 'B'],
  [[`${p} RENAME TO u`], 't', 'B'],
  [[t, `${p} RENAME TO u`], '', 'RB'],
  // Partitions.
  [['rows t', `${p} TRUNCATE PARTITION a`], 't t:a', 'R'],
  [[`${p} TRUNCATE PARTITION ALL`], 't', 'R'],
  [[`${p} TRUNCATE PARTITION a`], 't', 'B'],
  [['rows t', `${p} DROP PARTITION a`], 't t:a', 'R'],
  [['rows t', `${p} DROP PARTITION a`], 't', 'B'],
  [[`${p} DROP PARTITION a`], 't', 'S'],
  [[`${p} DROP PARTITION a, b`], 't t:b', 'B'],
  [[`${p} ADD PARTITION (PARTITION a VALUES LESS THAN (1))`], 't', 'R'],
  [[`${p} ADD PARTITION (PARTITION A VALUES LESS THAN (1))`], 't t:A', 'S'],
  [[`${p} DROP PARTITION a`, `${p} ADD PARTITION (PARTITION a VALUES LESS THAN (1))`], 't t:a', 'RR'],
  [['rows t', `${p} DROP PARTITION a`, `${p} ADD PARTITION (PARTITION a VALUES LESS THAN (1))`], 't t:a', 'RB'],
  [[`${p} REORGANIZE PARTITION a INTO (PARTITION b VALUES LESS THAN (1), PARTITION a VALUES LESS THAN (2))`], 't t:a', 'R'],
  [[`${p} REORGANIZE PARTITION a INTO (PARTITION b VALUES LESS THAN (1), PARTITION a VALUES LESS THAN (2))`], 't t:a t:b', 'S'],
  [[`${p} REORGANIZE PARTITION a INTO (PARTITION a VALUES LESS THAN (2))`], 't t:a', 'B'],
  [[`${p} REORGANIZE PARTITION a INTO (PARTITION b VALUES LESS THAN (2))`], 't', 'B'],
  [[`${p} TRUNCATE PARTITION a`, `${p} REORGANIZE PARTITION b INTO (PARTITION c VALUES LESS THAN (2))`], 't t:a t:b', 'RB'],
  [
    [`${p} ADD PARTITION (PARTITION a VALUES LESS THAN (1))`, `${p} ADD PARTITION (PARTITION b VALUES LESS THAN (2))`],
    't t:a',
    'SR',
  ],
  [
    [`${p} ADD PARTITION (PARTITION a VALUES LESS THAN (1))`, `${p} ADD PARTITION (PARTITION b VALUES LESS THAN (2))`],
    't t:b',
    'RB',
  ],
  [[`${p} EXCHANGE PARTITION a WITH TABLE u`], 't u t:a', 'B'],
  // Schemas.
  [['CREATE DATABASE e', 'CREATE TABLE e.t (id INT)'], 'e/ t', 'SS'],
  [['CREATE DATABASE e', 'CREATE TABLE e.t (id INT)'], '', 'RR'],
  [['CREATE DATABASE IF NOT EXISTS e'], 'e/', 'R'],
  [['CREATE OR REPLACE DATABASE d', t, 'rows t'], 't', 'RR'],
  [['DROP DATABASE d'], 't', 'R'],
  [['DROP DATABASE d'], '-d', 'S'],
  [['DROP DATABASE IF EXISTS d'], '-d', 'R'],
  [['DROP DATABASE d', 'CREATE DATABASE d', t, 'rows t', 'CREATE VIEW v AS SELECT 1'], 't', 'RRRR'],
  [['rows t', 'DROP DATABASE d'], '-d', 'S!'],
  // Objects without rows.
  [['CREATE VIEW v AS SELECT 1'], '', 'B'],
  [['CREATE OR REPLACE VIEW v AS SELECT 1'], '', 'R'],
  [['CREATE OR REPLACE VIEW v AS SELECT 1 FROM t', 'DROP TABLE t'], '', 'BS'],
  [['CREATE OR REPLACE VIEW v AS SELECT 1', 'DROP DATABASE e'], '', 'BS'],
  [['CREATE OR REPLACE VIEW v AS SELECT 1', 'DROP DATABASE d'], '-d', 'BS'],
  [['DROP VIEW v'], '', 'B'],
  [['DROP PROCEDURE IF EXISTS v', 'CREATE PROCEDURE v() SELECT 1', 'DROP PROCEDURE v'], '', 'RRR'],
  [['CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1'], 't', 'B'],
  [['CREATE EVENT IF NOT EXISTS v ON SCHEDULE EVERY 1 DAY DO SELECT 1'], '', 'R'],
  // What is left.
  [['CREATE USER u'], '', 'B'],
  [['DROP USER IF EXISTS u'], '', 'R'],
  [['GRANT SELECT ON d.* TO u'], '', 'B'],
  [['ANALYZE TABLE t', 'FLUSH PRIVILEGES'], 't', 'RR'],
  [['OPTIMIZE TABLE t', 'DROP TABLE t'], '', 'SS'],
  [['SET PASSWORD = "x"'], '', 'B'],
  [[`${p} COMMENT = 'halved'`], 't', 'B'],
])('%j on a replica that has "%s": %s', (window, has, expected) => {
  expect(short(decide(window, has))).toBe(expected)
})

describe('where MariaDB repeats CREATE TABLE as CREATE OR REPLACE', () => {
  test.each<[readonly string[], string, string]>([
    [[t, 'rows t'], 't', 'S'],
    [[`${t} +rows t`], 't', 'R'],
    [['CREATE TABLE IF NOT EXISTS t (id INT) +rows t'], 't', 'B'],
    [['DROP TABLE t, u'], 'u', 'R'],
  ])('%j on a replica that has "%s": %s', (window, has, expected) => {
    expect(short(decide(window, has, { ddlMode: 'IDEMPOTENT' }))).toBe(expected)
  })
})

describe('a table that another one refers to', () => {
  const childrenOf: ReplicaTables['childrenOf'] = ({ table }) => (table === 't' ? [{ schema: 'd', table: 'c' }] : [])
  test.each<[readonly string[], string, string]>([
    [['DROP TABLE t'], 't c', 'B'],
    [['TRUNCATE t'], 't c', 'B'],
    // One that the window does not name is not asked for.
    [['DROP TABLE t'], 't', 'B'],
    [['DROP TABLE t unchecked'], 't c', 'R'],
    [['DROP TABLE t, c'], 't c', 'R'],
    [['DROP TABLE c', 'DROP TABLE t'], 't c', 'RR'],
    [['DROP DATABASE d'], 't c', 'R'],
  ])('%j on a replica that has "%s": %s', (window, has, expected) => {
    expect(short(decide(window, has, { childrenOf }))).toBe(expected)
  })
})

test('names are folded where one of the servers folds them', () => {
  const window = ['DROP TABLE T', t, 'rows t']
  const hasTable: ReplicaTables['hasTable'] = ({ table }) => table.toLowerCase() === 't'
  expect(short(decide(window, '', { hasTable, foldsCase: true }))).toBe('RR')
  expect(short(decide(window, '', { hasTable }))).toBe('RS')
})

describe('what is replayed', () => {
  const at = (position: number) => ({ file, position })

  test('is the window where nothing is stepped over', () => {
    expect(decide(['rows t', 'TRUNCATE t', 'rows t'], 't').segments).toEqual([{ from: at(100), to: at(130) }])
  })

  test('is the window without what is stepped over, in one piece between two of them', () => {
    const window = [t, 'CREATE TABLE u (id INT)', 'rows t', 'rows u', 'CREATE TABLE w (id INT)']
    expect(decide(window, 't u w').segments).toEqual([{ from: at(120), to: at(140) }])
    expect(decide(window, 't w').segments).toEqual([{ from: at(110), to: at(140) }])
  })

  test('must give the definitions of the source where a table was there before', () => {
    const window = [t, 'CREATE TABLE u (id INT)', 'DROP TABLE u', 'rows w', 'TRUNCATE w', "ALTER TABLE x COMMENT = 'y'"]
    expect(decide(window, 't u w x').sameDefinition.map(({ table }) => table)).toEqual(['t', 'x'])
  })

  test('needs to be known of these tables', () => {
    const collector = createDdlSequence()
    const statement = { schema: 'd', kind: 'ddl', errorCode: 0 }
    const transaction = { file, start: 4, end: 5, gtid: null, marks: [] }
    const texts = ['CREATE TABLE t LIKE u', 'RENAME TABLE v TO e.v', 'DROP TABLE t']
    for (const text of texts) collector.add({ ...transaction, tables: [], statements: [{ ...statement, text }] })
    collector.add({ ...transaction, tables: [{ schema: 'd', table: 'w' }], statements: [] })
    collector.add({ ...transaction, tables: [], statements: [{ ...statement, kind: 'dml', text: 'INSERT INTO x VALUES (1)' }] })
    expect(tablesOf(collector.sequence()).map(({ schema, table }) => `${schema}.${table}`)).toEqual([
      'd.t',
      'd.u',
      'd.v',
      'e.v',
      'd.w',
    ])
  })
})

test('a refusal says where, why and what to do', () => {
  const { blocks } = decide(['rows t', 'DROP TABLE t', 'ALTER TABLE u ADD a INT'], 'u')
  expect(blocks).toEqual([
    {
      at: { file, position: 100 },
      statement: '',
      because: expect.stringContaining('rows of d.t'),
      remedy: 'choose a restart behind the DROP',
    },
    {
      at: { file, position: 120 },
      statement: 'ALTER TABLE u ADD a INT',
      because: expect.any(String),
      remedy: expect.stringContaining('behind it'),
    },
  ])
})

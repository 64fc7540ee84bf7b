/** Windows made up from DDL of all kinds and changes of rows between, of which the passive has executed any part. */
import * as fc from 'fast-check'

export interface Story {
  /** What both have. */
  readonly before: readonly string[]
  /** Tried in this order until `length` of them have succeeded. */
  readonly window: readonly { readonly statement: string; readonly isLost: boolean }[]
  readonly length: number
}

export function storyFrom(seed: number, schema: string, isMariaDb: boolean): Story {
  const any = fc.constantFrom(...statements(isMariaDb))
  const story = fc
    .record({
      before: fc.array(any, { maxLength: 10 }),
      length: fc.integer({ min: 2, max: 14 }),
      lostPerCent: fc.constantFrom(0, 30, 60, 100),
      window: fc.array(fc.record({ statement: any, chance: fc.integer({ min: 0, max: 99 }) }), { minLength: 80, maxLength: 80 }),
    })
    .map(({ before, length, lostPerCent, window }): Story => ({
      before: [...makings, ...before].map((text) => inSchema(text, schema)),
      length,
      window: window.map(({ statement, chance }) => ({ statement: inSchema(statement, schema), isLost: chance < lostPerCent })),
    }))
  const [sample] = fc.sample(story, { numRuns: 1, seed })
  if (sample === undefined) throw new Error('no story')
  return sample
}

function inSchema(statement: string, schema: string): string {
  return statement.replaceAll('{s}', schema)
}

const a = '{s}.a (id INT PRIMARY KEY, v INT, KEY iw (v)) ENGINE=InnoDB'
const p =
  'CREATE TABLE {s}.p (id INT PRIMARY KEY, v INT) ENGINE=InnoDB PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (3), PARTITION p1 VALUES LESS THAN (6), PARTITION pmax VALUES LESS THAN MAXVALUE)'
const makings = [`CREATE TABLE ${a}`, p]

function statements(isMariaDb: boolean): readonly string[] {
  const rows = ['a', 'a', 'p', 'b'].flatMap((table) =>
    [1, 4, 7].flatMap((id) => [
      `INSERT INTO {s}.${table} (id, v) VALUES (${id}, ${id})`,
      `INSERT INTO {s}.${table} (id, v) VALUES (${id + 1}, 5)`,
      `UPDATE {s}.${table} SET v = v + 1 WHERE id = ${id}`,
      `DELETE FROM {s}.${table} WHERE id = ${id}`,
    ]),
  )
  return [
    ...rows,
    ...makings,
    ...makings,
    `CREATE TABLE IF NOT EXISTS ${a}`,
    'CREATE TABLE {s}.a (id INT PRIMARY KEY, v VARCHAR(20), w INT) ENGINE=InnoDB',
    ...(isMariaDb ? [`CREATE OR REPLACE TABLE ${a}`] : []),
    'CREATE TABLE {s}.b LIKE {s}.a',
    'CREATE TABLE {s}.b (PRIMARY KEY (id)) ENGINE=InnoDB SELECT * FROM {s}.a',
    'DROP TABLE {s}.a',
    'DROP TABLE {s}.p',
    'DROP TABLE {s}.b',
    'DROP TABLE IF EXISTS {s}.b',
    'DROP TABLE {s}.a, {s}.p',
    'TRUNCATE {s}.a',
    'TRUNCATE {s}.p',
    'ALTER TABLE {s}.a ADD INDEX iv (v)',
    'CREATE INDEX iv ON {s}.a (v)',
    'ALTER TABLE {s}.a DROP INDEX iv',
    'ALTER TABLE {s}.a DROP INDEX iw',
    'ALTER TABLE {s}.a ADD INDEX iw (v)',
    "ALTER TABLE {s}.a COMMENT = 'x'",
    "ALTER TABLE {s}.a COMMENT = 'y', FORCE",
    'ALTER TABLE {s}.a ADD COLUMN z INT',
    'ALTER TABLE {s}.p TRUNCATE PARTITION p0',
    'ALTER TABLE {s}.p DROP PARTITION p0',
    'ALTER TABLE {s}.p DROP PARTITION p1',
    'ALTER TABLE {s}.p REORGANIZE PARTITION pmax INTO (PARTITION p1 VALUES LESS THAN (6), PARTITION pmax VALUES LESS THAN MAXVALUE)',
    'ALTER TABLE {s}.p REORGANIZE PARTITION pmax INTO (PARTITION p2 VALUES LESS THAN (8), PARTITION pmax VALUES LESS THAN MAXVALUE)',
    'ALTER TABLE {s}.p DROP PARTITION pmax',
    'ALTER TABLE {s}.p ADD PARTITION (PARTITION pmax VALUES LESS THAN MAXVALUE)',
    'CREATE OR REPLACE VIEW {s}.w AS SELECT id FROM {s}.a',
    'DROP VIEW IF EXISTS {s}.w',
    'OPTIMIZE TABLE {s}.a',
    'DROP DATABASE {s}',
    'CREATE DATABASE {s}',
  ]
}

/** Windows with DDL that people meet, lost and not lost: what is decided, and that it heals. */
import { expect, test } from 'vitest'
import { describeWith } from '../support/servers/with.ts'
import { tell } from './tell.ts'
import { ways } from './ways.ts'

interface Told {
  readonly before?: readonly string[]
  readonly window: readonly string[]
  /** Where the passive has lost all of it, and where it has executed all of it, but for its rows. */
  readonly lost?: 'refused'
  readonly done?: 'refused' | 'refused but on MariaDB'
}

const make = 'CREATE TABLE {s}.t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB'
const rows = (...ids: readonly number[]): string =>
  `INSERT INTO {s}.t (id, v) VALUES ${ids.map((id) => `(${id}, ${id})`).join(', ')}`
const ranges =
  'CREATE TABLE {s}.t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN (20))'

const told: Readonly<Record<string, Told>> = {
  'a new table': { window: [make, rows(1, 2), 'UPDATE {s}.t SET v = 7 WHERE id = 2'] },
  'a table that is emptied': { before: [make, rows(1, 2)], window: [rows(3), 'TRUNCATE {s}.t', rows(4)] },
  'a table that is made anew': { before: [make, rows(1, 2)], window: [rows(3), 'DROP TABLE {s}.t', make, rows(4)] },
  'a table that is made anew with other columns': {
    before: [make, rows(1)],
    window: [
      rows(3),
      'DROP TABLE {s}.t',
      'CREATE TABLE {s}.t (id INT PRIMARY KEY, w TEXT) ENGINE=InnoDB',
      "INSERT INTO {s}.t VALUES (1, 'x')",
    ],
    lost: 'refused',
    done: 'refused',
  },
  'a table that is gone': { before: [make, rows(1)], window: ['DROP TABLE {s}.t'] },
  'a table that is gone, and had rows before': {
    before: [make, rows(1)],
    window: [rows(2), 'DROP TABLE {s}.t'],
    done: 'refused',
  },
  'a table out of a query': {
    before: [make, rows(1, 2)],
    window: ['CREATE TABLE {s}.u (PRIMARY KEY (id)) ENGINE=InnoDB SELECT * FROM {s}.t', 'DELETE FROM {s}.u WHERE id = 1'],
    done: 'refused but on MariaDB',
  },
  'a new index': {
    before: [make, rows(1)],
    window: [rows(2), 'ALTER TABLE {s}.t ADD INDEX i (v)', rows(3), "ALTER TABLE {s}.t COMMENT = 'x'"],
  },
  'a new column': { before: [make, rows(1)], window: [rows(2), 'ALTER TABLE {s}.t ADD w INT'], lost: 'refused', done: 'refused' },
  'a new partition, and an old one emptied': {
    before: [ranges, rows(1, 2)],
    window: [
      rows(3, 11),
      'ALTER TABLE {s}.t ADD PARTITION (PARTITION c VALUES LESS THAN (30))',
      rows(21),
      'ALTER TABLE {s}.t TRUNCATE PARTITION a',
      rows(4),
    ],
  },
  'an old partition dropped': {
    before: [ranges, rows(1)],
    window: [rows(2, 11), 'ALTER TABLE {s}.t DROP PARTITION a'],
    done: 'refused',
  },
  'another name': { before: [make, rows(1)], window: [rows(2), 'RENAME TABLE {s}.t TO {s}.u'], lost: 'refused', done: 'refused' },
  'a schema made anew': {
    before: [make, rows(1)],
    window: ['DROP DATABASE {s}', 'CREATE DATABASE {s}', make, rows(2), 'CREATE VIEW {s}.w AS SELECT id FROM {s}.t'],
  },
  'a view': { before: [make], window: ['CREATE OR REPLACE VIEW {s}.w AS SELECT id FROM {s}.t', rows(1)] },
}

for (const way of ways) {
  describeWith(way.kind, `in a window of ${way.name}`, () => {
    test('what is replayed heals, and the rest is refused', async () => {
      await using pair = await way.start()
      const found: Record<string, unknown> = {}
      const expected: Record<string, unknown> = {}
      for (const [index, [name, { before = [], window, lost = 'replayed', done = 'replayed' }]] of Object.entries(
        told,
      ).entries()) {
        const outcome = (schema: string, isLost: (statement: string) => boolean): Promise<string> => {
          const inSchema = (statement: string): string => statement.replaceAll('{s}', schema)
          const all = window.map((statement) => ({ statement: inSchema(statement), isLost: isLost(statement) }))
          return tell(way, pair, schema, { before: before.map(inSchema), window: all, length: all.length })
        }
        const isRows = (statement: string): boolean => /^(?:INSERT|UPDATE|DELETE)/.test(statement)
        found[name] = [await outcome(`lost${index}`, () => true), await outcome(`done${index}`, isRows)]
        expected[name] = [
          lost,
          done === 'refused but on MariaDB' ? (way.kind.startsWith('mariadb') ? 'replayed' : 'refused') : done,
        ]
      }
      expect(found).toEqual(expected)
    })
  })
}

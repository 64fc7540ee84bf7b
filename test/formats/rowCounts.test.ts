/**
 * Tables and numbers of rows as the servers' own mysqlbinlogs print them, for every shared log and fixture that they read: of MySQL 5.1
 * to 9.7 and of MariaDB, compressed ones too.
 */
import { expect, test } from 'vitest'
import { readTransactions } from '../../src/app/window.ts'
import { openFileSource } from '../../src/source/files.ts'
import type { Log, Reader } from '../secondOpinion/files.ts'
import { fixtureLogs, haveShared, named, readers, sharedLogs } from '../secondOpinion/files.ts'
import { outcomes } from '../secondOpinion/outcomes.ts'
import { mysqlbinlog } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'

const webscale = 'facebookarchive+webscalesql-5.6/mysql-test/suite/binlog/std_data'
const recovery = 'hqm001+mysql-8.0.39/mysql-test/std_data/binlog_recovery'

/** Edited: a transaction was cut off, and the programs print its rows, too. */
const edited: ReadonlySet<string> = new Set([`${recovery}/orphan_begin_start.000001`, `${recovery}/orphan_xa_commit.000001`])

/** Rows events of early 5.1, whose images nobody walks any more: known to be there, and their number not. */
const early: ReadonlySet<string> = new Set(
  ['bug32407.001', 'ver_5_1-telco.001', 'ver_5_1_17.001'].map((name) => `${webscale}/${name}`),
)

/** Of types that MariaDB's does not know, it prints no row. */
const unknownToMariaDb: ReadonlySet<string> = new Set(
  ['json-opaque.binlog', 'vector.binlog'].map((name) => `blackbeam+rust_mysql_common/test-data/binlogs/${name}`),
)

/** Whole files; where the shared ones are not here, the tests of secondOpinion tell. */
const logs = [...(haveShared ? sharedLogs : []), ...fixtureLogs].filter(({ name }) => !outcomes.has(name) && !edited.has(name))

for (const reader of readers) {
  describeWith(reader, `as ${reader}'s mysqlbinlog prints them`, () => {
    const able = logs.filter(({ name, readers: all }) => all.includes(reader) && !early.has(name))
    test.each(named(able.filter(({ name }) => reader !== 'mariadb-10.11' || !unknownToMariaDb.has(name))))(
      '%s',
      async (_name, log) => {
        expect(await counted(log)).toEqual(await printed(reader, log))
      },
    )
  })
}

test.runIf(haveShared).each(named(logs.filter(({ name }) => early.has(name))))(
  '%s: rows without a number',
  async (_name, log) => {
    expect(await counted(log)).toEqual({ 'insert test.t1': null, 'update test.t1': null, 'delete test.t1': null })
  },
)

/** `insert d.t` to the number of rows. */
type Counts = Readonly<Record<string, number | null>>

async function counted({ path }: Log): Promise<Counts> {
  const counts: Record<string, number | null> = {}
  const name = path.replace(/.*\//, '')
  for (const { tables } of await readTransactions({ source: openFileSource(path, [path]), from: { file: name, position: 4 } })) {
    for (const { schema, table, rows, inserts, updates, deletes } of tables) {
      const add = (kind: string, count: number): void => {
        const key = `${kind} ${quoted(schema)}.${quoted(table)}`
        if (rows === null) counts[key] = null
        else if (count > 0) counts[key] = (counts[key] ?? 0) + count
      }
      add('insert', inserts)
      add('update', updates)
      add('delete', deletes)
    }
  }
  return counts
}

async function printed(reader: Reader, { path }: Log): Promise<Counts> {
  const { stdout } = await mysqlbinlog(reader, ['-vv', '--base64-output=decode-rows', path])
  const counts: Record<string, number> = {}
  for (const [, kind = '', schema = '', table = ''] of stdout.matchAll(
    /^### (INSERT INTO|UPDATE|DELETE FROM) `(.+?)`\.`(.+?)`$/gm,
  )) {
    const key = `${(kind.split(' ')[0] ?? '').toLowerCase()} ${schema}.${table}`
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

/** As a name is printed between backticks. */
function quoted(name: string): string {
  return name.replaceAll('`', '``')
}

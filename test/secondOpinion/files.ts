/**
 * The binlogs that are looked at: those of ../shared/binlogs, each described by a line of its MANIFEST.tsv, and the fixtures. The shared
 * ones are read in place; where the folder is absent there are none.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Whose mysqlbinlog gives the opinion. */
export const readers = ['mysql-9.7', 'mariadb-10.11'] as const
export type Reader = (typeof readers)[number]

/** What the manifest says of a file. */
export interface Described {
  readonly inUse: boolean
  readonly isRelay: boolean
  readonly binlogVersion: string
  readonly badChecksums: number
  /** Events whose end_log_pos is not where they end. */
  readonly positionMismatches: number
  readonly trailingBytes: number
  readonly notes: string
}

export interface Log {
  /** Unique, and the name of its tests. */
  readonly name: string
  readonly path: string
  /** Those that read it to its end, or as far as it is whole. */
  readonly readers: readonly Reader[]
  /** Null for fixtures. */
  readonly described: Described | null
}

const root = join(import.meta.dirname, '../..')
const sharedFolder = join(root, '../shared/binlogs')
const fixturesFolder = join(root, 'fixtures')

export const haveShared: boolean = existsSync(join(sharedFolder, 'MANIFEST.tsv'))
export const sharedLogs: readonly Log[] = haveShared ? readManifest() : []
/** In the order of their servers' logs: a file follows the one before it in the same folder. */
export const fixtureLogs: readonly Log[] = listFixtureLogs()

/** For test.each, with names that are printed whole. */
export function named<T extends { readonly name: string }>(logs: readonly T[]): [string, T][] {
  return logs.map((log) => [log.name, log])
}

function readManifest(): Log[] {
  const [head = '', ...lines] = readFileSync(join(sharedFolder, 'MANIFEST.tsv'), 'utf8').trimEnd().split('\n')
  const columns = head.split('\t')
  return lines.map((line) => {
    const cells = line.split('\t')
    const cell = (column: string): string => {
      const index = columns.indexOf(column)
      if (index === -1) throw new Error(`MANIFEST.tsv has no column ${column}`)
      return cells[index] ?? ''
    }
    const reads: readonly (readonly [Reader, string])[] = [
      ['mysql-9.7', 'mysql97_reads_to_end'],
      ['mariadb-10.11', 'mariadb1011_reads_to_end'],
    ]
    return {
      name: cell('path'),
      path: join(sharedFolder, cell('path')),
      readers: reads.flatMap(([reader, column]) => (cell(column) === 'yes' ? [reader] : [])),
      described: {
        inUse: cell('in_use') === 'in-use',
        isRelay: cell('relay') === 'relay',
        binlogVersion: cell('binlog_version'),
        badChecksums: Number(cell('bad_crc')),
        positionMismatches: Number(cell('log_pos_mismatch')),
        trailingBytes: Number(cell('trailing_bytes')),
        notes: cell('notes'),
      },
    }
  })
}

function listFixtureLogs(): Log[] {
  const paths = readdirSync(fixturesFolder, { recursive: true, encoding: 'utf8' })
  return paths
    .filter((path) => /mysql-bin\.\d+$/.test(path))
    .sort()
    .map((path) => ({ name: path, path: join(fixturesFolder, path), readers: readersOfFixture(path), described: null }))
}

/** MySQL's reader refuses MariaDB's events; MariaDB's refuses tagged GTIDs and compressed transactions, which are in the sixth files. */
function readersOfFixture(path: string): readonly Reader[] {
  if (path.startsWith('encrypted/')) return []
  if (path.includes('/mariadb-')) return ['mariadb-10.11']
  return /^grammar\/mysql-9\.7.*\.000006$/.test(path) ? ['mysql-9.7'] : readers
}

/**
 * Proves that tables are equal on a source and its replica while both are written to. Nothing is locked beyond what a SELECT locks, nothing is
 * stopped, and SELECT on the tables is enough. What differs at first is looked at until it is known whether that is a difference or a
 * moment of replication: see steady.ts.
 *
 * A table without a key that both have is read as a whole, again and again: one that is large, or is written to all the time, stays
 * undecided, and an ALTER TABLE waits for the reading to end.
 */
import type { KeyColumn } from '../../core/binlog/values.ts'
import { BinpointError } from '../../errors.ts'
import type { ServerConnection } from '../connection.ts'
import { numberOf } from '../serverError.ts'
import type { TableName } from '../tables.ts'
import { compareAsWhole } from './asWhole.ts'
import { compareByKey } from './byKey.ts'
import { openReadSession } from './session.ts'
import type { Key, TableShape } from './shape.ts'
import { characterSet, commonKey, readShape, shapeDifference } from './shape.ts'

export interface CompareRequest {
  readonly source: ServerConnection
  readonly replica: ServerConnection
  readonly tables: readonly TableName[]
  /** Waits until the replica has executed all that the source's log held when it was called; false: not in time. */
  readonly catchUp: () => Promise<boolean>
  /** With so many differences a table is known well enough: the rest of it is not read. At least 1. */
  readonly maxDifferences: number
  readonly signal?: AbortSignal | undefined
  /** `rows`: of this table, so far. */
  readonly onProgress?: ((done: { readonly table: TableName; readonly rows: number }) => void) | undefined
}

export interface RowDifference {
  /** Missing: on the replica. Extra: only there. */
  readonly kind: 'missing' | 'different' | 'extra'
  /** By column, as the source prints them (extra: the replica); bytes as 0x and hex digits. */
  readonly key: Readonly<Record<string, string>>
}

export interface TableComparison {
  readonly schema: string
  readonly table: string
  /** Rows of the source that were compared. */
  readonly rows: number
  readonly outcome: 'equal' | 'different' | 'undecided'
  /** In words, where `differences` does not say all. */
  readonly reason: string | null
  readonly missing: number
  readonly different: number
  readonly extra: number
  readonly differences: readonly RowDifference[]
  /** Columns of the table. */
  readonly columns: number
  /** What the rows are named by; empty: by nothing. */
  readonly key: readonly KeyColumn[]
}

/** What a comparison of rows comes to. */
export interface Compared {
  readonly rows: number
  readonly outcome: TableComparison['outcome']
  readonly reason: string | null
  readonly differences: readonly RowDifference[]
}

type NamedRows = Omit<TableComparison, 'schema' | 'table' | RowDifference['kind']>

/** A table was altered or dropped, or is locked. */
const TABLE_CHANGES = new Set([1049, 1054, 1146, 1176, 1205, 1412])

/** Throws what the servers say: SERVER_ERROR also where the account may not read a table. */
export async function compareTables(request: CompareRequest): Promise<readonly TableComparison[]> {
  if (request.tables.length === 0) return []
  await using source = await openReadSession(request.source)
  await using replica = await openReadSession(request.replica)
  const compared: TableComparison[] = []
  for (const table of request.tables) {
    const { differences, ...rest } = await compareTable({ ...request, source, replica }, table)
    const count = (kind: RowDifference['kind']): number => differences.filter((difference) => difference.kind === kind).length
    const counts = { missing: count('missing'), different: count('different'), extra: count('extra') }
    compared.push({ schema: table.schema, table: table.table, ...rest, ...counts, differences })
  }
  return compared
}

async function compareTable(request: CompareRequest, table: TableName): Promise<NamedRows> {
  try {
    const { source, replica } = await settledShapes(request, table)
    if (source === null && replica === null) return without('equal', 'neither server has the table')
    if (source === null) return without('different', 'only the replica has the table')
    if (replica === null) return without('different', 'only the source has the table')
    const difference = shapeDifference(source, replica)
    if (difference !== null) return without('different', difference)
    const key = commonKey(source, replica)
    // A column that both compute holds no data; MariaDB's may even be of the moment.
    const columns = source.columns.filter((column, i) => !column.isVirtual || replica.columns[i]?.isVirtual !== true)
    const compared = await (key === null ? compareAsWhole(request, table, columns) : compareByKey(request, table, columns, key))
    return { ...compared, columns: source.columns.length, key: key === null ? [] : keyColumns(source, key) }
  } catch (error) {
    if (!(error instanceof BinpointError) || !TABLE_CHANGES.has(numberOf(error.cause) ?? 0)) throw error
    return without('undecided', `the table changed meanwhile, or is locked: ${error.message}`)
  }
}

/** What a DDL statement changed on the source arrives with the rest. */
async function settledShapes(request: CompareRequest, table: TableName): Promise<Shapes> {
  const shapes = await shapesOf(request, table)
  if (isSame(shapes) || !(await request.catchUp())) return shapes
  const later = await shapesOf(request, table)
  return isSame({ source: shapes.source, replica: later.replica }) ? { ...later, source: shapes.source } : later
}

interface Shapes {
  readonly source: TableShape | null
  readonly replica: TableShape | null
}

async function shapesOf(request: CompareRequest, table: TableName): Promise<Shapes> {
  const [source, replica] = await Promise.all([readShape(request.source, table), readShape(request.replica, table)])
  return { source, replica }
}

function isSame({ source, replica }: Shapes): boolean {
  return source === null || replica === null ? source === replica : shapeDifference(source, replica) === null
}

function without(outcome: TableComparison['outcome'], reason: string): NamedRows {
  return { rows: 0, outcome, reason, differences: [], columns: 0, key: [] }
}

function keyColumns(shape: TableShape, key: Key): readonly KeyColumn[] {
  return key.parts.map(({ column }) => ({
    name: column.name,
    position: shape.columns.indexOf(column) + 1,
    type: column.type,
    characterSet: characterSet(column),
  }))
}

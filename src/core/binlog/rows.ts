/**
 * Rows events, as far as counting goes: which table, what kind of change, how many rows. The images are walked by the
 * lengths that the TABLE_MAP gives, not decoded. A walk that does not end exactly at the event's end counts as unknown.
 */
import { lengthEncoded, u16, u32, u48 } from './bytes.ts'
import { EventType, HEADER_LENGTH } from './layout.ts'
import { inflateMariaDb } from './query.ts'
import type { MappedTable } from './tableMap.ts'
import { ColumnType } from './tableMap.ts'
import { valueLength } from './valueLength.ts'

export type RowsKind = 'insert' | 'update' | 'delete'

export interface RowsSummary {
  readonly kind: RowsKind
  /** Rows changed; null when the images could not be walked. */
  readonly rows: number | null
  /** True when an image leaves out columns, or carries only parts of JSON values. */
  readonly partialImages: boolean
  /** Columns (from 0) that an update gave other bytes; null: not known. */
  readonly updatedColumns: ReadonlySet<number> | null
}

const T = EventType
const kinds = new Map<number, RowsKind>([
  ...[T.PRE_GA_WRITE_ROWS, T.WRITE_ROWS_V1, T.WRITE_ROWS, T.WRITE_ROWS_COMPRESSED_V1, T.WRITE_ROWS_COMPRESSED].map(
    (type) => [type, 'insert'] as const,
  ),
  ...[T.PRE_GA_UPDATE_ROWS, T.UPDATE_ROWS_V1, T.UPDATE_ROWS, T.PARTIAL_UPDATE_ROWS].map((type) => [type, 'update'] as const),
  ...[T.UPDATE_ROWS_COMPRESSED_V1, T.UPDATE_ROWS_COMPRESSED].map((type) => [type, 'update'] as const),
  ...[T.PRE_GA_DELETE_ROWS, T.DELETE_ROWS_V1, T.DELETE_ROWS, T.DELETE_ROWS_COMPRESSED_V1, T.DELETE_ROWS_COMPRESSED].map(
    (type) => [type, 'delete'] as const,
  ),
])
/** Types with a block of extra data behind the flags. */
const version2 = new Set<number>([
  T.WRITE_ROWS,
  T.UPDATE_ROWS,
  T.DELETE_ROWS,
  T.PARTIAL_UPDATE_ROWS,
  T.WRITE_ROWS_COMPRESSED,
  T.UPDATE_ROWS_COMPRESSED,
  T.DELETE_ROWS_COMPRESSED,
])

/** Images that a compressed event would expand to beyond this are not looked at. */
const MAX_INFLATED = 16 << 20

export function rowsTableId(bytes: Buffer, from: number, idLength: 4 | 6): number {
  return idLength === 4 ? u32(bytes, from + HEADER_LENGTH) : u48(bytes, from + HEADER_LENGTH)
}

/**
 * Where the values of an image start and end in its bytes: two numbers for each column, 0 and 0 for NULL. What is there of a column that the
 * image leaves out says nothing.
 */
export type ValuePlaces = readonly number[]

/** Sees each row; of an update both images. Valid during the call only. */
export type RowVisitor = (bytes: Buffer, image: ValuePlaces, after: ValuePlaces) => void

/** Summarizes the rows event bytes[from, end) of `type`, `end` without CRC, for the table it names. */
export function summarizeRows(
  bytes: Buffer,
  from: number,
  end: number,
  type: number,
  table: MappedTable,
  idLength: 4 | 6,
): RowsSummary {
  const updated = new Set<number>()
  const rows = openRows(bytes, from, end, type, idLength)
  const { kind, after } = rows
  const count = countRows(rows, table, after === null ? null : (images, old, own) => addDifferent(images, old, own, updated))
  const partialImages = rows.isPartialJson || !isComplete(rows, rows.before) || !isComplete(rows, after)
  const isUnknown = count === null || (after !== null && partialImages)
  return { kind, rows: count, partialImages: rows.images !== null && partialImages, updatedColumns: isUnknown ? null : updated }
}

/** Shows the rows of a rows event; false: not all of them could be walked, or an image leaves out one of the columns `needed` (from 0). */
export function forEachRow(
  bytes: Buffer,
  from: number,
  end: number,
  type: number,
  table: MappedTable,
  idLength: 4 | 6,
  needed: readonly number[],
  visit: RowVisitor,
): boolean {
  const rows = openRows(bytes, from, end, type, idLength)
  const hasNeeded = (present: readonly number[]): boolean => needed.every((column) => present.includes(column))
  return hasNeeded(rows.before) && hasNeeded(rows.after ?? needed) && countRows(rows, table, visit) !== null
}

export function rowsKind(type: number): RowsKind {
  return kinds.get(type) ?? 'insert'
}

interface Rows {
  readonly kind: RowsKind
  readonly columns: number
  /** The columns that the images have. */
  readonly before: readonly number[]
  readonly after: readonly number[] | null
  readonly isPartialJson: boolean
  /** Null: not to be read. */
  readonly images: Buffer | null
}

function openRows(bytes: Buffer, from: number, end: number, type: number, idLength: 4 | 6): Rows {
  const kind = rowsKind(type)
  const isPartialJson = type === T.PARTIAL_UPDATE_ROWS
  let at = from + HEADER_LENGTH + idLength + 2
  if (version2.has(type)) at += u16(bytes, at)
  const columns = lengthEncoded(bytes, at)
  if (columns.value > (end - columns.next) * 8)
    return { kind, columns: columns.value, before: [], after: null, isPartialJson, images: null }
  const bitmapLength = (columns.value + 7) >> 3
  const before = presentColumns(bytes, columns.next, columns.value)
  const after = kind === 'update' ? presentColumns(bytes, columns.next + bitmapLength, columns.value) : null
  const plain = bytes.subarray(columns.next + bitmapLength * (after === null ? 1 : 2), end)
  const images = type >= T.WRITE_ROWS_COMPRESSED_V1 ? inflateMariaDb(plain, MAX_INFLATED) : plain
  return { kind, columns: columns.value, before, after, isPartialJson, images }
}

function isComplete(rows: Rows, present: readonly number[] | null): boolean {
  return present === null || present.length === rows.columns
}

function presentColumns(bytes: Buffer, at: number, columns: number): number[] {
  const present: number[] = []
  for (let i = 0; i < columns; i++) if (((bytes[at + (i >> 3)] ?? 0) & (1 << (i & 7))) !== 0) present.push(i)
  return present
}

function countRows(
  { columns, before, after, isPartialJson, images }: Rows,
  table: MappedTable,
  visit: RowVisitor | null,
): number | null {
  // Images without columns (a default row, where row_image is MINIMAL) have no bytes to count.
  const isEmpty = before.length === 0 && (after === null || after.length === 0)
  if (images === null || columns !== table.types.length || isEmpty) return null
  const old: number[] = []
  const own: number[] = []
  let at = 0
  let rows = 0
  while (at < images.length) {
    at = skipImage(images, at, table, before, old)
    if (after !== null) {
      if (isPartialJson) at = skipPartialHead(images, at, table, after)
      at = skipImage(images, at, table, after, own)
    }
    if (at <= images.length) visit?.(images, old, own)
    rows++
  }
  return at === images.length ? rows : null
}

/** `a` and `b`: starts and ends of two images' values, column by column. */
function addDifferent(images: Buffer, a: readonly number[], b: readonly number[], updated: Set<number>): void {
  for (let i = 0; i < a.length; i += 2) {
    const isSame = (a[i] === 0) === (b[i] === 0) && images.compare(images, a[i], a[i + 1], b[i], b[i + 1]) === 0
    if (!isSame) updated.add(i >> 1)
  }
}

/** PARTIAL_UPDATE_ROWS: options, and if bit 0 is set one bit per JSON column that says whether it is a diff. */
function skipPartialHead(b: Buffer, from: number, table: MappedTable, present: readonly number[]): number {
  const options = lengthEncoded(b, from)
  if ((options.value & 1) === 0) return options.next
  const json = present.filter((column) => table.types[column] === ColumnType.JSON).length
  return options.next + ((json + 7) >> 3)
}

/** `values` takes where each column's value starts and ends; 0 and 0 for NULL. */
function skipImage(b: Buffer, from: number, table: MappedTable, present: readonly number[], values: number[]): number {
  let at = from + ((present.length + 7) >> 3)
  for (const [i, column] of present.entries()) {
    const isNull = ((b[from + (i >> 3)] ?? 0) & (1 << (i & 7))) !== 0
    const start = at
    if (!isNull) at += valueLength(b, at, table.types[column] ?? 0, table.metadata[column] ?? 0)
    if (at > b.length) return Number.MAX_SAFE_INTEGER
    values[2 * column] = isNull ? 0 : start
    values[2 * column + 1] = isNull ? 0 : at
  }
  return at
}

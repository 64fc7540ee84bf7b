/**
 * Rows events, as far as counting goes: which table, what kind of change, how many rows. The images are walked by the
 * lengths that the TABLE_MAP gives, not decoded. A walk that does not end exactly at the event's end counts as unknown.
 */
import { lengthEncoded, u16, u24, u32, u48 } from './bytes.ts'
import { EventType, HEADER_LENGTH } from './layout.ts'
import { inflateMariaDb } from './query.ts'
import type { MappedTable } from './tableMap.ts'
import { ColumnType } from './tableMap.ts'

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

/** Summarizes the rows event bytes[from, end) of `type`, `end` without CRC, for the table it names. */
export function summarizeRows(
  bytes: Buffer,
  from: number,
  end: number,
  type: number,
  table: MappedTable,
  idLength: 4 | 6,
): RowsSummary {
  const kind = kinds.get(type) ?? 'insert'
  let at = from + HEADER_LENGTH + idLength + 2
  if (version2.has(type)) at += u16(bytes, at)
  const columns = lengthEncoded(bytes, at)
  if (columns.value > (end - columns.next) * 8) return { kind, rows: null, partialImages: false, updatedColumns: null }
  const bitmapLength = (columns.value + 7) >> 3
  const before = presentColumns(bytes, columns.next, columns.value)
  const after = kind === 'update' ? presentColumns(bytes, columns.next + bitmapLength, columns.value) : null
  at = columns.next + bitmapLength * (after === null ? 1 : 2)
  const isComplete = (present: readonly number[] | null): boolean => present === null || present.length === columns.value
  let images: Buffer = bytes.subarray(at, end)
  if (type >= T.WRITE_ROWS_COMPRESSED_V1) {
    const inflated = inflateMariaDb(images, MAX_INFLATED)
    if (inflated === null) return { kind, rows: null, partialImages: false, updatedColumns: null }
    images = inflated
  }
  const isPartialJson = type === T.PARTIAL_UPDATE_ROWS
  const partialImages = isPartialJson || !isComplete(before) || !isComplete(after)
  const updated = new Set<number>()
  const rows = columns.value === table.types.length ? countImages(images, table, { before, after, isPartialJson, updated }) : null
  return { kind, rows, partialImages, updatedColumns: rows === null || (after !== null && partialImages) ? null : updated }
}

function presentColumns(bytes: Buffer, at: number, columns: number): number[] {
  const present: number[] = []
  for (let i = 0; i < columns; i++) if (((bytes[at + (i >> 3)] ?? 0) & (1 << (i & 7))) !== 0) present.push(i)
  return present
}

interface Images {
  readonly before: readonly number[]
  readonly after: readonly number[] | null
  readonly isPartialJson: boolean
  /** Takes the columns that differ. */
  readonly updated: Set<number>
}

function countImages(images: Buffer, table: MappedTable, { before, after, isPartialJson, updated }: Images): number | null {
  // Images without columns (a default row, where row_image is MINIMAL) have no bytes to count.
  if (before.length === 0 && (after === null || after.length === 0)) return null
  const old: number[] = []
  const own: number[] = []
  let at = 0
  let rows = 0
  while (at < images.length) {
    at = skipImage(images, at, table, before, old)
    if (after !== null) {
      if (isPartialJson) at = skipPartialHead(images, at, table, after)
      at = skipImage(images, at, table, after, own)
      if (at <= images.length) addDifferent(images, old, own, updated)
    }
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

/** Bytes of a value that starts at `at`. Lengths by type: mysql-server, log_event.cc calc_field_size and rows_event.h. */
function valueLength(b: Buffer, at: number, type: number, meta: number): number {
  const C = ColumnType
  switch (type) {
    case C.NULL:
      return 0
    case C.TINY:
    case C.YEAR:
      return 1
    case C.SHORT:
      return 2
    case C.INT24:
    case C.DATE:
    case C.TIME:
    case C.NEWDATE:
      return 3
    case C.LONG:
    case C.FLOAT:
    case C.TIMESTAMP:
      return 4
    case C.LONGLONG:
    case C.DOUBLE:
    case C.DATETIME:
      return 8
    case C.TIMESTAMP2:
      return 4 + ((meta + 1) >> 1)
    case C.DATETIME2:
      return 5 + ((meta + 1) >> 1)
    case C.TIME2:
      return 3 + ((meta + 1) >> 1)
    case C.NEWDECIMAL:
      return decimalLength(meta & 0xff, meta >> 8)
    case C.BIT:
      return (meta >> 8) + ((meta & 0xff) > 0 ? 1 : 0)
    case C.ENUM:
    case C.SET:
      return meta >> 8
    case C.VARCHAR:
    case C.VAR_STRING:
    case C.VARCHAR_COMPRESSED:
      return prefixed(b, at, meta > 255 ? 2 : 1)
    case C.STRING:
      return stringLength(b, at, meta)
    case C.TINY_BLOB:
    case C.MEDIUM_BLOB:
    case C.LONG_BLOB:
    case C.BLOB:
    case C.BLOB_COMPRESSED:
    case C.JSON:
    case C.VECTOR:
    case C.GEOMETRY:
      return prefixed(b, at, meta)
    default:
      return Number.MAX_SAFE_INTEGER
  }
}

function prefixed(b: Buffer, at: number, lengthBytes: number): number {
  if (lengthBytes === 1) return 1 + (b[at] ?? 0)
  if (lengthBytes === 2) return 2 + u16(b, at)
  if (lengthBytes === 3) return 3 + u24(b, at)
  return 4 + u32(b, at)
}

/** CHAR, ENUM and SET share a type: the low byte of the metadata has the real one, and two bits of a CHAR's length inverted. */
function stringLength(b: Buffer, at: number, meta: number): number {
  const real = meta & 0xff
  if (real === ColumnType.ENUM || real === ColumnType.SET) return meta >> 8
  const max = (((real & 0x30) ^ 0x30) << 4) | (meta >> 8)
  return prefixed(b, at, max > 255 ? 2 : 1)
}

const digitBytes = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]

/** Packed decimal: four bytes per nine digits on each side of the point, and a few for the rest. */
function decimalLength(precision: number, scale: number): number {
  const whole = precision - scale
  const part = (digits: number): number => Math.floor(digits / 9) * 4 + (digitBytes[digits % 9] ?? 0)
  return part(whole) + part(scale)
}

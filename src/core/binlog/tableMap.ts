/** TABLE_MAP: which table the rows events of an id change, and how wide its columns are. */
import { lengthEncoded, text, u16, u32, u48 } from './bytes.ts'
import { HEADER_LENGTH } from './layout.ts'

export interface MappedTable {
  readonly id: number
  readonly schema: string
  readonly table: string
  /** Type byte per column, and its metadata as a little-endian number (0 where the type has none). */
  readonly types: Uint8Array
  readonly metadata: readonly number[]
}

export const ColumnType = {
  DECIMAL: 0,
  TINY: 1,
  SHORT: 2,
  LONG: 3,
  FLOAT: 4,
  DOUBLE: 5,
  NULL: 6,
  TIMESTAMP: 7,
  LONGLONG: 8,
  INT24: 9,
  DATE: 10,
  TIME: 11,
  DATETIME: 12,
  YEAR: 13,
  NEWDATE: 14,
  VARCHAR: 15,
  BIT: 16,
  TIMESTAMP2: 17,
  DATETIME2: 18,
  TIME2: 19,
  BLOB_COMPRESSED: 140,
  VARCHAR_COMPRESSED: 141,
  VECTOR: 242,
  JSON: 245,
  NEWDECIMAL: 246,
  ENUM: 247,
  SET: 248,
  TINY_BLOB: 249,
  MEDIUM_BLOB: 250,
  LONG_BLOB: 251,
  BLOB: 252,
  VAR_STRING: 253,
  STRING: 254,
  GEOMETRY: 255,
} as const

/** Bytes of the table id in TABLE_MAP and rows events: the post-header tells (6 bytes in all: an id of 4, before 5.1.4). */
export function tableIdLength(postHeaderLength: number): 4 | 6 {
  return postHeaderLength === 6 ? 4 : 6
}

/** Decodes bytes[from, end), `end` without CRC. */
export function decodeTableMap(bytes: Buffer, from: number, idLength: 4 | 6): MappedTable {
  let at = from + HEADER_LENGTH
  const id = idLength === 4 ? u32(bytes, at) : u48(bytes, at)
  at += idLength + 2
  const schemaLength = bytes[at] ?? 0
  const schema = text(bytes, at + 1, at + 1 + schemaLength)
  at += schemaLength + 2
  const tableLength = bytes[at] ?? 0
  const table = text(bytes, at + 1, at + 1 + tableLength)
  at += tableLength + 2
  const columns = lengthEncoded(bytes, at)
  at = columns.next
  const types = Uint8Array.from(bytes.subarray(at, at + columns.value))
  at = lengthEncoded(bytes, at + columns.value).next
  const metadata: number[] = []
  for (const type of types) {
    const length = metadataLength(type)
    metadata.push(length === 2 ? u16(bytes, at) : length === 1 ? (bytes[at] ?? 0) : 0)
    at += length
  }
  return { id, schema, table, types, metadata }
}

function metadataLength(type: number): 0 | 1 | 2 {
  const T = ColumnType
  switch (type) {
    case T.FLOAT:
    case T.DOUBLE:
    case T.TIMESTAMP2:
    case T.DATETIME2:
    case T.TIME2:
    case T.JSON:
    case T.VECTOR:
    case T.TINY_BLOB:
    case T.MEDIUM_BLOB:
    case T.LONG_BLOB:
    case T.BLOB:
    case T.BLOB_COMPRESSED:
    case T.GEOMETRY:
      return 1
    case T.VARCHAR:
    case T.VARCHAR_COMPRESSED:
    case T.BIT:
    case T.NEWDECIMAL:
    case T.ENUM:
    case T.SET:
    case T.VAR_STRING:
    case T.STRING:
      return 2
    default:
      return 0
  }
}

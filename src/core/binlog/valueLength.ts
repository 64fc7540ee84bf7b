/** How many bytes each value of a row image has: its type, its metadata and at times its first bytes tell. */
import { u16, u24, u32 } from './bytes.ts'
import { ColumnType } from './tableMap.ts'

/** Bytes of a value that starts at `at`. Lengths by type: mysql-server, log_event.cc calc_field_size and rows_event.h. */
export function valueLength(b: Buffer, at: number, type: number, meta: number): number {
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
      return digitsLength((meta & 0xff) - (meta >> 8)) + digitsLength(meta >> 8)
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

/** A length of so many bytes, and what it says. */
function prefixed(b: Buffer, at: number, lengthBytes: number): number {
  if (lengthBytes === 1) return 1 + (b[at] ?? 0)
  if (lengthBytes === 2) return 2 + u16(b, at)
  if (lengthBytes === 3) return 3 + u24(b, at)
  return 4 + u32(b, at)
}

/** CHAR, ENUM and SET share a type: the low byte of the metadata has the real one, and two bits of a CHAR's length inverted. */
function stringLength(b: Buffer, at: number, meta: number): number {
  return realType(ColumnType.STRING, meta) === ColumnType.STRING ? prefixed(b, at, maxLength(meta) > 255 ? 2 : 1) : meta >> 8
}

/** ENUM and SET where STRING says so. */
export function realType(type: number, meta: number): number {
  const real = meta & 0xff
  return type === ColumnType.STRING && (real === ColumnType.ENUM || real === ColumnType.SET) ? real : type
}

/** Bytes of the longest value of a CHAR or BINARY, which STRING stands for. */
export function maxLength(meta: number): number {
  return (((meta & 0xff & 0x30) ^ 0x30) << 4) | (meta >> 8)
}

const digitBytes = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]

/** Packed decimal, on each side of the point: four bytes per nine digits, and a few for the rest. */
export function digitsLength(digits: number): number {
  return Math.floor(digits / 9) * 4 + (digitBytes[digits % 9] ?? 0)
}

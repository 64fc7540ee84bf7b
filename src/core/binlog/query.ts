/**
 * QUERY and MariaDB's QUERY_COMPRESSED. Post-header of 13 bytes: thread id u32, exec_time u32 (seconds from the stamp to
 * the writing), schema length u8, error code u16, status variables' length u16; then status variables, schema, NUL, text.
 */
import { constants, inflateSync } from 'node:zlib'
import { text, u16 } from './bytes.ts'
import { EventType, AT_TYPE, HEADER_LENGTH } from './layout.ts'

const AT_THREAD = HEADER_LENGTH
const AT_EXEC_TIME = HEADER_LENGTH + 4
const AT_SCHEMA_LENGTH = HEADER_LENGTH + 8
const AT_ERROR = HEADER_LENGTH + 9
const AT_STATUS_LENGTH = HEADER_LENGTH + 11
const AT_STATUS = HEADER_LENGTH + 13

export function queryThreadId(view: DataView, from: number): number {
  return view.getUint32(from + AT_THREAD, true)
}

/** Seconds between the event's stamp and its writing, modulo 2^32: added to the stamp it gives the time of writing, also for a forged stamp. */
export function queryExecSeconds(view: DataView, from: number): number {
  return view.getUint32(from + AT_EXEC_TIME, true)
}

export function queryErrorCode(bytes: Buffer, from: number): number {
  return u16(bytes, from + AT_ERROR)
}

export function querySchema(bytes: Buffer, from: number): string {
  const at = schemaStart(bytes, from)
  return text(bytes, at, at + (bytes[from + AT_SCHEMA_LENGTH] ?? 0))
}

/** Index of the first byte of the statement; `end` is the end of the body without CRC. At most `end`. */
export function queryTextStart(bytes: Buffer, from: number, end: number): number {
  return Math.min(schemaStart(bytes, from) + (bytes[from + AT_SCHEMA_LENGTH] ?? 0) + 1, end)
}

function schemaStart(bytes: Buffer, from: number): number {
  return from + AT_STATUS + u16(bytes, from + AT_STATUS_LENGTH)
}

/** Of a statement's compressed text this much is inflated: zlib makes at most 1,032 times as much of it. */
const MAX_DEFLATED_TEXT = 16 << 10
const MAX_TEXT = MAX_DEFLATED_TEXT * 1040

/**
 * The statement's bytes, decompressed where needed; of a compressed one that is very long, only how it begins. `end` is the end
 * of the body without CRC. Null: cannot be decompressed.
 */
export function queryStatement(bytes: Buffer, from: number, end: number): Buffer | null {
  const raw = bytes.subarray(queryTextStart(bytes, from, end), end)
  if (bytes[from + AT_TYPE] !== EventType.QUERY_COMPRESSED) return raw
  return raw.length <= MAX_DEFLATED_TEXT ? inflateMariaDb(raw, MAX_TEXT) : inflateBegin(raw)
}

/**
 * MariaDB's compressed field: a byte (bit 7 set, bits 4 to 6 the algorithm: 0 is zlib, bits 0 to 2 the number of length
 * bytes), the original length big-endian, then zlib data (log_event.cc, binlog_buf_compress). Null: not of that form, not of the
 * length that it says, or longer than `most`.
 */
export function inflateMariaDb(raw: Buffer, most: number): Buffer | null {
  const head = decodeHead(raw)
  if (head === null || head.length > most) return null
  try {
    const whole = inflateSync(raw.subarray(head.next), { maxOutputLength: Math.max(1, head.length) })
    return whole.length === head.length ? whole : null
  } catch {
    return null
  }
}

function inflateBegin(raw: Buffer): Buffer | null {
  const head = decodeHead(raw)
  if (head === null) return null
  try {
    const begin = raw.subarray(head.next, head.next + MAX_DEFLATED_TEXT)
    return inflateSync(begin, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_TEXT })
  } catch {
    return null
  }
}

function decodeHead(raw: Buffer): { readonly length: number; readonly next: number } | null {
  const head = raw[0] ?? 0
  const lengthBytes = head & 0x07
  if ((head & 0xf0) !== 0x80 || lengthBytes < 1 || lengthBytes > 4 || raw.length <= lengthBytes) return null
  return { length: raw.readUIntBE(1, lengthBytes), next: 1 + lengthBytes }
}

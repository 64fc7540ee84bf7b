/** The CRC32 (zlib's, IEEE) at the end of an event covers all bytes before it. */
import { crc32 } from 'node:zlib'
import { u32 } from './bytes.ts'
import { AT_FLAGS, AT_TYPE, CHECKSUM_LENGTH, EventType, Flag } from './layout.ts'

/**
 * True when the event bytes[from, from + size) carries the right CRC32. The server flips the IN_USE flag of a
 * FORMAT_DESCRIPTION in place without computing the checksum again, so it is checked with the flag off.
 */
export function checksumHolds(bytes: Buffer, from: number, size: number): boolean {
  const end = from + size - CHECKSUM_LENGTH
  const expected = u32(bytes, end)
  if (bytes[from + AT_TYPE] !== EventType.FORMAT_DESCRIPTION) return crc32(bytes.subarray(from, end)) === expected
  const copy = Buffer.from(bytes.subarray(from, end))
  copy[AT_FLAGS] = (copy[AT_FLAGS] ?? 0) & ~Flag.BINLOG_IN_USE
  return crc32(copy) === expected
}

/** The CRC32 of an event: what it carries, or where the file has no checksums, what it would carry. Tells one event from another. */
export function eventCrc(bytes: Buffer, from: number, size: number, checksumLength: number): number {
  return checksumLength > 0 ? u32(bytes, from + size - CHECKSUM_LENGTH) : crc32(bytes.subarray(from, from + size))
}

/**
 * Events as the bytes of a v4 file frame them: where each starts, and what a changed file needs so that its changes reach the reader
 * (right places and right checksums). By the layout alone; shares nothing with the reader but numbers of types.
 */
import { crc32 } from 'node:zlib'
import { EventType } from '../src/core/binlog/layout.ts'

export const HEADER = 19
export const AT_TYPE = 4
export const AT_SIZE = 9
export const AT_POSITION = 13
export const AT_FLAGS = 17
export const IN_USE = 1
/** Post-header lengths begin here in a FORMAT_DESCRIPTION. */
const AT_LENGTHS = 76
/** Servers that name a checksum algorithm know at least so many types; behind them stand the algorithm and four bytes. */
const TYPES_WITH_ALGORITHM = 35

/** Starts of the whole events, and the end of the last one. */
export function frame(bytes: Buffer): { readonly starts: number[]; readonly end: number } {
  const starts: number[] = []
  let at = 4
  while (at + HEADER <= bytes.length) {
    const size = bytes.readUInt32LE(at + AT_SIZE)
    if (size < HEADER || at + size > bytes.length) break
    starts.push(at)
    at += size
  }
  return { starts, end: at }
}

/** Bytes of CRC behind every event of a file: what its FORMAT_DESCRIPTION says. */
export function checksumLengthOf(bytes: Buffer): 0 | 4 {
  return carriesAlgorithm(bytes) && bytes[4 + bytes.readUInt32LE(4 + AT_SIZE) - 5] === 1 ? 4 : 0
}

function carriesAlgorithm(bytes: Buffer): boolean {
  if (bytes.length < 4 + HEADER || bytes[4 + AT_TYPE] !== EventType.FORMAT_DESCRIPTION) return false
  const size = bytes.readUInt32LE(4 + AT_SIZE)
  return size >= AT_LENGTHS + TYPES_WITH_ALGORITHM + 5 && 4 + size <= bytes.length
}

/** Makes every event say that it ends where it does, those that say nothing aside (MariaDB >= 11.4, inside transactions). */
export function mendPositions(bytes: Buffer): void {
  const { starts, end } = frame(bytes)
  for (const [i, start] of starts.entries()) {
    if (i === 0 || bytes.readUInt32LE(start + AT_POSITION) !== 0) bytes.writeUInt32LE(starts[i + 1] ?? end, start + AT_POSITION)
  }
}

export function mendChecksums(bytes: Buffer): void {
  const length = checksumLengthOf(bytes)
  const { starts, end } = frame(bytes)
  for (const [i, start] of starts.entries()) {
    const next = starts[i + 1] ?? end
    if (i === 0) mendFormat(bytes, next)
    else if (length > 0 && next - start >= HEADER + length) bytes.writeUInt32LE(crc32(bytes.subarray(start, next - 4)), next - 4)
  }
}

/** Its checksum is that of the event without the mark of a file that is being written. */
function mendFormat(bytes: Buffer, end: number): void {
  if (!carriesAlgorithm(bytes)) return
  const flags = bytes[4 + AT_FLAGS] ?? 0
  bytes[4 + AT_FLAGS] = flags & ~IN_USE
  bytes.writeUInt32LE(crc32(bytes.subarray(4, end - 4)), end - 4)
  bytes[4 + AT_FLAGS] = flags
}

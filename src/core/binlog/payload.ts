/**
 * TRANSACTION_PAYLOAD: a whole transaction, compressed. Fields (type, length, value) of length-encoded integers: 1 the
 * payload's size, 2 the algorithm (0 zstd, 255 none), 3 the size uncompressed, 0 the end; then the payload. The events in it
 * have no CRC and an end_log_pos of 0.
 */
import { zstdDecompressSync } from 'node:zlib'
import { lengthEncoded, u32 } from './bytes.ts'
import { AT_SIZE, HEADER_LENGTH } from './layout.ts'

const Field = { END: 0, ALGORITHM: 2 } as const
const ZSTD = 0

/** The events inside, back to back. Null: not of a known form. `end` without CRC. */
export function decodePayload(bytes: Buffer, from: number, end: number): Buffer | null {
  let at = from + HEADER_LENGTH
  let algorithm: number = ZSTD
  while (at < end) {
    const field = lengthEncoded(bytes, at)
    at = field.next
    if (field.value === Field.END) break
    const length = lengthEncoded(bytes, at)
    if (field.value === Field.ALGORITHM) algorithm = lengthEncoded(bytes, length.next).value
    at = length.next + length.value
  }
  const payload = bytes.subarray(at, end)
  if (algorithm !== ZSTD) return payload
  try {
    return zstdDecompressSync(payload, { maxOutputLength: 1 << 30 })
  } catch {
    return null
  }
}

/** Calls `visit` for each event of a payload; stops at one that cannot be framed. */
export function forEachInnerEvent(payload: Buffer, visit: (from: number, end: number) => void): void {
  let at = 0
  while (at + HEADER_LENGTH <= payload.length) {
    const size = u32(payload, at + AT_SIZE)
    if (size < HEADER_LENGTH || at + size > payload.length) return
    visit(at, at + size)
    at += size
  }
}

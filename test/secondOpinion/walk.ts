/**
 * Where events start, by the one thing that every v4 file shows without being decoded: each event has its size in bytes 9 to 12. Written
 * from the manual for these tests; it shares nothing with the project's own reader.
 */

export interface Walked {
  /** Starts of the whole events, in order. */
  readonly starts: readonly number[]
  /** End of the last whole event. */
  readonly end: number
  /** Bytes behind it, of an event that is cut. */
  readonly rest: number
  /** Type of the last whole event; null without one. */
  readonly lastType: number | null
}

const HEADER = 19

export function walk(bytes: Buffer): Walked {
  const starts: number[] = []
  let lastType: number | null = null
  let at = 4
  while (at + HEADER <= bytes.length) {
    const size = bytes.readUInt32LE(at + 9)
    if (size < HEADER || at + size > bytes.length) break
    starts.push(at)
    lastType = bytes[at + 4] ?? null
    at += size
  }
  return { starts, end: at, rest: bytes.length - at, lastType }
}

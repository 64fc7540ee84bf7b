/**
 * TRANSACTION_PAYLOAD: a whole transaction, compressed. Fields (type, length, value) of length-encoded integers: 1 the
 * payload's size, 2 the algorithm (0 zstd, 255 none), 3 the size uncompressed, 0 the end; then the payload. The events in it
 * have no CRC and an end_log_pos of 0. It may expand to gigabytes: its events are shown one at a time as they come out.
 */
import { lengthEncoded, u32 } from './bytes.ts'
import { AT_SIZE, HEADER_LENGTH, MAX_EVENT_SIZE } from './layout.ts'
import { decompressZstd } from './zstd.ts'

const Field = { END: 0, SIZE: 1, ALGORITHM: 2, UNCOMPRESSED_SIZE: 3 } as const
const ZSTD = 0
const NONE = 255

/** An event of more bytes is shown by its first HEAD_LENGTH alone. */
export const MAX_HELD_EVENT: number = 16 << 20
const HEAD_LENGTH = 64 << 10

/** Greatest size that is looked into; to write it, a server would have to hold all of it. */
const MAX_UNCOMPRESSED = 16 * 2 ** 30

/** One event inside: bytes[from, end). `isWhole` false: it goes on, but is too large to be held. Valid during the call only. */
export type InnerEventVisitor = (bytes: Buffer, from: number, end: number, isWhole: boolean) => void

/**
 * Calls `visit` for each event in the payload event bytes[from, end), `end` without CRC. False: not all of it could be read, as
 * it is damaged, of an unknown form, or says other sizes than it has; what was read before that was visited.
 */
export function forEachInnerEvent(bytes: Buffer, from: number, end: number, visit: InnerEventVisitor): boolean {
  const steps = innerEventSteps(bytes, from, end, visit, MAX_HELD_EVENT)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/**
 * The same in steps of some 128 KiB (of what is not compressed at all: one step), for those who must wait in between: a payload may
 * expand to far more than fits memory. Events of more bytes than `maxHeld` are not whole. Returns whether all of it could be read.
 */
export function* innerEventSteps(
  bytes: Buffer,
  from: number,
  end: number,
  visit: InnerEventVisitor,
  maxHeld: number,
): Generator<void, boolean> {
  const fields = decodeFields(bytes, from + HEADER_LENGTH, end)
  if (fields === null) return false
  const splitter = createSplitter(fields.uncompressedSize ?? MAX_UNCOMPRESSED, visit, maxHeld)
  try {
    if (fields.algorithm === ZSTD) yield* decompressZstd(bytes, fields.next, end, splitter.push)
    else splitter.push(bytes.subarray(fields.next, end))
    return splitter.isComplete() && (fields.uncompressedSize ?? splitter.total()) === splitter.total()
  } catch {
    return false
  }
}

interface Fields {
  readonly algorithm: number
  readonly uncompressedSize: number | null
  /** Index of the payload's first byte. */
  readonly next: number
}

function decodeFields(bytes: Buffer, from: number, end: number): Fields | null {
  const values = new Map<number, number>()
  let at = from
  while (at < end) {
    const field = lengthEncoded(bytes, at)
    at = field.next
    if (field.value === Field.END) break
    const length = lengthEncoded(bytes, at)
    at = length.next + length.value
    if (at > end) return null
    values.set(field.value, lengthEncoded(bytes, length.next).value)
  }
  const algorithm = values.get(Field.ALGORITHM) ?? ZSTD
  const uncompressedSize = values.get(Field.UNCOMPRESSED_SIZE) ?? null
  const isKnown = algorithm === ZSTD || algorithm === NONE
  if (at > end || !isKnown || (uncompressedSize ?? 0) > MAX_UNCOMPRESSED) return null
  return (values.get(Field.SIZE) ?? end - at) === end - at ? { algorithm, uncompressedSize, next: at } : null
}

interface Splitter {
  /** Throws where the bytes are no events, or are more than `limit`. */
  readonly push: (chunk: Buffer) => void
  /** Nothing is left over. */
  readonly isComplete: () => boolean
  readonly total: () => number
}

/** Cuts a stream of bytes into events, holding only the start of one whose end has not come. */
function createSplitter(limit: number, visit: InnerEventVisitor, maxHeld: number): Splitter {
  let held: Buffer = Buffer.alloc(HEAD_LENGTH)
  let length = 0
  let toSkip = 0
  let total = 0

  function hold(chunk: Buffer, from: number, want: number): number {
    const count = Math.min(chunk.length - from, Math.max(0, want - length))
    if (length + count > held.length) {
      const larger = Buffer.allocUnsafe(Math.min(want, 2 * (length + count)))
      held.copy(larger, 0, 0, length)
      held = larger
    }
    chunk.copy(held, length, from, from + count)
    length += count
    return from + count
  }

  /** Goes on with the event that was begun in an earlier chunk; returns where the next one begins. */
  function goOn(chunk: Buffer): number {
    let at = hold(chunk, 0, HEADER_LENGTH)
    if (length < HEADER_LENGTH) return at
    const size = sizeAt(held, 0)
    const kept = size > maxHeld ? HEAD_LENGTH : size
    at = hold(chunk, at, kept)
    if (length < kept) return at
    visit(held, 0, kept, kept === size)
    toSkip = size - kept
    length = 0
    return at
  }

  function push(chunk: Buffer): void {
    total += chunk.length
    if (total > limit) throw new Error('there is more than it says')
    let at = 0
    while (at < chunk.length) {
      if (toSkip > 0) {
        const count = Math.min(toSkip, chunk.length - at)
        toSkip -= count
        at += count
      } else if (length > 0) at += goOn(chunk.subarray(at))
      else {
        const size = at + HEADER_LENGTH <= chunk.length ? sizeAt(chunk, at) : Number.POSITIVE_INFINITY
        if (at + size > chunk.length) at += goOn(chunk.subarray(at))
        else {
          visit(chunk, at, at + size, true)
          at += size
        }
      }
    }
  }

  return { push, isComplete: () => length === 0 && toSkip === 0, total: () => total }
}

function sizeAt(bytes: Buffer, at: number): number {
  const size = u32(bytes, at + AT_SIZE)
  if (size < HEADER_LENGTH || size > MAX_EVENT_SIZE) throw new Error(`an event of ${size} bytes`)
  return size
}

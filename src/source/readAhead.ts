/**
 * A file's bytes in blocks, the next of which another thread reads while the one at hand is looked at. What was not taken of a block
 * stands again at the front of the next one. Memory: two blocks, and besides them a buffer for events that are larger than their room.
 */
import { read } from 'node:fs'
import { u32 } from '../core/binlog/bytes.ts'
import { AT_SIZE } from '../core/binlog/layout.ts'

export interface Block {
  readonly bytes: Buffer
  /** Bytes [from, to) are the file's. */
  readonly from: number
  readonly to: number
}

export interface ReadAhead {
  /** The bytes that follow, behind `left`: those of the block before that were not taken. Null: there are no more, or they would not help. */
  readonly next: (left: Buffer) => Promise<Block | null>
  /** Waits until no read is under way. */
  readonly settle: () => Promise<void>
}

export interface Buffers {
  /** Two of them take turns. */
  readonly blocks: readonly [Buffer, Buffer]
  /** For events that are larger than the room before a block: grows to what the largest one needs. */
  large: Buffer
}

/** Every block costs a trip to another thread and back; larger ones gain nothing more. */
const BLOCK = 4 << 20
/** Room before a block for what was left of the one before: more than nearly every event has. */
const CARRY = 1 << 16
/** A buffer for large events that is larger is not kept. */
const MAX_KEPT = 64 << 20

export function makeBuffers(): Buffers {
  return { blocks: [Buffer.allocUnsafeSlow(CARRY + BLOCK), Buffer.allocUnsafeSlow(CARRY + BLOCK)], large: Buffer.alloc(0) }
}

/** Reads [from, end) of an open file. */
export function createReadAhead(fd: number, from: number, end: number, buffers: Buffers): ReadAhead {
  let [filling, other] = buffers.blocks
  let position = from
  let coming = fill()

  function fill(): Promise<number> {
    return readInto(fd, filling, CARRY, Math.min(BLOCK, end - position), position)
  }

  return {
    async next(left) {
      const count = await coming
      if (count === 0) return null
      position += count
      const bytes = filling
      if (left.length > CARRY) return large(left, count)
      left.copy(bytes, CARRY - left.length)
      ;[filling, other] = [other, filling]
      coming = fill()
      return { bytes, from: CARRY - left.length, to: CARRY + count }
    },
    settle: () =>
      coming.then(
        () => undefined,
        () => undefined,
      ),
  }

  /** An event that is larger than the room: in the buffer for such. Null where the file ends before it does. */
  async function large(left: Buffer, count: number): Promise<Block | null> {
    const size = u32(left, AT_SIZE)
    if (size > left.length + count + (end - position)) return null
    const bytes = roomFor(Math.max(size, left.length + count))
    // It may be the buffer that `left` is in: copying allows for that.
    left.copy(bytes)
    filling.copy(bytes, left.length, CARRY, CARRY + count)
    let to = left.length + count
    while (to < size) {
      const more = await readInto(fd, bytes, to, size - to, position)
      if (more === 0) return null
      position += more
      to += more
    }
    coming = fill()
    return { bytes, from: 0, to }
  }

  function roomFor(length: number): Buffer {
    if (buffers.large.length >= length) return buffers.large
    const larger = Buffer.allocUnsafeSlow(length)
    buffers.large = length > MAX_KEPT ? NONE : larger
    return larger
  }
}

const NONE: Buffer = Buffer.alloc(0)

/** Callbacks cost less than promises of the file handle. Resolves to 0 at the end of the file. */
function readInto(fd: number, bytes: Buffer, at: number, length: number, position: number): Promise<number> {
  if (length <= 0) return Promise.resolve(0)
  return new Promise((resolve, reject) => {
    read(fd, bytes, at, length, position, (error, count) => {
      if (error === null) resolve(count)
      else reject(error)
    })
  })
}

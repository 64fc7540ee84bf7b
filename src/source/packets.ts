/**
 * Packets of a dump, many to a write. A block of events is read into the end of a buffer and moved to its front, where each
 * gets the five bytes that make it a packet: two to three times as fast as copying to another buffer. Two buffers take turns,
 * so that one is filled while the kernel takes the other, and a slow reader holds the filling up. The caller flushes before it
 * waits for anything else. A reader that has gone is not an error: see `isClosed`.
 */
import { AT_FLAGS, AT_SIZE, AT_STAMP, AT_TYPE, EventType, Flag, HEADER_LENGTH } from '../core/binlog/layout.ts'
import { u16, u32 } from '../core/binlog/bytes.ts'

export interface PacketWriter {
  /** Where to read a block of events to, behind a flush. It stays as it is until the next flush. */
  readonly block: () => Buffer
  /** Takes the whole events of the block's first `length` bytes; returns how many bytes they are. */
  readonly events: (length: number) => number
  /** A packet with any payload; an event needs its status byte before it. Waits where there is no room. */
  readonly packet: (payload: Buffer) => Promise<void>
  /** An event of `size` bytes that is larger than a buffer: takes them in pieces, in order. */
  readonly largeEvent: (size: number) => LargeEvent
  /** Hands over what is filled; waits until the kernel has taken what was handed over before. */
  readonly flush: () => Promise<void>
  /** The number that the next packet bears. */
  readonly sequenceId: () => number
  readonly isClosed: () => boolean
}

export interface LargeEvent {
  readonly write: (piece: Buffer) => Promise<void>
  /** Ends a payload that filled its last packet with an empty one. */
  readonly end: () => Promise<void>
}

/** What is used of a socket. */
export interface PacketSocket {
  readonly destroyed: boolean
  write(bytes: Buffer, done: (error?: Error | null) => void): boolean
}

/** A payload of this length goes on in another packet. */
const MAX_PAYLOAD = 0xff_ffff
const PACKET_HEADER = 4
/** Status byte of an event packet. */
const OK = 0

/** Types that say that what follows is encrypted: it cannot be cut into events. */
export function startsEncryption(type: number): boolean {
  return type === EventType.START_ENCRYPTION || type === EventType.PERCONA_START_ENCRYPTION
}

/** An event that a binlog does not have and a reader would take for the start of another file. */
export function isOfRelayLog(bytes: Buffer, at: number): boolean {
  if (bytes[at + AT_TYPE] !== EventType.ROTATE) return false
  return (u16(bytes, at + AT_FLAGS) & Flag.ARTIFICIAL) !== 0 || u32(bytes, at + AT_STAMP) === 0
}

/** `blockSize`: below 16 MiB. The first packet bears the number 1, as the command that is answered bears 0. */
export function createPacketWriter(socket: PacketSocket, blockSize: number): PacketWriter {
  // A block of the smallest events must not be reached by the packets made of it.
  const blockStart = Math.ceil((blockSize / HEADER_LENGTH) * (PACKET_HEADER + 1))
  const capacity = blockStart + blockSize
  let out = Buffer.allocUnsafeSlow(capacity)
  let other = Buffer.allocUnsafeSlow(capacity)
  let filled = 0
  let sequence = 1
  let taken: Promise<void> = Promise.resolve()

  function header(length: number): void {
    out[filled] = length
    out[filled + 1] = length >>> 8
    out[filled + 2] = length >>> 16
    out[filled + 3] = sequence
    sequence = (sequence + 1) & 0xff
    filled += PACKET_HEADER
  }

  function events(length: number): number {
    const to = blockStart + length
    let at = blockStart
    while (to - at >= HEADER_LENGTH) {
      const size = u32(out, at + AT_SIZE)
      if (size < HEADER_LENGTH || size > to - at || startsEncryption(out[at + AT_TYPE] ?? 0) || isOfRelayLog(out, at)) break
      header(size + 1)
      out[filled] = OK
      out.copyWithin(filled + 1, at, at + size)
      filled += size + 1
      at += size
    }
    return at - blockStart
  }

  async function flush(): Promise<void> {
    await taken
    if (filled === 0 || socket.destroyed) return
    const bytes = out.subarray(0, filled)
    taken = new Promise((resolve) => {
      socket.write(bytes, () => resolve())
    })
    const free = other
    other = out
    out = free
    filled = 0
  }

  async function copyIn(bytes: Buffer): Promise<void> {
    let at = 0
    while (at < bytes.length && !socket.destroyed) {
      if (filled === capacity) await flush()
      const count = bytes.copy(out, filled, at, Math.min(bytes.length, at + capacity - filled))
      filled += count
      at += count
    }
  }

  /** A payload in pieces: `length` is known from the start, as every packet says its own. */
  function pieces(length: number): LargeEvent {
    let left = length
    let leftInPacket = 0
    let previous = MAX_PAYLOAD
    const open = async (): Promise<void> => {
      if (capacity - filled < PACKET_HEADER) await flush()
      previous = Math.min(left, MAX_PAYLOAD)
      leftInPacket = previous
      header(previous)
    }
    return {
      async write(piece) {
        let at = 0
        while (at < piece.length && !socket.destroyed) {
          if (leftInPacket === 0) await open()
          const count = Math.min(piece.length - at, leftInPacket)
          await copyIn(piece.subarray(at, at + count))
          at += count
          left -= count
          leftInPacket -= count
        }
      },
      async end() {
        if (previous === MAX_PAYLOAD) await open()
      },
    }
  }

  return {
    block: () => out.subarray(blockStart),
    events,
    async packet(payload) {
      const whole = pieces(payload.length)
      await whole.write(payload)
      await whole.end()
    },
    largeEvent(size) {
      const whole = pieces(size + 1)
      let isBegun = false
      return {
        async write(piece) {
          if (!isBegun) await whole.write(Buffer.from([OK]))
          isBegun = true
          await whole.write(piece)
        },
        end: whole.end,
      }
    },
    flush,
    sequenceId: () => sequence,
    isClosed: () => socket.destroyed,
  }
}

/**
 * Packets of a dump, many to a write: copying events one behind the other into large buffers is several times faster than a
 * write for each. Two buffers take turns, so that one is filled while the kernel takes the other, and a slow reader holds the
 * filling up. The caller flushes before it waits for anything else. A reader that has gone is not an error: see `isClosed`.
 */
import { AT_SIZE, AT_TYPE, EventType, HEADER_LENGTH } from '../core/binlog/layout.ts'
import { u32 } from '../core/binlog/bytes.ts'

export interface PacketWriter {
  /** Takes whole events from bytes[from, to) while they fit; returns where the first one begins that was not taken. */
  readonly events: (bytes: Buffer, from: number, to: number) => number
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

/** `capacity`: bytes of each buffer. The first packet bears the number 1, as the command that is answered bears 0. */
export function createPacketWriter(socket: PacketSocket, capacity: number): PacketWriter {
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

  function events(bytes: Buffer, from: number, to: number): number {
    let at = from
    while (to - at >= HEADER_LENGTH) {
      const size = u32(bytes, at + AT_SIZE)
      if (size < HEADER_LENGTH || size > to - at || startsEncryption(bytes[at + AT_TYPE] ?? 0)) break
      if (size + 1 >= MAX_PAYLOAD || size + 1 + PACKET_HEADER > capacity - filled) break
      header(size + 1)
      out[filled] = OK
      bytes.copy(out, filled + 1, at, at + size)
      filled += size + 1
      at += size
    }
    return at
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

/**
 * Cuts what comes from a server into the payloads of its packets. mysql2 has a reader of its own, which makes a buffer for each piece
 * and each packet of an event, all in memory at once; here one buffer, kept for the next one, takes what does not come in one piece.
 */
import { u24, u32 } from '../core/binlog/bytes.ts'
import { AT_SIZE, HEADER_LENGTH, MAX_EVENT_SIZE } from '../core/binlog/layout.ts'

export interface PacketReader {
  /** Takes the next bytes; they may end anywhere. */
  readonly take: (chunk: Buffer) => void
}

const PACKET_HEADER = 4
/** A payload of this length goes on in the next packet. */
const MAX_PAYLOAD = 0xff_ffff
/** A buffer that is larger is not kept. */
const MAX_KEPT = 64 << 20
/** Status byte of an event packet, before the event. */
const OK = 0

/** `onPayload`: bytes[from, to), valid during the call only. */
export function createPacketReader(onPayload: (bytes: Buffer, from: number, to: number) => void): PacketReader {
  const header = Buffer.alloc(PACKET_HEADER)
  let headerLength = 0
  let held: Buffer = Buffer.alloc(64 << 10)
  let length = 0
  /** Bytes of the packet at hand that have not come; -1 between packets. */
  let missing = -1
  let isLast = true

  /** Room for all of the event that begins here, as it says how large it is, or for what is known to come. */
  function makeRoom(count: number): void {
    if (length + count <= held.length) return
    const isEvent = length > HEADER_LENGTH && held[0] === OK
    const size = isEvent ? 1 + Math.min(u32(held, 1 + AT_SIZE), MAX_EVENT_SIZE) : 0
    const larger = Buffer.allocUnsafeSlow(Math.max(size, length + count))
    held.copy(larger, 0, 0, length)
    held = larger
  }

  function hold(chunk: Buffer, from: number, to: number): void {
    makeRoom(to - from)
    chunk.copy(held, length, from, to)
    length += to - from
  }

  function endPacket(): void {
    missing = -1
    if (!isLast) return
    const size = length
    length = 0
    onPayload(held, 0, size)
    if (held.length > MAX_KEPT) held = Buffer.alloc(64 << 10)
  }

  return {
    take(chunk) {
      let at = 0
      while (at < chunk.length) {
        if (missing >= 0) {
          const to = Math.min(chunk.length, at + missing)
          hold(chunk, at, to)
          missing -= to - at
          at = to
        } else {
          // Nearly every packet: it stands in one piece.
          if (headerLength === 0 && length === 0 && at + PACKET_HEADER <= chunk.length) {
            const size = u24(chunk, at)
            const end = at + PACKET_HEADER + size
            if (size < MAX_PAYLOAD && end <= chunk.length) {
              onPayload(chunk, at + PACKET_HEADER, end)
              at = end
              continue
            }
          }
          const count = chunk.copy(header, headerLength, at, Math.min(chunk.length, at + PACKET_HEADER - headerLength))
          headerLength += count
          at += count
          if (headerLength < PACKET_HEADER) return
          headerLength = 0
          missing = u24(header, 0)
          isLast = missing < MAX_PAYLOAD
        }
        if (missing === 0) endPacket()
      }
    },
  }
}

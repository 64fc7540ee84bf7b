/** Events that only a stream has: the artificial ROTATE, the FORMAT_DESCRIPTION of a start in mid-file, the heartbeat. */
import { crc32 } from 'node:zlib'
import type { LogFormat } from '../core/binlog/format.ts'
import {
  AT_END_LOG_POS,
  AT_FLAGS,
  AT_SERVER_ID,
  AT_SIZE,
  AT_TYPE,
  CHECKSUM_LENGTH,
  EventType,
  Flag,
  HEADER_LENGTH,
} from '../core/binlog/layout.ts'

/** Who makes the event, and whether it bears a CRC. */
export type Maker = Pick<LogFormat, 'serverId' | 'checksumLength'>

const AT_CREATED = 71

/** Names the file and position that follow. */
export function fakeRotate(file: string, position: number, maker: Maker): Buffer {
  const body = Buffer.alloc(8)
  body.writeBigUInt64LE(BigInt(position))
  return artificial(EventType.ROTATE, 0, Flag.ARTIFICIAL, Buffer.concat([body, Buffer.from(file)]), maker)
}

/** `position`: the end of the last event that was sent. */
export function heartbeat(file: string, position: number, maker: Maker): Buffer {
  return artificial(EventType.HEARTBEAT, position, 0, Buffer.from(file), maker)
}

/** end_log_pos and created are zero when a dump starts behind the head: the reader must not take it for a restart. */
export function formatForMiddle(event: Buffer, hasCrc: boolean): Buffer {
  const copy = Buffer.from(event)
  copy.writeUInt32LE(0, AT_END_LOG_POS)
  copy.writeUInt32LE(0, AT_CREATED)
  copy.writeUInt16LE(copy.readUInt16LE(AT_FLAGS) & ~Flag.BINLOG_IN_USE, AT_FLAGS)
  if (hasCrc) sign(copy)
  return copy
}

function artificial(type: number, endLogPos: number, flags: number, body: Buffer, maker: Maker): Buffer {
  const event = Buffer.alloc(HEADER_LENGTH + body.length + maker.checksumLength)
  event[AT_TYPE] = type
  event.writeUInt32LE(maker.serverId, AT_SERVER_ID)
  event.writeUInt32LE(event.length, AT_SIZE)
  event.writeUInt32LE(endLogPos % 0x1_0000_0000, AT_END_LOG_POS)
  event.writeUInt16LE(flags, AT_FLAGS)
  body.copy(event, HEADER_LENGTH)
  if (maker.checksumLength > 0) sign(event)
  return event
}

function sign(event: Buffer): void {
  const end = event.length - CHECKSUM_LENGTH
  event.writeUInt32LE(crc32(event.subarray(0, end)), end)
}

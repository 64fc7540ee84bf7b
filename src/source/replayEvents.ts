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

const AT_CREATED = 71

/** Names the file and position that follow. */
export function fakeRotate(file: string, position: number, format: LogFormat, isSigned: boolean): Buffer {
  const body = Buffer.alloc(8)
  body.writeBigUInt64LE(BigInt(position))
  return artificial(EventType.ROTATE, 0, Buffer.concat([body, Buffer.from(file)]), format, isSigned)
}

export function heartbeat(file: string, position: number, format: LogFormat): Buffer {
  return artificial(EventType.HEARTBEAT, position, Buffer.from(file), format, format.checksumLength > 0)
}

/** end_log_pos and created are zero when a dump starts behind the head: the reader must not take it for a restart. */
export function formatFor(event: Buffer, format: LogFormat): Buffer {
  const copy = Buffer.from(event)
  copy.writeUInt32LE(0, AT_END_LOG_POS)
  copy.writeUInt32LE(0, AT_CREATED)
  copy.writeUInt16LE(copy.readUInt16LE(AT_FLAGS) & ~Flag.BINLOG_IN_USE, AT_FLAGS)
  if (format.checksumLength > 0) sign(copy)
  return copy
}

function artificial(type: number, endLogPos: number, body: Buffer, format: LogFormat, isSigned: boolean): Buffer {
  const event = Buffer.alloc(HEADER_LENGTH + body.length + (isSigned ? CHECKSUM_LENGTH : 0))
  event[AT_TYPE] = type
  event.writeUInt32LE(format.serverId, AT_SERVER_ID)
  event.writeUInt32LE(event.length, AT_SIZE)
  event.writeUInt32LE(endLogPos % 0x1_0000_0000, AT_END_LOG_POS)
  event.writeUInt16LE(type === EventType.ROTATE ? Flag.ARTIFICIAL : 0, AT_FLAGS)
  body.copy(event, HEADER_LENGTH)
  if (isSigned) sign(event)
  return event
}

function sign(event: Buffer): void {
  const end = event.length - CHECKSUM_LENGTH
  event.writeUInt32LE(crc32(event.subarray(0, end)), end)
}

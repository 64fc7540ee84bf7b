/**
 * Events as a BINLOG statement takes them. A server applies them as it would those of a log whose FORMAT_DESCRIPTION says that there
 * are no checksums (sql_binlog.cc), so that events lose theirs, and those of compressed transactions, which have none, are sent alike.
 */
import { crc32 } from 'node:zlib'
import { u16 } from '../../core/binlog/bytes.ts'
import type { LogFormat } from '../../core/binlog/format.ts'
import {
  AT_FLAGS,
  AT_SERVER_ID,
  AT_SIZE,
  AT_STAMP,
  AT_TYPE,
  CHECKSUM_LENGTH,
  EventType,
  HEADER_LENGTH,
} from '../../core/binlog/layout.ts'

/** The FORMAT_DESCRIPTION of the file that events come from, without checksums, and not as of a server that has just started. */
export function formatEvent(format: LogFormat): Buffer {
  const { postHeaderLengths, carriesChecksum } = format
  const body = Buffer.alloc(2 + 50 + 4 + 1)
  body.writeUInt16LE(format.binlogVersion)
  body.write(format.serverVersion, 2, 50)
  body[56] = format.headerLength
  const algorithm = Buffer.alloc(carriesChecksum ? 1 : 0)
  const header = Buffer.alloc(HEADER_LENGTH)
  const length =
    HEADER_LENGTH + body.length + postHeaderLengths.length + algorithm.length + (carriesChecksum ? CHECKSUM_LENGTH : 0)
  header.writeUInt32LE(format.stampSeconds, AT_STAMP)
  header[AT_TYPE] = EventType.FORMAT_DESCRIPTION
  header.writeUInt32LE(format.serverId, AT_SERVER_ID)
  header.writeUInt32LE(length, AT_SIZE)
  header.writeUInt16LE(0, AT_FLAGS)
  const event = Buffer.concat([header, body, postHeaderLengths, algorithm])
  if (!carriesChecksum) return event
  const checksum = Buffer.alloc(CHECKSUM_LENGTH)
  checksum.writeUInt32LE(crc32(event))
  return Buffer.concat([event, checksum])
}

/** Flags of a rows event, behind its table id (rows_event.h). */
export const RowsFlag = {
  STATEMENT_END: 0x1,
  NO_FOREIGN_KEY_CHECKS: 0x2,
  RELAXED_UNIQUE_CHECKS: 0x4,
  SQL_FOREIGN_KEYS: 0x10,
} as const

/** A server takes these from the first rows event of a statement, for all of it. */
const STATEMENT_FLAGS = RowsFlag.NO_FOREIGN_KEY_CHECKS | RowsFlag.RELAXED_UNIQUE_CHECKS | RowsFlag.SQL_FOREIGN_KEYS

/** Flags of the rows event that begins at `from`. */
export function rowsFlags(bytes: Buffer, from: number, idLength: 4 | 6): number {
  return u16(bytes, from + HEADER_LENGTH + idLength)
}

export function endStatement(bytes: Buffer, from: number, idLength: 4 | 6): void {
  bytes.writeUInt16LE(rowsFlags(bytes, from, idLength) | RowsFlag.STATEMENT_END, from + HEADER_LENGTH + idLength)
}

/** Makes the rows event the first one of a part of a statement whose first rows event has `flags`. */
export function continueStatement(bytes: Buffer, from: number, idLength: 4 | 6, flags: number): void {
  const own = rowsFlags(bytes, from, idLength) & ~STATEMENT_FLAGS
  bytes.writeUInt16LE(own | (flags & STATEMENT_FLAGS), from + HEADER_LENGTH + idLength)
}

/** The statement that applies events that stand back to back. */
export function binlogStatement(events: Buffer): string {
  return `BINLOG '${events.toString('base64')}'`
}

/** The words of the statement and its packet, and the TABLE_MAPs that stand ahead of a rows event: of any number of tables that foreign keys join. */
const STATEMENT_ROOM = 65_536

/** The `max_allowed_packet` that a server must have to take an event of this size: as base64, it grows by a third. */
export function neededPacket(eventSize: number): number {
  return Math.ceil(eventSize / 3) * 4 + STATEMENT_ROOM
}

/** The size of the largest event that such a server takes. */
export function largestEventOf(maxAllowedPacket: number): number {
  return Math.max(0, Math.floor((maxAllowedPacket - STATEMENT_ROOM) / 4) * 3)
}

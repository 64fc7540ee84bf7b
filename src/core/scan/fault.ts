/** Why a file cannot be read from its head on: what its first event says, or is instead of what it must be. */
import { u16, u32 } from '../binlog/bytes.ts'
import { checksumHolds } from '../binlog/checksum.ts'
import type { LogFormat } from '../binlog/format.ts'
import { hasPermutedTypes } from '../binlog/format.ts'
import { AT_END_LOG_POS, AT_FLAGS, EventType, eventTypeName, Flag, HEADER_LENGTH } from '../binlog/layout.ts'
import type { FileEndingKind } from './ending.ts'

export interface Fault {
  readonly kind: FileEndingKind
  /** One line for people: what was seen and where. */
  readonly detail: string
}

/** Of an event of this type where a FORMAT_DESCRIPTION must stand. */
export function firstEventFault(type: number, position: number): Fault {
  if (type === EventType.START_V3)
    return { kind: 'old-format', detail: 'the file was written before MySQL 5.0 (binlog version 1 or 3)' }
  if (type === EventType.ROTATE)
    return { kind: 'relay-log', detail: 'the file begins with a ROTATE event, as only relay logs do' }
  return {
    kind: 'damaged',
    detail: `the event at ${position} is ${eventTypeName(type)} where a FORMAT_DESCRIPTION must stand`,
  }
}

interface FormatEvent {
  readonly bytes: Buffer
  readonly from: number
  readonly size: number
  readonly position: number
}

interface HowToRead {
  /** It comes from a server. */
  readonly decrypted: boolean
  /** Every checksum counts. */
  readonly checkAll: boolean
  /** Relay logs can be read too. */
  readonly relayLogs: boolean
}

/** Null: the rest of the file can be read by it. `format`: null where it could not be decoded. */
export function formatFault(format: LogFormat | null, event: FormatEvent, how: HowToRead): Fault | null {
  const { bytes, from, size, position } = event
  const endLogPos = u32(bytes, from + AT_END_LOG_POS)
  if (format === null) return { kind: 'damaged', detail: `the FORMAT_DESCRIPTION at ${position} cannot be read` }
  if (format.binlogVersion !== 4) return { kind: 'old-format', detail: `the FORMAT_DESCRIPTION at ${position} cannot be read` }
  if (format.headerLength !== HEADER_LENGTH) {
    return {
      kind: 'old-format',
      detail: `the file has event headers of ${format.headerLength} bytes; only those of ${HEADER_LENGTH} are known`,
    }
  }
  if (hasPermutedTypes(format.serverVersion)) {
    return {
      kind: 'old-format',
      detail: `the file was written by a development version (${format.serverVersion}) with event types of its own`,
    }
  }
  if (!how.relayLogs && (u16(bytes, from + AT_FLAGS) & Flag.RELAY_LOG) !== 0) {
    return { kind: 'relay-log', detail: 'the file is marked as a relay log' }
  }
  // A server sends it so when a stream begins in the middle of the file.
  if (!how.decrypted && endLogPos === 0) {
    return {
      kind: 'damaged',
      detail: 'the file is a part of a log, copied from the middle on: its positions are not those of the log',
    }
  }
  if (isChecked(format, endLogPos, how) && !checksumHolds(bytes, from, size)) {
    return { kind: 'damaged', detail: `the FORMAT_DESCRIPTION at ${position} fails its checksum` }
  }
  return null
}

/**
 * In files always, as the whole file is read by what it says. Not where a server changed the event for a stream that begins in
 * the middle (end_log_pos is 0 then): without checksums it leaves the CRC as it was.
 */
function isChecked(format: LogFormat, endLogPos: number, { decrypted, checkAll }: HowToRead): boolean {
  if (format.checksumLength > 0) return checkAll || !decrypted
  return format.carriesChecksum && !decrypted && endLogPos !== 0
}

/**
 * From the packets of a dump to a sink. A stream says where events are in ways that a file does not: artificial ROTATEs name
 * the file, heartbeats and artificial events are in no file, and events may be left out (MariaDB's ANNOTATE_ROWS, unless asked
 * for), so that positions cannot be summed up: an event ends at its end_log_pos, whose upper half is not sent. Where that is
 * zero (MariaDB >= 11.4, inside transactions) the end of the event before stands in, which no boundary depends on.
 */
import { u64, viewOf } from '../core/binlog/bytes.ts'
import { checksumHolds } from '../core/binlog/checksum.ts'
import { AT_END_LOG_POS, AT_FLAGS, AT_SIZE, AT_TYPE, EventType, Flag, HEADER_LENGTH } from '../core/binlog/layout.ts'
import type { Coordinate } from '../core/coordinate.ts'
import { compareBinlogNames, FIRST_POSITION } from '../core/coordinate.ts'
import type { EventSink } from '../core/ports.ts'

export interface Wire {
  /** Takes the event bytes[from, to). False: no more is wanted. */
  readonly event: (bytes: Buffer, from: number, to: number) => boolean
  /** Closes the file at hand. */
  readonly end: () => void
}

const ROTATE_POSITION = HEADER_LENGTH
const ROTATE_NAME = ROTATE_POSITION + 8

/** Events that start before `from` are not offered: a dump may have to begin at the head of the file. */
export function createWire(sink: EventSink, from: Coordinate, until: Coordinate | undefined): Wire {
  const bytes = Buffer.alloc(0)
  const reading: Reading = {
    sink,
    from,
    until,
    file: null,
    previousEnd: FIRST_POSITION,
    skipTo: FIRST_POSITION,
    stopAt: Number.POSITIVE_INFINITY,
    bytes,
    view: viewOf(bytes),
  }
  return { event: (packet, at, to) => takeEvent(reading, packet, at, to), end: () => endFile(reading) }
}

/** Hot path: a record and functions on it, as in the scan. */
interface Reading {
  readonly sink: EventSink
  readonly from: Coordinate
  readonly until: Coordinate | undefined
  file: string | null
  /** End of the event before, in the file. */
  previousEnd: number
  skipTo: number
  stopAt: number
  /** What the last packet stood in: mysql2 gives many packets of one piece of the stream. */
  bytes: Buffer
  view: DataView
}

function takeEvent(r: Reading, bytes: Buffer, at: number, to: number): boolean {
  if (to - at < HEADER_LENGTH) return true
  if (bytes !== r.bytes) {
    r.bytes = bytes
    r.view = viewOf(bytes)
  }
  const { view, sink } = r
  const type = view.getUint8(at + AT_TYPE)
  const isArtificial = (view.getUint16(at + AT_FLAGS, true) & Flag.ARTIFICIAL) !== 0
  const endLogPos = view.getUint32(at + AT_END_LOG_POS, true)
  if (type === EventType.ROTATE && (isArtificial || endLogPos === 0)) return beginFile(r, bytes, at, to) && !sink.done
  if (type === EventType.HEARTBEAT || type === EventType.HEARTBEAT_V2 || r.file === null) return true
  if (type === EventType.FORMAT_DESCRIPTION) {
    sink.take(bytes, at, to, FIRST_POSITION)
    if (endLogPos !== 0) r.previousEnd = FIRST_POSITION + (to - at)
    return !sink.done && Math.max(r.previousEnd, r.skipTo) < r.stopAt
  }
  if (isArtificial) return true
  const size = view.getUint32(at + AT_SIZE, true)
  let eventEnd = r.previousEnd + size
  // The nearest position with these lower 32 bits: `| 0` takes the difference modulo 2^32, as a signed number.
  if (endLogPos !== 0) eventEnd += (endLogPos - eventEnd) | 0
  const start = eventEnd - size
  if (start >= r.stopAt) return false
  r.previousEnd = eventEnd
  if (start < r.skipTo) return true
  if (!sink.fileDone) sink.take(bytes, at, to, start)
  return !sink.done && eventEnd < r.stopAt
}

/** The position of a fake ROTATE is where the stream goes on: after the first one, 4. */
function beginFile(r: Reading, bytes: Buffer, at: number, to: number): boolean {
  const { from, until } = r
  // With a CRC or without: what this side asked for and what the server sends differ, so the bytes decide.
  const nameEnd = to - at > ROTATE_NAME + 4 && checksumHolds(bytes, at, to - at) ? to - 4 : to
  const name = bytes.toString('utf8', at + ROTATE_NAME, nameEnd)
  if (name === r.file) return true
  endFile(r)
  if (until !== undefined && !isBefore({ file: name, position: FIRST_POSITION }, until)) return false
  r.file = name
  r.previousEnd = u64(bytes, at + ROTATE_POSITION)
  r.skipTo = name === from.file ? from.position : FIRST_POSITION
  r.stopAt = name === until?.file ? until.position : Number.POSITIVE_INFINITY
  r.sink.beginFile(name)
  return true
}

function endFile(r: Reading): void {
  if (r.file !== null) r.sink.endFile('end')
  r.file = null
}

function isBefore(a: Coordinate, b: Coordinate): boolean {
  return a.file === b.file ? a.position < b.position : compareBinlogNames(a.file, b.file) < 0
}

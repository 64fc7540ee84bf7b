/**
 * From the packets of a dump to a sink. A stream says where events are in ways that a file does not: artificial ROTATEs name
 * the file, heartbeats and artificial events are in no file, and events may be left out (MariaDB's ANNOTATE_ROWS, unless asked
 * for), so that positions cannot be summed up: an event ends at its end_log_pos, whose upper half is not sent. Where that is
 * zero (MariaDB >= 11.4, inside transactions) the end of the event before stands in, which no boundary depends on.
 */
import { u16, u32, u64 } from '../core/binlog/bytes.ts'
import { checksumHolds } from '../core/binlog/checksum.ts'
import { AT_END_LOG_POS, AT_FLAGS, AT_SIZE, AT_TYPE, EventType, Flag, HEADER_LENGTH } from '../core/binlog/layout.ts'
import type { Coordinate } from '../core/coordinate.ts'
import { compareBinlogNames, FIRST_POSITION } from '../core/coordinate.ts'
import type { EventSink, FileEndCause } from '../core/ports.ts'

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
  let file: string | null = null
  let isOpen = false
  let previousEnd = FIRST_POSITION
  let skipTo = FIRST_POSITION
  let stopAt = Number.POSITIVE_INFINITY

  /** The position of a fake ROTATE is where the stream goes on: after the first one, 4. */
  function rotate(bytes: Buffer, at: number, to: number): boolean {
    // With a CRC or without: what this side asked for and what the server sends differ, so the bytes decide.
    const nameEnd = to - at > ROTATE_NAME + 4 && checksumHolds(bytes, at, to - at) ? to - 4 : to
    const name = bytes.toString('utf8', at + ROTATE_NAME, nameEnd)
    if (name === file) return true
    end()
    if (until !== undefined && !isBefore({ file: name, position: FIRST_POSITION }, until)) return false
    file = name
    isOpen = true
    previousEnd = u64(bytes, at + ROTATE_POSITION)
    skipTo = name === from.file ? from.position : FIRST_POSITION
    stopAt = name === until?.file ? until.position : Number.POSITIVE_INFINITY
    sink.beginFile(name)
    return true
  }

  function end(cause: FileEndCause = 'end'): void {
    if (isOpen) sink.endFile(cause)
    isOpen = false
  }

  function event(bytes: Buffer, at: number, to: number): boolean {
    // A packet that does not hold one event: what was in it is lost, and so is what follows in this file.
    if (to - at < HEADER_LENGTH || u32(bytes, at + AT_SIZE) !== to - at) {
      end('unreadable')
      return !sink.done
    }
    const type = bytes[at + AT_TYPE] ?? 0
    const isArtificial = (u16(bytes, at + AT_FLAGS) & Flag.ARTIFICIAL) !== 0
    const endLogPos = u32(bytes, at + AT_END_LOG_POS)
    if (type === EventType.ROTATE && (isArtificial || endLogPos === 0)) return rotate(bytes, at, to) && !sink.done
    if (type === EventType.HEARTBEAT || type === EventType.HEARTBEAT_V2 || !isOpen) return true
    if (type === EventType.FORMAT_DESCRIPTION) {
      sink.take(bytes, at, to, FIRST_POSITION)
      if (endLogPos !== 0) previousEnd = FIRST_POSITION + (to - at)
      return !sink.done && Math.max(previousEnd, skipTo) < stopAt
    }
    if (isArtificial) return true
    const size = to - at
    let eventEnd = previousEnd + size
    // The nearest position with these lower 32 bits: `| 0` takes the difference modulo 2^32, as a signed number.
    if (endLogPos !== 0) eventEnd += (endLogPos - eventEnd) | 0
    if (!Number.isSafeInteger(eventEnd)) {
      end('unreadable')
      return !sink.done
    }
    const start = eventEnd - size
    if (start >= stopAt) return false
    previousEnd = eventEnd
    if (start < skipTo) return true
    if (!sink.fileDone) sink.take(bytes, at, to, start)
    return !sink.done && eventEnd < stopAt
  }

  return { event, end: () => end() }
}

function isBefore(a: Coordinate, b: Coordinate): boolean {
  return a.file === b.file ? a.position < b.position : compareBinlogNames(a.file, b.file) < 0
}

/**
 * From the packets of a dump to a sink. A stream says where events are in ways that a file does not: artificial ROTATEs name
 * the file, heartbeats and artificial events are in no file, and events may be left out (MariaDB's ANNOTATE_ROWS), so that
 * positions cannot be summed up: an event starts at its end_log_pos less its size. Where that is zero (MariaDB >= 11.4,
 * inside transactions) the end of the event before stands in, which no boundary depends on.
 */
import { u16, u32 } from '../core/binlog/bytes.ts'
import { checksumHolds } from '../core/binlog/checksum.ts'
import { AT_END_LOG_POS, AT_FLAGS, AT_SIZE, AT_TYPE, EventType, Flag, HEADER_LENGTH } from '../core/binlog/layout.ts'
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { EventSink } from '../core/ports.ts'

export interface Wire {
  /** Takes the event bytes[from, to). False: no more is wanted. */
  readonly event: (bytes: Buffer, from: number, to: number) => boolean
  /** Closes the file at hand. */
  readonly end: () => void
}

const WRAP = 0x1_0000_0000
const ROTATE_NAME = HEADER_LENGTH + 8

export function createWire(sink: EventSink, from: Coordinate, until: Coordinate | undefined): Wire {
  let file: string | null = null
  let previousEnd = from.position

  function rotate(bytes: Buffer, at: number, to: number): void {
    // With a CRC or without: what this side asked for and what the server sends differ, so the bytes decide.
    const nameEnd = to - at > ROTATE_NAME + 4 && checksumHolds(bytes, at, to - at) ? to - 4 : to
    const name = bytes.toString('utf8', at + ROTATE_NAME, nameEnd)
    if (name === file) return
    if (file !== null) sink.endFile('end')
    file = name
    previousEnd = name === from.file ? from.position : FIRST_POSITION
    sink.beginFile(name)
  }

  function end(): void {
    if (file !== null) sink.endFile('end')
    file = null
  }

  function event(bytes: Buffer, at: number, to: number): boolean {
    if (to - at < HEADER_LENGTH) return !sink.done
    const type = bytes[at + AT_TYPE] ?? 0
    const isArtificial = (u16(bytes, at + AT_FLAGS) & Flag.ARTIFICIAL) !== 0
    const endLogPos = u32(bytes, at + AT_END_LOG_POS)
    if (type === EventType.ROTATE && (isArtificial || endLogPos === 0)) {
      rotate(bytes, at, to)
      return !sink.done
    }
    if (type === EventType.HEARTBEAT || type === EventType.HEARTBEAT_V2) return !sink.done
    if (type === EventType.FORMAT_DESCRIPTION) {
      sink.take(bytes, at, to, FIRST_POSITION)
      if (endLogPos !== 0) previousEnd = FIRST_POSITION + (to - at)
      return !sink.done
    }
    if (isArtificial || file === null) return !sink.done
    const size = u32(bytes, at + AT_SIZE)
    let start = previousEnd
    if (endLogPos !== 0) {
      let eventEnd = previousEnd - (previousEnd % WRAP) + endLogPos
      if (eventEnd < previousEnd) eventEnd += WRAP
      start = eventEnd - size
    }
    if (until !== undefined && file === until.file && start >= until.position) return false
    if (!sink.fileDone) sink.take(bytes, at, to, start)
    previousEnd = start + size
    return !sink.done
  }

  return { event, end }
}

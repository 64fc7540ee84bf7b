/**
 * The short way for nearly every event of a log: those of transactions that begin with a GTID or BEGIN or both and end with an
 * XID, where each event is whole and stands where it says that it does. It decides nothing that the scan or the grammar would
 * decide otherwise; at anything else it stops and leaves it to them.
 *
 * Hot path (millions of calls a second): functions on records, not closures, as the engine inlines these; header fields are
 * read once, and what changes with every event is held in local variables.
 */
import {
  AT_END_LOG_POS,
  AT_SIZE,
  AT_STAMP,
  AT_TYPE,
  bodySizeOfType,
  EventRole,
  EventType,
  HEADER_LENGTH,
  minimumSizeOfType,
  roleOfType,
} from '../binlog/layout.ts'
import type { Grammar } from './grammar.ts'
import { isOpen, isOpenUntilTerminator, takeBegin, takeGtid, takeMariaDbGtid, takeTerminator } from './grammar.ts'

/** How far a scan has come. */
export interface Reach {
  /** The scan wants no more. */
  isDone: boolean
  /** End of the last event that was accepted. */
  readEnd: number
  /** End of the last event outside of a transaction, and its start. */
  coveredEnd: number
  lastEventStart: number
  /** Index of that event in the batch at hand; -1 when it came before this batch. */
  lastEventAt: number
}

/** Takes events of [from, to) of the batch, the first one at `position` of the file; returns the index of the first one not taken. */
export function takeUsual(reach: Reach, g: Grammar, checksumLength: number, from: number, to: number, position: number): number {
  /** From an index of the batch to a position of the file. */
  const shift = position - from
  let at = from
  while (!reach.isDone) {
    if (!isOpenUntilTerminator(g)) at = takeHead(g, checksumLength, at, to, shift)
    if (!isOpenUntilTerminator(g)) break
    at = takeBody(g, checksumLength, at, to, shift)
    const next = nextUsual(g, EventType.XID, checksumLength, at, to, shift)
    if (next === at) break
    takeTerminator(g, at, at + shift, next + shift, EventType.XID)
    if (!isOpen(g)) {
      reach.coveredEnd = next + shift
      reach.lastEventStart = at + shift
      reach.lastEventAt = at
    }
    at = next
  }
  if (at > from) reach.readEnd = at + shift
  return at
}

/** The events that begin a transaction, as far as they are usual. */
function takeHead(g: Grammar, checksumLength: number, from: number, to: number, shift: number): number {
  let at = from
  if (!isOpen(g)) {
    if (at + HEADER_LENGTH > to) return at
    const type = g.view.getUint8(at + AT_TYPE)
    if (type === EventType.MARIADB_GTID) {
      const next = nextUsual(g, type, checksumLength, at, to, shift)
      if (next > at) takeMariaDbGtid(g, at, next - checksumLength, at + shift)
      return next
    }
    if (type === EventType.GTID || type === EventType.ANONYMOUS_GTID) {
      const next = nextUsual(g, type, checksumLength, at, to, shift)
      if (next === at) return at
      takeGtid(g, at, next - checksumLength, at + shift, type)
      at = next
    }
  }
  const next = nextUsual(g, EventType.QUERY, checksumLength, at, to, shift)
  return next > at && takeBegin(g, at, next - checksumLength, at + shift) ? next : at
}

/** Events that only a terminator follows: half of all, and more in larger transactions. */
function takeBody(g: Grammar, checksumLength: number, from: number, to: number, shift: number): number {
  const { view, current: transaction } = g
  let { events, rowsEvents, maxStampSeconds } = transaction
  let at = from
  while (at + HEADER_LENGTH <= to) {
    const type = view.getUint8(at + AT_TYPE)
    const least = bodySizeOfType[type] ?? 0
    const size = view.getUint32(at + AT_SIZE, true)
    const next = at + size
    if (least === 0 || next > to || size < least + checksumLength) break
    const endLogPos = view.getUint32(at + AT_END_LOG_POS, true)
    if (endLogPos !== (next + shift) >>> 0 && endLogPos !== 0) break
    const stamp = view.getUint32(at + AT_STAMP, true)
    if (stamp > maxStampSeconds) maxStampSeconds = stamp
    if (roleOfType[type] === EventRole.ROWS) rowsEvents++
    events++
    at = next
  }
  transaction.events = events
  transaction.rowsEvents = rowsEvents
  transaction.maxStampSeconds = maxStampSeconds
  return at
}

/** Index behind the event at `at` if it is of this type, whole and in its place; else `at`. */
function nextUsual({ view }: Grammar, type: number, checksumLength: number, at: number, to: number, shift: number): number {
  if (at + HEADER_LENGTH > to || view.getUint8(at + AT_TYPE) !== type) return at
  const size = view.getUint32(at + AT_SIZE, true)
  const next = at + size
  if (next > to || size < (minimumSizeOfType[type] ?? 0) + checksumLength) return at
  const endLogPos = view.getUint32(at + AT_END_LOG_POS, true)
  return endLogPos === (next + shift) >>> 0 || endLogPos === 0 ? next : at
}

/**
 * The short way for nearly every event of a log: whole, of a role that says nothing about the file, and where it says that it
 * is. It decides nothing that the scan or the grammar would decide otherwise; at any other event it stops and leaves it to the scan.
 *
 * Hot path (millions of calls a second): functions on records, not closures, as the engine inlines these, and header fields
 * are read once.
 */
import {
  AT_END_LOG_POS,
  AT_SIZE,
  AT_STAMP,
  AT_TYPE,
  EventRole,
  HEADER_LENGTH,
  isBodyRole,
  isTransactionRole,
  minimumSizeOfRole,
  roleOfType,
} from '../binlog/layout.ts'
import type { Grammar } from './grammar.ts'
import { isOpen, isOpenUntilTerminator, takeEvent } from './grammar.ts'

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
export function takeUsual(
  reach: Reach,
  grammar: Grammar,
  checksumLength: number,
  from: number,
  to: number,
  position: number,
): number {
  const { view, current: transaction } = grammar
  let at = from
  while (at + HEADER_LENGTH <= to && !reach.isDone) {
    const size = view.getUint32(at + AT_SIZE, true)
    const next = at + size
    const type = view.getUint8(at + AT_TYPE)
    const role = roleOfType[type] ?? 0
    if (isTransactionRole[role] !== 1 || next > to || size < (minimumSizeOfRole[role] ?? 0) + checksumLength) break
    const start = position + (at - from)
    const end = start + size
    const endLogPos = view.getUint32(at + AT_END_LOG_POS, true)
    if (endLogPos !== end >>> 0 && endLogPos !== 0) break
    if (isBodyRole[role] === 1 && isOpenUntilTerminator(grammar)) {
      // What takeEvent does with them: half of all events, and more in larger transactions.
      transaction.events++
      if (role === EventRole.ROWS) transaction.rowsEvents++
      const stamp = view.getUint32(at + AT_STAMP, true)
      if (stamp > transaction.maxStampSeconds) transaction.maxStampSeconds = stamp
    } else takeEvent(grammar, role, type, at, next - checksumLength, start, end)
    reach.readEnd = end
    if (!isOpen(grammar)) {
      reach.coveredEnd = end
      reach.lastEventStart = start
      reach.lastEventAt = at
    }
    at = next
  }
  return at
}

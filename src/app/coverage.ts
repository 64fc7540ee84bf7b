/**
 * The times that an index can answer for. Stamps are whole seconds, cut off: what was committed in the second in which the oldest
 * file begins may lie in the one before, which is gone. So the answer begins with the next second.
 */
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { FileRow } from '../core/evidence/rows.ts'

export interface Coverage {
  /** Unix microseconds. MAX_SAFE_INTEGER where nothing is covered. */
  readonly fromUs: number
  readonly toUs: number
}

export function coverage(store: IndexStore, log: LogRow): Coverage {
  const [first] = store.files(log)
  if (first === undefined) return { fromUs: Number.MAX_SAFE_INTEGER, toUs: 0 }
  return {
    fromUs: fromSecond(store, log, first) * 1_000_000,
    toUs: (store.lastTick(log)?.second ?? first.stampSeconds) * 1_000_000,
  }
}

function fromSecond(store: IndexStore, log: LogRow, first: FileRow): number {
  // A first file that cannot be read is a hole, not a beginning: no time lies before it.
  if (first.format === '') return 0
  const stamp = first.coveredFrom === FIRST_POSITION ? first.stampSeconds : store.tickAtOrAfter(log, 0)?.second
  return (stamp ?? first.stampSeconds) + 1
}

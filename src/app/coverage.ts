/** The times that an index can answer for: from the first one for which something proves what lies ahead. */
import type { IndexStore, LogRow } from '../core/evidence/port.ts'

export interface Coverage {
  /** Unix microseconds. MAX_SAFE_INTEGER where nothing is covered. */
  readonly fromUs: number
  readonly toUs: number
}

export function coverage(store: IndexStore, log: LogRow): Coverage {
  return {
    fromUs: store.firstBound(log)?.notAfterUs ?? Number.MAX_SAFE_INTEGER,
    toUs: (log.state?.clock.shownSeconds ?? 0) * 1_000_000,
  }
}

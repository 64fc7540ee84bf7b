/** Upper bounds of commit times, for places that are asked about in log order: each is found from where the last one was. */
import type { IndexStore, LogRow, Place } from '../core/evidence/port.ts'
import type { BoundRow } from '../core/evidence/rows.ts'
import { isAhead } from './locate.ts'

/** The time (Unix microseconds) before which what ends at a place had committed, as far as the index knows; infinite where nothing says. */
export type NotAfter = (place: Place) => number

export function createNotAfter(store: IndexStore, log: LogRow): NotAfter {
  let last: Place | null = null
  let rows: readonly BoundRow[] = []
  let next = 0
  /** The first bound that is not ahead of a place; those that are passed say nothing of places behind it either. */
  function passTo(place: Place): number {
    for (;;) {
      const row = rows[next]
      if (row === undefined) {
        const before = rows.at(-1)
        if (before === undefined) return Number.POSITIVE_INFINITY
        rows = store.boundsAfter(log, before.notAfterUs)
        next = 0
      } else if (isAhead({ file: row.file, position: row.end }, place)) next++
      else return row.notAfterUs
    }
  }
  return (place) => {
    // To another file is too far for passing along.
    if (last?.file !== place.file || isAhead(place, last)) {
      rows = store.boundsAfter(log, provenNothingOf(store, log, place))
      next = 0
    }
    last = place
    return passTo(place)
  }
}

const LAST_SECOND = 2 ** 32

/** A time up to which all bounds lie ahead of a place, to the second: by halving, as further bounds are later. */
function provenNothingOf(store: IndexStore, log: LogRow, place: Place): number {
  let ahead = 0
  let behind = LAST_SECOND
  while (behind - ahead > 1) {
    const middle = Math.floor((ahead + behind) / 2)
    const bound = store.boundAt(log, middle * 1_000_000)
    if (bound === null || isAhead({ file: bound.file, position: bound.end }, place)) ahead = middle
    else behind = middle
  }
  return ahead * 1_000_000
}

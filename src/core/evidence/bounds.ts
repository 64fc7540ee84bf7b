/**
 * Upper bounds of commit times, thinned to those that matter: a bound is worth keeping only while no other one proves more
 * of the log at an earlier time. What remains grows strictly in both columns, so that the last one before a time is one seek.
 */
import type { BoundRow } from './rows.ts'

export interface Bounds {
  readonly add: (bound: BoundRow) => void
  /** Bounds added since the last drain that still stand, in order. */
  readonly drain: () => BoundRow[]
}

export function createBounds(): Bounds {
  let stack: BoundRow[] = []
  return {
    add(bound) {
      const later: BoundRow[] = []
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        if (top.notAfterUs <= bound.notAfterUs && !isBehind(bound, top)) {
          stack.push(...later.toReversed())
          return // the one that is there proves as much, and earlier
        }
        if (top.notAfterUs < bound.notAfterUs) break
        stack.pop()
        // Later in time and further in the log: stands beside the new one. Else the new one replaces it.
        if (top.notAfterUs > bound.notAfterUs && isBehind(top, bound)) later.push(top)
      }
      stack.push(bound, ...later.toReversed())
    },
    drain() {
      const drained = stack
      stack = []
      return drained
    },
  }
}

/** True when `a` proves more of the log than `b`. */
export function isBehind(a: BoundRow, b: BoundRow): boolean {
  return a.file === b.file ? a.end > b.end : a.file > b.file
}

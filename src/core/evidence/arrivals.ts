/**
 * When a live stream delivered what: an upper bound of commit times where the log has none. Arrivals are noted on local time, and become
 * rows when the source's clock has been looked at before and after, and did not step in between.
 */
import type { Measurement } from '../clock/offset.ts'
import { agree, shownAt } from '../clock/offset.ts'
import type { SourceClock } from '../clock/sourceClock.ts'
import { afterStep, holds, showReading, stepBack, UNSEEN_CLOCK } from '../clock/sourceClock.ts'
import type { ArrivalRow } from './rows.ts'

export interface Arrivals {
  /** Everything up to `end` is here at a local time. `clock`: what the source's had shown in the log up to there. */
  readonly arrived: (at: Pick<ArrivalRow, 'file' | 'end'>, localUs: number, clock: SourceClock) => void
  readonly measured: (measurement: Measurement) => void
  readonly hasRows: () => boolean
  readonly drain: () => ArrivalRow[]
}

interface Pending {
  readonly file: number
  readonly end: number
  readonly localUs: number
  readonly clock: SourceClock
}

/** Arrivals are sampled this often (microseconds). */
const SAMPLE_US = 1_000_000

/** `last`: the latest arrival that is known. */
export function createArrivals(last: ArrivalRow | null): Arrivals {
  let seen: SourceClock = last === null ? UNSEEN_CLOCK : showReading(UNSEEN_CLOCK, secondsOf(last.atUs - last.errorUs))
  let measurement: Measurement | null = null
  let pending: Pending[] = []
  let newest: Pending | null = null
  let rows: ArrivalRow[] = []

  return {
    arrived({ file, end }, localUs, clock) {
      newest = { file, end, localUs, clock }
      const sample = pending.at(-1)
      if (sample === undefined || localUs - sample.localUs >= SAMPLE_US) pending.push(newest)
    },
    measured(next) {
      const before = measurement
      measurement = next
      if (newest !== null && newest !== pending.at(-1)) pending.push(newest)
      newest = null
      if (before !== null && agree(before, next))
        for (const { file, end, localUs, clock } of pending) {
          const [a, b] = [shownAt(before, localUs), shownAt(next, localUs)]
          const mostUs = Math.ceil(Math.min(a.mostUs, b.mostUs))
          const leastUs = Math.floor(Math.max(a.leastUs, b.leastUs))
          const step = stepBack(seen, secondsOf(mostUs))
          seen = step === null ? showReading(seen, secondsOf(leastUs)) : afterStep(seen, step)
          const errorUs = Math.ceil((mostUs - leastUs) / 2)
          if (holds(seen, mostUs) && holds(clock, mostUs)) rows.push({ file, end, atUs: mostUs - errorUs, errorUs })
        }
      if (before !== null && !agree(before, next)) {
        const expected = showReading(seen, secondsOf(shownAt(before, next.askedUs).leastUs))
        const step = stepBack(expected, secondsOf(shownAt(next, next.askedUs).mostUs))
        if (step !== null) seen = afterStep(expected, step)
      }
      pending = []
    },
    hasRows: () => rows.length > 0,
    drain() {
      const drained = rows
      rows = []
      return drained
    },
  }
}

function secondsOf(us: number): number {
  return Math.floor(us / 1_000_000)
}

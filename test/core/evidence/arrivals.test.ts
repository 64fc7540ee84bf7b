/** What arrived when, by the source's clock: only between two looks at it that agree, and never earlier than it can have been. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Measurement } from '../../../src/core/clock/offset.ts'
import { agree, shownAt } from '../../../src/core/clock/offset.ts'
import { showReading, UNSEEN_CLOCK } from '../../../src/core/clock/sourceClock.ts'
import { createArrivals } from '../../../src/core/evidence/arrivals.ts'

const SECOND = 1_000_000
const S = 1_700_000_000

/** A look at a clock that is `offsetUs` ahead of local time, taken within a question of `tripUs`. */
function look(askedUs: number, offsetUs: number, tripUs: number = 2000, part: number = 0.5): Measurement {
  return { askedUs, answeredUs: askedUs + tripUs, shownUs: askedUs + Math.floor(tripUs * part) + offsetUs, cutUs: 0 }
}

describe('a look at the clock', () => {
  test('says at the least and at the most what it shows, wherever in the trip it was looked at', () => {
    fc.assert(
      fc.property(
        fc.nat(1e9),
        fc.integer({ min: -1e15, max: 1e15 }),
        fc.nat(1e7),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: -1e8, max: 1e8 }),
        (askedUs, offsetUs, tripUs, part, afterUs) => {
          const { leastUs, mostUs } = shownAt(look(askedUs, offsetUs, tripUs, part), askedUs + afterUs)
          expect(leastUs).toBeLessThanOrEqual(askedUs + afterUs + offsetUs)
          expect(mostUs).toBeGreaterThanOrEqual(askedUs + afterUs + offsetUs)
        },
      ),
    )
  })

  test('agrees with another one unless the clock was stepped by more than the trips take', () => {
    const first = look(0, S * SECOND)
    expect(agree(first, look(10 * SECOND, S * SECOND))).toBe(true)
    expect(agree(first, look(10 * SECOND, S * SECOND + 5000))).toBe(true) // it may have drifted
    expect(agree(first, look(10 * SECOND, S * SECOND + SECOND))).toBe(false)
    expect(agree(first, look(10 * SECOND, S * SECOND - SECOND))).toBe(false)
  })
})

describe('arrivals', () => {
  const clock = UNSEEN_CLOCK
  test('become rows when the clock has been looked at before and after, one a second and the last', () => {
    const arrivals = createArrivals(null)
    arrivals.measured(look(0, S * SECOND))
    for (const [i, ms] of [0, 400, 999, 1000, 1700].entries())
      arrivals.arrived({ file: 0, end: 100 + i }, 10_000 + ms * 1000, clock)
    expect(arrivals.hasRows()).toBe(false)
    arrivals.measured(look(3 * SECOND, S * SECOND))
    const rows = arrivals.drain()
    expect(rows.map(({ end }) => end)).toEqual([100, 103, 104])
    for (const [i, ms] of [0, 1000, 1700].entries()) {
      const { atUs = 0, errorUs = 0 } = rows[i] ?? {}
      const trueUs = S * SECOND + 10_000 + ms * 1000
      expect(Math.abs(atUs - trueUs)).toBeLessThanOrEqual(errorUs)
      expect(errorUs).toBeLessThan(10_000)
    }
    expect(arrivals.drain()).toEqual([])
  })

  test('between two looks that do not agree are not dated', () => {
    const arrivals = createArrivals(null)
    arrivals.measured(look(0, S * SECOND))
    arrivals.arrived({ file: 0, end: 100 }, SECOND, clock)
    arrivals.measured(look(2 * SECOND, (S + 7200) * SECOND))
    expect(arrivals.drain()).toEqual([])
    arrivals.arrived({ file: 0, end: 200 }, 3 * SECOND, clock)
    arrivals.measured(look(4 * SECOND, (S + 7200) * SECOND))
    expect(arrivals.drain()).toMatchObject([{ end: 200 }])
  })

  test('behind a step back prove nothing until the clock is well past it; nor do those that the log contradicts', () => {
    const arrivals = createArrivals(null)
    arrivals.measured(look(0, S * SECOND))
    arrivals.measured(look(2 * SECOND, (S - 100) * SECOND))
    arrivals.arrived({ file: 0, end: 100 }, 200 * SECOND, clock) // the time that was there twice
    arrivals.measured(look(300 * SECOND, (S - 100) * SECOND))
    expect(arrivals.drain()).toEqual([])
    arrivals.arrived({ file: 0, end: 200 }, 4000 * SECOND, clock)
    arrivals.measured(look(4100 * SECOND, (S - 100) * SECOND))
    expect(arrivals.drain()).toMatchObject([{ end: 200 }])
    arrivals.arrived({ file: 0, end: 300 }, 4200 * SECOND, showReading(clock, S + 9000))
    arrivals.measured(look(4300 * SECOND, (S - 100) * SECOND))
    expect(arrivals.drain()).toEqual([])
  })

  test('of an earlier run are remembered: the clock was put back between the runs', () => {
    const arrivals = createArrivals({ file: 0, end: 90, atUs: (S + 1000) * SECOND, errorUs: 500 })
    arrivals.measured(look(0, S * SECOND))
    arrivals.arrived({ file: 0, end: 100 }, SECOND, clock)
    arrivals.measured(look(2 * SECOND, S * SECOND))
    expect(arrivals.drain()).toEqual([])
  })
})

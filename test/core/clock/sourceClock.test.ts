/** What a clock has shown, and which bounds hold beside it. */
import { expect, test } from 'vitest'
import { afterStep, ambiguousTo, holds, showReading, stepBack, UNSEEN_CLOCK } from '../../../src/core/clock/sourceClock.ts'

const NOON = 1_700_000_000
const HOUR = 3600
const us = (second: number): number => second * 1_000_000

test('a bound holds if it is later than all that was shown; of the second that was shown last, too', () => {
  const clock = showReading(showReading(UNSEEN_CLOCK, NOON), NOON - 5)
  expect(clock.shownSeconds).toBe(NOON)
  expect([us(NOON), us(NOON) + 1, us(NOON + 1)].map((bound) => holds(clock, bound))).toEqual([false, true, true])
})

test('a reading of the second that was shown, or of a later one, is no step; one of an earlier second is', () => {
  const clock = showReading(UNSEEN_CLOCK, NOON)
  expect([NOON + 7, NOON].map((second) => stepBack(clock, second))).toEqual([null, null])
  expect(stepBack(clock, NOON - 1)).toEqual({ fromSeconds: NOON, toSeconds: NOON - 1 })
})

test('behind a step nothing holds until the clock has passed what it had shown, by the step again or by an hour', () => {
  const small = { fromSeconds: NOON, toSeconds: NOON - 2 }
  const large = { fromSeconds: NOON, toSeconds: NOON - 5 * HOUR }
  expect([small, large].map(ambiguousTo)).toEqual([NOON + HOUR, NOON + 5 * HOUR])
  let clock = afterStep(showReading(UNSEEN_CLOCK, NOON), large)
  expect(clock.shownSeconds).toBe(NOON - 5 * HOUR)
  expect([NOON - HOUR, NOON + HOUR, NOON + 5 * HOUR, NOON + 5 * HOUR + 1].map((second) => holds(clock, us(second)))).toEqual([
    false,
    false,
    false,
    true,
  ])
  // A second, smaller step keeps what the first one made uncertain.
  clock = showReading(clock, NOON - 4 * HOUR)
  clock = afterStep(clock, { fromSeconds: NOON - 4 * HOUR, toSeconds: NOON - 4 * HOUR - 60 })
  expect(holds(clock, us(NOON + 5 * HOUR))).toBe(false)
})

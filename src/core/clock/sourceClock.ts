/**
 * What the source's clock has shown, in log order, and with it which upper bounds of commit times hold. A bound says: what ends at or
 * before here had committed when the clock showed less than this. That is true as long as the clock did not go back in between: once it
 * is seen to have, a bound proves nothing for what lies ahead of it until the clock has left behind all that it had shown before.
 *
 * Readings and bounds are whole seconds, cut off: a reading s says "s or later, less than s + 1". All that is known follows from the log.
 */

/** JSON values. */
export interface SourceClock {
  /** The latest time that the clock has shown since it last went back. */
  readonly shownSeconds: number
  /** Bounds up to here hold for nothing: before it last went back, the clock may have shown as much. */
  readonly floorSeconds: number
}

/** The clock went back: from at least `from` to at most `to`. */
export interface ClockStep {
  readonly fromSeconds: number
  readonly toSeconds: number
}

export const UNSEEN_CLOCK: SourceClock = { shownSeconds: 0, floorSeconds: 0 }

/**
 * What the clock is taken to have run on at most, unseen, before it was put back (seconds): the last commit before a step may have been
 * later than the last reading. As much as the step itself, and an hour at least.
 */
const LEAST_UNSEEN_SECONDS = 3600

/** The clock has shown `seconds` before something that is in the log committed. Never shows a step: what began early may commit late. */
export function showReading(clock: SourceClock, seconds: number): SourceClock {
  return seconds > clock.shownSeconds ? { ...clock, shownSeconds: seconds } : clock
}

/** The clock shows `seconds` now, behind all that it had shown: null, or how it went back. */
export function stepBack(clock: SourceClock, seconds: number): ClockStep | null {
  return seconds + 1 <= clock.shownSeconds ? { fromSeconds: clock.shownSeconds, toSeconds: seconds } : null
}

export function afterStep(clock: SourceClock, step: ClockStep): SourceClock {
  return { shownSeconds: step.toSeconds, floorSeconds: Math.max(clock.floorSeconds, ambiguousTo(step)) }
}

/** Times from `toSeconds` of a step up to this one may have been shown twice. */
export function ambiguousTo({ fromSeconds, toSeconds }: ClockStep): number {
  return fromSeconds + Math.max(fromSeconds - toSeconds, LEAST_UNSEEN_SECONDS)
}

/** Whether a bound holds for what had been written when `clock` was as it is. */
export function holds(clock: SourceClock, notAfterUs: number): boolean {
  return notAfterUs > Math.max(clock.shownSeconds, clock.floorSeconds) * 1_000_000
}

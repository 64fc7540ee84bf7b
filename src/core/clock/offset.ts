/**
 * The source's clock as it is measured from here: a question and its answer bracket the moment at which the source looked at its clock.
 * Local times are of a clock that never steps (monotonic, microseconds); the source's are Unix microseconds.
 */

export interface Measurement {
  /** Local time of the question, and of the answer. */
  readonly askedUs: number
  readonly answeredUs: number
  /** What the source's clock showed, and how much was cut off at most (0 with microseconds, 999999 with whole seconds). */
  readonly shownUs: number
  readonly cutUs: number
}

/** Two clocks drift apart by less than this, unless one is stepped: twice what kernels allow when they slew (500 ppm each). */
const DRIFT = 0.001

/** What the source's clock showed at a local time, at the least and at the most, by one measurement. */
export function shownAt(m: Measurement, localUs: number): { readonly leastUs: number; readonly mostUs: number } {
  const driftUs = Math.abs(localUs - m.askedUs) * DRIFT
  return {
    leastUs: m.shownUs + (localUs - m.answeredUs) - driftUs,
    mostUs: m.shownUs + m.cutUs + (localUs - m.askedUs) + driftUs,
  }
}

/** The later measurement is what the earlier one lets expect: the source's clock did not step in between. */
export function agree(earlier: Measurement, later: Measurement): boolean {
  const then = shownAt(earlier, later.askedUs)
  const now = shownAt(later, later.askedUs)
  return now.mostUs >= then.leastUs && now.leastUs <= then.mostUs
}

/**
 * When the transactions of a tick were committed, for showing: a tick's own second, unless that is known to be wrong. The second is
 * a running maximum, so that one stamp of the future lifts all ticks behind it, to the end of the file; then what the log proves
 * about them counts. Never decreases within a file, if ticks are asked about in log order.
 */
import type { FileRow, TickRow } from '../core/evidence/rows.ts'
import type { NotAfter } from './notAfter.ts'

export interface TickTimeRequest {
  readonly files: readonly FileRow[]
  readonly notAfter: NotAfter
  /** What the source's clock had shown at the end of the log (Unix seconds). */
  readonly shownSeconds: number
  /** Nothing in the log was committed later. */
  readonly nowUs: number
}

/** Unix seconds. Another value than the tick's own second says that its stamps are refuted. */
export type TickTime = (tick: Pick<TickRow, 'file' | 'second' | 'end'>) => number

export function createTickTime({ files, notAfter, shownSeconds, nowUs }: TickTimeRequest): TickTime {
  const stamps = new Map(files.map((file) => [file.ordinal, file.stampSeconds]))
  const nowSeconds = Math.floor(nowUs / 1_000_000)
  let file = -1
  let limitUs = 0
  let lastKnown = 0
  return (tick) => {
    if (tick.file !== file) {
      file = tick.file
      limitUs = 0
      const stamp = stamps.get(file) ?? 0
      lastKnown = stamp > nowSeconds ? 0 : stamp
    }
    // Bounds grow along the log: one that is asked for again may only be later.
    if (tick.second * 1_000_000 >= limitUs) limitUs = Math.min(notAfter({ file, position: tick.end }), nowUs + 1)
    if (tick.second * 1_000_000 < limitUs) lastKnown = tick.second
    else if (limitUs <= nowUs) lastKnown = secondBefore(limitUs)
    // Nothing bounds it but this moment, which may be long after the end of the log.
    else lastKnown = Math.min(nowSeconds, Math.max(lastKnown, shownSeconds))
    return lastKnown
  }
}

/** The last whole second that began before a time. */
export function secondBefore(us: number): number {
  return Math.ceil(us / 1_000_000) - 1
}

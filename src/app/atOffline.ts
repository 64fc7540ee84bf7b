/**
 * A time's coordinate from the index alone, for when the source cannot be asked: to the tick, not the transaction, and not
 * checked against the log. Erring early, as a tick's start lies before all of its transactions.
 */
import type { AnswerCoordinate, AtAnswer } from '../core/answer.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { FileRow, TickRow } from '../core/evidence/rows.ts'
import { DEFAULT_MARGIN_US } from './at.ts'
import { coverage } from './coverage.ts'

export interface OfflineRequest {
  readonly store: IndexStore
  readonly log: LogRow
  readonly timeUs: number
  readonly marginUs: number | null
  readonly skewUs: number
}

export function atOffline({ store, log, timeUs, marginUs, skewUs }: OfflineRequest): AtAnswer {
  const effectiveUs = timeUs - skewUs
  const files = store.files(log)
  const covered = coverage(store, log)
  const base = { source: log.source, askedUs: timeUs, effectiveUs, gtidSet: null, covered }
  if (effectiveUs < covered.fromUs) {
    return { ...base, outcome: 'before-first', safe: null, latest: null, distance: null, findings: [] }
  }
  const latest = tickOf(store, log, effectiveUs)
  // What lies ahead of an exact stamp is only known to have committed before it, not before the time.
  const isExact = latest?.maxUs != null && store.tickBefore(log, latest)?.maxUs != null
  const safe = isExact ? latest : tickOf(store, log, effectiveUs - (marginUs ?? DEFAULT_MARGIN_US))
  const before = (a: { file: number; position: number }, tick: TickRow | null): boolean =>
    tick === null || a.file < tick.file || (a.file === tick.file && a.position <= tick.start)
  const hole = store
    .gaps(log)
    .find((gap) => before(gap, latest) && !before(gap, safe === null ? null : store.tickBefore(log, safe)))
  if (hole !== undefined) return { ...base, outcome: 'gap', safe: null, latest: null, distance: null, findings: [] }
  const sum = safe === null ? { transactions: 0, bytes: 0 } : store.sumTicks(log, safe, latest)
  return {
    ...base,
    outcome: latest === null ? 'after-last' : 'located',
    safe: startOf(safe, files),
    latest: startOf(latest, files),
    distance: { ...sum, reason: isExact ? 'exact' : 'margin' },
    findings: [
      {
        code: 'UNCHECKED',
        severity: 'warning',
        message:
          'answered from the index alone: the source was not asked whether it still has this log, and the coordinates are those of whole ticks',
        evidence: { indexedTo: startOf(null, files) },
      },
    ],
  }
}

/** The first tick that may hold a transaction of the time or later. */
function tickOf(store: IndexStore, log: LogRow, timeUs: number): TickRow | null {
  let tick = store.tickAtOrAfter(log, Math.floor(timeUs / 1_000_000))
  while (tick !== null && tick.maxUs !== null && tick.maxUs < timeUs) tick = store.tickAfter(log, tick)
  return tick
}

function startOf(tick: TickRow | null, files: readonly FileRow[]): AnswerCoordinate {
  const file = tick === null ? files.at(-1) : files.find((row) => row.ordinal === tick.file)
  return {
    file: file?.name ?? '',
    position: tick === null ? (file?.coveredEnd ?? 0) : tick.start,
    notBeforeUs: null,
    notAfterUs: null,
    gtid: null,
    serverId: null,
  }
}

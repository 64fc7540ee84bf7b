/**
 * A time's coordinate from the index alone, for when the source cannot be asked: to the tick, not the transaction, and not
 * checked against the log. Erring early, as a tick's start lies before all of its transactions.
 */
import type { AnswerCoordinate, AtAnswer } from '../core/answer.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { FileRow, TickRow } from '../core/evidence/rows.ts'
import type { Finding } from '../core/findings.ts'
import { beginningFinding, DEFAULT_MARGIN_US, gapFinding, marginFinding } from './atFindings.ts'
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
  const unchecked: Finding = {
    code: 'UNCHECKED',
    severity: 'warning',
    message:
      'answered from the index alone: the source was not asked whether it still has this log, or an older part of it, and coordinates are those of whole ticks',
    evidence: { indexedTo: startOf(null, files) },
  }
  const no = (outcome: 'before-first' | 'gap', findings: readonly Finding[]): AtAnswer => ({
    ...base,
    outcome,
    safe: null,
    latest: null,
    distance: null,
    findings,
  })
  if (effectiveUs < covered.fromUs) return no('before-first', [unchecked])
  const latest = tickOf(store, log, effectiveUs)
  const before = latest === null ? null : store.tickBefore(log, latest)
  // What lies ahead of an exact stamp is only known to have committed before it, not before the time.
  const isExact = latest?.maxUs != null && before?.maxUs != null
  const margin = marginUs ?? DEFAULT_MARGIN_US
  const byMargin = tickOf(store, log, effectiveUs - margin)
  let ahead = isExact ? before : byMargin === null ? store.lastTick(log) : store.tickBefore(log, byMargin)
  // A second before its file began is forged.
  while (ahead !== null && ahead.second * 1_000_000 + margin < stampOf(files, ahead) * 1_000_000)
    ahead = store.tickBefore(log, ahead)
  if (ahead === null && files[0]?.coveredFrom !== FIRST_POSITION) return no('gap', [beginningFinding(files)])
  const hole = store.gaps(log).find((gap) => isAhead(gap, latest) && (ahead === null || !isAhead(gap, ahead)))
  if (hole !== undefined) return no('gap', [gapFinding(hole, files)])
  // The tick that first reached the second before began with a transaction of that second; a later one of it may have a forged stamp.
  const safe = isExact ? latest : store.tickAtOrAfter(log, ahead?.second ?? 0)
  const sum = safe === null ? { transactions: 0, bytes: 0 } : store.sumTicks(log, safe, latest)
  return {
    ...base,
    outcome: latest === null ? 'after-last' : 'located',
    safe: startOf(safe, files),
    latest: startOf(latest, files),
    distance: { ...sum, reason: isExact ? 'exact' : 'margin' },
    findings: [unchecked, ...(isExact ? [] : [marginFinding(margin, marginUs === null)])],
  }
}

function isAhead(gap: { readonly file: number; readonly position: number }, tick: TickRow | null): boolean {
  return tick === null || gap.file < tick.file || (gap.file === tick.file && gap.position <= tick.start)
}

/** The first tick that may hold a transaction of the time or later. */
function tickOf(store: IndexStore, log: LogRow, timeUs: number): TickRow | null {
  let tick = store.tickAtOrAfter(log, Math.floor(timeUs / 1_000_000))
  while (tick !== null && tick.maxUs !== null && tick.maxUs < timeUs) tick = store.tickAfter(log, tick)
  return tick
}

function stampOf(files: readonly FileRow[], tick: TickRow): number {
  return files.find((file) => file.ordinal === tick.file)?.stampSeconds ?? 0
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

/**
 * A time's coordinate from the index alone, for when the source cannot be asked: to the tick, not the transaction, and not
 * checked against the log. Erring early, as a tick's start lies before all of its transactions.
 */
import type { AnswerCoordinate, AtAnswer } from '../core/answer.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { IndexStore, LogRow, Place } from '../core/evidence/port.ts'
import type { FileRow, TickRow } from '../core/evidence/rows.ts'
import type { Finding } from '../core/findings.ts'
import { beginningFinding, gapFindings, stampFinding, stepFindings } from './atFindings.ts'
import { coverage } from './coverage.ts'
import { isAhead } from './locate.ts'

export interface OfflineRequest {
  readonly store: IndexStore
  readonly log: LogRow
  readonly timeUs: number
  readonly skewUs: number
}

export function atOffline({ store, log, timeUs, skewUs }: OfflineRequest): AtAnswer {
  const effectiveUs = timeUs - skewUs
  const files = store.files(log)
  const base = { source: log.source, askedUs: timeUs, effectiveUs, gtidSet: null, covered: coverage(store, log) }
  const unchecked: Finding = {
    code: 'UNCHECKED',
    severity: 'warning',
    message:
      'answered from the index alone: the source was not asked whether it still has this log, or an older part of it, and coordinates are those of whole ticks',
    evidence: { indexedTo: startOf(null, files) },
  }
  const steps = stepFindings(store.clockSteps(log), files, effectiveUs)
  const no = (outcome: 'before-first' | 'gap', findings: readonly Finding[]): AtAnswer => ({
    ...base,
    outcome,
    safe: null,
    latest: null,
    distance: null,
    findings: [unchecked, ...findings],
  })
  const bound = store.boundAt(log, effectiveUs)
  if (bound === null) {
    const isCut = files[0] !== undefined && files[0].coveredFrom !== FIRST_POSITION
    return isCut ? no('gap', [beginningFinding(files)]) : no('before-first', steps)
  }
  const from = { file: bound.file, position: bound.end }
  const latest = firstTick(store, log, files, effectiveUs, from)
  const before = latest === null ? store.lastTick(log) : store.tickBefore(log, latest)
  const isExact = before?.maxUs != null && !isAhead({ file: before.file, position: before.start }, from)
  const safe = isExact ? latest : store.tickContaining(log, from.file, from.position)
  const provenTo = isExact ? { file: before.file, position: before.end } : from
  const isWithin = (gap: Place): boolean =>
    !isAhead(gap, provenTo) && (latest === null || isAhead(gap, { file: latest.file, position: latest.end }))
  const holes = store.gaps(log).filter(isWithin)
  if (holes.length > 0) return no('gap', gapFindings(holes, files))
  const sum = safe === null ? { transactions: 0, bytes: 0 } : store.sumTicks(log, safe, latest)
  const isOne = safe?.file === latest?.file && safe?.start === latest?.start
  return {
    ...base,
    outcome: latest === null ? 'after-last' : 'located',
    safe: startOf(safe, files),
    latest: startOf(latest, files),
    distance: { ...sum, reason: isExact ? 'exact' : steps.length > 0 ? 'clock' : 'unproven' },
    findings: [unchecked, ...(isExact || isOne ? [] : [stampFinding()]), ...steps],
  }
}

/** The first tick behind a place that may hold a transaction of the time or later. */
function firstTick(store: IndexStore, log: LogRow, files: readonly FileRow[], timeUs: number, from: Place): TickRow | null {
  for (const { ordinal } of files) {
    if (ordinal < from.file) continue
    let tick = store.tickInFile(log, ordinal, Math.floor(timeUs / 1_000_000))
    while (tick?.file === ordinal && (isAhead({ file: ordinal, position: tick.end - 1 }, from) || isEarlier(tick, timeUs)))
      tick = store.tickAfter(log, tick)
    if (tick?.file === ordinal) return tick
  }
  return null
}

function isEarlier({ maxUs }: TickRow, timeUs: number): boolean {
  return maxUs !== null && maxUs < timeUs
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

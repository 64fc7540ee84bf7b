/**
 * Which coordinate is this time? Two answers: `latest`, the first transaction that says of itself that it committed then or later, and
 * `safe`, before which nothing can lie that did. They are one where the commit stamps are exact (MySQL >= 8.0.1); elsewhere stamps are
 * those of statements' starts, and `safe` rests on bounds in the log, or, if the operator says so, on a margin.
 */
import type { AnswerCoordinate, AtAnswer, DistanceReason } from '../core/answer.ts'
import { isBeforeByMargin } from '../core/clock/ownTime.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { IndexStore, LogRow, Place } from '../core/evidence/port.ts'
import type { FileRow, LandmarkRow, TickRow } from '../core/evidence/rows.ts'
import type { Finding } from '../core/findings.ts'
import type { LogSource } from '../core/ports.ts'
import { BinpointError } from '../errors.ts'
import { positionFinding } from '../core/plan/findings.ts'
import {
  beginningFinding,
  gapFindings,
  marginFinding,
  purgedFinding,
  stampFinding,
  stepFindings,
  unprovenFinding,
} from './atFindings.ts'
import { clockFindings } from './clockFindings.ts'
import { coverage } from './coverage.ts'
import { executedBefore } from './executedBefore.ts'
import type { Found, Locator, Timed } from './locate.ts'
import { createLocator, isAhead } from './locate.ts'
import { readTransactions } from './window.ts'

export interface AtRequest {
  readonly store: IndexStore
  readonly log: LogRow
  readonly source: LogSource
  readonly timeUs: number
  /** The longest that a statement runs before it commits, where the log does not say; null: only what is proven counts. */
  readonly marginUs: number | null
  /** Moves the time earlier: it comes from another clock. */
  readonly skewUs: number
  /** This machine's time: what is stamped later has a forged stamp (Unix microseconds). */
  readonly nowUs: number
}

/** The index must be fresh (see buildIndex). Throws LOG_IDENTITY or LOG_DAMAGED when the log is not what was indexed. */
export async function at(request: AtRequest): Promise<AtAnswer> {
  try {
    return await answer(request)
  } catch (error) {
    const finding = await purgedUnderfoot(request, error)
    if (finding === null) throw error
    return noAnswer(request, 'before-first', [finding])
  }
}

async function answer(request: AtRequest): Promise<AtAnswer> {
  const { store, log, source, marginUs } = request
  const timeUs = request.timeUs - request.skewUs
  const files = store.files(log)
  const [first] = files
  const bound = store.boundAt(log, timeUs)
  if (first === undefined || (bound === null && !isBehindMargin(request, first, timeUs))) {
    return noAnswer(request, ...whyNoBound(request, files, timeUs))
  }
  const from = bound === null ? { file: first.ordinal, position: FIRST_POSITION } : { file: bound.file, position: bound.end }
  const locator = createLocator(store, log, source, request.nowUs)
  const { found: latest, refuted } = await locator.firstClaiming(timeUs, from)
  const safe = await locateSafe(request, timeUs, from, latest, locator)
  const holes = store.gaps(log).filter((gap) => !isAhead(gap, safe.provenTo) && (latest === null || isAhead(gap, endOf(latest))))
  if (holes.length > 0) return noAnswer(request, 'gap', gapFindings(holes, files))

  const steps = stepFindings(store.clockSteps(log), files, timeUs)
  const isExact = safe.reason === 'exact'
  const findings = [
    ...(isSame(safe.found, latest) || isExact ? [] : [stampFinding()]),
    ...(safe.reason === 'margin' && marginUs !== null ? [marginFinding(marginUs)] : []),
    ...steps,
    ...(await clockFindings({ ...request, timeUs, files, safe: safe.found, latest, refuted })),
  ]
  const safeAnswer = await coordinateOf(request, safe.found, timeUs, files)
  const at4g = positionFinding(safeAnswer)
  return {
    ...askedOf(request),
    outcome: latest === null && !hasPassed(log, timeUs) ? 'after-last' : 'located',
    safe: safeAnswer,
    latest: latest === null && hasPassed(log, timeUs) ? null : await coordinateOf(request, latest, timeUs, files),
    distance: {
      ...distance(store, log, safe.found, latest),
      reason: safe.reason === 'unproven' && steps.length > 0 ? 'clock' : safe.reason,
    },
    gtidSet: await executedBefore({ store, log, source }, safeAnswer),
    findings: [...findings, ...(at4g === null ? [] : [at4g])],
  }
}

/**
 * Everything ahead of the log had committed by the time, if the statement that rotated it ran for no longer than the margin. A replica's
 * applier gives the file that it begins the time of the origin's statement, which says nothing of when it came.
 */
function isBehindMargin({ store, log, marginUs }: AtRequest, first: FileRow, timeUs: number): boolean {
  return (
    marginUs !== null &&
    first.coveredFrom === FIRST_POSITION &&
    (first.stampSeconds + 1) * 1_000_000 + marginUs <= timeUs &&
    !marksOfFirst(store, log, first).has('foreign-origin')
  )
}

function marksOfFirst(store: IndexStore, log: LogRow, { ordinal }: FileRow): ReadonlySet<LandmarkRow['kind']> {
  const marks = store.marksIn(log, { file: ordinal, position: 0 }, { file: ordinal + 1, position: 0 })
  return new Set(marks.map(({ kind }) => kind))
}

/** Nothing proves what lies ahead of the log, or of what is known of it, to have committed by then. */
function whyNoBound(
  { store, log }: AtRequest,
  files: readonly FileRow[],
  timeUs: number,
): ['before-first' | 'gap', readonly Finding[]] {
  const [first] = files
  if (first === undefined) return ['before-first', []]
  // A first file that cannot be read is a hole, not a beginning: no time lies before it.
  if (first.format === '') return ['gap', gapFindings(store.gaps(log).slice(0, 1), files)]
  const steps = stepFindings(store.clockSteps(log), files, timeUs)
  const isStart = marksOfFirst(store, log, first).has('server-start')
  if (timeUs < first.stampSeconds * 1_000_000 || isStart) return ['before-first', steps]
  if (first.coveredFrom !== FIRST_POSITION) return ['gap', [beginningFinding(files)]]
  return ['before-first', [...steps, unprovenFinding(first, store.firstBound(log))]]
}

/** The clock has shown a later time, though no transaction says so of itself. */
function hasPassed({ state }: LogRow, timeUs: number): boolean {
  return (state?.clock.shownSeconds ?? 0) * 1_000_000 > timeUs
}

function askedOf({ store, log, timeUs, skewUs }: AtRequest): Pick<AtAnswer, 'source' | 'askedUs' | 'effectiveUs' | 'covered'> {
  return { source: log.source, askedUs: timeUs, effectiveUs: timeUs - skewUs, covered: coverage(store, log) }
}

function noAnswer(request: AtRequest, outcome: 'before-first' | 'gap', findings: readonly Finding[]): AtAnswer {
  return { ...askedOf(request), outcome, safe: null, latest: null, distance: null, gtidSet: null, findings }
}

/** The answer lay in a file that the source no longer has: that is what a failed read of it means. Null: it means something else. */
async function purgedUnderfoot({ store, log, source }: AtRequest, error: unknown): Promise<Finding | null> {
  if (!(error instanceof BinpointError) || (error.code !== 'LOG_PURGED' && error.code !== 'SOURCE_NOT_FOUND')) return null
  const here = new Set((await source.listFiles()).map((file) => file.name))
  const gone = store.files(log).findLast((file) => !here.has(file.name))
  return gone === undefined ? null : purgedFinding(gone.name, here)
}

interface Safe {
  /** Null: the end of the log. */
  readonly found: Found | null
  /** What ends here or ahead of it had committed by the time. */
  readonly provenTo: Place
  readonly reason: DistanceReason
}

async function locateSafe(
  request: AtRequest,
  timeUs: number,
  from: Place,
  latest: Found | null,
  locator: Locator,
): Promise<Safe> {
  const before = await locator.before(latest)
  // Commits are logged in their order: all ahead of an exact stamp had committed by then.
  if (before !== null && before.exactUs > 0 && !isAhead(startOf(before), from))
    return { found: latest, provenTo: endOf(before), reason: 'exact' }
  const proven = await locator.firstFrom(from)
  const byMargin = request.marginUs === null ? null : await locateByMargin(request, timeUs, request.marginUs, from, locator)
  if (byMargin !== null && isLater(byMargin.found, proven)) return { ...byMargin, reason: 'margin' }
  return {
    found: proven,
    provenTo: from,
    reason: isSame(proven, latest) && proven !== null && proven.exactUs > 0 ? 'exact' : 'unproven',
  }
}

/** Behind the last transaction that had committed by the time if no statement runs for longer than the margin. Null: there is none. */
async function locateByMargin(
  { store, log, nowUs }: AtRequest,
  timeUs: number,
  marginUs: number,
  from: Place,
  locator: Locator,
): Promise<Omit<Safe, 'reason'> | null> {
  const files = new Map(store.files(log).map((file) => [file.ordinal, file]))
  let of: TickRow | null = null
  let knownSeconds = 0
  // Of all transactions of a tick the same: there may be millions that say nothing of their time.
  const known = ({ tick }: Found): number => {
    if (tick.file === of?.file && tick.start === of.start) return knownSeconds
    of = tick
    const isLifted =
      tick.second * 1_000_000 >= Math.min(nowUs, store.notAfter(log, { file: tick.file, position: tick.end }, timeUs))
    knownSeconds = Math.max(isLifted ? 0 : tick.second, files.get(tick.file)?.shownSeconds ?? 0)
    return knownSeconds
  }
  let { found } = await locator.firstClaiming(timeUs - marginUs, from)
  for (
    let ahead = await locator.before(found);
    ahead !== null && !isAhead(startOf(ahead), from);
    ahead = await locator.before(ahead)
  ) {
    if (isBeforeByMargin(ahead, timeUs, marginUs, known(ahead))) return { found, provenTo: endOf(ahead) }
    found = ahead
  }
  return null
}

/** `timeUs`: what was asked; the transaction lies at or behind all that is proven by then. */
async function coordinateOf(
  { store, log, source }: AtRequest,
  found: Found | null,
  timeUs: number,
  files: readonly FileRow[],
): Promise<AnswerCoordinate> {
  const row = found === null ? files.at(-1) : files.find((file) => file.ordinal === found.tick.file)
  const file = row?.name ?? ''
  if (found === null) {
    return { file, position: row?.coveredEnd ?? 0, notBeforeUs: null, notAfterUs: null, gtid: null, serverId: null }
  }
  const [t] = await readTransactions({
    source,
    from: { file, position: found.start },
    until: { file, position: found.end },
    format: row?.format,
  })
  const notAfterUs = store.notAfter(log, endOf(found), timeUs)
  const isExact = found.exactUs > 0
  return {
    file,
    position: found.start,
    notBeforeUs: isExact ? found.exactUs : found.ownSeconds > 0 ? found.ownSeconds * 1_000_000 : null,
    notAfterUs: isExact ? found.exactUs : notAfterUs === Number.POSITIVE_INFINITY ? null : notAfterUs,
    gtid: t?.gtid ?? null,
    serverId: found.serverId,
  }
}

/** Transactions and bytes between two answers; null is the end of the log. */
function distance(store: IndexStore, log: LogRow, from: Found | null, to: Found | null): { transactions: number; bytes: number } {
  if (from === null) return { transactions: 0, bytes: 0 }
  const sum = store.sumTicks(log, from.tick, to?.tick ?? null)
  const before = from.list.slice(0, from.index)
  const after = to?.list.slice(0, to.index) ?? []
  const bytes = (list: readonly Timed[]): number => list.reduce((total, t) => total + (t.end - t.start), 0)
  return {
    transactions: sum.transactions - before.length + after.length,
    bytes: sum.bytes - bytes(before) + bytes(after),
  }
}

function startOf({ tick, start }: Found): Place {
  return { file: tick.file, position: start }
}

function endOf({ tick, end }: Found): Place {
  return { file: tick.file, position: end }
}

/** Null is the end of the log, behind everything. */
function isLater(a: Found | null, b: Found | null): boolean {
  if (a === null || b === null) return a === null && b !== null
  return isAhead(startOf(b), startOf(a))
}

function isSame(a: Found | null, b: Found | null): boolean {
  return !isLater(a, b) && !isLater(b, a)
}

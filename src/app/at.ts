/**
 * Which coordinate is this time? Two answers: `latest`, the first transaction with a stamp of that time, and `safe`, before
 * which nothing can lie that was committed at or after it. They are one where the commit stamps are exact (MySQL >= 8.0.1);
 * elsewhere stamps are those of statements' starts, and `safe` rests on bounds in the log, capped by a margin.
 */
import type { AnswerCoordinate, AtAnswer, DistanceReason } from '../core/answer.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { FileRow, TickRow } from '../core/evidence/rows.ts'
import type { Finding } from '../core/findings.ts'
import type { LogSource } from '../core/ports.ts'
import type { Transaction } from '../core/transaction.ts'
import { BinpointError } from '../errors.ts'
import type { Hole } from './atFindings.ts'
import { beginningFinding, DEFAULT_MARGIN_US, gapFinding, marginFinding, purgedFinding, stampFinding } from './atFindings.ts'
import { coverage } from './coverage.ts'
import type { Found } from './locate.ts'
import { createLocator } from './locate.ts'

export interface AtRequest {
  readonly store: IndexStore
  readonly log: LogRow
  readonly source: LogSource
  readonly timeUs: number
  /** Null: DEFAULT_MARGIN_US, and said. */
  readonly marginUs: number | null
  /** Moves the time earlier: it comes from another clock. */
  readonly skewUs: number
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
  const { store, log, source } = request
  const { effectiveUs, covered, ...asked } = askedOf(request)
  const files = store.files(log)
  const no = (outcome: 'before-first' | 'gap', findings: readonly Finding[]): AtAnswer => noAnswer(request, outcome, findings)
  if (effectiveUs < covered.fromUs) return no('before-first', [])

  const locator = createLocator(store, log, source)
  const latest = await locator.firstAtOrAfter(effectiveUs)
  const hole = holeBefore(store, log, latest)
  if (hole !== null) return no('gap', [gapFinding(hole, files)])
  const safe = await locateSafe(request, effectiveUs, latest, locator)
  if (safe === null) return no('gap', [beginningFinding(files)])
  const crossed = holesBetween(store, log, safe.found, latest)
  if (crossed.length > 0)
    return no(
      'gap',
      crossed.map((gap) => gapFinding(gap, files)),
    )
  return {
    ...asked,
    effectiveUs,
    covered,
    outcome: latest === null ? 'after-last' : 'located',
    safe: coordinateOf(safe.found, files),
    latest: coordinateOf(latest, files),
    distance: { ...distance(store, log, safe.found, latest), reason: safe.reason },
    findings: safe.findings,
  }
}

function askedOf({
  store,
  log,
  timeUs,
  skewUs,
}: AtRequest): Pick<AtAnswer, 'source' | 'askedUs' | 'effectiveUs' | 'gtidSet' | 'covered'> {
  return { source: log.source, askedUs: timeUs, effectiveUs: timeUs - skewUs, gtidSet: null, covered: coverage(store, log) }
}

function noAnswer(request: AtRequest, outcome: 'before-first' | 'gap', findings: readonly Finding[]): AtAnswer {
  return { ...askedOf(request), outcome, safe: null, latest: null, distance: null, findings }
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
  readonly reason: DistanceReason
  readonly findings: readonly Finding[]
}

/** Null: what lies ahead of the index may have committed at the time. */
async function locateSafe(
  request: AtRequest,
  timeUs: number,
  latest: Found | null,
  locator: ReturnType<typeof createLocator>,
): Promise<Safe | null> {
  const { store, log } = request
  if (await followsExactStamp(request, latest, locator)) return { found: latest, reason: 'exact', findings: [] }
  const marginUs = request.marginUs ?? DEFAULT_MARGIN_US
  const bound = store.boundAt(log, timeUs)
  const byBound = bound === null ? null : await locator.firstFrom(bound.file, bound.end)
  const files = new Map(store.files(log).map((file) => [file.ordinal, file]))
  const byMargin = await locator.firstBehind(
    await locator.firstAtOrAfter(timeUs - marginUs),
    (t, tick) => isEvidence(t, tick, { timeUs, marginUs, file: files.get(tick.file) }),
    bound,
  )
  if (byMargin === undefined && bound === null) return null
  // Null stands for the end of the log, behind everything.
  const isProven =
    byMargin === undefined || (bound !== null && (byBound === null || (byMargin !== null && !isBefore(byBound, byMargin))))
  const found = isProven ? earlier(byBound, latest) : byMargin
  return {
    found,
    reason: isProven ? 'unproven' : 'margin',
    findings: [stampFinding(found, latest), ...(isProven ? [] : [marginFinding(marginUs, request.marginUs === null)])],
  }
}

/**
 * Whether a transaction with a stamp before the margin shows that it, and so all ahead of it, had committed by the time. Not by a stamp
 * of another server's clock, nor by one that its file's or one ahead of it contradicts (SET TIMESTAMP), nor if it was written later.
 */
function isEvidence(
  t: Transaction,
  tick: TickRow,
  { timeUs, marginUs, file }: { timeUs: number; marginUs: number; file: FileRow | undefined },
): boolean {
  if (t.commit.notBeforeUs >= timeUs) return false
  if (t.immediateCommitUs !== null) return true
  const known = Math.max(tick.second, file?.stampSeconds ?? 0)
  return t.serverId === file?.serverId && t.lastStampSeconds * 1_000_000 + marginUs >= known * 1_000_000
}

/** The transaction before `latest` has an exact stamp, and so everything before it had committed by then. */
async function followsExactStamp(
  request: AtRequest,
  latest: Found | null,
  locator: ReturnType<typeof createLocator>,
): Promise<boolean> {
  const { store, log } = request
  const inTick = latest?.transactions[latest.index - 1]
  if (inTick !== undefined) return inTick.immediateCommitUs !== null
  const before = latest === null ? store.lastTick(log) : store.tickBefore(log, latest.tick)
  if (before === null) return latest?.transaction.immediateCommitUs != null
  if (before.maxUs !== null) return true
  const last = (await locator.firstFrom(before.file, before.start))?.transactions.at(-1)
  return last?.immediateCommitUs != null
}

function coordinateOf(found: Found | null, files: readonly FileRow[]): AnswerCoordinate {
  if (found === null) {
    const last = files.at(-1)
    return {
      file: last?.name ?? '',
      position: last?.coveredEnd ?? 0,
      notBeforeUs: null,
      notAfterUs: null,
      gtid: null,
      serverId: null,
    }
  }
  const t: Transaction = found.transaction
  return {
    file: t.file,
    position: t.start,
    notBeforeUs: t.commit.notBeforeUs,
    notAfterUs: t.commit.notAfterUs,
    gtid: t.gtid,
    serverId: t.serverId,
  }
}

/** Transactions and bytes between two answers; null is the end of the log. */
function distance(store: IndexStore, log: LogRow, from: Found | null, to: Found | null): { transactions: number; bytes: number } {
  if (from === null) return { transactions: 0, bytes: 0 }
  const sum = store.sumTicks(log, from.tick, to?.tick ?? null)
  const before = from.transactions.slice(0, from.index)
  const after = to?.transactions.slice(0, to.index) ?? []
  const bytes = (list: readonly Transaction[]): number => list.reduce((total, t) => total + (t.end - t.start), 0)
  return {
    transactions: sum.transactions - before.length + after.length,
    bytes: sum.bytes - bytes(before) + bytes(after),
  }
}

/** The earlier one of two answers; null is the end of the log. */
function earlier(a: Found | null, b: Found | null): Found | null {
  if (a === null || b === null) return a ?? b
  return isBefore(b, a) ? b : a
}

function isBefore(a: Found, b: Found): boolean {
  if (a.tick.second !== b.tick.second) return a.tick.second < b.tick.second
  if (a.tick.file !== b.tick.file) return a.tick.file < b.tick.file
  return a.transaction.start < b.transaction.start
}

/** A hole between the last transaction before the time and the first one behind it: the time may lie inside. */
function holeBefore(store: IndexStore, log: LogRow, latest: Found | null): Hole | null {
  const before = latest === null ? store.lastTick(log) : store.tickBefore(log, latest.tick)
  return store.gaps(log).find((gap) => isBehindTick(gap, before) && isAheadOf(gap, latest)) ?? null
}

function holesBetween(store: IndexStore, log: LogRow, safe: Found | null, latest: Found | null): readonly Hole[] {
  return safe === null ? [] : store.gaps(log).filter((gap) => isBehindTick(gap, safe.tick) && isAheadOf(gap, latest))
}

function isBehindTick(gap: Hole, tick: TickRow | null): boolean {
  return tick === null || gap.file > tick.file || (gap.file === tick.file && gap.position >= tick.end)
}

function isAheadOf(gap: Hole, found: Found | null): boolean {
  return found === null || gap.file < found.tick.file || (gap.file === found.tick.file && gap.position <= found.transaction.start)
}

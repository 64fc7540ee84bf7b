/**
 * From scanned transactions to index rows. Holds what is open (the tick at hand, sessions, the next checkpoint) as a state
 * that goes into the index with every commit, so that stopping anywhere and going on gives the same rows as one run.
 */
import { GtidPosition, GtidSet } from '../binlog/gtidSet.ts'
import { FIRST_POSITION } from '../coordinate.ts'
import type { Executed } from '../scan/executed.ts'
import { executedText, resetExecuted } from '../scan/executed.ts'
import type { ScannedTransaction } from '../scan/grammar.ts'
import { MarkBit, marksOf } from '../scan/marks.ts'
import type { FileEnding } from '../scan/ending.ts'
import type { ScannedFile } from '../scan/scan.ts'
import { createBounds } from './bounds.ts'
import type { BoundRow, CheckpointRow, LandmarkRow, TickRow } from './rows.ts'

/** A tick is cut here, so that re-reading one stays cheap. */
export const TICK_BYTES: number = 16 << 20
/** GTID sets are written down this often. */
export const CHECKPOINT_BYTES: number = 64 << 20
/** A transaction of more bytes is marked. */
export const HUGE_BYTES: number = 64 << 20
/** Sessions that are remembered; beyond, those idle for longest are forgotten, which loses evidence but invents none. */
const MAX_SESSIONS = 1024

export interface EvidenceRows {
  readonly ticks: readonly TickRow[]
  readonly bounds: readonly BoundRow[]
  readonly checkpoints: readonly CheckpointRow[]
  readonly landmarks: readonly LandmarkRow[]
}

/** JSON values only. */
export interface EvidenceState {
  /** The tick that may still grow. */
  readonly tick: TickRow | null
  readonly second: number
  readonly landmarks: readonly LandmarkRow[]
  readonly maxUs: number
  /** The largest stamp of a FORMAT_DESCRIPTION, ROTATE or STOP: what the server's own clock has shown. */
  readonly clockSeconds: number
  readonly gtids: { readonly family: 'mysql' | 'mariadb'; readonly set: string } | null
  readonly checkpoint: { readonly file: number; readonly start: number } | null
  /** Thread id, file and end of its last transaction; idle for longest first. */
  readonly sessions: readonly (readonly [thread: number, file: number, end: number])[]
}

export interface Evidence {
  readonly file: (file: ScannedFile, ordinal: number, fromHead: boolean) => void
  readonly transaction: (t: ScannedTransaction) => void
  readonly abandoned: (start: number) => void
  readonly fileEnd: (ending: FileEnding) => void
  /** New and changed rows since the last drain. Ticks and landmarks may come again with larger values. */
  readonly drain: () => EvidenceRows
  readonly state: () => EvidenceState
}

export function createEvidence(executed: Executed, from: EvidenceState | null): Evidence {
  let file = 0
  let serverId = 0
  let family: 'mysql' | 'mariadb' = 'mysql'
  let second = from?.second ?? 0
  let maxUs = from?.maxUs ?? 0
  let clockSeconds = from?.clockSeconds ?? 0
  // The tick at hand, unpacked: this runs for every transaction.
  let tickFile = -1
  let tickStart = 0
  let tickEnd = 0
  let tickExact = true
  let tickTransactions = 0
  let tickBytes = 0
  let ticks: TickRow[] = []
  let checkpoints: CheckpointRow[] = []
  let checkpoint = from?.checkpoint ?? null
  const bounds = createBounds()
  const closedLandmarks: LandmarkRow[] = []
  const landmarks = new Map<string, LandmarkRow>()
  const sessions = new Map<number, { file: number; end: number }>()

  if (from !== null) restore(from)

  function restore(state: EvidenceState): void {
    if (state.tick !== null) {
      tickFile = state.tick.file
      tickStart = state.tick.start
      tickEnd = state.tick.end
      tickExact = state.tick.maxUs !== null
      tickTransactions = state.tick.transactions
      tickBytes = state.tick.bytes
    }
    for (const landmark of state.landmarks) landmarks.set(landmark.kind, landmark)
    for (const [thread, sessionFile, end] of state.sessions) sessions.set(thread, { file: sessionFile, end })
    if (state.gtids !== null) {
      resetExecuted(
        executed,
        state.gtids.family === 'mysql' ? GtidSet.parse(state.gtids.set) : GtidPosition.parse(state.gtids.set),
      )
    }
  }

  function currentTick(): TickRow | null {
    if (tickTransactions === 0) return null
    const exactUs = tickExact ? maxUs : null
    return {
      second,
      file: tickFile,
      start: tickStart,
      end: tickEnd,
      maxUs: exactUs,
      transactions: tickTransactions,
      bytes: tickBytes,
    }
  }

  function closeTick(): void {
    const tick = currentTick()
    if (tick !== null) ticks.push(tick)
    closedLandmarks.push(...landmarks.values())
    landmarks.clear()
    tickTransactions = 0
    tickBytes = 0
    tickExact = true
    forgetIdleSessions()
  }

  function mark(kind: LandmarkRow['kind'], start: number): void {
    const known = landmarks.get(kind)
    landmarks.set(
      kind,
      known === undefined
        ? { file, start, kind, lastStart: start, count: 1 }
        : { ...known, lastStart: start, count: known.count + 1 },
    )
  }

  function addToTick(t: ScannedTransaction): void {
    const exact = t.commitUs > 0
    const own = exact ? Math.floor(t.commitUs / 1_000_000) : t.maxStampSeconds
    if (tickFile !== file || own > second || t.end - tickStart > TICK_BYTES) {
      closeTick()
      tickFile = file
      tickStart = t.start
      if (own > second) second = own
    } else if (tickTransactions === 0) {
      tickStart = t.start
    }
    if (t.commitUs > maxUs) maxUs = t.commitUs
    if (!exact) tickExact = false
    tickEnd = t.end
    tickTransactions++
    tickBytes += t.end - t.start
  }

  /** The session's transaction before this one had committed when this one began. */
  function addSession(t: ScannedTransaction): void {
    const last = sessions.get(t.threadId)
    if (last === undefined) {
      sessions.set(t.threadId, { file, end: t.end })
      return
    }
    if (t.begunSeconds > 0) addBound({ ...last, notAfterUs: (t.begunSeconds + 1) * 1_000_000, kind: 'session' })
    last.file = file
    last.end = t.end
  }

  function forgetIdleSessions(): void {
    if (sessions.size <= MAX_SESSIONS) return
    const byAge = [...sessions].sort(([, a], [, b]) => a.file - b.file || a.end - b.end)
    for (const [thread] of byAge.slice(0, sessions.size - MAX_SESSIONS)) sessions.delete(thread)
  }

  /** A bound from before what the clock had shown already: the clock was put back, and that proves nothing for what is ahead of the step. */
  function addBound(bound: BoundRow): void {
    if (bound.notAfterUs > clockSeconds * 1_000_000) bounds.add(bound)
  }

  /** The server's clock, as nothing but its own events show it. */
  function addClock(stampSeconds: number, end: number): void {
    addBound({ file, end, notAfterUs: (stampSeconds + 1) * 1_000_000, kind: 'file' })
    clockSeconds = Math.max(clockSeconds, stampSeconds)
  }

  function addCheckpoint(start: number): void {
    const gtidSet = executedText(executed)
    checkpoint = { file, start }
    if (gtidSet !== null) checkpoints.push({ file, start, gtidSet })
  }

  return {
    file(scanned, ordinal, fromHead) {
      file = ordinal
      if (scanned.format === null) return
      serverId = scanned.format.serverId
      family = scanned.format.family
      if (!fromHead) return
      if (scanned.previousGtids === null) resetExecuted(executed, null)
      const isStep = scanned.format.stampSeconds < clockSeconds && landmarks.get('clock-step')?.file !== file
      addClock(scanned.format.stampSeconds, FIRST_POSITION)
      addCheckpoint(FIRST_POSITION)
      if (isStep) {
        closeTick()
        mark('clock-step', FIRST_POSITION)
      }
      if (scanned.format.createdSeconds === 0 || landmarks.get('server-start')?.file === file) return
      // A new run of the server: thread ids begin again.
      sessions.clear()
      closeTick()
      mark('server-start', FIRST_POSITION)
    },
    transaction(t) {
      addToTick(t)
      if (t.threadId !== 0 && t.commitUs === 0 && t.serverId === serverId) addSession(t)
      let marks = t.marks
      if (t.serverId !== serverId) marks |= MarkBit['foreign-origin']
      if (t.end - t.start > HUGE_BYTES) marks |= MarkBit.huge
      if (t.commitUs > 0 && t.maxStampSeconds * 1_000_000 > t.commitUs + 1_000_000) marks |= MarkBit['set-timestamp']
      if (marks !== 0) for (const name of marksOf(marks)) mark(name, t.start)
      if (checkpoint !== null && t.end - checkpoint.start >= CHECKPOINT_BYTES) addCheckpoint(t.end)
    },
    abandoned(start) {
      mark('unfinished', start)
    },
    fileEnd(ending) {
      if (ending.stampSeconds === null) return
      addClock(ending.stampSeconds, ending.coveredEnd)
    },
    drain() {
      const open = currentTick()
      const rows: EvidenceRows = {
        ticks: open === null ? ticks : [...ticks, open],
        bounds: bounds.drain(),
        checkpoints,
        landmarks: [...closedLandmarks.splice(0), ...landmarks.values()],
      }
      ticks = []
      checkpoints = []
      return rows
    },
    state() {
      const gtids = executedText(executed)
      return {
        tick: currentTick(),
        second,
        landmarks: [...landmarks.values()],
        maxUs,
        clockSeconds,
        gtids: gtids === null ? null : { family, set: gtids },
        checkpoint,
        sessions: [...sessions].map(([thread, last]) => [thread, last.file, last.end] as const),
      }
    },
  }
}

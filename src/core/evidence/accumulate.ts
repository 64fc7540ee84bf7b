/**
 * From scanned transactions to index rows. Holds what is open (the tick at hand, sessions, the next checkpoint) as a state
 * that goes into the index with every commit, so that stopping anywhere and going on gives the same rows as one run.
 */
import { GtidPosition, GtidSet } from '../binlog/gtidSet.ts'
import type { Writer } from '../clock/ownTime.ts'
import { ownSeconds, writtenSeconds } from '../clock/ownTime.ts'
import type { ClockStep, SourceClock } from '../clock/sourceClock.ts'
import { afterStep, ambiguousTo, holds, showReading, stepBack, UNSEEN_CLOCK } from '../clock/sourceClock.ts'
import { FIRST_POSITION } from '../coordinate.ts'
import type { Executed } from '../scan/executed.ts'
import { executedText, resetExecuted } from '../scan/executed.ts'
import type { ScannedTransaction } from '../scan/grammar.ts'
import { LONGEST_STATEMENT } from '../scan/grammar.ts'
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

interface SessionEnd {
  file: number
  end: number
  /** What the clock had shown by then, and when the transaction was written (seconds). */
  shown: number
  written: number
}

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
  readonly clock: SourceClock
  /** As it was at the head of the file at hand. */
  readonly headClock: SourceClock
  /** Of the file at hand: BINLOG_CHECKPOINTs that were seen, and whether an exact stamp was. */
  readonly checkpoints: number
  readonly isExact: boolean
  /** The last stamp that nothing else confirms (seconds); 0: none. */
  readonly lastStamp: number
  readonly gtids: { readonly family: 'mysql' | 'mariadb'; readonly set: string } | null
  readonly checkpoint: { readonly file: number; readonly start: number } | null
  /** Of each thread, its last transaction: where it ends, what the clock had shown then, and when it was written. Idle for longest first. */
  readonly sessions: readonly (readonly [thread: number, file: number, end: number, shown: number, written: number])[]
}

export interface Evidence {
  readonly file: (file: ScannedFile, ordinal: number, fromHead: boolean) => void
  readonly transaction: (t: ScannedTransaction) => void
  readonly abandoned: (start: number) => void
  readonly fileEnd: (ending: FileEnding) => void
  /** MariaDB's BINLOG_CHECKPOINT at a position, for the file of that name. */
  readonly checkpoint: (stampSeconds: number, name: string, position: number) => void
  /** What the source's clock has shown up to here. */
  readonly clock: () => SourceClock
  /** The file at hand has exact stamps. */
  readonly isExact: () => boolean
  /** Both a transaction and the clock are behind a time. */
  readonly hasPassed: (timeUs: number) => boolean
  /** New and changed rows since the last drain. Ticks and landmarks may come again with larger values. */
  readonly drain: () => EvidenceRows
  readonly state: () => EvidenceState
}

export function createEvidence(executed: Executed, from: EvidenceState | null): Evidence {
  let file = 0
  let writer: Writer = { serverId: 0, family: 'mysql' }
  let fileName = ''
  let second = from?.second ?? 0
  let maxUs = from?.maxUs ?? 0
  let clock = from?.clock ?? UNSEEN_CLOCK
  let headClock = from?.headClock ?? UNSEEN_CLOCK
  let fileCheckpoints = from?.checkpoints ?? 0
  let isExact = from?.isExact ?? false
  let lastStamp = from?.lastStamp ?? 0
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
  const sessions = new Map<number, SessionEnd>()

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
    for (const [thread, sessionFile, end, shown, written] of state.sessions)
      sessions.set(thread, { file: sessionFile, end, shown, written })
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

  function mark(kind: LandmarkRow['kind'], start: number, step: ClockStep | null = null): void {
    const known = landmarks.get(kind)
    landmarks.set(
      kind,
      known === undefined
        ? { file, start, kind, lastStart: start, count: 1, step }
        : { ...known, lastStart: start, count: known.count + 1 },
    )
  }

  function addToTick(t: ScannedTransaction): void {
    const exact = t.commitUs > 0
    const own = ownSeconds(t, writer)
    if (tickFile !== file) {
      closeTick()
      tickFile = file
      tickStart = t.start
      // What the clock had shown before is for transactions that say nothing themselves.
      if (own > 0) second = own
    } else if (own > second || t.end - tickStart > TICK_BYTES) {
      closeTick()
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

  /** What the transaction shows of the server's clock. */
  function readClock(t: ScannedTransaction): void {
    if (t.commitUs > 0) {
      const exactSeconds = Math.floor(t.commitUs / 1_000_000)
      see(exactSeconds, t.start)
      if (isExact) return
      isExact = true
      addBound({ file, end: FIRST_POSITION, notAfterUs: t.commitUs + 1, kind: 'exact' }, clock)
      return
    }
    const written = writtenSeconds(t, writer)
    if (written > 0) {
      clock = showReading(clock, written)
    } else if (t.serverId === writer.serverId) {
      // A single stamp may be forged. Two different ones in a row are a clock that moves.
      const stamp = t.maxStampSeconds
      if (lastStamp > 0 && stamp !== lastStamp) clock = showReading(clock, Math.min(stamp, lastStamp))
      lastStamp = stamp
    }
  }

  /** The clock shows this, behind all that is ahead of here in the log. */
  function see(seconds: number, at: number): void {
    const step = stepBack(clock, seconds)
    if (step === null) clock = showReading(clock, seconds)
    else stepped(step, at)
  }

  function stepped(step: ClockStep, at: number): void {
    clock = afterStep(clock, step)
    mark('clock-step', at, step)
  }

  /** The session's transaction before this one had committed when this one began. */
  function addSession(t: ScannedTransaction): void {
    const last = sessions.get(t.threadId)
    if (last === undefined) {
      sessions.set(t.threadId, { file, end: t.end, shown: clock.shownSeconds, written: ownSeconds(t, writer) })
      return
    }
    if (t.begunSeconds > 0) {
      const then = { ...clock, shownSeconds: last.shown }
      const step = stepBack(then, t.begunSeconds)
      if (step !== null) {
        // Many sessions show one and the same step.
        if (ambiguousTo(step) > clock.floorSeconds) stepped(step, t.start)
      } else if (t.begunSeconds >= last.written) {
        addBound({ file: last.file, end: last.end, notAfterUs: (t.begunSeconds + 1) * 1_000_000, kind: 'session' }, then)
      }
    }
    last.file = file
    last.end = t.end
    last.shown = clock.shownSeconds
    last.written = ownSeconds(t, writer)
  }

  function forgetIdleSessions(): void {
    if (sessions.size <= MAX_SESSIONS) return
    const byAge = [...sessions].sort(([, a], [, b]) => a.file - b.file || a.end - b.end)
    for (const [thread] of byAge.slice(0, sessions.size - MAX_SESSIONS)) sessions.delete(thread)
  }

  /** `then`: the clock when what is ahead of the bound had been written. */
  function addBound(bound: BoundRow, then: SourceClock): void {
    if (holds(then, bound.notAfterUs)) bounds.add(bound)
  }

  /** The server was started, or shut down. */
  function addServerTime(stampSeconds: number, end: number): void {
    see(stampSeconds, end)
    addBound({ file, end, notAfterUs: (stampSeconds + 1) * 1_000_000, kind: 'server' }, clock)
  }

  function addCheckpoint(start: number): void {
    const gtidSet = executedText(executed)
    checkpoint = { file, start }
    if (gtidSet !== null) checkpoints.push({ file, start, gtidSet })
  }

  return {
    file(scanned, ordinal, fromHead) {
      file = ordinal
      fileName = scanned.name
      if (scanned.format === null) return
      writer = scanned.format
      if (!fromHead) return
      if (scanned.previousGtids === null) resetExecuted(executed, null)
      // A run that goes on behind the head reads the head again.
      const isAgain = checkpoint?.file === ordinal && tickTransactions === 0
      if (!isAgain) closeTick()
      const { stampSeconds, createdSeconds } = scanned.format
      addCheckpoint(FIRST_POSITION)
      const isStart = createdSeconds !== 0
      if (isStart) addServerTime(stampSeconds, FIRST_POSITION)
      second = clock.shownSeconds > 0 ? clock.shownSeconds : stampSeconds
      maxUs = 0
      headClock = clock
      fileCheckpoints = 0
      isExact = false
      if (!isStart || landmarks.get('server-start')?.file === file) return
      // A new run of the server: thread ids begin again.
      sessions.clear()
      mark('server-start', FIRST_POSITION)
    },
    transaction(t) {
      let marks = t.marks
      if (t.serverId !== writer.serverId) marks |= MarkBit['foreign-origin']
      if (t.end - t.start > HUGE_BYTES) marks |= MarkBit.huge
      if (t.commitUs > 0 && isForgedBeside(t.commitUs, t.maxStampSeconds)) marks |= MarkBit['set-timestamp']
      addToTick(t)
      readClock(t)
      if (t.threadId !== 0 && t.commitUs === 0 && t.serverId === writer.serverId && t.writtenSeconds !== 0) addSession(t)
      if (marks !== 0) for (const name of marksOf(marks)) mark(name, t.start)
      if (checkpoint !== null && t.end - checkpoint.start >= CHECKPOINT_BYTES) addCheckpoint(t.end)
    },
    abandoned(start) {
      mark('unfinished', start)
    },
    fileEnd(ending) {
      if (ending.kind === 'stop' && ending.stampSeconds !== null) addServerTime(ending.stampSeconds, ending.coveredEnd)
    },
    checkpoint(stampSeconds, name, position) {
      // The first one is part of the head, with its stamp. Others are written by a thread of their own, when all files before are done with.
      if (fileCheckpoints++ === 0 || name !== fileName) return
      const step = stepBack(headClock, stampSeconds)
      if (step !== null) stepped(step, position)
      else addBound({ file, end: FIRST_POSITION, notAfterUs: (stampSeconds + 1) * 1_000_000, kind: 'checkpoint' }, headClock)
      clock = showReading(clock, stampSeconds)
    },
    clock: () => clock,
    isExact: () => isExact,
    hasPassed: (timeUs) => tickTransactions > 0 && Math.min(second, clock.shownSeconds) * 1_000_000 > timeUs,
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
        clock,
        headClock,
        checkpoints: fileCheckpoints,
        isExact,
        lastStamp,
        gtids: gtids === null ? null : { family: writer.family, set: gtids },
        checkpoint,
        sessions: [...sessions].map(([thread, last]) => [thread, last.file, last.end, last.shown, last.written] as const),
      }
    },
  }
}

function isForgedBeside(commitUs: number, stampSeconds: number): boolean {
  const aheadSeconds = stampSeconds - commitUs / 1_000_000
  return aheadSeconds > 1 || aheadSeconds < -LONGEST_STATEMENT
}

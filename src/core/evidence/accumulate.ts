/**
 * From scanned transactions to index rows. Holds what is open (the tick at hand, sessions, the next checkpoint) as a state
 * that goes into the index with every commit, so that stopping anywhere and going on gives the same rows as one run.
 */
import { GtidPosition, GtidSet } from '../binlog/gtidSet.ts'
import type { Writer } from '../clock/ownTime.ts'
import { ownSeconds } from '../clock/ownTime.ts'
import type { ClockStep, SourceClock } from '../clock/sourceClock.ts'
import { FIRST_POSITION } from '../coordinate.ts'
import type { Executed } from '../scan/executed.ts'
import { executedText, resetExecuted } from '../scan/executed.ts'
import type { ScannedTransaction } from '../scan/grammar.ts'
import { LONGEST_STATEMENT } from '../scan/grammar.ts'
import { MarkBit, marksOf } from '../scan/marks.ts'
import type { FileEnding } from '../scan/ending.ts'
import type { ScannedFile } from '../scan/scan.ts'
import type { ReadingsState } from './readings.ts'
import { createReadings } from './readings.ts'
import type { BoundRow, CheckpointRow, LandmarkRow, TickRow } from './rows.ts'

/** A tick is cut here, so that re-reading one stays cheap. */
export const TICK_BYTES: number = 16 << 20
/** GTID sets are written down this often. */
export const CHECKPOINT_BYTES: number = 64 << 20
/** A transaction of more bytes is marked. */
export const HUGE_BYTES: number = 64 << 20
export interface EvidenceRows {
  readonly ticks: readonly TickRow[]
  readonly bounds: readonly BoundRow[]
  readonly checkpoints: readonly CheckpointRow[]
  readonly landmarks: readonly LandmarkRow[]
}

/** JSON values only. */
export interface EvidenceState extends ReadingsState {
  /** The tick that may still grow. */
  readonly tick: TickRow | null
  readonly second: number
  readonly landmarks: readonly LandmarkRow[]
  readonly maxUs: number
  readonly gtids: { readonly family: 'mysql' | 'mariadb'; readonly set: string } | null
  readonly checkpoint: { readonly file: number; readonly start: number } | null
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
  let second = from?.second ?? 0
  let maxUs = from?.maxUs ?? 0
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
  const readings = createReadings(from, (step, at) => mark('clock-step', at, step))
  const closedLandmarks: LandmarkRow[] = []
  const landmarks = new Map<string, LandmarkRow>()

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
    readings.tidy()
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

  function addCheckpoint(start: number): void {
    const gtidSet = executedText(executed)
    checkpoint = { file, start }
    if (gtidSet !== null) checkpoints.push({ file, start, gtidSet })
  }

  return {
    file(scanned, ordinal, fromHead) {
      file = ordinal
      if (scanned.format === null) return
      writer = scanned.format
      if (!fromHead) {
        readings.file(scanned, ordinal, false)
        return
      }
      if (scanned.previousGtids === null) resetExecuted(executed, null)
      // A run that goes on behind the head reads the head again.
      const isAgain = checkpoint?.file === ordinal && tickTransactions === 0
      if (!isAgain) closeTick()
      const { stampSeconds, createdSeconds } = scanned.format
      addCheckpoint(FIRST_POSITION)
      readings.file(scanned, ordinal, true)
      const { shownSeconds } = readings.clock()
      second = shownSeconds > 0 ? shownSeconds : stampSeconds
      maxUs = 0
      if (createdSeconds !== 0 && landmarks.get('server-start')?.file !== file) mark('server-start', FIRST_POSITION)
    },
    transaction(t) {
      let marks = t.marks
      if (t.serverId !== writer.serverId) marks |= MarkBit['foreign-origin']
      if (t.end - t.start > HUGE_BYTES) marks |= MarkBit.huge
      if (t.commitUs > 0 && isForgedBeside(t.commitUs, t.maxStampSeconds)) marks |= MarkBit['set-timestamp']
      addToTick(t)
      readings.transaction(t)
      if (marks !== 0) for (const name of marksOf(marks)) mark(name, t.start)
      if (checkpoint !== null && t.end - checkpoint.start >= CHECKPOINT_BYTES) addCheckpoint(t.end)
    },
    abandoned(start) {
      mark('unfinished', start)
    },
    fileEnd(ending) {
      if (ending.kind === 'stop' && ending.stampSeconds !== null) readings.stop(ending.stampSeconds, ending.coveredEnd)
    },
    checkpoint: readings.checkpoint,
    clock: readings.clock,
    isExact: readings.isExact,
    hasPassed: (timeUs) => tickTransactions > 0 && Math.min(second, readings.clock().shownSeconds) * 1_000_000 > timeUs,
    drain() {
      const open = currentTick()
      const rows: EvidenceRows = {
        ticks: open === null ? ticks : [...ticks, open],
        bounds: readings.drain(),
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
        ...readings.state(),
        // Not the family of the file at hand: its head may be unreadable.
        gtids: gtids === null ? null : { family: executed.position === null ? 'mysql' : 'mariadb', set: gtids },
        checkpoint,
      }
    },
  }
}

function isForgedBeside(commitUs: number, stampSeconds: number): boolean {
  const aheadSeconds = stampSeconds - commitUs / 1_000_000
  return aheadSeconds > 1 || aheadSeconds < -LONGEST_STATEMENT
}

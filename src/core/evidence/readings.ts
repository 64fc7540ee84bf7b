/**
 * What a log shows of its server's clock, and the bounds of commit times that follow: the exact stamps of MySQL >= 8.0.1, starts and
 * STOPs of the server, MariaDB's checkpoints, and sessions that go on. Stamps alone bound nothing; those of rotations least of all.
 */
import type { Writer } from '../clock/ownTime.ts'
import { ownSeconds, writtenSeconds } from '../clock/ownTime.ts'
import type { ClockStep, SourceClock } from '../clock/sourceClock.ts'
import { afterStep, ambiguousTo, holds, showReading, stepBack, UNSEEN_CLOCK } from '../clock/sourceClock.ts'
import { FIRST_POSITION } from '../coordinate.ts'
import type { ScannedTransaction } from '../scan/grammar.ts'
import { MarkBit } from '../scan/marks.ts'
import type { ScannedFile } from '../scan/scan.ts'
import { createBounds } from './bounds.ts'
import type { BoundRow } from './rows.ts'

/** Sessions that are remembered; beyond, those idle for longest are forgotten, which loses evidence but invents none. */
const MAX_SESSIONS = 1024

/** JSON values only. */
export interface ReadingsState {
  readonly clock: SourceClock
  /** As it was at the head of the file at hand. */
  readonly headClock: SourceClock
  /** The file at hand has exact stamps. */
  readonly isExact: boolean
  /** The latest exact stamp (Unix microseconds); 0: none. */
  readonly exactUs: number
  /** The last stamp that nothing else confirms (seconds); 0: none. */
  readonly lastStamp: number
  /** Of each thread, its last transaction, as SessionEnd says. Idle for longest first. */
  readonly sessions: readonly (readonly [
    thread: number,
    file: number,
    end: number,
    shown: number,
    own: number,
    isApart: boolean,
  ])[]
}

export interface Readings {
  /** A file goes on; from its head: begins. */
  readonly file: (file: ScannedFile, ordinal: number, fromHead: boolean) => void
  readonly transaction: (t: ScannedTransaction) => void
  /** A STOP that ends at `end`. */
  readonly stop: (stampSeconds: number, end: number) => void
  /** MariaDB's BINLOG_CHECKPOINT at a position, for the file of that name. */
  readonly checkpoint: (stampSeconds: number, name: string, position: number) => void
  /** Forgets sessions if there are too many; between transactions. */
  readonly tidy: () => void
  readonly clock: () => SourceClock
  /** The file at hand has exact stamps. */
  readonly isExact: () => boolean
  readonly drain: () => BoundRow[]
  readonly state: () => ReadingsState
}

interface SessionEnd {
  file: number
  end: number
  /** What the clock had shown by then, and the transaction's own time (seconds). */
  shown: number
  own: number
  /** It may stand ahead of a transaction that was running around it. */
  isApart: boolean
}

/** `onStep`: the clock was put back ahead of a position of the file at hand. */
export function createReadings(from: ReadingsState | null, onStep: (step: ClockStep, at: number) => void): Readings {
  let file = 0
  let fileName = ''
  let fileStamp = 0
  let writer: Writer = { serverId: 0, family: 'mysql' }
  let clock = from?.clock ?? UNSEEN_CLOCK
  let headClock = from?.headClock ?? UNSEEN_CLOCK
  let isExact = from?.isExact ?? false
  let exactUs = from?.exactUs ?? 0
  let lastStamp = from?.lastStamp ?? 0
  const bounds = createBounds()
  const sessions = new Map<number, SessionEnd>()
  for (const [thread, of, end, shown, own, isApart] of from?.sessions ?? [])
    sessions.set(thread, { file: of, end, shown, own, isApart })

  /** The clock shows this, behind all that is ahead of here in the log. */
  function see(seconds: number, at: number): void {
    const step = stepBack(clock, seconds)
    if (step === null) clock = showReading(clock, seconds)
    else stepped(step, at)
  }

  function stepped(step: ClockStep, at: number): void {
    clock = afterStep(clock, step)
    onStep(step, at)
  }

  /** `then`: the clock when what is ahead of the bound had been written. */
  function addBound(bound: BoundRow, then: SourceClock): void {
    if (holds(then, bound.notAfterUs)) bounds.add(bound)
  }

  /** The server was started, or shut down. */
  function addServerTime(stampSeconds: number, end: number): void {
    see(stampSeconds, end)
    addBound({ file, end, notAfterUs: endOfSecond(stampSeconds), kind: 'server' }, clock)
  }

  function addExact({ commitUs, start }: ScannedTransaction): void {
    see(Math.floor(commitUs / 1_000_000), start)
    // Of a step back within a second only the stamps themselves tell.
    if (commitUs > exactUs) exactUs = commitUs
    if (isExact) return
    isExact = true
    addBound({ file, end: FIRST_POSITION, notAfterUs: exactUs + 1, kind: 'exact' }, clock)
  }

  /** A single stamp may be forged. Two different ones in a row are a clock that moves. */
  function addStamp(stamp: number): void {
    if (lastStamp > 0 && stamp !== lastStamp) clock = showReading(clock, Math.min(stamp, lastStamp))
    lastStamp = stamp
  }

  /** The session's transaction before this one had committed when this one began, unless it was written from inside of this one. */
  function addSession(t: ScannedTransaction): void {
    const last = sessions.get(t.threadId)
    const isApart = (t.marks & MarkBit['non-transactional']) !== 0
    if (last !== undefined && (isApart || !last.isApart)) {
      const then = { ...clock, shownSeconds: last.shown }
      const step = stepBack(then, t.begunSeconds)
      if (step !== null) {
        // Many sessions show one and the same step.
        if (ambiguousTo(step) > clock.floorSeconds) stepped(step, t.start)
      } else if (t.begunSeconds >= last.own) {
        addBound({ file: last.file, end: last.end, notAfterUs: endOfSecond(t.begunSeconds), kind: 'session' }, then)
      }
    }
    const end = last ?? { file, end: 0, shown: 0, own: 0, isApart }
    end.file = file
    end.end = t.end
    end.shown = clock.shownSeconds
    end.own = ownSeconds(t, writer)
    end.isApart = isApart
    if (last === undefined) sessions.set(t.threadId, end)
  }

  return {
    file({ name, format }, ordinal, fromHead) {
      file = ordinal
      fileName = name
      if (format === null) return
      writer = format
      fileStamp = format.stampSeconds
      if (!fromHead) return
      if (format.createdSeconds !== 0) {
        addServerTime(format.stampSeconds, FIRST_POSITION)
        sessions.clear() // a new run of the server: thread ids begin again
      }
      headClock = clock
      isExact = false
    },
    transaction(t) {
      if (t.commitUs > 0) {
        addExact(t)
        return
      }
      const isOwn = t.serverId === writer.serverId
      const written = writtenSeconds(t, writer)
      if (written > 0) clock = showReading(clock, written)
      else if (isOwn) addStamp(t.maxStampSeconds)
      if (isOwn && t.threadId !== 0 && t.begunSeconds !== 0) addSession(t)
    },
    stop: addServerTime,
    checkpoint(stampSeconds, name, position) {
      // That of the head, and one that the session writes which rotated the log, have the stamp of its statement, as the file has. Others are
      // written by a thread of their own, when all files before are done with.
      if (name !== fileName || stampSeconds === fileStamp) return
      const step = stepBack(headClock, stampSeconds)
      if (step !== null) stepped(step, position)
      else addBound({ file, end: FIRST_POSITION, notAfterUs: endOfSecond(stampSeconds), kind: 'checkpoint' }, headClock)
      clock = showReading(clock, stampSeconds)
    },
    tidy() {
      if (sessions.size <= MAX_SESSIONS) return
      const byAge = [...sessions].sort(([, a], [, b]) => a.file - b.file || a.end - b.end)
      for (const [thread] of byAge.slice(0, sessions.size - MAX_SESSIONS)) sessions.delete(thread)
    },
    clock: () => clock,
    isExact: () => isExact,
    drain: bounds.drain,
    state: () => ({
      clock,
      headClock,
      isExact,
      exactUs,
      lastStamp,
      sessions: [...sessions].map(
        ([thread, { file: of, end, shown, own, isApart }]) => [thread, of, end, shown, own, isApart] as const,
      ),
    }),
  }
}

/** Stamps are whole seconds, cut off: what was stamped so was before this (Unix microseconds). */
function endOfSecond(seconds: number): number {
  return (seconds + 1) * 1_000_000
}

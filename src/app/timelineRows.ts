/** The rows of a timeline, read from the index: a range of it, and for how long its buckets are. */
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { FileRow, GapRow, LandmarkRow, TickRow } from '../core/evidence/rows.ts'
import { BinpointError } from '../errors.ts'
import { createNotAfter } from './notAfter.ts'
import type { TickTime } from './tickTime.ts'
import { createTickTime, secondBefore } from './tickTime.ts'
import type { TimelineGap, TimelinePart, TimelineRows } from './timeline.ts'

/** An end of a range: a coordinate, or a time (Unix microseconds). */
export type RangeEnd = Coordinate | { readonly timeUs: number }

export interface TimelineRequest {
  readonly store: IndexStore
  readonly log: LogRow
  /** Undefined: where the index begins, or ends. A tick is of the range when it holds `from`, and begins before `to`. */
  readonly from?: RangeEnd | undefined
  readonly to?: RangeEnd | undefined
  /** Undefined: such that there are about 60. */
  readonly bucketSeconds?: number | undefined
  readonly nowUs: number
  /** The index reaches to the end of a log that is written now: what it does not hold up to now did not happen. */
  readonly isLive: boolean
}

/** Throws USAGE for a coordinate in a file that the index does not have, and for a range that ends before it begins. */
export function timelineRows(request: TimelineRequest): TimelineRows {
  const { store, log, from, to } = request
  const files = store.files(log)
  const times = timesOf(request, files)
  const fromSecond = secondOf(from, Math.floor)
  const toSecond = secondOf(to, Math.ceil)
  const begin = placeOf(files, from)
  const end = placeOf(files, to)
  const isBackward =
    (fromSecond !== null && toSecond !== null && toSecond < fromSecond) ||
    (begin !== null && end !== null && (end.file - begin.file || end.position - begin.position) < 0)
  if (isBackward) throw new BinpointError('USAGE', '--to lies before --from')
  const isInRange = ({ file }: { readonly file: number }): boolean =>
    file >= (begin?.file ?? 0) && file <= (end?.file ?? Number.POSITIVE_INFINITY)
  const inRange = files.filter(({ ordinal }) => isInRange({ file: ordinal }))
  return {
    source: log.source,
    parts: partsOf(request, inRange, times, { begin, end, fromSecond }),
    gaps: gapsOf(store.gaps(log).filter(isInRange), files, times),
    timeOf: times.tickTime(),
    fromSecond,
    toSecond,
    bucketSeconds: request.bucketSeconds ?? bucketFor(fromSecond, toSecond, inRange, times),
    knownFromSecond: knownFrom(files, times),
    knownToSecond: request.isLive ? Math.floor(request.nowUs / 1_000_000) : knownTo(log, files, times),
  }
}

interface Place {
  readonly file: number
  readonly position: number
}

function secondOf(end: RangeEnd | undefined, round: (seconds: number) => number): number | null {
  return end === undefined || !('timeUs' in end) ? null : round(end.timeUs / 1_000_000)
}

function placeOf(files: readonly FileRow[], end: RangeEnd | undefined): Place | null {
  if (end === undefined || 'timeUs' in end) return null
  const file = files.find(({ name }) => name === end.file)
  if (file !== undefined) return { file: file.ordinal, position: end.position }
  throw new BinpointError('USAGE', `the index has no file ${end.file}`, {
    hint: files[0] === undefined ? undefined : `it has ${files[0].name} to ${files.at(-1)?.name ?? ''}`,
  })
}

/** When ticks and files were, as far as is known. */
interface Times {
  /** One for each pass along the log. */
  readonly tickTime: () => TickTime
  readonly beginOf: (file: FileRow) => number | null
  /** The second of a file's first or last tick; null without one. */
  readonly firstOf: (file: FileRow) => number | null
  readonly lastOf: (file: FileRow) => number | null
}

function timesOf({ store, log, nowUs }: TimelineRequest, files: readonly FileRow[]): Times {
  const shownSeconds = log.state?.clock.shownSeconds ?? 0
  const tickTime = (): TickTime => createTickTime({ files, notAfter: createNotAfter(store, log), shownSeconds, nowUs })
  const [beginNotAfter, firstTime, lastTime] = [createNotAfter(store, log), tickTime(), tickTime()]
  return {
    tickTime,
    beginOf: ({ format, ordinal, stampSeconds }) => {
      if (format === '') return null
      // The stamp of a file's head is forged by SET TIMESTAMP in the session that rotated the log.
      const limitUs = Math.min(nowUs + 1, beginNotAfter({ file: ordinal, position: FIRST_POSITION }))
      return Math.min(stampSeconds, secondBefore(limitUs))
    },
    firstOf: ({ ordinal }) => {
      const tick = store.tickInFile(log, ordinal, 0)
      return tick === null ? null : firstTime(tick)
    },
    lastOf: ({ ordinal }) => {
      const tick = store.tickBefore(log, { file: ordinal + 1, second: 0, start: 0 })
      return tick?.file === ordinal ? lastTime(tick) : null
    },
  }
}

interface Ends {
  readonly begin: Place | null
  readonly end: Place | null
  readonly fromSecond: number | null
}

/** A file's rows at a time: a log has more landmarks than fit into memory. */
function* partsOf({ store, log }: TimelineRequest, files: readonly FileRow[], times: Times, ends: Ends): Generator<TimelinePart> {
  for (const file of files) {
    const { ordinal } = file
    const none = { file: ordinal + 1, second: 0, start: 0 }
    const first = firstTick(store, log, ordinal, ends)
    const end = ends.end?.file === ordinal ? tickFrom(store, log, ends.end) : null
    const isHeadAsked = ends.begin?.file !== ordinal || ends.begin.position === FIRST_POSITION
    const isFromHead = isHeadAsked && first?.start === store.tickInFile(log, ordinal, 0)?.start
    const to = { file: ordinal, position: ends.end?.file === ordinal ? ends.end.position : Number.MAX_SAFE_INTEGER }
    yield {
      file,
      beginSecond: times.beginOf(file),
      ticks: store.ticks(log, first ?? none, end ?? none),
      landmarks: landmarksOf(store, log, { file: ordinal, position: isFromHead ? 0 : (first?.start ?? to.position) }, to),
    }
  }
}

/** What comes before a time is not read, as far as seconds say so; those of a file never decrease. */
function firstTick(store: IndexStore, log: LogRow, file: number, { begin, fromSecond }: Ends): TickRow | null {
  const tick =
    begin?.file === file ? store.tickContaining(log, file, begin.position) : store.tickInFile(log, file, fromSecond ?? 0)
  return tick?.file === file ? tick : null
}

/** The first one that starts at or behind a place. */
function tickFrom(store: IndexStore, log: LogRow, { file, position }: Place): TickRow | null {
  const tick = store.tickContaining(log, file, position)
  const next = tick !== null && tick.start < position ? store.tickAfter(log, tick) : tick
  return next?.file === file ? next : null
}

function landmarksOf(store: IndexStore, log: LogRow, from: Place, to: Place): LandmarkRow[] {
  return from.position >= to.position ? [] : store.landmarksIn(log, from, to)
}

function gapsOf(rows: readonly GapRow[], files: readonly FileRow[], times: Times): TimelineGap[] {
  return rows.map((row) => {
    const i = files.findIndex(({ ordinal }) => ordinal === row.file)
    const behind = files.slice(i + 1).find((file) => file.format !== '')
    return {
      at: { file: files[i]?.name ?? '', position: row.position },
      cause: row.cause,
      fromSecond: lastKnown(files.slice(0, i + 1), times),
      toSecond: behind === undefined ? null : times.beginOf(behind),
    }
  })
}

/** Of the last file that says something. */
function lastKnown(files: readonly FileRow[], times: Times): number {
  for (const file of files.toReversed()) {
    const second = times.lastOf(file) ?? times.beginOf(file)
    if (second !== null) return second
  }
  return 0
}

function knownFrom(files: readonly FileRow[], times: Times): number {
  const [first] = files
  if (first === undefined) return Number.POSITIVE_INFINITY
  const isFromHead = first.coveredFrom === FIRST_POSITION
  return (isFromHead ? times.beginOf(first) : times.firstOf(first)) ?? Number.POSITIVE_INFINITY
}

function knownTo(log: LogRow, files: readonly FileRow[], times: Times): number {
  return Math.max(log.state?.clock.shownSeconds ?? 0, lastKnown(files, times))
}

const DAY = 86_400
const ABOUT = 60
const lengths = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, DAY]

/** A length that people count in, so that there are about 60 buckets. */
function bucketFor(from: number | null, to: number | null, files: readonly FileRow[], times: Times): number {
  const ends = files.flatMap((file) => [times.firstOf(file), times.lastOf(file)]).filter((second) => second !== null)
  const range = (to ?? Math.max(from ?? 0, ...ends)) - (from ?? Math.min(to ?? Number.MAX_SAFE_INTEGER, ...ends))
  return lengths.find((length) => range / length <= ABOUT) ?? Math.ceil(range / ABOUT / DAY) * DAY
}

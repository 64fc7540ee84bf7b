/**
 * Activity over time: what ticks hold, put into buckets by when it was committed. A function of rows, in one pass over the ticks. Invariant:
 * each tick of the range counts in one bucket, whole; and a bucket without activity is known to be without, or says that it is not known.
 */
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { FileRow, LandmarkRow, TickRow } from '../core/evidence/rows.ts'
import { BinpointError } from '../errors.ts'
import type { TickTime } from './tickTime.ts'

/** `future-time`: transactions behind a stamp of the future in their file, shown by when they are known to have committed. */
export type TimelineKind = LandmarkRow['kind'] | 'future-time'

export interface TimelineLandmark {
  readonly kind: TimelineKind
  /** Transactions. */
  readonly count: number
  readonly first: Coordinate
  readonly last: Coordinate
}

export interface TimelineBucket {
  readonly second: number
  readonly transactions: number
  readonly bytes: number
  /** Start of its first tick in the log: replication may start there. Null without activity. */
  readonly first: Coordinate | null
  /** False: some of this time lies before or behind what the index knows, or in a hole; what is counted is the least. */
  readonly isKnown: boolean
  readonly landmarks: readonly TimelineLandmark[]
}

export interface TimelineGap {
  readonly at: Coordinate
  readonly cause: string
  /** Of this time nothing is known; null: from there on. */
  readonly fromSecond: number
  readonly toSecond: number | null
}

export interface TimelineStep {
  readonly at: Coordinate
  readonly fromSecond: number
  readonly toSecond: number
}

/** A time is null where the file cannot be read. */
export interface TimelineFile {
  readonly name: string
  readonly beginSecond: number | null
}

export interface Timeline {
  readonly source: string
  /** [from, to); null where the log holds nothing. */
  readonly fromSecond: number | null
  readonly toSecond: number | null
  readonly bucketSeconds: number
  readonly buckets: readonly TimelineBucket[]
  /** One for each kind. */
  readonly landmarks: readonly TimelineLandmark[]
  readonly gaps: readonly TimelineGap[]
  readonly clockSteps: readonly TimelineStep[]
  readonly serverStarts: readonly { readonly at: Coordinate; readonly second: number | null }[]
  readonly files: readonly TimelineFile[]
}

/** Of one file: its ticks and landmarks in log order; a landmark belongs to the last tick that begins at or before it. */
export interface TimelinePart {
  readonly file: FileRow
  readonly beginSecond: number | null
  readonly ticks: Iterable<TickRow>
  readonly landmarks: readonly LandmarkRow[]
}

export interface TimelineRows {
  readonly source: string
  readonly parts: Iterable<TimelinePart>
  readonly gaps: readonly TimelineGap[]
  readonly timeOf: TickTime
  /** Unix seconds of the source's clock, [from, to); null: as far as the ticks go. */
  readonly fromSecond: number | null
  readonly toSecond: number | null
  readonly bucketSeconds: number
  /** The index knows of this time, but for the gaps. */
  readonly knownFromSecond: number
  readonly knownToSecond: number
}

/** More would be no picture any more, and take room. */
export const MAX_BUCKETS = 100_000

/** Throws USAGE for more than MAX_BUCKETS. */
export function timeline(rows: TimelineRows): Timeline {
  const { source, bucketSeconds } = rows
  const from = rows.fromSecond ?? Number.NEGATIVE_INFINITY
  const to = rows.toSecond ?? Number.POSITIVE_INFINITY
  const isIn = (second: number | null): second is number => second !== null && second >= from && second < to
  const counted = new Map<number, Counted>()
  const landmarks = new Map<TimelineKind, TimelineLandmark>()
  const clockSteps: TimelineStep[] = []
  const serverStarts: Timeline['serverStarts'][number][] = []
  const files: TimelineFile[] = []
  let seenFrom = Number.POSITIVE_INFINITY
  let seenTo = Number.NEGATIVE_INFINITY

  function bucketAt(second: number): Counted {
    const n = Math.floor(second / bucketSeconds)
    const bucket = counted.get(n) ?? { transactions: 0, bytes: 0, first: null, landmarks: new Map() }
    if (!counted.has(n)) counted.set(n, bucket)
    if (counted.size > MAX_BUCKETS) throw tooMany(counted.size)
    if (second < seenFrom) seenFrom = second
    if (second >= seenTo) seenTo = second + 1
    return bucket
  }

  function mark(second: number, landmark: TimelineLandmark): void {
    add(bucketAt(second).landmarks, landmark)
    add(landmarks, landmark)
  }

  function addTick({ name }: FileRow, tick: TickRow, second: number): void {
    const bucket = bucketAt(second)
    const at = { file: name, position: tick.start }
    bucket.transactions += tick.transactions
    bucket.bytes += tick.bytes
    bucket.first ??= at
    if (second !== tick.second) mark(second, { kind: 'future-time', count: tick.transactions, first: at, last: at })
  }

  /** `second`: of its tick. A start of the server has a time of its own. */
  function addLandmark({ file: { name }, beginSecond }: TimelinePart, landmark: LandmarkRow, second: number | null): void {
    const { kind, count, step } = landmark
    const at = { file: name, position: landmark.start }
    const own = kind === 'server-start' && landmark.start === FIRST_POSITION ? beginSecond : second
    if (!isIn(own)) return
    mark(own, { kind, count, first: at, last: { file: name, position: landmark.lastStart } })
    if (kind === 'server-start') serverStarts.push({ at, second: own })
    if (step !== null) clockSteps.push({ at, fromSecond: step.fromSeconds, toSecond: step.toSeconds })
  }

  for (const part of rows.parts) {
    const { file, beginSecond } = part
    let isPart = isIn(beginSecond)
    let next = 0
    let current = beginSecond
    const marksBefore = (position: number): void => {
      for (; next < part.landmarks.length; next++) {
        const landmark = part.landmarks[next]
        if (landmark === undefined || landmark.start >= position) return
        addLandmark(part, landmark, current)
      }
    }
    for (const tick of part.ticks) {
      marksBefore(tick.start)
      current = rows.timeOf(tick)
      // Within a file, no tick is of an earlier time than the one ahead of it.
      if (current >= to) break
      if (!isIn(current)) continue
      addTick(file, tick, current)
      isPart = true
    }
    marksBefore(Number.POSITIVE_INFINITY)
    if (isPart) files.push({ name: file.name, beginSecond })
  }

  const first = rows.fromSecond ?? (seenFrom === Number.POSITIVE_INFINITY ? null : seenFrom)
  const end = rows.toSecond ?? (seenTo === Number.NEGATIVE_INFINITY ? first : Math.max(seenTo, first ?? seenTo))
  const isEmpty = first === null || end === null || end <= first
  return {
    source,
    fromSecond: first,
    toSecond: end,
    bucketSeconds,
    buckets: isEmpty ? [] : bucketsOf(rows, counted, first, end),
    landmarks: [...landmarks.values()],
    gaps: rows.gaps.filter((gap) => gap.fromSecond < to && (gap.toSecond ?? Number.POSITIVE_INFINITY) >= from),
    clockSteps,
    serverStarts,
    files,
  }
}

interface Counted {
  transactions: number
  bytes: number
  first: Coordinate | null
  readonly landmarks: Map<TimelineKind, TimelineLandmark>
}

function add(to: Map<TimelineKind, TimelineLandmark>, landmark: TimelineLandmark): void {
  const known = to.get(landmark.kind)
  to.set(landmark.kind, known === undefined ? landmark : { ...known, count: known.count + landmark.count, last: landmark.last })
}

/** All of [from, to), those without activity too. */
function bucketsOf(rows: TimelineRows, counted: ReadonlyMap<number, Counted>, from: number, to: number): TimelineBucket[] {
  const { bucketSeconds } = rows
  const first = Math.floor(from / bucketSeconds)
  const count = Math.ceil(to / bucketSeconds) - first
  if (count > MAX_BUCKETS) throw tooMany(count)
  return Array.from({ length: count }, (_, i): TimelineBucket => {
    const second = (first + i) * bucketSeconds
    const bucket = counted.get(first + i)
    return {
      second,
      transactions: bucket?.transactions ?? 0,
      bytes: bucket?.bytes ?? 0,
      first: bucket?.first ?? null,
      isKnown: isKnown(rows, Math.max(second, from), Math.min(second + bucketSeconds, to)),
      landmarks: bucket === undefined ? [] : [...bucket.landmarks.values()],
    }
  })
}

/** Of [from, to). */
function isKnown({ gaps, knownFromSecond, knownToSecond }: TimelineRows, from: number, to: number): boolean {
  if (from < knownFromSecond || from > knownToSecond) return false
  return !gaps.some((gap) => gap.fromSecond < to && Math.max(gap.fromSecond, gap.toSecond ?? Number.POSITIVE_INFINITY) >= from)
}

function tooMany(count: number): BinpointError {
  return new BinpointError('USAGE', `that would be ${count} buckets or more: at most ${MAX_BUCKETS} are shown`, {
    hint: 'give a longer --bucket, or a shorter range with --from and --to',
  })
}

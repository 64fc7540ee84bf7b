/** Activity over time: a bar for each bucket for people, and all of it as JSON. */
import type { Timeline, TimelineBucket, TimelineLandmark } from '../../app/timeline.ts'
import type { Coordinate } from '../../core/coordinate.ts'
import { formatCoordinate } from '../../core/coordinate.ts'
import { formatDuration } from '../../core/time/duration.ts'
import { formatUtc } from '../../core/time/format.ts'
import type { Json } from './json.ts'
import type { Style } from './text.ts'
import { columns, formatBytes, formatTime, plural } from './text.ts'

export function renderTimeline(timeline: Timeline, style: Style, zone: string | undefined): string {
  const { source, fromSecond, toSecond, bucketSeconds, buckets } = timeline
  const time = (second: number): string => formatTime(second * 1_000_000, zone)
  const transactions = sum(buckets, (bucket) => bucket.transactions)
  const bytes = sum(buckets, (bucket) => bucket.bytes)
  const head: [string, string][] = [['source', style.strong(source)]]
  if (fromSecond === null || toSecond === null) head.push(['holds', 'nothing in this range'])
  else {
    head.push(
      ['from', time(fromSecond)],
      ['to', time(toSecond)],
      ['holds', `${plural(transactions, 'transaction')}, ${formatBytes(bytes)}`],
      ['buckets', `${buckets.length} of ${formatDuration(bucketSeconds * 1_000_000)}`],
    )
  }
  const notes: [string, string][] = [
    ...timeline.serverStarts.map(({ at, second }): [string, string] => [
      'server start',
      `${second === null ? '' : `${time(second)}   `}${formatCoordinate(at)}`,
    ]),
    ...timeline.clockSteps.map(({ at, fromSecond: before, toSecond: behind }): [string, string] => [
      'clock step',
      style.careful(`from ${time(before)} back to ${time(behind)} at ${formatCoordinate(at)}`),
    ]),
    ...timeline.gaps.map((gap): [string, string] => {
      const until = gap.toSecond === null ? 'the end' : time(gap.toSecond)
      return [
        'gap',
        style.bad(`unknown from ${time(gap.fromSecond)} to ${until}, from ${formatCoordinate(gap.at)} on: ${gap.cause}`),
      ]
    }),
  ]
  return [columns(head), bars(buckets, style, time), columns(notes)].filter((part) => part !== '').join('\n')
}

function sum(buckets: readonly TimelineBucket[], of: (bucket: TimelineBucket) => number): number {
  return buckets.reduce((total, bucket) => total + of(bucket), 0)
}

const WIDTH = 40
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A line for each bucket; `?`: there may be more. */
function bars(buckets: readonly TimelineBucket[], style: Style, time: (second: number) => string): string {
  const most = buckets.reduce((max, bucket) => Math.max(max, bucket.transactions), 1)
  const counts = buckets.map(({ transactions, isKnown }) => (isKnown ? String(transactions) : `${transactions}?`))
  const countWidth = Math.max(...counts.map((count) => count.length), 0)
  return buckets
    .map((bucket, i) => {
      const parts = [time(bucket.second), bar(bucket.transactions / most).padEnd(WIDTH), (counts[i] ?? '').padStart(countWidth)]
      if (bucket.first !== null) parts.push(formatBytes(bucket.bytes).padStart(8), formatCoordinate(bucket.first))
      else if (!bucket.isKnown && bucket.landmarks.length === 0) parts.push(style.dim('unknown'))
      if (bucket.landmarks.length > 0) parts.push(style.careful(bucket.landmarks.map(landmarkText).join(', ')))
      return `${parts.join('  ').trimEnd()}\n`
    })
    .join('')
}

/** What is there shows, however little it is. */
function bar(share: number): string {
  const length = share === 0 ? 0 : Math.max(1, Math.round(share * WIDTH * 8))
  return '█'.repeat(Math.floor(length / 8)) + (eighths[length % 8] ?? '')
}

function landmarkText({ kind, count }: TimelineLandmark): string {
  return count === 1 ? kind : `${kind} ${count}`
}

export function timelineJson(timeline: Timeline): Json {
  return {
    source: timeline.source,
    from: timeJson(timeline.fromSecond),
    to: timeJson(timeline.toSecond),
    bucketSeconds: timeline.bucketSeconds,
    buckets: timeline.buckets.map((bucket) => ({
      time: timeJson(bucket.second),
      transactions: bucket.transactions,
      bytes: bucket.bytes,
      first: place(bucket.first),
      known: bucket.isKnown,
      landmarks: bucket.landmarks.map(landmarkJson),
    })),
    landmarks: timeline.landmarks.map(landmarkJson),
    gaps: timeline.gaps.map((gap) => ({
      ...gap.at,
      cause: gap.cause,
      from: timeJson(gap.fromSecond),
      to: timeJson(gap.toSecond),
    })),
    clockSteps: timeline.clockSteps.map(({ at, fromSecond, toSecond }) => ({
      ...at,
      from: timeJson(fromSecond),
      to: timeJson(toSecond),
    })),
    serverStarts: timeline.serverStarts.map(({ at, second }) => ({ ...at, time: timeJson(second) })),
    files: timeline.files.map(({ name, beginSecond }) => ({ name, time: timeJson(beginSecond) })),
  }
}

function timeJson(second: number | null): string | null {
  return second === null ? null : formatUtc(second * 1_000_000)
}

function place(at: Coordinate | null): Json {
  return at === null ? null : { ...at }
}

function landmarkJson({ kind, count, first, last }: TimelineLandmark): Json {
  return { kind, count, first: { ...first }, last: { ...last } }
}

/** Whatever the buckets and the range: no transaction is lost, doubled, or shown at a time that it cannot have been committed at. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/app/index.ts'
import type { Timeline } from '../../src/app/timeline.ts'
import { MAX_BUCKETS, timeline } from '../../src/app/timeline.ts'
import type { TimelineRequest } from '../../src/app/timelineRows.ts'
import { timelineRows } from '../../src/app/timelineRows.ts'
import { createEvidence } from '../../src/core/evidence/accumulate.ts'
import type { IndexStore, LogRow } from '../../src/core/evidence/port.ts'
import type { BoundRow, FileRow, GapRow, LandmarkRow, TickRow } from '../../src/core/evidence/rows.ts'
import { createExecuted } from '../../src/core/scan/executed.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import { fixtureLogs } from '../support/logs.ts'

const START = 1_700_000_000
const LATE_US = (START + 10_000_000) * 1_000_000

interface Rows {
  readonly files: readonly FileRow[]
  readonly ticks: readonly TickRow[]
  readonly bounds: readonly BoundRow[]
  readonly landmarks: readonly LandmarkRow[]
  readonly gaps: readonly GapRow[]
}

function stored(store: IndexStore, { files, gaps, ...rows }: Rows): LogRow {
  const state = createEvidence(createExecuted(), null).state()
  const begun = store.beginLog({ source: 'here', fingerprint: '', serverUuid: null, serverId: 1 })
  return store.commit(begun, { files, rows: { ...rows, checkpoints: [] }, arrivals: [], gaps, state })
}

function fileRow(ordinal: number, stampSeconds: number, coveredEnd: number): FileRow {
  return {
    ordinal,
    name: nameOf(ordinal),
    format: 'format',
    fingerprint: 'head',
    serverVersion: '5.7.44-log',
    serverId: 1,
    stampSeconds,
    shownSeconds: 0,
    coveredFrom: 4,
    coveredEnd,
    anchorStart: 4,
    anchorCrc: 0,
    endedBy: 'rotate',
    next: null,
  }
}

const nameOf = (ordinal: number): string => `mysql-bin.${String(ordinal + 1).padStart(6, '0')}`

function shown(request: Omit<TimelineRequest, 'nowUs' | 'isLive'> & { readonly nowUs?: number }): Timeline {
  return timeline(timelineRows({ nowUs: LATE_US, isLive: false, ...request }))
}

function sums({ buckets }: Timeline): { transactions: number; bytes: number } {
  return {
    transactions: buckets.reduce((sum, bucket) => sum + bucket.transactions, 0),
    bytes: buckets.reduce((sum, bucket) => sum + bucket.bytes, 0),
  }
}

/** From tick to tick: seconds (a clock that was put back begins a file), whether the stamp is of the future, whether a bound stands behind. */
const steps = fc.array(
  fc.record({
    seconds: fc.constantFrom(0, 1, 2, 60, 3600),
    isNewFile: fc.boolean(),
    isBack: fc.constantFrom(false, false, false, true),
    isForged: fc.constantFrom(false, false, false, true),
    isBounded: fc.boolean(),
    mark: fc.constantFrom<LandmarkRow['kind'] | null>(null, null, 'ddl', 'huge'),
  }),
  { minLength: 1, maxLength: 30 },
)
const buckets = fc.constantFrom(1, 7, 60, 3600, 86_400)
const FORGED = 200_000_000

function rowsOf(
  list: typeof steps extends fc.Arbitrary<infer Steps> ? Steps : never,
): Rows & { readonly true: readonly number[] } {
  const files: FileRow[] = []
  const ticks: TickRow[] = []
  const bounds: BoundRow[] = []
  const landmarks: LandmarkRow[] = []
  const clock: number[] = []
  let now = START
  let highest = now
  let file = 0
  let end = 4
  let lift = 0
  for (const step of list) {
    if (step.isNewFile && ticks.length > 0) {
      file++
      end = 4
      lift = 0
      if (step.isBack) now -= 5000
    }
    now += step.seconds
    highest = Math.max(highest, now)
    const start = end
    end += 100
    lift = Math.max(lift, step.isForged ? now + FORGED : now)
    ticks.push({ second: lift, file, start, end, maxUs: null, transactions: 2, bytes: 100 })
    clock.push(now)
    if (step.mark !== null) landmarks.push({ file, start, kind: step.mark, lastStart: start, count: 1, step: null })
    // As the index does: no bound while the clock repeats what it has shown.
    if (step.isBounded && now === highest) bounds.push({ file, end, notAfterUs: (now + 1) * 1_000_000, kind: 'session' })
    files[file] = fileRow(file, files[file]?.stampSeconds ?? now, end)
  }
  // The server was shut down.
  bounds.push({ file, end, notAfterUs: (highest + 1) * 1_000_000, kind: 'server' })
  return { files, ticks, bounds, landmarks, gaps: [], true: clock }
}

describe('a made log', () => {
  test('counts every transaction once, in buckets of any length', () => {
    fc.assert(
      fc.property(steps, buckets, (list, bucketSeconds) => {
        using store = openStore(':memory:')
        const rows = rowsOf(list)
        const log = stored(store, rows)
        const { transactions, bytes } = store.counts(log)
        const whole = shown({ store, log, bucketSeconds })
        expect(sums(whole)).toEqual({ transactions, bytes })
        const starts = new Set(rows.ticks.map((tick) => `${nameOf(tick.file)}:${tick.start}`))
        for (const bucket of whole.buckets) {
          expect(bucket.second % bucketSeconds).toBe(0)
          expect(bucket.first === null).toBe(bucket.transactions === 0)
        }
        const firsts = whole.buckets.flatMap(({ first }) => (first === null ? [] : [`${first.file}:${first.position}`]))
        expect(firsts.filter((first) => !starts.has(first))).toEqual([])
        const marks = (kind: string): number => whole.landmarks.find((landmark) => landmark.kind === kind)?.count ?? 0
        for (const kind of ['ddl', 'huge']) expect(marks(kind)).toBe(rows.landmarks.filter((row) => row.kind === kind).length)
        expect(whole.files.map((file) => file.name)).toEqual(rows.files.map((file) => file.name))
      }),
      { numRuns: 200 },
    )
  })

  test('shows stamps of the future by what is known, and says so', () => {
    fc.assert(
      fc.property(steps, (list) => {
        using store = openStore(':memory:')
        const rows = rowsOf(list)
        const log = stored(store, rows)
        const expected = new Map<number, number>()
        let lifted = 0
        for (const tick of rows.ticks) {
          const bound = Math.min(
            ...rows.bounds
              .filter((b) => b.file > tick.file || (b.file === tick.file && b.end >= tick.end))
              .map((b) => b.notAfterUs),
          )
          const second = Math.min(tick.second, bound / 1_000_000 - 1)
          if (second < tick.second) lifted += tick.transactions
          expected.set(second, (expected.get(second) ?? 0) + tick.transactions)
        }
        // As seconds, without the empty ones, which may be many.
        const { buckets: found, landmarks } = shown({ store, log, bucketSeconds: 1 })
        const active = found.filter((bucket) => bucket.transactions > 0)
        expect(active.map((bucket) => [bucket.second, bucket.transactions])).toEqual([...expected].toSorted(([a], [b]) => a - b))
        expect(landmarks.find(({ kind }) => kind === 'future-time')?.count ?? 0).toBe(lifted)
        expect(Math.max(...expected.keys())).toBeLessThanOrEqual(Math.max(...rows.true))
      }),
      { numRuns: 200 },
    )
  })

  test('in two halves, cut at a time or at a tick: the same as whole', () => {
    fc.assert(
      fc.property(steps, buckets, fc.nat(), fc.boolean(), (list, bucketSeconds, seed, byTime) => {
        using store = openStore(':memory:')
        const rows = rowsOf(list)
        const log = stored(store, rows)
        const at = seed % rows.ticks.length
        const tick = rows.ticks[at]
        const cut = byTime
          ? { timeUs: (rows.true[at] ?? 0) * 1_000_000 }
          : { file: nameOf(tick?.file ?? 0), position: tick?.start ?? 4 }
        const whole = shown({ store, log, bucketSeconds })
        const parts = [shown({ store, log, bucketSeconds, to: cut }), shown({ store, log, bucketSeconds, from: cut })]
        const total = (of: (part: Timeline) => number): number => parts.reduce((sum, part) => sum + of(part), 0)
        expect({ transactions: total((part) => sums(part).transactions), bytes: total((part) => sums(part).bytes) }).toEqual(
          sums(whole),
        )
        const count = ({ landmarks }: Timeline): number => landmarks.reduce((sum, landmark) => sum + landmark.count, 0)
        expect(total(count)).toBe(count(whole))
      }),
      { numRuns: 200 },
    )
  })

  test('chooses buckets so that there are about 60', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400_000_000 }), (seconds) => {
        using store = openStore(':memory:')
        const tick = { file: 0, maxUs: null, transactions: 1, bytes: 10 }
        const ticks = [
          { ...tick, second: START, start: 4, end: 14 },
          { ...tick, second: START + seconds, start: 14, end: 24 },
        ]
        const log = stored(store, { files: [fileRow(0, START, 24)], ticks, bounds: [], landmarks: [], gaps: [] })
        const { buckets: chosen, bucketSeconds } = shown({ store, log, nowUs: (START + seconds) * 1_000_000 })
        expect(chosen.length).toBeLessThanOrEqual(62)
        expect(chosen.length >= 20 || bucketSeconds === 1).toBe(true)
      }),
    )
  })

  test('refuses more buckets than anybody looks at', () => {
    using store = openStore(':memory:')
    const log = stored(
      store,
      rowsOf([{ seconds: 0, isNewFile: false, isBack: false, isForged: false, isBounded: false, mark: null }]),
    )
    const to = { timeUs: (START + MAX_BUCKETS + 1) * 1_000_000 }
    expect(() => shown({ store, log, from: { timeUs: START * 1_000_000 }, to, bucketSeconds: 1 })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    )
  })
})

describe('what is not known', () => {
  const tick = { maxUs: null, transactions: 1, bytes: 10, start: 4, end: 14 }
  const rows: Rows = {
    files: [fileRow(0, START, 14), fileRow(2, START + 600, 14)],
    ticks: [
      { ...tick, file: 0, second: START + 60 },
      { ...tick, file: 2, second: START + 660 },
    ],
    bounds: [],
    landmarks: [],
    gaps: [{ file: 0, position: 14, cause: 'mysql-bin.000002 is missing' }],
  }
  const known = (found: Timeline): string => found.buckets.map(({ isKnown }) => (isKnown ? 'k' : '?')).join('')

  test('is a hole, and what lies before and behind the index', () => {
    using store = openStore(':memory:')
    const log = stored(store, rows)
    const range = { from: { timeUs: (START - 120) * 1_000_000 }, to: { timeUs: (START + 780) * 1_000_000 } }
    const found = shown({ store, log, ...range, bucketSeconds: 20 })
    // START is 20 s behind a multiple of 60. The tick's own second is known, the rest of its bucket is not.
    expect(found.buckets.map((bucket) => bucket.second - START).filter((_, i) => found.buckets[i]?.isKnown)).toEqual([
      0, 20, 40, 620, 640, 660,
    ])
    expect(found.gaps).toEqual([
      {
        at: { file: 'mysql-bin.000001', position: 14 },
        cause: 'mysql-bin.000002 is missing',
        fromSecond: START + 60,
        toSecond: START + 600,
      },
    ])
    expect(shown({ store, log, from: { timeUs: (START + 620) * 1_000_000 }, bucketSeconds: 20 }).gaps).toEqual([])
  })

  test('is nothing up to now, in a log that is written now', () => {
    using store = openStore(':memory:')
    const log = stored(store, { ...rows, gaps: [] })
    const asked = {
      store,
      log,
      from: { timeUs: START * 1_000_000 },
      to: { timeUs: (START + 720) * 1_000_000 },
      bucketSeconds: 60,
    }
    const nowUs = (START + 710) * 1_000_000
    expect(known(timeline(timelineRows({ ...asked, nowUs, isLive: true })))).toBe('kkkkkkkkkkkkk')
    expect(known(timeline(timelineRows({ ...asked, nowUs, isLive: false })))).toBe('kkkkkkkkkkkk?')
  })

  test('is a stamp of the future that nothing bounds but this moment: shown where the clock was last seen', () => {
    using store = openStore(':memory:')
    const ticks = [
      { ...tick, file: 0, second: START + 5 },
      { ...tick, file: 0, second: START + FORGED, start: 14, end: 24 },
    ]
    const log = stored(store, { ...rows, files: [fileRow(0, START, 24)], ticks, gaps: [] })
    const { buckets: found, landmarks } = shown({ store, log, bucketSeconds: 1 })
    expect(found.map((bucket) => [bucket.second - START, bucket.transactions])).toEqual([[5, 2]])
    expect(landmarks).toEqual([
      { kind: 'future-time', count: 1, first: { file: nameOf(0), position: 14 }, last: { file: nameOf(0), position: 14 } },
    ])
  })
})

describe.each(fixtureLogs.map((log) => [log.name, log] as const))('%s', (_name, { folder }) => {
  test('has in its buckets what its index has', async () => {
    using store = openStore(':memory:')
    await using source = openFileSource(folder, [folder])
    const { log } = await buildIndex({ store, source })
    const { transactions, bytes } = store.counts(log)
    const { ticks } = store.dump(log) as { ticks: TickRow[] }
    const files = new Map(store.files(log).map(({ name, ordinal }) => [name, ordinal]))
    const starts = new Set(ticks.map(({ file, start }) => `${file}:${start}`))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (bucketSeconds) => {
        const found = shown({ store, log, bucketSeconds })
        expect(sums(found)).toEqual({ transactions, bytes })
        const firsts = found.buckets.flatMap(({ first }) =>
          first === null ? [] : [`${files.get(first.file)}:${first.position}`],
        )
        expect(firsts.filter((first) => !starts.has(first))).toEqual([])
      }),
      { numRuns: 20 },
    )
  })
})

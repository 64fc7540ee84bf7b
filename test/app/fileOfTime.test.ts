/** Which of many files a time is in, by few heads; and an index that begins there answers as one of the whole log does. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { at } from '../../src/app/at.ts'
import { fileOfTime } from '../../src/app/fileOfTime.ts'
import { buildIndex } from '../../src/app/index.ts'
import type { AtAnswer } from '../../src/core/answer.ts'
import { EventType } from '../../src/core/binlog/layout.ts'
import type { LogSource } from '../../src/core/ports.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import { beginLog, body, STAMP } from '../support/bytes.ts'
import { ideas, kinds, SECOND, write } from '../support/history.ts'
import { fixtureLog } from '../support/logs.ts'
import type { MemoryFile, MemorySource } from '../support/memory.ts'
import { openMemory } from '../support/memory.ts'

/** One file of MySQL 8.4 for each second of a first commit, in this order, as rotations make them. */
function sourceOf(seconds: readonly number[]): MemorySource {
  return openMemory(
    seconds.map((second, i): MemoryFile => {
      const log = beginLog({ version: '8.4.3', stamp: second })
      for (const us of [0, 500_000]) {
        const header = { stamp: second }
        log.add(EventType.ANONYMOUS_GTID, body.gtid('0'.repeat(32), 0, second * SECOND + us), header)
        log.add(EventType.QUERY, body.query('BEGIN'), header)
        log.add(EventType.XID, body.xid(i), header)
      }
      log.add(EventType.ROTATE, body.rotate(nameOf(i + 1)), { stamp: second })
      return { name: nameOf(i), bytes: log.bytes() }
    }),
  )
}

const nameOf = (index: number): string => `mysql-bin.${String(index + 1).padStart(6, '0')}`
/** Those of heads, which end within the file. */
const headsOf = ({ reads }: MemorySource): number => reads.splice(0).filter(({ until }) => until !== undefined).length

test('of 2000 files, one is found with the heads of about 2 x log2(2000), a recent one with three', async () => {
  const seconds = Array.from({ length: 2000 }, (_, i) => STAMP + i * 10)
  const source = sourceOf(seconds)
  const files = await source.listFiles()
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: -20_000_000, max: 20_020_000_000 }), async (us) => {
      const timeUs = STAMP * SECOND + us
      const chosen = await fileOfTime(source, files, timeUs)
      const index = seconds.findLastIndex((second) => second * SECOND + 1 <= timeUs)
      expect(chosen?.file.name).toBe(nameOf(Math.max(0, index)))
      expect(chosen?.bound?.notAfterUs).toBe(index < 0 ? undefined : (seconds[index] ?? 0) * SECOND + 1)
      const heads = headsOf(source)
      expect(chosen?.headsRead).toBe(heads)
      expect(heads).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(2000)) + 1)
    }),
    { numRuns: 50 },
  )
  await fileOfTime(source, files, (STAMP + 19_995) * SECOND)
  expect(headsOf(source)).toBeLessThanOrEqual(3)
})

test('of 2000 files, an answer reads heads, and one or two files', async () => {
  const source = sourceOf(Array.from({ length: 2000 }, (_, i) => STAMP + i * 10))
  for (const second of [3, 4711, 10_000, 19_990]) {
    using store = openStore(':memory:')
    const timeUs = (STAMP + second) * SECOND + 250_000
    const { log } = await buildIndex({ store, source, from: { timeUs }, passedUs: timeUs })
    const answer = await at({ store, log, source, timeUs, marginUs: null, skewUs: 0, nowUs: timeUs + SECOND })
    expect(answer.outcome).toBe('located')
    const whole = new Set(source.reads.filter(({ until }) => until === undefined).map(({ file }) => file))
    expect(whole.size).toBeLessThanOrEqual(2)
    expect(source.reads.splice(0).length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(2000)) + 12)
  }
})

test('where a head shows a later time than one behind it, the clock was put back: the earlier place is chosen', async () => {
  const source = sourceOf([STAMP, STAMP + 7200, STAMP + 3600, STAMP + 9000])
  const files = await source.listFiles()
  const chosen = async (second: number): Promise<string | undefined> =>
    (await fileOfTime(source, files, (STAMP + second) * SECOND))?.file.name
  // That time was twice, first in the first file.
  expect(await chosen(5400)).toBe(nameOf(0))
  expect(await chosen(3599)).toBe(nameOf(0))
  // As much as the clock was put back, and an hour at least, it may have run on ahead of the step.
  expect(await chosen(8000)).toBe(nameOf(1))
  // A step ahead of all heads that are read is not seen.
  expect(await chosen(9001)).toBe(nameOf(3))
})

const place = ({ safe }: AtAnswer): number => (safe === null ? 0 : Number(safe.file.slice(-6)) * 1e9 + safe.position)

test.each(kinds)('an index of a made-up log of %s from a time on answers for it as one of the whole log does', async (kind) => {
  // Two forged stamps in a row of a MariaDB log look like a clock that moves, which a part may not see.
  const arbitrary = ideas({ forged: kind === 'mariadb' ? false : 'any', foreign: true, steps: false, longestUs: 600 * SECOND })
  await fc.assert(
    fc.asyncProperty(arbitrary, fc.double({ min: 0, max: 1.05, noNaN: true }), async (list, part) => {
      const { files, endUs, commits } = write(kind, list)
      const begin = commits[0]?.committedUs ?? 0
      const timeUs = Math.floor(begin + (endUs - begin) * part)
      const [whole, some] = await answers(openMemory(files), timeUs, endUs)
      // Heads are searched by: a forged one makes the choice earlier. And an old session is not known to a part.
      expect(place(some)).toBeLessThanOrEqual(place(whole))
      expect(some.outcome === 'before-first').toBe(whole.outcome === 'before-first')
      const isLost = commits.some(
        (t) => t.committedUs >= timeUs && some.safe !== null && (t.file + 1) * 1e9 + t.start < place(some),
      )
      expect(isLost).toBe(false)
    }),
    { numRuns: 150 },
  )
})

/** From an index of all, and from one that begins and ends where the time needs it. */
async function answers(source: LogSource, timeUs: number, nowUs: number): Promise<readonly [AtAnswer, AtAnswer]> {
  const one = async (request: object): Promise<AtAnswer> => {
    using store = openStore(':memory:')
    const { log } = await buildIndex({ store, source, ...request })
    return await at({ store, log, source, timeUs, marginUs: null, skewUs: 0, nowUs })
  }
  return [await one({}), await one({ from: { timeUs }, passedUs: timeUs })]
}

test.each(['rollbar/active', 'grammar/mariadb-11.8', 'grammar/mysql-9.7', 'crash/mysql-5.6'])(
  'an index of %s from a time on answers for it as one from the beginning',
  async (name) => {
    await using source = openFileSource('log', [fixtureLog(name).folder])
    using store = openStore(':memory:')
    const { log } = await buildIndex({ store, source })
    const first = (store.files(log)[0]?.stampSeconds ?? 0) - 2
    const last = (store.lastTick(log)?.second ?? 0) + 2
    for (let second = first; second <= last; second += Math.max(1, Math.floor((last - first) / 40))) {
      const [whole, part] = await answers(source, second * SECOND, (last + 1) * SECOND)
      expect({ outcome: part.outcome, latest: part.latest }).toEqual({ outcome: whole.outcome, latest: whole.latest })
      expect(place(part)).toBe(place(whole))
    }
  },
)

test('a clock that was put back proves nothing of what it had shown before', async () => {
  // From 12:00 back to 11:00 and on to 15:00, in files of their own.
  const source = sourceOf([STAMP, STAMP + 7200, STAMP + 3600, STAMP + 9000, STAMP + 20_000])
  using store = openStore(':memory:')
  const { log } = await buildIndex({ store, source })
  expect(store.clockSteps(log)).toMatchObject([{ file: 2, step: { fromSeconds: STAMP + 7200, toSeconds: STAMP + 3600 } }])
  // What lies ahead of the step may have committed as late as its clock had shown, and an hour later.
  expect(store.boundAt(log, (STAMP + 7000) * SECOND)).toMatchObject({ file: 0 })
  expect(store.boundAt(log, (STAMP + 7300) * SECOND)).toMatchObject({ file: 1, end: 4 })
  expect(store.boundAt(log, (STAMP + 9100) * SECOND)).toMatchObject({ file: 1, end: 4 })
  expect(store.boundAt(log, (STAMP + 20_001) * SECOND)).toMatchObject({ file: 4, end: 4 })
  const nowUs = (STAMP + 30_000) * SECOND
  const asked = { store, log, source, timeUs: (STAMP + 6000) * SECOND, marginUs: null, skewUs: 0, nowUs }
  expect(await at(asked)).toMatchObject({
    outcome: 'located',
    safe: { file: nameOf(1) },
    findings: [{ code: 'CLOCK_STEP', evidence: { from: STAMP + 7200, to: STAMP + 3600 } }],
  })
})

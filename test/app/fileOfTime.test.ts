/** Which of many files a time is in, by few heads; and an index that begins there answers as one of the whole log does. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { at } from '../../src/app/at.ts'
import { newestFileBefore } from '../../src/app/fileOfTime.ts'
import { buildIndex } from '../../src/app/index.ts'
import type { AtAnswer } from '../../src/core/answer.ts'
import type { LogSource } from '../../src/core/ports.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import { addRows, beginLog, STAMP } from '../support/bytes.ts'
import { fixtureLog, temporaryFolder } from '../support/logs.ts'

interface Counted {
  readonly source: LogSource
  /** Heads that were read since the last look. */
  readonly heads: () => number
}

/** One file for each stamp, in this order. */
function sourceOf(stamps: readonly number[]): Counted {
  const folder = join(temporaryFolder(), 'log')
  mkdirSync(folder)
  for (const [i, stamp] of stamps.entries()) {
    const log = beginLog({ stamp })
    addRows(log, i)
    writeFileSync(join(folder, `mysql-bin.${String(i + 1).padStart(6, '0')}`), log.bytes())
  }
  const files = openFileSource('log', [folder])
  let heads = 0
  const source: LogSource = {
    ...files,
    read: (request, sink) => {
      heads++
      return files.read(request, sink)
    },
  }
  return {
    source,
    heads: () => {
      const read = heads
      heads = 0
      return read
    },
  }
}

test('of 2000 files, one is found with the heads of about 2 x log2(2000), a recent one with three', async () => {
  const stamps = Array.from({ length: 2000 }, (_, i) => STAMP + i * 10)
  const { source, heads } = sourceOf(stamps)
  const files = await source.listFiles()
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: -20_000_000, max: 20_020_000_000 }), async (us) => {
      const timeUs = STAMP * 1_000_000 + us
      const file = await newestFileBefore(source, files, timeUs)
      const expected = stamps.findLastIndex((stamp) => (stamp + 1) * 1_000_000 <= timeUs)
      expect(file?.name).toBe(files[expected]?.name)
      expect(heads()).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(2000)) + 1)
    }),
    { numRuns: 50 },
  )
  await newestFileBefore(source, files, (STAMP + 19_995) * 1_000_000)
  expect(heads()).toBeLessThanOrEqual(3)
})

test('heads that are out of order show nothing', async () => {
  const { source } = sourceOf([STAMP, STAMP + 7200, STAMP + 3600, STAMP + 9000])
  // The clock was put back an hour: that time was twice, first in the first file.
  expect(await newestFileBefore(source, await source.listFiles(), (STAMP + 5400) * 1_000_000)).toBeNull()
})

/** Both ways, from an index of its own. */
async function answers(source: LogSource, timeUs: number): Promise<readonly [AtAnswer, AtAnswer]> {
  const one = async (from: 'oldest' | { timeUs: number }): Promise<AtAnswer> => {
    using store = openStore(':memory:')
    const { log } = await buildIndex({ store, source, from })
    return await at({ store, log, source, timeUs, marginUs: null, skewUs: 0 })
  }
  return [await one('oldest'), await one({ timeUs })]
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
      const [whole, part] = await answers(source, second * 1_000_000)
      expect({ outcome: part.outcome, latest: part.latest }).toEqual({ outcome: whole.outcome, latest: whole.latest })
      // Safe may be later: the file's head proves as much as the margin allows for, or more.
      const place = ({ safe }: AtAnswer): string => `${safe?.file ?? ''}:${String(safe?.position ?? 0).padStart(12, '0')}`
      expect(place(part) >= place(whole)).toBe(true)
    }
  },
)

test('a clock that was put back proves nothing of what it had shown before', async () => {
  // From 12:00 back to 11:00 and on to 12:30, in files of their own.
  const { source } = sourceOf([STAMP, STAMP + 7200, STAMP + 3600, STAMP + 5000, STAMP + 9000])
  using store = openStore(':memory:')
  const { log } = await buildIndex({ store, source })
  expect(store.landmarks(log).filter(({ kind }) => kind === 'clock-step')).toMatchObject([{ file: 2, start: 4 }, { file: 3 }])
  // What lies ahead of the step may have committed as late as its clock had shown.
  expect(store.boundAt(log, (STAMP + 7000) * 1_000_000)).toMatchObject({ file: 0 })
  expect(store.boundAt(log, (STAMP + 7300) * 1_000_000)).toMatchObject({ file: 1, end: 4 })
  expect(store.boundAt(log, (STAMP + 9100) * 1_000_000)).toMatchObject({ file: 4, end: 4 })
  const { safe } = await at({ store, log, source, timeUs: (STAMP + 6000) * 1_000_000, marginUs: 86_400_000_000, skewUs: 0 })
  expect(safe?.file).toBe('mysql-bin.000001')
})

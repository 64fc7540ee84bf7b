/** When an index is gone on with for an answer, and when the answer has one of its own. */
import { expect, test } from 'vitest'
import { buildIndex } from '../../src/app/index.ts'
import type { Need } from '../../src/app/reach.ts'
import { reaches } from '../../src/app/reach.ts'
import { EventType } from '../../src/core/binlog/layout.ts'
import { openStore } from '../../src/store/store.ts'
import { beginLog, body, STAMP } from '../support/bytes.ts'
import type { MemorySource } from '../support/memory.ts'
import { openMemory } from '../support/memory.ts'

const nameOf = (index: number): string => `mysql-bin.${String(index + 1).padStart(6, '0')}`

/** Files of MySQL 8.4, one a minute. */
function sourceOf(from: number, to: number): MemorySource {
  return openMemory(
    Array.from({ length: to - from }, (_unused, i) => {
      const second = STAMP + (from + i) * 60
      const log = beginLog({ version: '8.4.3', stamp: second })
      for (const us of [0, 30_000_000]) {
        log.add(EventType.ANONYMOUS_GTID, body.gtid('0'.repeat(32), 0, second * 1_000_000 + us), { stamp: second })
        log.add(EventType.QUERY, body.query('CREATE DATABASE d'), { stamp: second })
      }
      log.add(EventType.ROTATE, body.rotate(nameOf(from + i + 1)), { stamp: second })
      return { name: nameOf(from + i), bytes: log.bytes() }
    }),
  )
}

test.each([
  ['what it covers', { timeUs: 12 }, true],
  ['what lies ahead of it', { timeUs: 5 }, false],
  ['what lies far behind it', { timeUs: 90, untilUs: 90 }, false],
  ['what lies far behind it, to the end', { timeUs: 90 }, false],
  ['a time that is far behind it, to go on with it', { timeUs: 90, untilUs: -STAMP }, true],
  ['a file that it covers', { file: nameOf(12), position: 4 }, true],
  ['a file ahead of it', { file: nameOf(5), position: 4 }, false],
  ['all', 'all', true],
] as const)('an index of files 10 to 19 of 100, for %s', async (_what, minutes, isEnough) => {
  using store = openStore(':memory:')
  const { log } = await buildIndex({ store, source: sourceOf(10, 20) })
  const us = (minute: number): number => (STAMP + minute * 60) * 1_000_000
  const need: Need =
    typeof minutes === 'string' || 'file' in minutes
      ? minutes
      : { timeUs: us(minutes.timeUs), ...('untilUs' in minutes ? { untilUs: us(minutes.untilUs) } : {}) }
  expect(await reaches(store, log, sourceOf(0, 100), need)).toBe(isEnough)
  // A few files behind are read.
  const near = await reaches(store, log, sourceOf(0, 22), need)
  expect(near).toBe(isEnough || (typeof minutes !== 'string' && 'timeUs' in minutes && minutes.timeUs > 10))
})

/** Bounds that are found from where the last one was are those that a search from the beginning finds, wherever that was. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createNotAfter } from '../../src/app/notAfter.ts'
import { createEvidence } from '../../src/core/evidence/accumulate.ts'
import type { IndexStore, LogRow } from '../../src/core/evidence/port.ts'
import type { ArrivalRow, BoundRow } from '../../src/core/evidence/rows.ts'
import { createExecuted } from '../../src/core/scan/executed.ts'
import { openStore } from '../../src/store/store.ts'

function stored(store: IndexStore, bounds: readonly BoundRow[], arrivals: readonly ArrivalRow[]): LogRow {
  const state = createEvidence(createExecuted(), null).state()
  const begun = store.beginLog({ source: 'here', fingerprint: '', serverUuid: null, serverId: 1 })
  const rows = { ticks: [], bounds, checkpoints: [], landmarks: [] }
  return store.commit(begun, { files: [], rows, arrivals, gaps: [], state })
}

/** Bounds along a log, in time and in place; each of the log itself, or an arrival. */
const bounds = fc
  .array(
    fc.record({
      us: fc.integer({ min: 1, max: 3_000_000 }),
      more: fc.integer({ min: 1, max: 20 }),
      isArrival: fc.boolean(),
      isNewFile: fc.boolean(),
    }),
  )
  .map((steps) => {
    let [atUs, file, end] = [1_700_000_000_000_000, 0, 4]
    return steps.map(({ us, more, isArrival, isNewFile }) => {
      atUs += us
      if (isNewFile) [file, end] = [file + 1, 4]
      else end += more
      return { file, end, atUs, isArrival }
    })
  })
const places = fc.array(fc.record({ file: fc.integer({ min: 0, max: 8 }), position: fc.integer({ min: 4, max: 120 }) }), {
  maxLength: 30,
})

test('at places in any order', () => {
  fc.assert(
    fc.property(bounds, places, (rows, asked) => {
      using store = openStore(':memory:')
      const log = stored(
        store,
        rows.filter((row) => !row.isArrival).map(({ file, end, atUs }) => ({ file, end, notAfterUs: atUs, kind: 'session' })),
        rows.filter((row) => row.isArrival).map(({ file, end, atUs }) => ({ file, end, atUs, errorUs: 0 })),
      )
      for (const list of [asked, asked.toSorted((a, b) => a.file - b.file || a.position - b.position)]) {
        const notAfter = createNotAfter(store, log)
        expect(list.map(notAfter)).toEqual(list.map((place) => store.notAfter(log, place, 0)))
      }
    }),
    { numRuns: 100 },
  )
})

test('along more bounds than are read at once', () => {
  using store = openStore(':memory:')
  const rows = Array.from({ length: 1700 }, (_, i): BoundRow => ({
    file: 0,
    end: 10 + i * 10,
    notAfterUs: (i + 1) * 1_000_000,
    kind: 'session',
  }))
  const notAfter = createNotAfter(store, stored(store, rows, []))
  const asked = rows.filter((_, i) => i % 7 === 0)
  expect(asked.map(({ end }) => notAfter({ file: 0, position: end }))).toEqual(asked.map(({ notAfterUs }) => notAfterUs))
  expect(notAfter({ file: 0, position: 4 })).toBe(1_000_000)
  expect(notAfter({ file: 0, position: 16_995 })).toBe(1_700_000_000)
  expect(notAfter({ file: 0, position: 17_001 })).toBe(Number.POSITIVE_INFINITY)
})

/** A position is found among the ticks as reading all of them would find it. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEvidence } from '../../src/core/evidence/accumulate.ts'
import type { TickRow } from '../../src/core/evidence/rows.ts'
import { createExecuted } from '../../src/core/scan/executed.ts'
import { openStore } from '../../src/store/store.ts'

/** Steps from tick to tick: seconds (also none), whether a file begins, a gap between, bytes. */
const steps = fc.array(
  fc.record({
    seconds: fc.constantFrom(0, 0, 1, 2, 3600),
    isNewFile: fc.boolean(),
    gap: fc.constantFrom(0, 0, 7),
    bytes: fc.integer({ min: 1, max: 30 }),
  }),
  { maxLength: 25 },
)

test('the tick that holds a position, or the first one behind it', () => {
  fc.assert(
    fc.property(steps, (list) => {
      using store = openStore(':memory:')
      const ticks = ticksOf(list)
      const rows = { ticks, bounds: [], checkpoints: [], landmarks: [] }
      const state = createEvidence(createExecuted(), null).state()
      const begun = store.beginLog({ source: 'here', fingerprint: '', serverUuid: null, serverId: 1 })
      const log = store.commit(begun, { files: [], rows, arrivals: [], gaps: [], state })
      for (let file = 0; file <= (ticks.at(-1)?.file ?? 0) + 1; file++) {
        for (let position = 4; position < 140; position += 5) {
          const wanted = ticks.find((tick) => tick.file > file || (tick.file === file && tick.end > position)) ?? null
          expect(store.tickContaining(log, file, position)).toEqual(wanted)
        }
      }
    }),
    { numRuns: 60 },
  )
})

function ticksOf(list: readonly { seconds: number; isNewFile: boolean; gap: number; bytes: number }[]): TickRow[] {
  const ticks: TickRow[] = []
  let second = 1_000_000
  let file = 0
  let end = 4
  for (const step of list) {
    second += step.seconds
    // Within a file seconds only grow; from file to file they may fall.
    if (step.isNewFile) {
      file++
      second = 1_000_000 - step.seconds
    }
    const start = (step.isNewFile ? 4 : end) + step.gap
    end = start + step.bytes
    ticks.push({ second, file, start, end, maxUs: null, transactions: 1, bytes: step.bytes })
  }
  return ticks
}

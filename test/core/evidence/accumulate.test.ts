/** Evidence is the same however often it is written down in between, and bounds are those that prove most, as early as can be. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Evidence, EvidenceState } from '../../../src/core/evidence/accumulate.ts'
import { createEvidence, TICK_BYTES } from '../../../src/core/evidence/accumulate.ts'
import { createBounds } from '../../../src/core/evidence/bounds.ts'
import type { BoundRow } from '../../../src/core/evidence/rows.ts'
import { createExecuted } from '../../../src/core/scan/executed.ts'
import type { ScannedTransaction } from '../../../src/core/scan/grammar.ts'
import type { ScannedFile } from '../../../src/core/scan/scan.ts'
import { openStore } from '../../../src/store/store.ts'

interface Step {
  readonly isCommitted: boolean
  readonly isFile: boolean
  readonly isStart: boolean
  readonly gap: number
  readonly size: number
  readonly second: number
  readonly isExact: boolean
  readonly thread: number
  readonly serverId: number
  readonly marks: number
}

const step: fc.Arbitrary<Step> = fc.record({
  isCommitted: fc.boolean(),
  isFile: fc.oneof({ weight: 20, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  isStart: fc.boolean(),
  gap: fc.constantFrom(0, 0, 0, 100, TICK_BYTES),
  size: fc.constantFrom(100, 1000, TICK_BYTES, 5 * TICK_BYTES),
  second: fc.integer({ min: 1_700_000_000, max: 1_700_000_030 }),
  isExact: fc.boolean(),
  thread: fc.integer({ min: 0, max: 4 }),
  serverId: fc.constantFrom(1, 1, 1, 2),
  marks: fc.nat(0x3ff),
})

describe('evidence', () => {
  test('that is committed and taken up again anywhere: the same rows as in one go', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        expect(rowsOf(steps, (one) => one.isCommitted)).toEqual(rowsOf(steps, () => false))
      }),
      { numRuns: 300 },
    )
  })

  test('of more sessions than are remembered: the same rows too', () => {
    const steps = Array.from({ length: 4000 }, (_unused, i): Step => ({
      isCommitted: i % 7 === 0,
      isFile: i === 2000,
      isStart: false,
      gap: 0,
      size: 100,
      second: 1_700_000_000 + Math.floor(i / 50),
      isExact: false,
      thread: 1 + ((i * 7919) % 1500),
      serverId: 1,
      marks: 0,
    }))
    expect(rowsOf(steps, (one) => one.isCommitted)).toEqual(rowsOf(steps, () => false))
  })

  function rowsOf(steps: readonly Step[], isCommitted: (step: Step) => boolean): unknown {
    using store = openStore(':memory:')
    let log = store.beginLog({ source: 's', fingerprint: '', serverUuid: null, serverId: 1 })
    let evidence = createEvidence(createExecuted(), null)
    const commit = (): void => {
      log = store.commit(log, { files: [], rows: evidence.drain(), arrivals: [], gaps: [], state: evidence.state() })
    }
    let ordinal = 0
    let position = 4
    begin(evidence, ordinal, true)
    for (const one of steps) {
      if (one.isFile) {
        begin(evidence, ++ordinal, one.isStart)
        position = 4
      }
      const start = position + one.gap
      position = start + one.size
      evidence.transaction(transactionOf(one, start))
      if (!isCommitted(one)) continue
      commit()
      // As another process finds it: from JSON, and told of the file at hand again.
      evidence = createEvidence(createExecuted(), JSON.parse(JSON.stringify(evidence.state())) as EvidenceState)
      evidence.file(fileOf(false), ordinal, false)
    }
    commit()
    return store.dump(log)
  }

  function begin(evidence: Evidence, ordinal: number, isStart: boolean): void {
    evidence.file(fileOf(isStart), ordinal, true)
  }

  function fileOf(isStart: boolean): ScannedFile {
    return {
      name: 'mysql-bin.000001',
      format: {
        binlogVersion: 4,
        headerLength: 19,
        serverVersion: '5.6.51-log',
        family: 'mysql',
        serverId: 1,
        stampSeconds: 1_700_000_000,
        createdSeconds: isStart ? 1_700_000_000 : 0,
        checksumLength: 4,
        carriesChecksum: true,
        postHeaderLengths: new Uint8Array(),
        fingerprint: '',
      },
      fingerprint: '',
      inUse: false,
      previousGtids: null,
      positionMismatches: 0,
      transactions: 0,
    }
  }

  function transactionOf(one: Step, start: number): ScannedTransaction {
    return {
      start,
      end: start + one.size,
      serverId: one.serverId,
      firstStampSeconds: one.second,
      maxStampSeconds: one.second,
      writtenSeconds: one.second,
      commitUs: one.isExact ? one.second * 1_000_000 + 1 : 0,
      threadId: one.thread,
      begunSeconds: one.second,
      marks: one.marks,
      events: 4,
      rowsEvents: 1,
      statements: 0,
    }
  }
})

describe('bounds', () => {
  const bound: fc.Arbitrary<BoundRow> = fc.record({
    file: fc.nat(2),
    end: fc.integer({ min: 4, max: 40 }),
    notAfterUs: fc.integer({ min: 1, max: 30 }),
    kind: fc.constantFrom('server', 'session'),
  })
  const sizeOf = ({ file, end }: BoundRow): number => file * 1000 + end

  /** For each time, the most that is proven by then. */
  const provenBy = (bounds: readonly BoundRow[], timeUs: number): number =>
    Math.max(0, ...bounds.filter((one) => one.notAfterUs <= timeUs).map(sizeOf))

  test('that are kept prove as much as all of them, and grow in both columns', () => {
    fc.assert(
      fc.property(fc.array(bound, { maxLength: 40 }), (all) => {
        const kept = createBounds()
        for (const one of all) kept.add(one)
        const rows = kept.drain()
        const times = Array.from({ length: 31 }, (_unused, time) => time)
        expect(times.map((time) => provenBy(rows, time))).toEqual(times.map((time) => provenBy(all, time)))
        const pairs = rows.slice(1).map((row, i) => [rows[i] ?? row, row] as const)
        expect(pairs.filter(([a, b]) => b.notAfterUs <= a.notAfterUs || sizeOf(b) <= sizeOf(a))).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('in the index, whichever commit they came with, answer the same', () => {
    fc.assert(
      fc.property(fc.array(fc.array(bound, { maxLength: 8 }), { maxLength: 8 }), (commits) => {
        using store = openStore(':memory:')
        let log = store.beginLog({ source: 's', fingerprint: '', serverUuid: null, serverId: 1 })
        const evidence = createEvidence(createExecuted(), null)
        for (const bounds of commits) {
          const kept = createBounds()
          for (const one of bounds) kept.add(one)
          const rows = { ticks: [], checkpoints: [], landmarks: [], bounds: kept.drain() }
          log = store.commit(log, { files: [], rows, arrivals: [], gaps: [], state: evidence.state() })
        }
        const times = Array.from({ length: 31 }, (_unused, time) => time)
        const answers = times.map((time) => store.boundAt(log, time)).map((row) => (row === null ? 0 : sizeOf(row)))
        expect(answers).toEqual(times.map((time) => provenBy(commits.flat(), time)))
      }),
      { numRuns: 200 },
    )
  })
})

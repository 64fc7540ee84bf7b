/** However an index comes about (at once, in parts, while the log grows), it says the same, and what it says are boundaries. */
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/app/index.ts'
import type { IndexStore } from '../../src/core/evidence/port.ts'
import type { BoundRow, CheckpointRow, FileRow, GapRow, LandmarkRow, TickRow } from '../../src/core/evidence/rows.ts'
import type { LogSource } from '../../src/core/ports.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import type { Blocks } from '../support/blocks.ts'
import { Lost, openBlocks } from '../support/blocks.ts'
import { fixtureLogs, temporaryFolder } from '../support/logs.ts'
import type { FixtureLog } from '../support/logs.ts'
import { scanBytes } from '../support/scanned.ts'

interface Dump {
  readonly files: readonly FileRow[]
  readonly ticks: readonly TickRow[]
  readonly bounds: readonly BoundRow[]
  readonly checkpoints: readonly CheckpointRow[]
  readonly landmarks: readonly LandmarkRow[]
  readonly gaps: readonly GapRow[]
}

const named = fixtureLogs.map((log) => [log.name, log] as const)

async function indexed(source: LogSource): Promise<Dump> {
  using store = openStore(':memory:')
  return store.dump((await buildIndex({ store, source })).log) as Dump
}

/** One run of the index; a lost stream is no failure here. */
async function run(store: IndexStore, source: LogSource, commitMs: number): Promise<void> {
  try {
    await buildIndex({ store, source, commitMs, signal: new AbortController().signal })
  } catch (error) {
    if (!(error instanceof Lost)) throw error
  }
}

function dumpOf(store: IndexStore, source: string): Dump {
  const log = store.currentLog(source)
  if (log === null) throw new Error(`nothing of ${source} is indexed`)
  return store.dump(log) as Dump
}

describe('an index that is made in parts', () => {
  const stops = fc.array(
    fc.record({
      size: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 60, max: 4000 })),
      stopAfter: fc.integer({ min: 0, max: 60 }),
      stopBy: fc.constantFrom('return', 'throw'),
    }),
    { minLength: 1, maxLength: 8 },
  )

  test.each(named)('%s, stopped after any batch: the same as at once', async (_name, log) => {
    const expected = await indexed(openFileSource(log.folder, [log.folder]))
    await fc.assert(
      fc.asyncProperty(stops, fc.constantFrom(0, 0, 500), async (parts: readonly Blocks[], commitMs) => {
        using store = openStore(':memory:')
        for (const part of parts) await run(store, openBlocks(log.folder, part), commitMs)
        await run(store, openBlocks(log.folder, { size: 500 }), commitMs)
        expect(dumpOf(store, log.folder)).toEqual(expected)
        expect(store.logs(log.folder)).toHaveLength(1)
      }),
      { numRuns: 12 },
    )
  })

  test.each(named)('%s, while it grows and files appear: the same as when it is whole', async (_name, log) => {
    const expected = await indexed(openFileSource(log.folder, [log.folder]))
    const total = log.files.reduce((sum, { path }) => sum + readFileSync(path).length, 0)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: total }), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        async (cuts, isWhole) => {
          const folder = temporaryFolder()
          using store = openStore(':memory:')
          const source = openFileSource(folder, [join(folder, 'mysql-bin.index')])
          let written = 0
          for (const cut of [...cuts.toSorted((a, b) => a - b), total]) {
            grow(log, folder, written, cut)
            written = cut
            await run(store, isWhole ? source : openBlocks(folder, { size: 300 }), 0)
          }
          expect(dumpOf(store, folder)).toEqual(expected)
          expect(store.logs(folder)).toHaveLength(1)
        },
      ),
      { numRuns: 12 },
    )
  })

  test.each(named)('%s, indexed twice: nothing changes', async (_name, log) => {
    using store = openStore(':memory:')
    const source = openFileSource(log.folder, [log.folder])
    const first = await buildIndex({ store, source })
    const before = store.dump(first.log)
    const second = await buildIndex({ store, source })
    expect(store.dump(second.log)).toEqual(before)
    expect(second).toMatchObject({ outcome: 'resumed', transactions: 0 })
  })

  /** What a server that has written so many bytes of its log has on disk: the files and their index. */
  function grow(log: FixtureLog, folder: string, from: number, to: number): void {
    let at = 0
    for (const { path, file } of log.files) {
      const bytes = readFileSync(path)
      const [start, end] = [Math.max(from - at, 0), Math.min(to - at, bytes.length)]
      if (start < end) {
        if (start === 0) appendFileSync(join(folder, 'mysql-bin.index'), `./${file}\n`)
        appendFileSync(join(folder, file), bytes.subarray(start, end))
      }
      at += bytes.length
    }
  }
})

describe('every position in the index is a boundary', () => {
  test.each(named)('%s', async (_name, log) => {
    const { files, ticks, bounds, checkpoints, landmarks, gaps } = await indexed(openFileSource(log.folder, [log.folder]))
    const boundaries = log.files.map(({ path }) => boundariesOf(readFileSync(path)))
    const positions: [file: number, position: number][] = [
      ...ticks.flatMap(({ file, start, end }): [number, number][] => [
        [file, start],
        [file, end],
      ]),
      ...bounds.map(({ file, end }): [number, number] => [file, end]),
      ...checkpoints.map(({ file, start }): [number, number] => [file, start]),
      ...files.map(({ ordinal, coveredEnd }): [number, number] => [ordinal, coveredEnd]),
      ...gaps.map(({ file, position }): [number, number] => [file, position]),
      ...landmarks.filter(({ kind }) => kind !== 'unfinished').map(({ file, start }): [number, number] => [file, start]),
    ]
    expect(positions.filter(([file, position]) => boundaries[file]?.has(position) !== true)).toEqual([])
  })

  test.each(named)('%s: seconds never decrease, ticks do not overlap, bounds grow', async (_name, log) => {
    const { ticks, bounds } = await indexed(openFileSource(log.folder, [log.folder]))
    const inLogOrder = ticks.toSorted((a, b) => a.file - b.file || a.start - b.start)
    expect(ticks).toEqual(inLogOrder)
    const overlapping = pairs(ticks).filter(([a, b]) => b.second < a.second || (a.file === b.file && b.start < a.end))
    expect(overlapping).toEqual([])
    expect(pairs(bounds).filter(([a, b]) => b.file < a.file || (b.file === a.file && b.end <= a.end))).toEqual([])
  })

  /** By the scan of each file alone, which other tests hold against mysqlbinlog. */
  function boundariesOf(bytes: Buffer): Set<number> {
    if (bytes.readUInt32LE(0) !== 0x6e69_62fe) return new Set([4])
    const { transactions, ending } = scanBytes(bytes)
    return new Set([4, ending.coveredEnd, ...transactions.flatMap((t) => [t.start, t.end])])
  }

  function pairs<T>(list: readonly T[]): [T, T][] {
    return list.slice(1).map((item, i) => [list[i] ?? item, item])
  }
})

/**
 * Inputs as the index takes them: one or two files, in pieces, with commits and kills in between. However a run was broken off, what is in
 * the index at the end is what one run would have put there.
 */
import * as fc from 'fast-check'
import { createRecorder } from '../src/app/recorder.ts'
import { createBounds } from '../src/core/evidence/bounds.ts'
import type { IndexBatch, IndexStore, LogRow } from '../src/core/evidence/port.ts'
import type { CheckpointRow, FileRow, GapRow, LandmarkRow, TickRow } from '../src/core/evidence/rows.ts'
import type { Corpus } from './corpus.ts'
import { AT_SIZE } from './frame.ts'
import { equal } from './properties.ts'
import type { MadeFile } from './structure.ts'
import { madeFile, makeFile } from './structure.ts'

/** A run that is killed always at one place never ends. */
const MOST_KILLS = 6

export interface Recording {
  readonly files: readonly MadeFile[]
  readonly checksums: 'all' | 'structure'
  readonly cuts: readonly number[]
  /** What happens after each piece, again and again. */
  readonly steps: readonly ('nothing' | 'commit' | 'kill')[]
}

export const recording: fc.Arbitrary<Recording> = fc.record({
  files: fc.array(madeFile, { minLength: 1, maxLength: 2 }),
  checksums: fc.constantFrom('all' as const, 'structure' as const),
  cuts: fc.array(fc.integer({ min: 50, max: 900 }), { minLength: 1, maxLength: 6 }),
  steps: fc.array(fc.constantFrom('nothing' as const, 'commit' as const, 'kill' as const), { minLength: 1, maxLength: 6 }),
})

export function checkRecording(corpus: Corpus, input: Recording): void {
  const files = input.files.map((made) => makeFile(corpus, made))
  equal('broken off and gone on with, the index has', record(files, input), record(files, { ...input, steps: ['nothing'] }))
}

/** The rows of an index, as a database would keep them. */
interface Kept {
  readonly files: Map<number, FileRow>
  readonly ticks: Map<string, TickRow>
  readonly landmarks: Map<string, LandmarkRow>
  readonly checkpoints: Map<string, CheckpointRow>
  gaps: readonly GapRow[]
}

function record(files: readonly Buffer[], { checksums, cuts: sizes, steps }: Recording): unknown {
  const kept: Kept = { files: new Map(), ticks: new Map(), landmarks: new Map(), checkpoints: new Map(), gaps: [] }
  const bounds = createBounds()
  let log: LogRow = {
    id: 1,
    source: 's',
    fingerprint: 'f',
    serverUuid: null,
    serverId: 1,
    endedBy: null,
    revision: 0,
    state: null,
  }
  const store = {
    files: () => [...kept.files.values()],
    lastArrival: () => null,
    commit: (_log: LogRow, batch: IndexBatch): LogRow => {
      keep(kept, batch)
      for (const bound of batch.rows.bounds) bounds.add(bound)
      // Through the text that a database would hold.
      log = { ...log, revision: log.revision + 1, state: JSON.parse(JSON.stringify(batch.state)) }
      return log
    },
  } satisfies Partial<IndexStore> as unknown as IndexStore
  const begin = (): ReturnType<typeof createRecorder> =>
    createRecorder({
      store,
      log,
      start: { file: nameOf(0), position: 4 },
      checksums,
      decrypted: false,
      commitMs: Number.POSITIVE_INFINITY,
      onCommit: undefined,
    })
  let recorder = begin()
  let step = 0
  let kills = 0
  let filled = 4
  /** Reads a file until the run is killed, which says true, or to its end. */
  const isKilledIn = (i: number, bytes: Buffer): boolean => {
    const { file, position } = recorder.end()
    let taken = file === nameOf(i) ? position : 4
    recorder.sink.beginFile(nameOf(i))
    if (taken > 4) recorder.sink.take(bytes, 4, 4 + bytes.readUInt32LE(4 + AT_SIZE), 4)
    while (!recorder.sink.fileDone) {
      filled = Math.min(bytes.length, filled + (sizes[step % sizes.length] ?? 1))
      taken = recorder.sink.take(bytes, taken, filled, taken)
      if (filled === bytes.length) break
      const what = steps[step++ % steps.length]
      if (what !== 'nothing') recorder.commit()
      if (what === 'kill' && kills++ < MOST_KILLS) return true
    }
    recorder.sink.endFile('end')
    return false
  }
  /** A later run that finds nothing new, and changes nothing. */
  const readAgain = (): void => {
    recorder = begin()
    kills = MOST_KILLS
    const i = kept.files.size - 1
    const bytes = files[i]
    if (bytes === undefined) return
    isKilledIn(i, bytes)
    recorder.commit()
  }
  for (let i = 0; i < files.length; i++) {
    if (isKilledIn(i, files[i] ?? Buffer.alloc(4))) {
      recorder = begin()
      const last = [...kept.files.values()].at(-1)
      // Where the next run begins: at the next file, where it is there and the last one is done with; else in the last one.
      const isDone = last !== undefined && last.endedBy !== null && last.ordinal + 1 < files.length
      i = (last?.ordinal ?? 0) - (isDone ? 0 : 1)
    } else filled = 4
  }
  recorder.commit()
  if (steps.includes('kill')) readAgain()
  const inOrder = <T>(rows: Iterable<T>): unknown => [...rows].map((row) => JSON.stringify(row)).sort()
  return {
    files: inOrder(kept.files.values()),
    ticks: inOrder(kept.ticks.values()),
    landmarks: inOrder(kept.landmarks.values()),
    checkpoints: inOrder(kept.checkpoints.values()),
    bounds: bounds.drain(),
    gaps: inOrder(kept.gaps),
    state: log.state,
  }
}

function nameOf(i: number): string {
  return `mysql-bin.${String(i + 1).padStart(6, '0')}`
}

function keep(kept: Kept, { files, rows, gaps }: IndexBatch): void {
  for (const file of files) kept.files.set(file.ordinal, file)
  for (const tick of rows.ticks) kept.ticks.set(`${tick.file} ${tick.second} ${tick.start}`, tick)
  for (const landmark of rows.landmarks) kept.landmarks.set(`${landmark.file} ${landmark.start} ${landmark.kind}`, landmark)
  for (const checkpoint of rows.checkpoints) kept.checkpoints.set(`${checkpoint.file} ${checkpoint.start}`, checkpoint)
  const renewed = new Set(files.map(({ ordinal }) => ordinal))
  kept.gaps = [...kept.gaps.filter(({ file }) => !renewed.has(file)), ...gaps]
}

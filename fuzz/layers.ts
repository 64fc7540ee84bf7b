/** The sorts of input: how each is made, what must hold for it, and how one is shown. */
import * as fc from 'fast-check'
import type { ChangedFile } from './bytes.ts'
import { changedFile, makeChanged, originalOf, place } from './bytes.ts'
import type { Corpus } from './corpus.ts'
import { AT_FLAGS, checksumLengthOf, IN_USE } from './frame.ts'
import { checkChecksums, checkFile } from './properties.ts'
import { checkRecording, recording } from './recording.ts'
import { checkStream, stream } from './stream.ts'
import { madeFile, makeFile } from './structure.ts'
import { checkText, text } from './texts.ts'

/** Each by its share. */
export const shares = { bytes: 7, structure: 7, recording: 2, stream: 3, text: 1 } as const
export type LayerName = keyof typeof shares

export interface Run {
  readonly seed: number
  readonly count: number
  /** Of fast-check: leads to one input. */
  readonly path?: string | undefined
  /** Before each input. */
  readonly onInput: () => void
}

export interface Failure {
  readonly layer: string
  readonly seed: number
  readonly path: string
  /** What does not hold, and where it was seen. */
  readonly message: string
  /** The smallest input that was found: as it was made, and its bytes. */
  readonly recipe: string
  readonly hex: string
}

export interface Layer {
  readonly name: LayerName
  /** Null: everything holds. */
  readonly run: (run: Run) => Promise<Failure | null>
}

export function makeLayers(corpus: Corpus): readonly Layer[] {
  return [
    makeLayer('bytes', fc.tuple(changedFile, place), {
      check: ([input, choice]) => checkBytes(corpus, input, choice),
      bytes: ([input]) => makeChanged(corpus, input),
    }),
    makeLayer('structure', fc.tuple(madeFile, place), {
      check: ([input, choice]) => checkFile(makeFile(corpus, input), input.cuts, choice),
      bytes: ([input]) => makeFile(corpus, input),
    }),
    makeLayer('recording', recording, {
      check: (input) => checkRecording(corpus, input),
      bytes: (input) => Buffer.concat(input.files.map((made) => makeFile(corpus, made))),
    }),
    makeLayer('stream', stream, {
      check: (input) => checkStream(corpus, input),
      bytes: (input) => makeFile(corpus, input.made),
    }),
    makeLayer('text', text, { check: checkText, bytes: ({ parts }) => Buffer.from(parts.join('')) }),
  ]
}

function checkBytes(corpus: Corpus, input: ChangedFile, choice: number): void {
  const bytes = makeChanged(corpus, input)
  checkFile(bytes, input.cuts, choice)
  const original = originalOf(corpus, input)
  if (input.mended !== 'nothing' || checksumLengthOf(original) === 0 || !input.changes.every(({ kind }) => inPlace.has(kind)))
    return
  // The one bit that no checksum covers.
  const before = Buffer.from(original)
  before[4 + AT_FLAGS] = ((before[4 + AT_FLAGS] ?? 0) & ~IN_USE) | ((bytes[4 + AT_FLAGS] ?? 0) & IN_USE)
  if (!before.equals(bytes)) checkChecksums(before, bytes)
}

const inPlace = new Set<ChangedFile['changes'][number]['kind']>(['turn', 'byte', 'word', 'field'])

interface Checked<T> {
  readonly check: (input: T) => void | Promise<void>
  readonly bytes: (input: T) => Buffer
}

export function makeLayer<T>(name: LayerName, arbitrary: fc.Arbitrary<T>, { check, bytes }: Checked<T>): Layer {
  return {
    name,
    run: async ({ seed, count, path, onInput }) => {
      const property = fc.asyncProperty(arbitrary, async (input) => {
        onInput()
        const checked = check(input)
        if (checked !== undefined) await checked
      })
      const found = await fc.check(property, { seed, numRuns: count, ...(path === undefined ? {} : { path }) })
      if (!found.failed) return null
      const [input] = found.counterexample ?? []
      return {
        layer: name,
        seed,
        path: found.counterexamplePath ?? '0',
        message: messageOf(found.errorInstance),
        recipe: fc.stringify(input),
        hex: input === undefined ? '' : bytes(input).toString('hex'),
      }
    },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

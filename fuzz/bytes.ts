/** Inputs by their bytes: a file of the corpus with bytes turned, overwritten, cut out, put in, doubled, or brought over from another file. */
import * as fc from 'fast-check'
import { LEAST_RUN } from '../src/core/binlog/checksumRun.ts'
import { EventType } from '../src/core/binlog/layout.ts'
import type { Corpus } from './corpus.ts'
import { AT_FLAGS, AT_POSITION, AT_SIZE, AT_TYPE, frame, mendChecksums, mendPositions } from './frame.ts'

type Change =
  | { readonly kind: 'turn'; readonly at: number; readonly bit: number }
  | { readonly kind: 'byte'; readonly at: number; readonly value: number }
  | { readonly kind: 'word'; readonly at: number; readonly value: number }
  /** Of the header of an event. */
  | { readonly kind: 'field'; readonly event: number; readonly field: number; readonly value: number }
  | { readonly kind: 'end'; readonly at: number }
  | { readonly kind: 'remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  /** Bytes of a file, this one or another, put in or written over what is there. */
  | {
      readonly kind: 'bring'
      readonly file: number
      readonly from: number
      readonly length: number
      readonly at: number
      readonly isOver: boolean
    }

export interface ChangedFile {
  readonly file: number
  /** Its events are there again and again: checksums of long batches are checked in another way than those of short ones. */
  readonly isLong: boolean
  readonly changes: readonly Change[]
  /** What is put right after the changes, so that they reach the reader. */
  readonly mended: 'nothing' | 'checksums' | 'places and checksums'
  /** Sizes of the pieces in which it comes. */
  readonly cuts: readonly number[]
}

/** Sizes, types and counts near the borders of what can be. */
const edges = [
  0, 1, 2, 3, 4, 5, 15, 16, 18, 19, 20, 22, 23, 24, 27, 31, 32, 33, 35, 38, 40, 42, 127, 128, 160, 162, 163, 164, 250, 251, 252,
  253, 254, 255, 256, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff, 0x4000_0000, 0x4010_0001,
] as const

export const edge: fc.Arbitrary<number> = fc.oneof(fc.constantFrom(...edges), fc.nat(255), fc.nat(0xffff_ffff))
export const place: fc.Arbitrary<number> = fc.nat(0xffff)
export const cuts: fc.Arbitrary<number[]> = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 900 })),
  {
    minLength: 1,
    maxLength: 6,
  },
)

/** One of so many files is long, or fewer: small and large numbers come more often than others. */
const LONG_ONES = 600
const closing = new Set<number>([EventType.ROTATE, EventType.STOP])

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('turn' as const), at: place, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('byte' as const), at: place, value: fc.nat(255) }),
  fc.record({ kind: fc.constant('word' as const), at: place, value: edge }),
  fc.record({ kind: fc.constant('field' as const), event: fc.nat(30), field: fc.nat(5), value: edge }),
  fc.record({ kind: fc.constant('end' as const), at: place }),
  fc.record({ kind: fc.constant('remove' as const), at: place, length: fc.nat(100) }),
  fc.record({ kind: fc.constant('insert' as const), at: place, bytes: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({
    kind: fc.constant('bring' as const),
    file: place,
    from: place,
    length: fc.nat(300),
    at: place,
    isOver: fc.boolean(),
  }),
)

export const changedFile: fc.Arbitrary<ChangedFile> = fc.record({
  file: place,
  isLong: fc.nat(LONG_ONES).map((n) => n === LONG_ONES / 2),
  changes: fc.array(anyChange, { maxLength: 5 }),
  mended: fc.constantFrom('nothing' as const, 'checksums' as const, 'places and checksums' as const),
  cuts,
})

export function originalOf(corpus: Corpus, { file, isLong }: ChangedFile): Buffer {
  const bytes = corpus.files[file % corpus.files.length] ?? Buffer.alloc(0)
  return isLong ? lengthened(bytes) : bytes
}

function lengthened(bytes: Buffer): Buffer {
  const { starts, end } = frame(bytes)
  const events = starts.flatMap((at, i) =>
    closing.has(bytes[at + AT_TYPE] ?? 0) ? [] : [bytes.subarray(at, starts[i + 1] ?? end)],
  )
  const [format, ...rest] = events
  const once = Buffer.concat(rest)
  if (format === undefined || once.length === 0) return bytes
  const times = Math.ceil((LEAST_RUN + 5000) / once.length)
  const long = Buffer.concat([bytes.subarray(0, 4), format, ...Array<Buffer>(times).fill(once)])
  mendPositions(long)
  mendChecksums(long)
  return long
}

export function makeChanged(corpus: Corpus, input: ChangedFile): Buffer {
  const { changes, mended } = input
  let bytes: Buffer = Buffer.from(originalOf(corpus, input))
  for (const one of changes) bytes = withChange(bytes, one, corpus)
  if (mended === 'places and checksums') mendPositions(bytes)
  if (mended !== 'nothing') mendChecksums(bytes)
  return bytes
}

/** The first four bytes are not touched: without them there is no file to read. */
function withChange(bytes: Buffer, change: Change, corpus: Corpus): Buffer {
  const spare = bytes.length - 4
  if (spare <= 0) return bytes
  const position = (at: number): number => 4 + (at % spare)
  switch (change.kind) {
    case 'turn':
      bytes[position(change.at)] = (bytes[position(change.at)] ?? 0) ^ (1 << change.bit)
      return bytes
    case 'byte':
      bytes[position(change.at)] = change.value
      return bytes
    case 'word':
      if (spare >= 4) bytes.writeUInt32LE(change.value, Math.min(position(change.at), bytes.length - 4))
      return bytes
    case 'field': {
      const { starts } = frame(bytes)
      const start = starts[change.event % Math.max(1, starts.length)]
      if (start !== undefined) writeField(bytes, start, change.field, change.value)
      return bytes
    }
    case 'end':
      return bytes.subarray(0, position(change.at))
    case 'remove':
      return Buffer.concat([bytes.subarray(0, position(change.at)), bytes.subarray(position(change.at) + change.length)])
    case 'insert':
      return Buffer.concat([bytes.subarray(0, position(change.at)), change.bytes, bytes.subarray(position(change.at))])
    case 'bring': {
      const source = corpus.files[change.file % corpus.files.length] ?? bytes
      const from = change.from % source.length
      const brought = source.subarray(from, from + change.length)
      const at = position(change.at)
      return Buffer.concat([bytes.subarray(0, at), brought, bytes.subarray(change.isOver ? at + brought.length : at)])
    }
    default:
      return change satisfies never
  }
}

function writeField(bytes: Buffer, start: number, field: number, value: number): void {
  if (field === 0) bytes.writeUInt8(value & 0xff, start + AT_TYPE)
  else if (field === 1) bytes.writeUInt16LE(value & 0xffff, start + AT_FLAGS)
  else bytes.writeUInt32LE(value, start + ([0, 5, AT_SIZE, AT_POSITION][field - 2] ?? 0))
}

/**
 * Inputs by their structure: whole transactions, single events and compressed ones behind a head of any version, some of them left out,
 * doubled, moved, or changed; with right sizes, places and checksums, so that every change reaches the machine behind the frame.
 */
import * as fc from 'fast-check'
import { EventType } from '../src/core/binlog/layout.ts'
import { STAMP } from '../test/support/bytes.ts'
import { cuts, edge, place } from './bytes.ts'
import type { Corpus, Piece } from './corpus.ts'
import { AT_FLAGS, AT_POSITION, AT_SIZE, AT_TYPE, checksumLengthOf, HEADER, mendChecksums } from './frame.ts'
import { payload, piece } from './made.ts'

type Part =
  | { readonly kind: 'group'; readonly of: number }
  | { readonly kind: 'piece'; readonly of: number }
  | { readonly kind: 'any'; readonly type: number; readonly flags: number; readonly body: Uint8Array }
  | {
      readonly kind: 'payload'
      readonly of: readonly number[]
      readonly isCompressed: boolean
      readonly change: PieceChange | null
    }

interface PieceChange {
  readonly kind:
    'drop' | 'repeat' | 'move' | 'byte' | 'word' | 'shorten' | 'type' | 'flags' | 'stamp' | 'server' | 'place' | 'unplaced'
  readonly event: number
  readonly at: number
  readonly value: number
}

export interface MadeFile {
  readonly head: number
  readonly parts: readonly Part[]
  readonly changes: readonly PieceChange[]
  readonly cuts: readonly number[]
}

const types = Object.values(EventType)
const flags = fc.constantFrom(0, 0, 0, 1, 4, 0x20, 0x40, 0x80, 0x8000)

const pieceChange: fc.Arbitrary<PieceChange> = fc.record({
  kind: fc.constantFrom(
    ...(['drop', 'repeat', 'move', 'byte', 'word', 'shorten', 'type', 'flags', 'stamp', 'server', 'place', 'unplaced'] as const),
  ),
  event: place,
  at: place,
  value: edge,
})

const part: fc.Arbitrary<Part> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('group' as const), of: place }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('piece' as const), of: place }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('any' as const),
      type: fc.oneof(fc.constantFrom(...types), fc.nat(255)),
      flags,
      body: fc.uint8Array({ maxLength: 60 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('payload' as const),
      of: fc.array(place, { maxLength: 5 }),
      isCompressed: fc.boolean(),
      change: fc.option(pieceChange),
    }),
  },
)

export const madeFile: fc.Arbitrary<MadeFile> = fc.record({
  head: place,
  parts: fc.array(part, { minLength: 1, maxLength: 8 }),
  changes: fc.oneof(fc.constant([]), fc.array(pieceChange, { maxLength: 4 })),
  cuts,
})

export function makeFile(corpus: Corpus, { head, parts, changes }: MadeFile): Buffer {
  const pieces = parts.flatMap((one) => piecesOf(corpus, one))
  const places = new Map<Piece, number>()
  for (const one of changes) changePieces(pieces, one, places)
  return assemble(corpus.heads[head % corpus.heads.length] ?? Buffer.alloc(4), pieces, places)
}

function piecesOf(corpus: Corpus, one: Part): readonly Piece[] {
  switch (one.kind) {
    case 'group':
      return corpus.groups[one.of % corpus.groups.length] ?? []
    case 'piece':
      return corpus.pieces.slice(one.of % corpus.pieces.length).slice(0, 1)
    case 'any':
      return [piece(one.type, Buffer.from(one.body), one.flags)]
    case 'payload': {
      const inner = one.of.flatMap((of) => corpus.pieces.slice(of % corpus.pieces.length).slice(0, 1))
      if (one.change !== null) changePieces(inner, one.change, new Map())
      return [piece(EventType.ANONYMOUS_GTID, Buffer.alloc(42)), payload(inner, one.isCompressed)]
    }
    default:
      return one satisfies never
  }
}

/** `places`: what events say of their ends, where that is wrong. */
function changePieces(pieces: Piece[], { kind, event, at, value }: PieceChange, places: Map<Piece, number>): void {
  const i = event % Math.max(1, pieces.length)
  const old = pieces[i]
  if (old === undefined) return
  const put = (changed: Partial<Piece>): void => void pieces.splice(i, 1, { ...old, ...changed })
  switch (kind) {
    case 'drop':
      pieces.splice(i, 1)
      return
    case 'repeat':
      pieces.splice(i, 0, { ...old })
      return
    case 'move':
      pieces.splice(i, 1)
      pieces.splice(at % (pieces.length + 1), 0, old)
      return
    case 'byte':
    case 'word': {
      const body = Buffer.from(old.body)
      if (kind === 'byte' && body.length > 0) body[at % body.length] = value & 0xff
      if (kind === 'word' && body.length >= 4) body.writeUInt32LE(value, at % (body.length - 3))
      put({ body })
      return
    }
    case 'shorten':
      put({ body: old.body.subarray(0, at % (old.body.length + 1)) })
      return
    case 'type':
      put({ type: types[value % types.length] ?? 0 })
      return
    case 'flags':
      put({ flags: value & 0xffff })
      return
    case 'stamp':
      put({ stamp: at % 2 === 0 ? value : (STAMP + (value & 7)) >>> 0 })
      return
    case 'server':
      put({ serverId: value })
      return
    case 'place': {
      const moved = { ...old }
      pieces.splice(i, 1, moved)
      places.set(moved, value)
      return
    }
    case 'unplaced':
      put({ isPlaced: false })
      return
    default:
      kind satisfies never
  }
}

function assemble(head: Buffer, pieces: readonly Piece[], places: ReadonlyMap<Piece, number>): Buffer {
  const checksumLength = checksumLengthOf(head)
  const bytes = Buffer.alloc(pieces.reduce((sum, { body }) => sum + HEADER + body.length + checksumLength, head.length))
  head.copy(bytes)
  let at = head.length
  for (const one of pieces) {
    const size = HEADER + one.body.length + checksumLength
    bytes.writeUInt32LE(one.stamp, at)
    bytes.writeUInt8(one.type, at + AT_TYPE)
    bytes.writeUInt32LE(one.serverId, at + 5)
    bytes.writeUInt32LE(size, at + AT_SIZE)
    bytes.writeUInt32LE(places.get(one) ?? (one.isPlaced ? at + size : 0), at + AT_POSITION)
    bytes.writeUInt16LE(one.flags, at + AT_FLAGS)
    one.body.copy(bytes, at + HEADER)
    at += size
  }
  mendChecksums(bytes)
  return bytes
}

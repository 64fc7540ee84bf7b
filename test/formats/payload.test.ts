/** Compressed transactions made by hand: whole, cut, lying, nested, and much larger than they look. */
import { constants, zstdCompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventType } from '../../src/core/binlog/layout.ts'
import { forEachInnerEvent, MAX_HELD_EVENT } from '../../src/core/binlog/payload.ts'
import type { Transaction } from '../../src/core/transaction.ts'
import { beginLog, body } from '../support/bytes.ts'
import { detailsOf } from './detailed.ts'
import { eventOf, payloadOf, rowsTransaction } from './payloads.ts'

const seed = { numRuns: 300 }

describe('what is in a payload comes out as it went in', () => {
  const event = fc
    .record({
      type: fc.constantFrom(EventType.QUERY, EventType.WRITE_ROWS, EventType.XID),
      bytes: fc.uint8Array({ maxLength: 400 }),
    })
    .map(({ type, bytes }) => eventOf(type, Buffer.from(bytes)))

  test('at every level, in one frame or more, with checksums and with frames that are skipped', () => {
    const frame = fc.record({
      events: fc.array(event, { minLength: 1, maxLength: 30 }),
      repeat: fc.integer({ min: 1, max: 60 }),
      level: fc.integer({ min: 1, max: 19 }),
      checksum: fc.boolean(),
      skipped: fc.option(fc.uint8Array({ maxLength: 20 })),
    })
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 30 }), (frames, cut) => {
        const plain = Buffer.concat(frames.flatMap(({ events, repeat }) => Array.from({ length: repeat }, () => events).flat()))
        // An event may begin in one frame and end in the next one.
        let at = 0
        const compressed = frames.map(({ events, repeat, level, checksum, skipped }, i) => {
          const length = Buffer.concat(events).length * repeat
          const end = i === frames.length - 1 ? plain.length : Math.max(at, Math.min(plain.length, at + length - cut))
          const part = plain.subarray(at, end)
          at = end
          const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: Number(checksum) }
          return Buffer.concat([zstdCompressSync(part, { params }), ...(skipped === null ? [] : [skippable(skipped)])])
        })
        expect(Buffer.concat(innerOf(payloadOf(Buffer.concat(compressed), { size: plain.length })).events)).toEqual(plain)
        expect(innerOf(payloadOf(plain, { algorithm: 255, size: plain.length })).isRead).toBe(true)
      }),
      seed,
    )
  })

  test('an event that is larger than what is held is shown by its head', () => {
    const large = eventOf(EventType.ROWS_QUERY, Buffer.alloc(MAX_HELD_EVENT))
    const small = eventOf(EventType.XID, body.xid())
    const { events, whole, isRead } = innerOf(payloadOf(zstdCompressSync(Buffer.concat([small, large, small]))))
    expect(whole).toEqual([true, false, true])
    expect(events.map((bytes) => bytes.length)).toEqual([small.length, 65_536, small.length])
    expect(isRead).toBe(true)
  })
})

describe('what cannot be read in full is marked, and nothing else suffers', () => {
  const inside = rowsTransaction([1, 2, 3])
  const compressed = zstdCompressSync(inside)
  const nested = eventOf(EventType.TRANSACTION_PAYLOAD, payloadOf(compressed, { size: inside.length }))
  const cases: readonly (readonly [string, Buffer])[] = [
    ['a frame that is cut', payloadOf(compressed.subarray(0, -7), { size: inside.length })],
    ['a last event that is cut', payloadOf(zstdCompressSync(inside.subarray(0, -3)))],
    ['an event that says it is smaller than a header', payloadOf(zstdCompressSync(Buffer.alloc(200)))],
    ['a size that is too small', payloadOf(compressed, { size: inside.length - 1 })],
    ['a size that is too large', payloadOf(compressed, { size: inside.length + 1 })],
    ['a size of more than any server can hold', payloadOf(compressed, { size: 2 ** 40 })],
    ['a payload size that is wrong', payloadOf(compressed, { size: inside.length, payloadSize: compressed.length + 1 })],
    ['an algorithm that is not known', payloadOf(compressed, { size: inside.length, algorithm: 7 })],
    ['no zstd', payloadOf(inside, { size: inside.length })],
    ['plain bytes that are cut', payloadOf(inside.subarray(0, -1), { algorithm: 255 })],
    ['a payload in a payload', payloadOf(zstdCompressSync(Buffer.concat([inside, nested])))],
    [
      'a GTID in a payload',
      payloadOf(zstdCompressSync(Buffer.concat([eventOf(EventType.ANONYMOUS_GTID, Buffer.alloc(42)), inside]))),
    ],
    ['an unknown event', payloadOf(zstdCompressSync(Buffer.concat([inside, eventOf(199, Buffer.alloc(9))])))],
    [
      'an event without its fixed fields',
      payloadOf(zstdCompressSync(Buffer.concat([inside, eventOf(EventType.QUERY, Buffer.alloc(5))]))),
    ],
    ['a window of 2 GB', payloadOf(withWindow(0xa8))],
    ['a single segment of 2 GB', payloadOf(withSegment(2 ** 31))],
  ]
  test.each(cases)('%s', (_name, payload) => {
    const [damaged, good, ...others] = transactionsOf(payload, payloadOf(compressed, { size: inside.length }))
    expect(others).toEqual([])
    expect(damaged).toMatchObject({ kind: 'other', marks: expect.arrayContaining(['unknown-event', 'compressed']) })
    expect(good).toMatchObject({
      kind: 'rows',
      marks: ['compressed'],
      tables: [{ schema: 'd', table: 't', rows: 3, inserts: 3 }],
    })
  })

  test('any bytes, and any change of good ones: no exception, and the boundaries are the same', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((random) => Buffer.from(random)),
      fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 }).map((changes) => {
        const changed = Buffer.from(payloadOf(compressed, { size: inside.length }))
        for (const { at, byte } of changes) changed[at % changed.length] = byte
        return changed
      }),
    )
    fc.assert(
      fc.property(bytes, (payload) => {
        expect(transactionsOf(payload, payloadOf(compressed, { size: inside.length }))).toHaveLength(2)
      }),
      { numRuns: 5000 },
    )
  })

  test('a bomb: a few kilobytes that expand to terabytes end where they exceed what they say', () => {
    // Frames of a block of 128 KiB that repeats one byte, after the head of an event of 1 GiB.
    const head = Buffer.alloc(19)
    head.writeUInt8(EventType.ROWS_QUERY, 4)
    head.writeUInt32LE(0x4000_0000, 9)
    const bomb = Buffer.concat([zstdCompressSync(head), ...Array.from({ length: 3000 }, () => repeated(131_072, 0))])
    expect(innerOf(payloadOf(bomb, { size: 1 << 20 }))).toMatchObject({ isRead: false, whole: [false] })
    expect(innerOf(payloadOf(bomb)).isRead).toBe(false) // the event is longer than the payload
  })
})

interface Inner {
  readonly events: Buffer[]
  readonly whole: boolean[]
  readonly isRead: boolean
}

function innerOf(payload: Buffer): Inner {
  const events: Buffer[] = []
  const whole: boolean[] = []
  const event = eventOf(EventType.TRANSACTION_PAYLOAD, payload)
  const isRead = forEachInnerEvent(event, 0, event.length, (bytes, from, end, isWhole) => {
    events.push(Buffer.from(bytes.subarray(from, end)))
    whole.push(isWhole)
  })
  return { events, whole, isRead }
}

function transactionsOf(...payloads: readonly Buffer[]): Transaction[] {
  const log = beginLog({ version: '9.7.4' })
  for (const payload of payloads) {
    log.add(EventType.ANONYMOUS_GTID, body.gtid('00000000-0000-0000-0000-000000000000', 0))
    log.add(EventType.TRANSACTION_PAYLOAD, payload)
  }
  return detailsOf(log.bytes())
}

function skippable(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(0x184d_2a53, 0)
  head.writeUInt32LE(bytes.length, 4)
  return Buffer.concat([head, bytes])
}

const FRAME = Buffer.from('28b52ffd', 'hex')

/** A frame of one block of one repeated byte. */
function repeated(length: number, byte: number): Buffer {
  const block = Buffer.alloc(4)
  block.writeUIntLE((length << 3) | 3, 0, 3)
  block[3] = byte
  return Buffer.concat([FRAME, Buffer.of(0, 0x38), block])
}

function withWindow(descriptor: number): Buffer {
  const frame = repeated(19, 0)
  frame[5] = descriptor
  return frame
}

function withSegment(size: number): Buffer {
  const content = Buffer.alloc(8)
  content.writeBigUInt64LE(BigInt(size))
  return Buffer.concat([FRAME, Buffer.of(0xe0), content, repeated(19, 0).subarray(6)])
}

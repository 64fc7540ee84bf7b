import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPacketReader } from '../../src/source/packetReader.ts'

const MAX_PAYLOAD = 0xff_ffff

/** As a server sends it: in packets of at most 16 MiB, the last one shorter. */
function packetsOf(payload: Buffer): Buffer {
  const parts: Buffer[] = []
  let sequence = 1
  for (let at = 0; ; at += MAX_PAYLOAD) {
    const part = payload.subarray(at, at + MAX_PAYLOAD)
    const header = Buffer.alloc(4)
    header.writeUIntLE(part.length, 0, 3)
    header.writeUInt8(sequence++ & 0xff, 3)
    parts.push(header, part)
    if (part.length < MAX_PAYLOAD) return Buffer.concat(parts)
  }
}

function read(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const payloads: Buffer[] = []
  const reader = createPacketReader((bytes, from, to) => payloads.push(Buffer.from(bytes.subarray(from, to))))
  for (let at = 0, i = 0; at < stream.length; i++) {
    const to = at + Math.max(1, cuts[i % cuts.length] ?? 1)
    reader.take(Buffer.from(stream.subarray(at, to)))
    at = to
  }
  return payloads
}

describe('payloads come out as they were sent', () => {
  test('however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 10 }),
        (payloads, cuts) => {
          const sent = payloads.map((bytes) => Buffer.from(bytes))
          expect(read(Buffer.concat(sent.map(packetsOf)), cuts)).toEqual(sent)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test.each([MAX_PAYLOAD - 1, MAX_PAYLOAD, MAX_PAYLOAD + 1, 2 * MAX_PAYLOAD, 2 * MAX_PAYLOAD + 17])('of %i bytes', (size) => {
    const large = Buffer.alloc(size, 'a large event ')
    const small = Buffer.from('small')
    const [before, middle, after, ...more] = read(Buffer.concat([small, large, small].map(packetsOf)), [65_536, 7, 100_000])
    expect(more).toEqual([])
    expect([before, after]).toEqual([small, small])
    expect(middle?.equals(large)).toBe(true)
  })
})

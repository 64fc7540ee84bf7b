import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkedRun } from '../../../src/core/binlog/checksumRun.ts'
import { viewOf } from '../../../src/core/binlog/bytes.ts'

/** An event of a type, its size in the header and its CRC32 at the end; the rest is given. */
function eventOf(body: Uint8Array, type = 2): Buffer {
  const event = Buffer.concat([Buffer.alloc(19), body, Buffer.alloc(4)])
  event[4] = type
  event.writeUInt32LE(event.length, 9)
  event.writeUInt32LE(crc32(event.subarray(0, -4)), event.length - 4)
  return event
}

const run = (bytes: Buffer, from = 0, to: number = bytes.length): number => checkedRun(bytes, viewOf(bytes), from, to)
const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 20 })

describe('a run of events', () => {
  test('with right checksums is right to its end, from any place in a batch', () => {
    fc.assert(
      fc.property(bodies, fc.uint8Array({ maxLength: 40 }), (list, before) => {
        const bytes = Buffer.concat([before, ...list.map((body) => eventOf(body))])
        expect(run(bytes, before.length)).toBe(bytes.length)
      }),
    )
  })

  test('with any bit flipped, sizes apart, is wrong', () => {
    fc.assert(
      fc.property(bodies, fc.nat(), fc.nat(7), (list, place, bit) => {
        const bytes = Buffer.concat(list.map((body) => eventOf(body)))
        const at = place % bytes.length
        const before = run(bytes)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
        const after = run(bytes)
        // A size that is another one may end the run early; what is left of it must still be right.
        expect({ before, isCaught: after === 0 || after <= at }).toEqual({ before: bytes.length, isCaught: true })
      }),
    )
  })

  test('ends before a FORMAT_DESCRIPTION and before an event that is not whole', () => {
    const one = eventOf(Buffer.from('one'))
    expect(run(Buffer.concat([one, eventOf(Buffer.from('two'), 15)]))).toBe(one.length)
    const two = Buffer.concat([one, eventOf(Buffer.from('two'))])
    expect(run(two, 0, two.length - 1)).toBe(one.length)
    expect(run(two, 0, 18)).toBe(0)
  })

  test('may hold events of many megabytes', () => {
    const large = eventOf(Buffer.alloc(20_000_000, 'x'))
    const bytes = Buffer.concat([eventOf(Buffer.from('one')), large, eventOf(Buffer.from('two'))])
    expect(run(bytes)).toBe(bytes.length)
    bytes[10_000_000] = 0
    expect(run(bytes)).toBe(0)
  })
})

/** GTID sets and positions against a plain model, their text both ways, and the two events that carry them, byte by byte. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeGtidList,
  decodeGtidListEntries,
  decodePreviousGtids,
  GtidPosition,
  GtidSet,
} from '../../../src/core/binlog/gtidSet.ts'
import { formatGtid, parseGtid } from '../../../src/core/gtid.ts'
import { gtidList, previousGtids } from '../../support/gtids.ts'

const A = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
const B = '4e11fa47-71ca-11e1-9e33-c80aa9429562'
const sids = [A, `${A}:backup`, `${A}:x`, B]

const interval = fc
  .record({
    sid: fc.constantFrom(...sids),
    start: fc.integer({ min: 1, max: 40 }),
    length: fc.integer({ min: 0, max: 8 }),
  })
  .map(({ sid, start, length }) => ({ sid, start, end: start + length }))
const intervals = fc.array(interval, { maxLength: 30 })
type Interval = (typeof interval)['generate'] extends (...args: never) => { value: infer T } ? T : never

function setOf(parts: readonly Interval[]): GtidSet {
  const set = new GtidSet()
  for (const { sid, start, end } of parts) set.addInterval(sid, start, end)
  return set
}

/** `sid:number`, each by itself. */
function modelOf(parts: readonly Interval[]): Set<string> {
  const model = new Set<string>()
  for (const { sid, start, end } of parts) for (let n = start; n < end; n++) model.add(`${sid}:${n}`)
  return model
}

describe('a GTID set', () => {
  test('has what was added, in any order, and nothing else', () => {
    fc.assert(
      fc.property(intervals, (parts) => {
        const set = setOf(parts)
        const model = modelOf(parts)
        expect(set.size).toBe(model.size)
        for (const sid of sids) {
          for (let n = 0; n < 50; n++)
            expect({ sid, n, has: set.contains(sid, n) }).toEqual({ sid, n, has: model.has(`${sid}:${n}`) })
        }
      }),
    )
  })

  test('intersects and includes as sets do', () => {
    fc.assert(
      fc.property(intervals, intervals, (mine, theirs) => {
        const [a, b] = [modelOf(mine), modelOf(theirs)]
        const both = setOf(mine).intersect(setOf(theirs))
        expect(both.size).toBe([...a].filter((gtid) => b.has(gtid)).length)
        expect(setOf(mine).includes(both)).toBe(true)
        expect(setOf(mine).includes(setOf(theirs))).toBe([...b].every((gtid) => a.has(gtid)))
      }),
    )
  })

  test('has one text, however it came about, and is read back from it', () => {
    fc.assert(
      fc.property(intervals, (parts) => {
        const text = setOf(parts).toString()
        expect(setOf(parts.toReversed()).toString()).toBe(text)
        expect(GtidSet.parse(text)?.toString()).toBe(text)
        expect(GtidSet.parse(text.toUpperCase().replaceAll(',', ',\n '))?.toString()).toBe(text)
      }),
    )
  })

  test('is written as a server does', () => {
    const set = setOf([
      { sid: B, start: 5, end: 6 },
      { sid: `${A}:x`, start: 1, end: 3 },
      { sid: A, start: 7, end: 8 },
      { sid: A, start: 1, end: 6 },
      { sid: `${A}:backup`, start: 2, end: 3 },
    ])
    expect(set.toString()).toBe(`${A}:1-5:7:backup:2:x:1-2,${B}:5`)
    expect(new GtidSet().toString()).toBe('')
  })

  test.each(['uuid:1', `${A}:0`, `${A}:1-x`, `${A}:1.5`, `${A}:-1`, `${A}:1tag:1`, '0-1-100'])('is not %s', (text) => {
    expect(GtidSet.parse(text)).toBeNull()
  })

  test('is empty where an interval ends before it begins, as for a server', () => {
    expect(GtidSet.parse(`${A}:5-3`)?.size).toBe(0)
    expect(GtidSet.parse('')?.size).toBe(0)
  })
})

describe('PREVIOUS_GTIDS', () => {
  test('is decoded with and without tags', () => {
    fc.assert(
      fc.property(intervals, (parts) => {
        const expected = setOf(parts)
        const event = Buffer.concat([Buffer.alloc(19), previousGtids(expected.toString())])
        expect(decodePreviousGtids(event, 0, event.length)?.toString()).toBe(expected.toString())
      }),
    )
  })

  test('that is cut short is not known, wherever it is cut', () => {
    const event = Buffer.concat([Buffer.alloc(19), previousGtids(`${A}:1-5:7:backup:2,${B}:5`)])
    for (let end = 19; end < event.length; end++) expect(decodePreviousGtids(event.subarray(0, end), 0, end)).toBeNull()
  })
})

describe('GTID_LIST', () => {
  const entries = [
    { domain: 1, serverId: 9, sequence: 7 },
    { domain: 0, serverId: 2, sequence: 90 },
    { domain: 0, serverId: 1, sequence: 4_300_000_000 },
  ]
  const event = Buffer.concat([Buffer.alloc(19), gtidList(entries)])

  test('names all servers of a domain; the position is that of the last one', () => {
    expect(decodeGtidListEntries(event, 0, event.length)).toEqual(entries)
    expect(decodeGtidList(event, 0, event.length)?.toString()).toBe('0-1-4300000000,1-9-7')
  })

  test('that is cut short is not known', () => {
    expect(decodeGtidListEntries(event, 0, event.length - 1)).toBeNull()
    expect(decodeGtidList(event, 0, event.length - 1)).toBeNull()
  })

  test('has flags above its count', () => {
    const flagged = Buffer.from(event)
    flagged.writeUInt32LE(0x1000_0003, 19)
    expect(decodeGtidListEntries(flagged, 0, flagged.length)).toHaveLength(3)
  })
})

test('a position is read back from its text, white space and all', () => {
  expect(GtidPosition.parse(' 1-9-7,\n0-1-5 ')?.toString()).toBe('0-1-5,1-9-7')
  expect(GtidPosition.parse('')?.toString()).toBe('')
  expect(GtidPosition.parse('0-1')).toBeNull()
})

describe('the text of a GTID', () => {
  test.each([
    [`${A}:5`, `${A}:5`],
    [`${A.toUpperCase()}:MyTag:005`, `${A}:mytag:5`],
    [`${A}:_${'x'.repeat(31)}:1`, `${A}:_${'x'.repeat(31)}:1`],
    ['0-1-100', '0-1-100'],
    ['4294967295-4294967295-007', '4294967295-4294967295-7'],
  ])('%s', (text, expected) => {
    const gtid = parseGtid(text)
    expect(gtid === null ? null : formatGtid(gtid)).toBe(expected)
  })

  test.each([
    A,
    `${A}:1-5`,
    `${A}:1tag:5`,
    `${A}:_${'x'.repeat(32)}:1`,
    `${A}:9007199254740993`,
    '0-1',
    '0-1-2-3',
    'mysql-bin.000001:4',
  ])('not %s', (text) => {
    expect(parseGtid(text)).toBeNull()
  })
})

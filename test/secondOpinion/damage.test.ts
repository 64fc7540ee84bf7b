/**
 * Damage of every sort gives a named ending and a prefix of the transactions: never an exception, never a transaction that is not there.
 * On real bytes with one of them changed, and on events that are too short for what they must hold.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventType } from '../../src/core/binlog/layout.ts'
import { summarizeRows } from '../../src/core/binlog/rows.ts'
import { createDetailCollector } from '../../src/core/scan/detail.ts'
import type { FileEnding } from '../../src/core/scan/ending.ts'
import type { ScanOptions } from '../../src/core/scan/scan.ts'
import { createScan } from '../../src/core/scan/scan.ts'
import { walk } from './walk.ts'

const root = join(import.meta.dirname, '../../fixtures')
const checked = [
  'mysql-5.6/mysql-bin.000005',
  'mysql-9.7/mysql-bin.000006',
  'mariadb-10.11/mysql-bin.000006',
  'mariadb-11.8/mysql-bin.000002',
]
const unchecked = ['mysql-5.6/mysql-bin.000003', 'mysql-9.7/mysql-bin.000003', 'mariadb-11.8/mysql-bin.000003']
const FDE_FLAGS = 4 + 17

/** Types whose fixed fields decide where a transaction begins or ends. */
const mustHold = [
  'QUERY',
  'ROTATE',
  'XID',
  'XA_PREPARE',
  'INCIDENT',
  'GTID',
  'ANONYMOUS_GTID',
  'GTID_TAGGED',
  'MARIADB_GTID',
  'WRITE_ROWS',
  'PREVIOUS_GTIDS',
  'GTID_LIST',
] as const

interface Read {
  readonly boundaries: readonly string[]
  readonly ending: FileEnding
}

/** The bytes of a file from its first event on, in one exact piece: a read beyond it would throw. */
function read(bytes: Buffer, options: ScanOptions, withBodies: boolean): Read {
  const boundaries: string[] = []
  const endings: FileEnding[] = []
  const collector = createDetailCollector()
  const scan = createScan(
    {
      onTransaction: (t, file) => {
        if (withBodies) collector.finish(t, file, true)
        boundaries.push(`${t.start}-${t.end}`)
      },
      onFileEnd: (ending) => endings.push(ending),
      ...(withBodies
        ? {
            onEvent: (event) => {
              if (scan.file !== null) collector.event(event, !scan.isInTransaction, scan.file)
              return true
            },
          }
        : {}),
    },
    options,
  )
  scan.beginFile('mysql-bin.000001')
  const exact = Buffer.from(new Uint8Array(bytes.subarray(4)).buffer)
  scan.take(exact, 0, exact.length, 4)
  scan.endFile('end')
  const [ending, ...more] = endings
  if (ending === undefined || more.length > 0) throw new Error(`${endings.length} endings`)
  return { boundaries, ending }
}

describe('a byte that is changed', () => {
  test.each(checked)('in %s, where every checksum is verified, ends the file there', (name) => {
    const bytes = readFileSync(join(root, 'grammar', name))
    const whole = read(bytes, { checksums: 'all' }, true)
    const { starts } = walk(bytes)
    fc.assert(
      fc.property(fc.integer({ min: 4, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        // The one bit that no checksum covers.
        fc.pre(at !== FDE_FLAGS || (mask & ~1) !== 0)
        const broken = Buffer.from(bytes)
        broken[at] = (broken[at] ?? 0) ^ mask
        const { boundaries, ending } = read(broken, { checksums: 'all' }, true)
        const brokenEvent = starts.findLast((start) => start <= at) ?? 0
        // Without its FORMAT_DESCRIPTION a file has no form: it may look like any other thing that is refused.
        const names = brokenEvent === 4 ? ['damaged', 'truncated', 'old-format', 'relay-log'] : damagedNames
        expect(names).toContain(ending.kind)
        expect(ending.readEnd).toBe(brokenEvent)
        expect(boundaries).toEqual(whole.boundaries.filter((boundary) => Number(boundary.split('-')[1]) <= brokenEvent))
      }),
      { numRuns: 500 },
    )
  })

  test.each([...checked, ...unchecked])(
    'in %s, where none is verified, is no exception and makes no boundary inside an event',
    (name) => {
      const bytes = readFileSync(join(root, 'grammar', name))
      fc.assert(
        fc.property(fc.integer({ min: 4, max: bytes.length - 1 }), fc.nat(255), fc.boolean(), (at, value, withBodies) => {
          const broken = Buffer.from(bytes)
          broken[at] = value
          const { boundaries, ending } = read(broken, {}, withBodies)
          const { starts, end } = walk(broken)
          const places = new Set([...starts, end].map(String))
          expect(boundaries.flatMap((boundary) => boundary.split('-')).filter((place) => !places.has(place))).toEqual([])
          expect(ending.readEnd).toBeLessThanOrEqual(end)
        }),
        { numRuns: 500 },
      )
    },
  )
})

const damagedNames = ['damaged', 'truncated', 'unknown-event', 'relay-log']

describe('a rows event', () => {
  const table = { id: 1, schema: 'd', table: 't', types: Uint8Array.of(3), metadata: [0] }
  const rows = (...tail: number[]): Buffer => Buffer.from([...Buffer.alloc(19 + 6 + 2), 2, 0, ...tail])

  test.each([
    ['whose images hold no column', rows(1, 0, 0xff, 0xff, 0xff)],
    ['with an image of no column', rows(1, 0)],
    ['with more columns than it has bits for', rows(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0xff)],
  ])('%s changes a number of rows that nobody can tell', (_what, event) => {
    expect(summarizeRows(event, 0, event.length, EventType.WRITE_ROWS, table, 6)).toMatchObject({ kind: 'insert', rows: null })
  })
})

describe('an event that is too short', () => {
  const format = formatOf(readFileSync(join(root, 'grammar', 'mysql-5.6/mysql-bin.000003')))

  test.each(Object.entries(EventType))('%s with nothing but a header is no exception', (_name, type) => {
    for (const withBodies of [true, false]) {
      const { boundaries, ending } = read(Buffer.concat([format, bareEvent(type, format.length)]), {}, withBodies)
      expect(boundaries.length).toBeLessThanOrEqual(1)
      expect(ending.readEnd).toBeLessThanOrEqual(format.length + 19)
    }
  })

  test.each(mustHold)('%s with nothing but a header is damage', (name) => {
    const { boundaries, ending } = read(Buffer.concat([format, bareEvent(EventType[name], format.length)]), {}, false)
    expect(boundaries).toEqual([])
    expect(ending).toMatchObject({ kind: 'damaged', readEnd: format.length, coveredEnd: format.length })
  })
})

function formatOf(bytes: Buffer): Buffer {
  return bytes.subarray(0, walk(bytes).starts[1])
}

function bareEvent(type: number, position: number): Buffer {
  const event = Buffer.alloc(19)
  event.writeUInt32LE(1_500_000_000, 0)
  event[4] = type
  event.writeUInt32LE(1, 5)
  event.writeUInt32LE(19, 9)
  event.writeUInt32LE(position + 19, 13)
  return event
}

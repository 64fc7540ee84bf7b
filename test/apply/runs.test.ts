/** Statements of any size are cut into runs that a server takes: every one whole in itself, no row lost, none out of order. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rowsFlags, RowsFlag } from '../../src/app/apply/events.ts'
import type { EventPlace } from '../../src/app/apply/runs.ts'
import { createRunCutter, RUN_BYTES } from '../../src/app/apply/runs.ts'
import type { Run } from '../../src/app/apply/orders.ts'
import { AT_SIZE, AT_TYPE, EventType, HEADER_LENGTH } from '../../src/core/binlog/layout.ts'

function eventOf(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH)
  header[AT_TYPE] = type
  header.writeUInt32LE(HEADER_LENGTH + body.length, AT_SIZE)
  return Buffer.concat([header, body])
}

function tableMap(id: number): Buffer {
  const body = Buffer.alloc(16)
  body.writeUIntLE(id, 0, 6)
  body[8] = 1
  body.write('d', 9)
  body[11] = 1
  body.write(String(id), 12)
  return eventOf(EventType.TABLE_MAP, body)
}

function rows(id: number, flags: number, serial: number, size: number): Buffer {
  const body = Buffer.alloc(12 + size)
  body.writeUIntLE(id, 0, 6)
  body.writeUInt16LE(flags, 6)
  body.writeUInt32LE(serial, 8)
  return eventOf(EventType.WRITE_ROWS, body)
}

/** In a batch, with a checksum behind it. */
function placed(event: Buffer): EventPlace {
  const checksum = Buffer.from('cccccccc', 'hex')
  const bytes = Buffer.concat([Buffer.alloc(7), event, checksum])
  bytes.writeUInt32LE(event.length + checksum.length, 7 + AT_SIZE)
  return { bytes, from: 7, bodyEnd: 7 + event.length }
}

interface Taken {
  readonly type: number
  readonly id: number
  readonly flags: number
  readonly serial: number
}

function eventsOf({ bytes }: Run): Taken[] {
  const events: Taken[] = []
  for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at + AT_SIZE)) {
    const event = bytes.subarray(at)
    const type = event[AT_TYPE] ?? 0
    const isRows = type === EventType.WRITE_ROWS
    const id = event.readUIntLE(HEADER_LENGTH, 6)
    events.push({
      type,
      id,
      flags: isRows ? rowsFlags(event, 0, 6) : 0,
      serial: isRows ? event.readUInt32LE(HEADER_LENGTH + 8) : -1,
    })
  }
  return events
}

function rowsOf(run: Run): Taken[] {
  return eventsOf(run).filter(({ type }) => type === EventType.WRITE_ROWS)
}

const KEY_FLAGS = RowsFlag.NO_FOREIGN_KEY_CHECKS | RowsFlag.SQL_FOREIGN_KEYS

/** A server opens the tables at the first rows event behind the maps, with its flags, and closes them at the end of the statement. */
function faultsOf(run: Run, firstFlags: readonly number[]): string[] {
  const faults: string[] = []
  const rowsEvents = rowsOf(run).length
  if (run.rowsEvents !== rowsEvents) faults.push('counted wrongly')
  if (run.bytes.length > RUN_BYTES + 1000 && rowsEvents > 1) faults.push('too large')
  let maps = new Set<number>()
  let isOpen = false
  for (const { type, id, flags, serial } of eventsOf(run)) {
    if (type === EventType.TABLE_MAP) {
      if (isOpen) faults.push(`a map inside of the statement at ${serial}`)
      maps.add(id)
      continue
    }
    if (!maps.has(id)) faults.push(`no map for ${serial}`)
    if (!isOpen && (flags & KEY_FLAGS) !== firstFlags[serial]) faults.push(`other flags at ${serial}`)
    isOpen = (flags & RowsFlag.STATEMENT_END) === 0
    if (!isOpen) maps = new Set()
  }
  if (isOpen) faults.push('the last statement has no end')
  return faults
}

/** A statement: its tables, and of each rows event which table, its own flags, and its size. */
const statement = fc.record({
  tables: fc.integer({ min: 1, max: 4 }),
  first: fc.constantFrom(0, RowsFlag.NO_FOREIGN_KEY_CHECKS, RowsFlag.SQL_FOREIGN_KEYS),
  events: fc.array(fc.record({ table: fc.nat({ max: 3 }), size: fc.constantFrom(1, 8000, 100_000, 300_000) }), {
    minLength: 1,
    maxLength: 8,
  }),
})

describe('the runs of a transaction', () => {
  test('are whole in themselves, in order, and no larger than an event needs', () => {
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 6 }), (statements) => {
        const cutter = createRunCutter()
        const runs: Run[] = []
        const firstFlags: number[] = []
        let serial = 0
        for (const { tables, first, events } of statements) {
          for (let id = 1; id <= tables; id++) cutter.tableMap(placed(tableMap(id)), 6)
          for (const [i, { table, size }] of events.entries()) {
            const end = i === events.length - 1 ? RowsFlag.STATEMENT_END : 0
            firstFlags[serial] = first
            const run = cutter.rows(placed(rows(1 + (table % tables), end | (i === 0 ? first : 0), serial++, size)), 6)
            if (run) runs.push(run)
          }
        }
        const last = cutter.end()
        if (last !== null) runs.push(last)
        expect(cutter.end()).toBeNull()

        expect(runs.flatMap((run) => faultsOf(run, firstFlags))).toEqual([])
        const serials = runs.flatMap((run) => rowsOf(run).map((event) => event.serial))
        expect(serials).toEqual(Array.from({ length: serial }, (_, i) => i))
      }),
      { numRuns: 200 },
    )
  })

  test('have no rows of a table that was not mapped', () => {
    const cutter = createRunCutter()
    cutter.tableMap(placed(tableMap(1)), 6)
    expect(cutter.rows(placed(rows(2, 0, 0, 1)), 6)).toBeUndefined()
  })
})

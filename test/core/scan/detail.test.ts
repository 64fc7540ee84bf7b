/** Bodies of events are decoded for people and plans: whatever stands in them, no exception, and the boundaries are the scan's. */
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventType } from '../../../src/core/binlog/layout.ts'
import { createDetailCollector } from '../../../src/core/scan/detail.ts'
import { createScan } from '../../../src/core/scan/scan.ts'
import type { Transaction } from '../../../src/core/transaction.ts'
import { addRows, beginLog, body } from '../../support/bytes.ts'
import { fixtureFiles } from '../../support/logs.ts'
import { scanBytes } from '../../support/scanned.ts'

const files = fixtureFiles.map(({ path }) => readFileSync(path))

function detailsOf(file: Buffer): Transaction[] {
  const transactions: Transaction[] = []
  const collector = createDetailCollector()
  const scan = createScan(
    {
      onEvent: (event) => {
        if (scan.file !== null) collector.event(event, !scan.isInTransaction, scan.file)
        return true
      },
      onTransaction: (t, of) => transactions.push(collector.finish(t, of, true)),
      onAbandoned: (_start, of) => void collector.finish({ ...scan.transaction, end: scan.readEnd }, of, false),
    },
    { checksums: 'all' },
  )
  scan.beginFile('mysql-bin.000001')
  // Nothing behind the last byte: a read beyond an event's end would throw here.
  scan.take(Buffer.from(file.subarray(4)), 0, file.length - 4, 4)
  scan.endFile('end')
  return transactions
}

const boundaries = (transactions: readonly { start: number; end: number }[]): unknown[] =>
  transactions.map(({ start, end }) => [start, end])

describe('transactions in full', () => {
  test.each(fixtureFiles.map(({ name, path }) => [name, path]))('%s: as the bulk scan has them', (_name, path) => {
    const bytes = readFileSync(path)
    expect(boundaries(detailsOf(bytes))).toEqual(boundaries(scanBytes(bytes, undefined, { checksums: 'all' }).transactions))
  })

  test('of changed bytes with good checksums', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255) })
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 8 }), (file, changes) => {
        const bytes = Buffer.from(file)
        // Behind the headers, so that most events stay what they are.
        for (const { at, byte } of changes) bytes[4 + (at % (bytes.length - 4))] = byte
        mendChecksums(bytes)
        expect(boundaries(detailsOf(bytes))).toEqual(boundaries(scanBytes(bytes, undefined, { checksums: 'all' }).transactions))
      }),
      { numRuns: 3000 },
    )
  })

  test('of events of any type inside a TRANSACTION_PAYLOAD', () => {
    const event = fc.record({
      type: fc.constantFrom(...Object.values(EventType)),
      body: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 6 }), fc.boolean(), (events, isLast) => {
        const log = beginLog({ version: '9.7.4', checksums: false })
        log.add(EventType.ANONYMOUS_GTID, body.gtid('00000000-0000-0000-0000-000000000000', 0))
        const start = log.add(EventType.TRANSACTION_PAYLOAD, payloadOf(events))
        expect(start).toBeLessThan(log.position)
        if (!isLast) addRows(log, 1)
        expect(boundaries(detailsOf(log.bytes()))).toHaveLength(isLast ? 1 : 2)
      }),
      { numRuns: 5000 },
    )
  })

  test('of events of any type with any body, at the very end of what is in memory', () => {
    const event = fc.record({
      type: fc.oneof(fc.constantFrom(...Object.values(EventType)), fc.nat(255)),
      body: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      flags: fc.constantFrom(0, 4, 0x80),
    })
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom('5.1.73-log', '5.7.44-log', '9.7.4', '11.8.6-MariaDB'),
        (events, checksums, isOpen, version) => {
          const log = beginLog({ version, checksums: checksums && version !== '5.1.73-log' })
          addRows(log, 1)
          if (isOpen) log.add(EventType.QUERY, body.query('BEGIN'))
          for (const one of events) log.add(one.type, one.body, { flags: one.flags })
          const bytes = log.bytes()
          expect(boundaries(detailsOf(bytes))).toEqual(boundaries(scanBytes(bytes).transactions))
        },
      ),
      { numRuns: 8000 },
    )
  })
})

/** TRANSACTION_PAYLOAD that is not compressed (algorithm 255) of events without checksums. */
function payloadOf(events: readonly { type: number; body: Buffer }[]): Buffer {
  const inner = events.map(({ type, body: bytes }) => {
    const event = Buffer.alloc(19 + bytes.length)
    event.writeUInt8(type, 4)
    event.writeUInt32LE(event.length, 9)
    bytes.copy(event, 19)
    return event
  })
  return Buffer.concat([Buffer.of(2, 3, 0xfc, 255, 0, 0), ...inner])
}

function mendChecksums(bytes: Buffer): void {
  let at = 4
  while (at + 19 <= bytes.length) {
    const size = bytes.readUInt32LE(at + 9)
    if (size < 23 || at + size > bytes.length) return
    bytes.writeUInt32LE(crc32(bytes.subarray(at, at + size - 4)), at + size - 4)
    at += size
  }
}

/** What holds for any bytes: however they come, wherever they end, whatever was changed in them. */
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fixtureFiles } from '../../support/logs.ts'
import { addRows, beginLog, body, STAMP } from '../../support/bytes.ts'
import type { Scanned } from '../../support/scanned.ts'
import { scanBytes } from '../../support/scanned.ts'
import { EventType } from '../../../src/core/binlog/layout.ts'

const files = fixtureFiles.map((file) => ({ ...file, bytes: readFileSync(file.path) }))
const named = files.map((file) => [file.name, file.bytes] as const)

/** Small, of each family, and with every kind of ending. */
const small = named.filter(([name]) =>
  /^(crash\/(mysql-5\.6|mysql-9\.7|mariadb-10\.11|mariadb-11\.8)(-torn)?\/.*|incident\/(mysql-9\.7|mariadb-10\.11)\/.*|clock\/mariadb-11\.8\/.*)$/.test(
    name,
  ),
)

const pieces = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 5000 })), {
  minLength: 1,
  maxLength: 20,
})

describe('any way of cutting the bytes into calls', () => {
  test.each(named)('%s gives the same transactions, marks and ending', (_name, bytes) => {
    const whole = scanBytes(bytes)
    const same = (scanned: typeof whole): object => ({ ...scanned, coveredEnds: [] })
    fc.assert(
      fc.property(pieces, (cuts) => {
        expect(same(scanBytes(bytes, cuts))).toEqual(same(whole))
      }),
      { numRuns: 15 },
    )
    expect(same(scanBytes(bytes, [1]))).toEqual(same(whole))
  })
})

describe('the short way for usual events, which is not taken where every checksum is verified, decides nothing', () => {
  test.each(named)('%s: the same with it and without', (_name, bytes) => {
    fc.assert(
      fc.property(pieces, (cuts) => {
        expect(scanBytes(bytes, cuts)).toEqual(scanBytes(bytes, cuts, { checksums: 'all' }))
      }),
      { numRuns: 10 },
    )
  })
})

describe('a file that ends at any byte', () => {
  test.each(small)('%s: every byte', (_name, bytes) => {
    const whole = scanBytes(bytes)
    const sizes = Array.from({ length: bytes.length - 3 }, (_unused, i) => i + 4)
    expect(sizes.flatMap((size) => prefixFaults(whole, scanBytes(bytes.subarray(0, size)), size))).toEqual([])
  })

  test.each(named)('%s: some bytes', (_name, bytes) => {
    const whole = scanBytes(bytes)
    fc.assert(
      fc.property(fc.integer({ min: 4, max: bytes.length }), pieces, (size, cuts) => {
        expect(prefixFaults(whole, scanBytes(bytes.subarray(0, size), cuts), size)).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  /** The transactions that are whole, no other, and an ending with the right name. */
  function prefixFaults(whole: Scanned, part: Scanned, size: number): string[] {
    const { kind, readEnd, coveredEnd, detail } = part.ending
    const wanted = whole.transactions.filter((t) => t.end <= size)
    const isCut = size < whole.ending.readEnd
    return faults(`of the first ${size} bytes`, [
      ['transactions', isDeepStrictEqual(part.transactions, wanted)],
      ['covered', coveredEnd <= readEnd && readEnd <= Math.max(4, size)],
      [kind, !isCut || ['truncated', 'incomplete', 'end', 'empty'].includes(kind)],
      ['end', !isCut || (kind === 'end') === (coveredEnd === size && size > 4)],
      ['detail', kind !== 'truncated' || detail !== ''],
    ])
  }
})

describe('changed bytes', () => {
  const oneBit = fc.constantFrom(...files.filter(({ bytes }) => hasChecksums(bytes))).chain(({ bytes, name }) =>
    fc.record({
      name: fc.constant(name),
      bytes: fc.constant(bytes),
      at: fc.integer({ min: 4, max: bytes.length - 1 }),
      bit: fc.nat(7),
    }),
  )

  test('one bit, with all checksums verified: reported where it is, or nothing is changed', () => {
    fc.assert(
      fc.property(oneBit, ({ bytes, at, bit }) => {
        const whole = scanBytes(bytes, [1000], { checksums: 'all' })
        const changed = Buffer.from(bytes)
        changed[at] = (changed[at] ?? 0) ^ (1 << bit)
        const part = scanBytes(changed, [1000], { checksums: 'all' })
        const isSame = isDeepStrictEqual(part.transactions, whole.transactions) && part.ending.kind === whole.ending.kind
        const isReported =
          ['damaged', 'truncated', 'relay-log', 'old-format', 'unknown-event', 'encrypted'].includes(part.ending.kind) &&
          part.ending.readEnd <= at &&
          isDeepStrictEqual(part.transactions, whole.transactions.slice(0, part.transactions.length))
        expect({ isSame, isReported, kind: part.ending.kind }).toSatisfy(
          (seen: { isSame: boolean; isReported: boolean }) => seen.isSame || seen.isReported,
        )
      }),
      { numRuns: 3000 },
    )
  })

  test('many bytes, without checksums: no exception, and boundaries stay in order', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255) })
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 8 }), pieces, (file, changes, cuts) => {
        const bytes = Buffer.from(file.bytes)
        for (const { at, byte } of changes) bytes[4 + (at % (bytes.length - 4))] = byte
        expect(orderFaults(scanBytes(bytes, cuts))).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  test('many bytes, and the checksums made good again: no exception, and boundaries stay in order', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255) })
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 8 }), (file, changes) => {
        const bytes = Buffer.from(file.bytes)
        for (const { at, byte } of changes) bytes[4 + (at % (bytes.length - 4))] = byte
        mendChecksums(bytes)
        expect(orderFaults(scanBytes(bytes, [4096], { checksums: 'all' }))).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  test('garbage behind a head: no exception, no endless loop', () => {
    const head = beginLog().bytes()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), pieces, (garbage, cuts) => {
        expect(orderFaults(scanBytes(Buffer.concat([head, garbage]), cuts))).toEqual([])
        expect(orderFaults(scanBytes(Buffer.concat([head.subarray(0, 4), garbage]), cuts))).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  test('events of any type with any body: no exception, no endless loop, boundaries stay in order', () => {
    const event = fc.record({
      type: fc.oneof(fc.constantFrom(...Object.values(EventType)), fc.nat(255)),
      body: fc.oneof(
        fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
        fc.constantFrom(
          ...[
            'BEGIN',
            'COMMIT',
            'ROLLBACK',
            'ROLLBACK TO s',
            "XA START X'01',X'',1",
            "XA COMMIT X'01'",
            'INSERT INTO t VALUES (1)',
          ].map((text) => body.query(text)),
        ),
      ),
      flags: fc.constantFrom(0, 1, 4, 0x20, 0x40, 0x80, 0x8000),
      stamp: fc.constantFrom(0, 1, STAMP, 0xffff_ffff),
    })
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 25 }),
        fc.boolean(),
        fc.constantFrom('5.5.62-log', '5.7.44-log', '9.7.4', '11.8.6-MariaDB'),
        (events, isChecked, version) => {
          const log = beginLog({ version, checksums: isChecked && version !== '5.5.62-log' })
          addRows(log, 1)
          for (const one of events) log.add(one.type, one.body, { flags: one.flags, stamp: one.stamp })
          addRows(log, 2)
          const scanned = scanBytes(log.bytes(), [77], { checksums: 'all' })
          expect(scanBytes(log.bytes(), [77])).toEqual(scanned)
          expect(orderFaults(scanned)).toEqual([])
          expect(scanned.transactions.length).toBeGreaterThan(0)
        },
      ),
      { numRuns: 5000 },
    )
  })

  function orderFaults({ transactions, abandoned, ending, coveredEnds }: Scanned): string[] {
    const ends = [4, ...transactions.map((t) => t.end)]
    return faults('', [
      ['order', transactions.every((t, i) => t.start >= (ends[i] ?? 0) && t.end > t.start)],
      [
        'covered',
        ending.coveredEnd >= (ends.at(-1) ?? 0) &&
          isDeepStrictEqual(
            coveredEnds,
            coveredEnds.toSorted((a, b) => a - b),
          ),
      ],
      ['abandoned', abandoned.every((start) => transactions.every((t) => start < t.start || start >= t.end))],
    ])
  }
})

function faults(where: string, checks: readonly (readonly [name: string, holds: boolean])[]): string[] {
  return checks.filter(([, holds]) => !holds).map(([name]) => `${name} ${where}`)
}

function hasChecksums(bytes: Buffer): boolean {
  if (bytes.readUInt32LE(0) !== 0x6e69_62fe) return false
  const size = bytes.readUInt32LE(4 + 9)
  return bytes[4 + size - 5] === 1
}

/** Writes the right checksum behind every event that can be framed. */
function mendChecksums(bytes: Buffer): void {
  let at = 4
  while (at + 19 <= bytes.length) {
    const size = bytes.readUInt32LE(at + 9)
    if (size < 23 || at + size > bytes.length) return
    bytes.writeUInt32LE(crc32(bytes.subarray(at, at + size - 4)), at + size - 4)
    at += size
  }
}

/** Checksums that are checked for many events at once find what each of them finds. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { AT_FLAGS, Flag } from '../../../src/core/binlog/layout.ts'
import { FIRST_POSITION } from '../../../src/core/coordinate.ts'
import { addRows, beginLog } from '../../support/bytes.ts'
import { scanBytes } from '../../support/scanned.ts'

const log = beginLog()
while (log.position < 300_000) addRows(log, log.position)
const whole = log.bytes()
/** The one bit that no checksum covers: the server flips it in place when it closes the file. */
const AT_IN_USE = FIRST_POSITION + AT_FLAGS
const all = { checksums: 'all' } as const

test('in a log with one changed byte, in one piece and in small ones', () => {
  expect(scanBytes(whole, undefined, all)).toMatchObject({ ending: { kind: 'end', readEnd: whole.length } })
  fc.assert(
    fc.property(fc.integer({ min: 4, max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      fc.pre(at !== AT_IN_USE || change !== Flag.BINLOG_IN_USE)
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] ?? 0) ^ change
      const { coveredEnds: _one, ...atOnce } = scanBytes(bytes, undefined, all)
      const { coveredEnds: _other, ...byPieces } = scanBytes(bytes, [1000], all)
      expect(atOnce).toEqual(byPieces)
      expect(atOnce.ending.kind).not.toBe('end')
      expect(atOnce.ending.readEnd).toBeLessThanOrEqual(at)
    }),
  )
})

test('in a log that is marked as being written, which its checksum does not cover', () => {
  const bytes = Buffer.from(whole)
  bytes[AT_IN_USE] = (bytes[AT_IN_USE] ?? 0) ^ Flag.BINLOG_IN_USE
  expect(scanBytes(bytes, undefined, all)).toEqual(scanBytes(whole, undefined, all))
})

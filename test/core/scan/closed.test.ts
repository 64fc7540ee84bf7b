/** Nothing stands behind the event that closes a file: where something does, it is a hole, and what it holds is no coordinate. */
import { describe, expect, test } from 'vitest'
import { EventType } from '../../../src/core/binlog/layout.ts'
import { addRows, beginLog, body } from '../../support/bytes.ts'
import { scanBytes } from '../../support/scanned.ts'

describe.each([
  ['ROTATE', EventType.ROTATE, body.rotate('mysql-bin.000002'), 'rotate'],
  ['STOP', EventType.STOP, body.stop(), 'stop'],
] as const)('behind a %s', (_name, type, closing, kind) => {
  const log = beginLog()
  const { start, end } = addRows(log, 1)
  log.add(type, closing)
  const closed = log.bytes()
  addRows(log, 2)
  const more = log.bytes()

  test('the file is closed', () => {
    expect(scanBytes(closed).ending).toMatchObject({ kind, coveredEnd: closed.length, detail: '' })
  })

  test.each([
    ['a whole transaction', more],
    ['a part of one', more.subarray(0, closed.length + 60)],
    ['a single byte', more.subarray(0, closed.length + 1)],
  ])('%s is damage', (_what, bytes) => {
    for (const cuts of [[bytes.length], [7]]) {
      const { transactions, ending } = scanBytes(bytes, cuts)
      expect(transactions).toMatchObject([{ start, end }])
      expect(ending).toMatchObject({ kind: 'damaged', readEnd: closed.length, coveredEnd: end, next: null })
      expect(ending.detail).toContain(String(closed.length))
    }
  })
})

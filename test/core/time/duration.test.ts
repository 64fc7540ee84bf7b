import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDuration, parseDuration } from '../../../src/core/time/duration.ts'

describe('a duration', () => {
  test.each([
    ['0', 0],
    ['60s', 60_000_000],
    ['5m', 300_000_000],
    ['1h30m', 5_400_000_000],
    ['2d', 172_800_000_000],
    ['1.5s', 1_500_000],
    ['250ms', 250_000],
    ['0.000001s', 1],
  ])('%s is %i microseconds', (text, us) => {
    expect(parseDuration(text)).toBe(us)
  })

  test.each(['', '5', '-5s', '5 s', 's', '1h 30m', '1w', '1e3s', 'NaN', '5s5', '99999999999999d'])('%j is refused', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'TIME_SYNTAX' }))
  })

  test('that is printed is read back, to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds * 1_000_000))).toBe(seconds * 1_000_000)
      }),
    )
  })
})

import { describe, expect, test } from 'vitest'
import { formatInZone, formatUtc, formatUtcShort } from '../../../src/core/time/format.ts'

const US = Date.UTC(2014, 3, 10, 21, 6, 12) * 1000

describe('a time is printed', () => {
  test.each([
    [US, '2014-04-10T21:06:12.000000Z', '2014-04-10 21:06:12Z'],
    [US + 1, '2014-04-10T21:06:12.000001Z', '2014-04-10 21:06:12.000001Z'],
    [US + 500_000, '2014-04-10T21:06:12.500000Z', '2014-04-10 21:06:12.5Z'],
    [0, '1970-01-01T00:00:00.000000Z', '1970-01-01 00:00:00Z'],
  ])('%i in UTC', (us, long, short) => {
    expect(formatUtc(us)).toBe(long)
    expect(formatUtcShort(us)).toBe(short)
  })

  test.each([
    ['America/Los_Angeles', '2014-04-10 14:06:12.25 America/Los_Angeles (-07:00)'],
    ['Asia/Kathmandu', '2014-04-11 02:51:12.25 Asia/Kathmandu (+05:45)'],
    ['Europe/London', '2014-04-10 22:06:12.25 Europe/London (+01:00)'],
    ['Africa/Abidjan', '2014-04-10 21:06:12.25 Africa/Abidjan (+00:00)'],
    ['+0230', '2014-04-10 23:36:12.25+02:30'],
    ['-02:00', '2014-04-10 19:06:12.25-02:00'],
    ['UTC', '2014-04-10 21:06:12.25+00:00'],
  ])('in %s', (zone, text) => {
    expect(formatInZone(US + 250_000, zone)).toBe(text)
  })
})

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatInZone, formatUtc, formatUtcShort } from '../../../src/core/time/format.ts'
import { parseTime } from '../../../src/core/time/parse.ts'
import { BinpointError } from '../../../src/errors.ts'

const NOW_US = Date.UTC(2014, 3, 10, 21, 21, 12) * 1000

const parse = (text: string, zone?: string): Promise<number> => parseTime(text, { zone, nowUs: NOW_US })
const utc = (text: string): number => Date.parse(text) * 1000

async function refusal(text: string, zone?: string): Promise<{ code: string; message: string; hint: string | undefined }> {
  const error: unknown = await parse(text, zone).then(
    (us) => new Error(`parsed as ${us}`),
    (reason: unknown) => reason,
  )
  if (!(error instanceof BinpointError)) throw error
  return { code: error.code, message: error.message, hint: error.hint }
}

describe('a time', () => {
  test.each([
    ['2014-04-10T21:06:12Z', undefined, utc('2014-04-10T21:06:12Z')],
    ['2014-04-10t21:06:12z', undefined, utc('2014-04-10T21:06:12Z')],
    ['2014-04-10T21:06:12+02:00', undefined, utc('2014-04-10T19:06:12Z')],
    ['2014-04-10T21:06:12-0530', undefined, utc('2014-04-11T02:36:12Z')],
    ['2014-04-10 21:06:12.000001Z', undefined, utc('2014-04-10T21:06:12Z') + 1],
    ['2014-04-10 21:06:12.5 Z', undefined, utc('2014-04-10T21:06:12Z') + 500_000],
    ['2014-04-10 21:06:12.123456789Z', undefined, utc('2014-04-10T21:06:12Z') + 123_456],
    ['2014-04-10 14:06:12', 'America/Los_Angeles', utc('2014-04-10T21:06:12Z')],
    ['2014-04-10 23:06:12', '+02:00', utc('2014-04-10T21:06:12Z')],
    ['2014-04-10 21:06:12', 'UTC', utc('2014-04-10T21:06:12Z')],
    ['2014-04-10 21:06:12Z', 'America/Los_Angeles', utc('2014-04-10T21:06:12Z')],
    ['2014-04-11 02:51:12.25', 'Asia/Kathmandu', utc('2014-04-10T21:06:12Z') + 250_000],
    ['1969-12-31 19:00:00.25', 'America/New_York', 250_000],
    ['@1397163972', undefined, 1_397_163_972_000_000],
    ['@1397163972.5', undefined, 1_397_163_972_500_000],
    ['@0', undefined, 0],
    ['@4294967295.999999', undefined, 4_294_967_295_999_999],
    ['15m ago', undefined, NOW_US - 900_000_000],
    ['1h30m  ago', undefined, NOW_US - 5_400_000_000],
    [' 2014-04-10T21:06:12Z ', undefined, utc('2014-04-10T21:06:12Z')],
  ])('%s in %s is %i', async (text, zone, us) => {
    expect(await parse(text, zone)).toBe(us)
  })

  test.each([
    '',
    'yesterday',
    '2014-04-10',
    '2014-04-10T21:06Z',
    '2014-02-29 00:00:00Z',
    '2014-13-01 00:00:00Z',
    '2014-04-10 24:00:00Z',
    '2014-04-10 21:60:00Z',
    '2014-04-10 21:06:60Z',
    '0099-01-01 00:00:00Z',
    '1969-12-31 23:59:59Z',
    '2106-02-07 06:28:16Z',
    '@4294967296',
    '@-1',
    '@12345678901',
    '@1.',
    '-5m ago',
    '15 minutes ago',
    '100000d ago',
    'ago',
    '2014-04-10 21:06:12.Z',
    '2014-04-10T21:06:12Z; DROP TABLE t',
  ])('%j is refused as a time', async (text) => {
    expect(await refusal(text)).toMatchObject({
      code: 'TIME_SYNTAX',
      message: expect.stringContaining(text.trim().replace(/ ago$/, '')),
    })
  })

  test('without a zone is refused, with the option to add', async () => {
    expect(await refusal('2014-04-10 21:06:12')).toMatchObject({
      code: 'TIME_WITHOUT_ZONE',
      message: "'2014-04-10 21:06:12' names no time zone",
      hint: expect.stringContaining('--tz UTC'),
    })
  })

  test('that the clocks give twice is refused, with both readings', async () => {
    expect(await refusal('2014-11-02 01:30:00', 'America/Los_Angeles')).toMatchObject({
      code: 'TIME_AMBIGUOUS',
      hint: 'give 2014-11-02T01:30:00-07:00 or 2014-11-02T01:30:00-08:00',
    })
  })

  test('that the clocks leave out is refused, with both readings', async () => {
    expect(await refusal('2014-03-09 02:30:00', 'America/Los_Angeles')).toMatchObject({
      code: 'TIME_IMPOSSIBLE',
      hint: 'give 2014-03-09T01:30:00-08:00 or 2014-03-09T03:30:00-07:00',
    })
  })

  test('just before and after a change of the clocks is taken', async () => {
    expect(await parse('2014-11-02 00:59:59.999999', 'America/Los_Angeles')).toBe(utc('2014-11-02T07:59:59Z') + 999_999)
    expect(await parse('2014-11-02 02:00:00', 'America/Los_Angeles')).toBe(utc('2014-11-02T10:00:00Z'))
    expect(await parse('2014-03-09 03:00:00', 'America/Los_Angeles')).toBe(utc('2014-03-09T10:00:00Z'))
  })

  test.each(['Mars/Olympus', '+15:00', '-02:75', 'local time', ''])('in zone %j is refused', async (zone) => {
    expect(await refusal('2014-04-10 21:06:12', zone)).toMatchObject({ code: 'ZONE_UNKNOWN' })
  })
})

const instants = fc.integer({ min: 0, max: 4_294_967_295_999_999 })
const zones = fc.constantFrom(
  'America/Los_Angeles',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/St_Johns',
  'Pacific/Apia',
  '+02:00',
  '-09:30',
  'UTC',
)

describe('any instant', () => {
  test('that is printed is read back to the microsecond', async () => {
    await fc.assert(
      fc.asyncProperty(instants, async (us) => {
        expect(await parse(formatUtc(us))).toBe(us)
        expect(await parse(formatUtcShort(us))).toBe(us)
      }),
    )
  })

  test('in any zone is read back, or refused as ambiguous with itself among the readings', async () => {
    await fc.assert(
      fc.asyncProperty(instants, zones, async (us, zone) => {
        const wall = /^(\S+ [\d:.]+?)(?=[ Z+]|-\d\d:\d\d$)/.exec(formatInZone(us, zone))?.[1] ?? ''
        const read = await parse(wall, zone).catch((error: unknown) => error)
        // A time that was read is the only reading; a refused one names two, to the second.
        const { code = 'READ', hint = '' } = read as Partial<BinpointError>
        const readings = await Promise.all((hint.match(/\S+[+-]\d\d:\d\d/g) ?? []).map((text) => parse(text)))
        expect(code).toBe(typeof read === 'number' ? 'READ' : 'TIME_AMBIGUOUS')
        expect(typeof read === 'number' ? [read] : readings).toContain(
          typeof read === 'number' ? us : Math.floor(us / 1_000_000) * 1_000_000,
        )
      }),
      { numRuns: 300 },
    )
  })

  test('no text makes it throw anything but a refusal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.option(fc.string(), { nil: undefined }), async (text, zone) => {
        const read = await parse(text, zone).catch((error: unknown) => error)
        expect(typeof read === 'number' || read instanceof BinpointError).toBe(true)
      }),
    )
  })
})

/**
 * Times as people and scripts give them, to Unix microseconds. A time without a zone is refused, and so is one that a change
 * of the clocks makes ambiguous or impossible: a guess here would become a coordinate. Digits below a microsecond are cut.
 */
import { BinpointError } from '../../errors.ts'
import { parseDuration } from './duration.ts'
import { offsetOfZone, zonedTimeUs } from './zone.ts'

export interface TimeContext {
  /** `--tz`: an IANA name, `+02:00`, or `Z`. */
  readonly zone?: string | undefined
  /** This machine's clock, for `15m ago`. */
  readonly nowUs: number
}

const dateTime = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?\s*(Z|[+-]\d\d:?\d\d)?$/i
const epoch = /^@(\d{1,10})(?:\.(\d{1,9}))?$/
const ago = /^(.+?)\s+ago$/

/**
 * Parses RFC 3339 with an offset, `YYYY-MM-DD HH:MM:SS[.ffffff]` with a zone, `@epoch[.fraction]`, or `15m ago`.
 * Throws TIME_SYNTAX, TIME_WITHOUT_ZONE, TIME_AMBIGUOUS, TIME_IMPOSSIBLE, ZONE_UNKNOWN.
 */
export async function parseTime(input: string, context: TimeContext): Promise<number> {
  const text = input.trim()
  const asEpoch = epoch.exec(text)
  if (asEpoch !== null) return inRange(Number(asEpoch[1]) * 1_000_000 + microseconds(asEpoch[2]), input)
  const asAgo = ago.exec(text)
  if (asAgo !== null) return inRange(context.nowUs - parseDuration(asAgo[1] ?? ''), input)
  const match = dateTime.exec(text)
  if (match === null) throw syntax(input)
  const fields = match.slice(1, 7).map(Number)
  const localUs = utcUs(fields, input) + microseconds(match[7])
  const zone = match[8] ?? context.zone
  if (zone === undefined) {
    throw new BinpointError('TIME_WITHOUT_ZONE', `'${input}' names no time zone`, {
      hint: `add --tz with the zone it was read in, for example --tz UTC or --tz ${exampleZone()}, or end it with Z or an offset`,
    })
  }
  const offsetSeconds = offsetOfZone(zone)
  return inRange(offsetSeconds === null ? await zonedTimeUs(localUs, zone, input) : localUs - offsetSeconds * 1_000_000, input)
}

/** Binlog stamps are unsigned 32-bit seconds; a time outside of them is a slip. */
const LAST_SECOND = 0xffff_ffff

function inRange(us: number, input: string): number {
  if (us >= 0 && us < (LAST_SECOND + 1) * 1_000_000) return us
  throw new BinpointError('TIME_SYNTAX', `'${input}' lies outside of what a binlog can hold: 1970 to 2106-02-07`)
}

function utcUs(fields: readonly number[], input: string): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields
  const ms = Date.UTC(year, month - 1, day, hour, minute, second)
  const back = new Date(ms)
  const isReal =
    back.getUTCFullYear() === year &&
    back.getUTCMonth() === month - 1 &&
    back.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  if (!isReal) throw syntax(input)
  return ms * 1000
}

function microseconds(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.padEnd(6, '0').slice(0, 6))
}

function syntax(input: string): BinpointError {
  return new BinpointError('TIME_SYNTAX', `'${input}' is not a time`, {
    hint: "give 2014-04-10T21:06:12Z, '2014-04-10 21:06:12' with --tz, @1397163972, or '15m ago'",
  })
}

function exampleZone(): string {
  const local = new Intl.DateTimeFormat().resolvedOptions().timeZone
  return local === 'UTC' ? 'America/Los_Angeles' : local
}

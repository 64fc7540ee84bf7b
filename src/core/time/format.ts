/** Times for output: RFC 3339 in UTC with microseconds for machines, without needless zeros for people. */
import { offsetOfZone } from './zone.ts'

/** `2014-04-10T21:06:12.000000Z`. `us`: Unix microseconds. */
export function formatUtc(us: number): string {
  const seconds = Math.floor(us / 1_000_000)
  const fraction = String(us - seconds * 1_000_000).padStart(6, '0')
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`
}

/** `2014-04-10 21:06:12Z`, with a fraction only where there is one. */
export function formatUtcShort(us: number): string {
  return formatUtc(us)
    .replace('T', ' ')
    .replace(/\.?0*Z$/, 'Z')
}

/** The same instant in another zone: `2014-04-10 14:06:12 America/Los_Angeles (-07:00)`. */
export function formatInZone(us: number, zone: string): string {
  const date = new Date(Math.floor(us / 1000))
  const offset = offsetOfZone(zone)
  const timeZone = offset === null ? zone : offset === 0 ? 'UTC' : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'longOffset',
  }).formatToParts(date)
  const part = (type: string): string => parts.find((p) => p.type === type)?.value ?? ''
  const fraction =
    us % 1_000_000 === 0
      ? ''
      : `.${String(us % 1_000_000)
          .padStart(6, '0')
          .replace(/0+$/, '')}`
  const longOffset = part('timeZoneName').replace('GMT', '')
  const named = offset === null ? ` ${zone} (${longOffset === '' ? '+00:00' : longOffset})` : longOffset === '' ? 'Z' : longOffset
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')}${fraction}${named}`
}

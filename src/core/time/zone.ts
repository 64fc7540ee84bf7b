/** Time zones: fixed offsets by arithmetic, IANA names by Temporal, which alone knows what a change of the clocks does. */
import { BinpointError } from '../../errors.ts'

/** Seconds east of UTC for `Z`, `UTC`, `+02:00`, `-0530`; null for a name. */
export function offsetOfZone(zone: string): number | null {
  if (/^(z|utc|gmt)$/i.test(zone)) return 0
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone)
  if (match === null) return null
  const hours = Number(match[2])
  const minutes = Number(match[3])
  if (hours > 14 || minutes > 59) return null // no zone is that far; the name check refuses it
  const seconds = hours * 3600 + minutes * 60
  return match[1] === '-' ? -seconds : seconds
}

/** A wall-clock time (as if it were UTC, in microseconds) in a named zone, as Unix microseconds. `input` is for messages. */
export async function zonedTimeUs(wallUs: number, zone: string, input: string): Promise<number> {
  const { Temporal } = await import('temporal-polyfill')
  checkZone(zone)
  const wallSeconds = Math.floor(wallUs / 1_000_000)
  const wall = new Date(wallSeconds * 1000).toISOString().slice(0, 19)
  const plain = Temporal.PlainDateTime.from(wall)
  const earlier = plain.toZonedDateTime(zone, { disambiguation: 'earlier' })
  const later = plain.toZonedDateTime(zone, { disambiguation: 'later' })
  if (!earlier.equals(later)) {
    const isTwice = earlier.toPlainDateTime().equals(plain)
    const readings = [earlier, later].map((reading) => reading.toString({ timeZoneName: 'never', smallestUnit: 'second' }))
    throw new BinpointError(
      isTwice ? 'TIME_AMBIGUOUS' : 'TIME_IMPOSSIBLE',
      isTwice
        ? `'${input}' happened twice in ${zone}: the clocks were put back`
        : `'${input}' never happened in ${zone}: the clocks were put forward`,
      { hint: `give ${readings.join(' or ')}` },
    )
  }
  return earlier.epochMilliseconds * 1000 + (wallUs - wallSeconds * 1_000_000)
}

/** Throws ZONE_UNKNOWN. */
export function checkZone(zone: string): void {
  if (offsetOfZone(zone) !== null) return
  try {
    if (/^[+-]/.test(zone)) throw new RangeError('no zone is that far from UTC')
    Intl.DateTimeFormat('en', { timeZone: zone })
  } catch (cause) {
    throw new BinpointError('ZONE_UNKNOWN', `'${zone}' is no time zone`, {
      hint: 'give an IANA name such as America/Los_Angeles, an offset such as +02:00, or UTC',
      cause,
    })
  }
}

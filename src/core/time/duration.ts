/** Durations such as `90s`, `5m`, `1h30m`, `2d`, `1.5s`, `0`, as microseconds. */
import { BinpointError } from '../../errors.ts'

const unitUs: Readonly<Record<string, number>> = { ms: 1000, s: 1_000_000, m: 60_000_000, h: 3_600_000_000, d: 86_400_000_000 }

/** Throws TIME_SYNTAX. A bare number other than 0 has no unit and is refused. */
export function parseDuration(input: string): number {
  const text = input.trim()
  if (text === '0') return 0
  const refuse = (): never => {
    throw new BinpointError('TIME_SYNTAX', `'${input}' is not a duration`, { hint: 'give for example 90s, 5m, 1h30m or 0' })
  }
  if (!/^(\d+(\.\d{1,6})?(ms|s|m|h|d))+$/.test(text)) refuse()
  let us = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) us += Number(amount) * (unitUs[unit ?? ''] ?? 0)
  return us <= Number.MAX_SAFE_INTEGER ? Math.round(us) : refuse()
}

/** The shortest text of whole units: `1m30s`, `419ms`. */
export function formatDuration(us: number): string {
  if (us < 1_000_000) return `${Math.round(us / 1000)}ms`
  let left = Math.round(us / 1_000_000)
  let out = ''
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const n = Math.floor(left / seconds)
    if (n > 0) out += `${n}${unit}`
    left -= n * seconds
  }
  return out
}

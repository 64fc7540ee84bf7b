/** Words and layout shared by the texts for people. */
import { styleText } from 'node:util'
import type { Finding } from '../../core/findings.ts'
import type { Considered } from '../../core/plan/plan.ts'
import { formatInZone, formatUtcShort } from '../../core/time/format.ts'
import { offsetOfZone } from '../../core/time/zone.ts'
import type { Shell } from '../shell.ts'

export interface Style {
  readonly strong: (text: string) => string
  readonly dim: (text: string) => string
  readonly bad: (text: string) => string
  readonly careful: (text: string) => string
}

type Format = Parameters<typeof styleText>[0]

/** Colour only on a terminal, and never with NO_COLOR. */
export function styleFor(shell: Shell): Style {
  const isOn = shell.stdoutIsTerminal && (shell.env['NO_COLOR'] ?? '') === ''
  const make =
    (format: Format) =>
    (text: string): string =>
      isOn ? styleText(format, text, { validateStream: false }) : text
  return { strong: make('bold'), dim: make('dim'), bad: make(['bold', 'red']), careful: make('yellow') }
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return unit === 0 ? `${Math.round(value)} B` : `${value.toFixed(1)} ${units[unit]}`
}

export function plural(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? '' : 's'}`
}

/** UTC, and behind it the zone that was asked for. */
export function formatTime(us: number, zone: string | undefined): string {
  const isUtc = zone === undefined || offsetOfZone(zone) === 0
  return isUtc ? formatUtcShort(us) : `${formatUtcShort(us)} = ${formatInZone(us, zone)}`
}

/** Two columns, the first one as wide as its widest text. */
export function columns(rows: readonly (readonly [string, string])[], indent = ''): string {
  const width = Math.max(0, ...rows.map(([label]) => label.length))
  return rows.map(([label, value]) => `${`${indent}${label.padEnd(width)}  ${value}`.trimEnd()}\n`).join('')
}

/** `warning MARGIN: …`, folded to lines of `width` with an indent. */
export function findingLines(findings: readonly Finding[], style: Style, width = 96): string {
  return findings
    .map((finding) => {
      const head = `${finding.severity} ${finding.code}`
      const paint = finding.severity === 'blocking' ? style.bad : finding.severity === 'warning' ? style.careful : style.dim
      return `${paint(head)}\n${fold(finding.message, width)
        .map((line) => `  ${line}\n`)
        .join('')}`
    })
    .join('')
}

/** Strategies that were not taken, each with the codes of its reasons. */
export function whyNot(considered: readonly Considered[]): string {
  return considered.map(({ strategy, because }) => `${strategy}: ${because.map(({ code }) => code).join(', ')}`).join('; ')
}

/** A word for a POSIX shell, quoted only where it must be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

export function fold(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return line === '' ? lines : [...lines, line]
}

/** Folded, with an indent from the second line on. */
export function hang(text: string, width: number): string[] {
  const [first = '', ...rest] = fold(text, width)
  return [first, ...rest.map((line) => `  ${line}`)]
}

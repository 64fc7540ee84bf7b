/** What doctor found, for people: a line each, and below it what to do. */
import type { Check } from '../../app/doctor.ts'
import type { Style } from './text.ts'
import { fold, plural } from './text.ts'

export interface Examined {
  readonly source: string
  readonly replica: string | null
}

export function renderDoctor(names: Examined, checks: readonly Check[], style: Style): string {
  const of = (on: Check['on'], name: string): string =>
    `${on} ${style.strong(oneLine(name))}\n${checks
      .filter((check) => check.on === on)
      .map((check) => checkLines(check, style))
      .join('')}\n`
  return `${of('source', names.source)}${names.replica === null ? '' : of('replica', names.replica)}${summary(checks, style)}\n`
}

function checkLines({ id, outcome, message, fix }: Check, style: Style): string {
  const paint = { pass: style.dim, warn: style.careful, fail: style.bad }[outcome]
  const [first = '', ...others] = fold(oneLine(message), 76)
  const indent = ' '.repeat(24)
  return [
    `  ${paint(outcome)}  ${id.padEnd(16)} ${first}`,
    ...others.map((line) => `${indent} ${line}`),
    // Whole, as it is to be copied.
    ...(fix === null ? [] : [`${indent} fix: ${style.strong(oneLine(fix))}`]),
  ]
    .map((line) => `${line}\n`)
    .join('')
}

function summary(checks: readonly Check[], style: Style): string {
  const count = (outcome: Check['outcome']): number => checks.filter((check) => check.outcome === outcome).length
  const [failed, warned] = [count('fail'), count('warn')]
  if (failed > 0) return style.bad(`${plural(failed, 'check')} failed, ${warned} warned`)
  return warned > 0 ? style.careful(`nothing failed, ${plural(warned, 'check')} warned`) : 'all is well'
}

/** What comes from servers may hold anything: letters that move the cursor are shown as they are written in JSON. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (letter) => JSON.stringify(letter).slice(1, -1))
}

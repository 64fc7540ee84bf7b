/** The answer to a time, for people: the coordinate first, what to type next, then why and what it costs. */
import { DEFAULT_MARGIN_US } from '../../app/atFindings.ts'
import type { AnswerCoordinate, AtAnswer, DistanceReason } from '../../core/answer.ts'
import { formatCoordinate } from '../../core/coordinate.ts'
import { formatDuration } from '../../core/time/duration.ts'
import { formatUtc, formatUtcShort } from '../../core/time/format.ts'
import type { Style } from './text.ts'
import { columns, findingLines, formatBytes, formatTime, plural, shellWord } from './text.ts'

export interface AtRendering {
  readonly style: Style
  readonly zone: string | undefined
  /** The source as it was typed: what the next command names. */
  readonly sourceText: string
}

export function renderAt(answer: AtAnswer, rendering: AtRendering): string {
  const { style, zone } = rendering
  const skewUs = answer.askedUs - answer.effectiveUs
  const asked = `${formatTime(answer.askedUs, zone)}${skewUs === 0 ? '' : `, less ${formatDuration(skewUs)} of skew`}`
  if (answer.safe === null || answer.latest === null || answer.distance === null) return renderNo(answer, asked, rendering)
  const isOne = formatCoordinate(answer.safe) === formatCoordinate(answer.latest)
  const rows: [string, string][] = [
    ['restart here', `${style.strong(formatCoordinate(answer.safe))}   ${describe(answer.safe, answer, zone)}`],
    ['asked', asked],
    ['source', answer.source],
  ]
  if (answer.outcome === 'after-last') {
    rows.push(['log ends', `nothing in it is as late; its last stamp is ${formatTime(answer.covered.toUs, zone)}`])
  }
  if (!isOne) {
    rows.push(['at the latest', `${formatCoordinate(answer.latest)}   ${describe(answer.latest, answer, zone)}`])
    rows.push([
      'between',
      `${plural(answer.distance.transactions, 'transaction')}, ${formatBytes(answer.distance.bytes)}: ${reasonText(answer.distance.reason, answer)}`,
    ])
  }
  const command = ['binpoint repair', '--at', timeWord(answer.askedUs), '--source', shellWord(rendering.sourceText)].join(' ')
  rows.push(['next', `${command} --replica mysql://USER@HOST:PORT`])
  return columns(rows) + paragraph(findingLines(answer.findings, style))
}

/** One answer of many: the time as it was understood, the coordinate, the outcome, and the codes of findings. */
export function renderAtLine(answer: AtAnswer): string {
  const codes = answer.findings.map((finding) => finding.code)
  const where = answer.safe === null ? '-' : formatCoordinate(answer.safe)
  return `${[timeWord(answer.askedUs), where, answer.outcome, ...codes].join('  ')}\n`
}

/** A time that the shell takes as one word and that parses back to the same microsecond. */
function timeWord(us: number): string {
  return formatUtc(us).replace(/\.?0*Z$/, 'Z')
}

function describe(at: AnswerCoordinate, answer: AtAnswer, zone: string | undefined): string {
  if (at.notBeforeUs === null) return answer.outcome === 'after-last' ? 'the end of the log' : ''
  const exact = at.notAfterUs === at.notBeforeUs
  const gtid = at.gtid === null ? '' : `, ${at.gtid}`
  return `${exact ? 'committed' : 'stamped'} ${formatTime(at.notBeforeUs, zone)}${gtid}`
}

function reasonText(reason: DistanceReason, answer: AtAnswer): string {
  switch (reason) {
    case 'exact':
      return 'exact commit stamps'
    case 'margin':
      return `statements may run for up to ${formatDuration(marginOf(answer))} before they commit`
    case 'unproven':
      return 'not proven to have committed before that time'
    case 'clock':
      return "the source's clock stepped"
    default:
      return reason satisfies never
  }
}

function marginOf(answer: AtAnswer): number {
  const seconds = answer.findings.find((finding) => finding.code === 'MARGIN')?.evidence['marginSeconds']
  return typeof seconds === 'number' ? seconds * 1_000_000 : DEFAULT_MARGIN_US
}

function renderNo(answer: AtAnswer, asked: string, { style, zone }: AtRendering): string {
  const { fromUs, toUs } = answer.covered
  const range = fromUs === Number.MAX_SAFE_INTEGER ? 'nothing' : `${formatTime(fromUs, zone)} to ${formatUtcShort(toUs)}`
  const isGap = answer.outcome === 'gap'
  const why = isGap
    ? 'the time may lie in a part of the log that cannot be read'
    : 'the time lies before the log, as far as it is known'
  const next = isGap
    ? 'binpoint status shows where the log cannot be read'
    : 'if a backup has older binlogs: binpoint at TIME --source DIRECTORY'
  return (
    columns([
      ['no coordinate', style.bad(why)],
      ['asked', asked],
      ['source', answer.source],
      ['covered', range],
      ['next', next],
    ]) + paragraph(findingLines(answer.findings, style))
  )
}

function paragraph(text: string): string {
  return text === '' ? '' : `\n${text}`
}

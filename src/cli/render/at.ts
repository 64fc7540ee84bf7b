/** The answer to a time, for people: the coordinate first, what to type next, then why. */
import { DEFAULT_MARGIN_US } from '../../app/at.ts'
import type { AnswerCoordinate, AtAnswer, DistanceReason } from '../../core/answer.ts'
import { formatCoordinate } from '../../core/coordinate.ts'
import { formatDuration } from '../../core/time/duration.ts'
import { formatUtcShort } from '../../core/time/format.ts'
import type { Style } from './text.ts'
import { columns, findingLines, formatBytes, formatTime, plural } from './text.ts'

export function renderAt(answer: AtAnswer, style: Style, zone: string | undefined): string {
  const asked = `${formatTime(answer.askedUs, zone)}${answer.askedUs === answer.effectiveUs ? '' : `, less ${formatDuration(answer.askedUs - answer.effectiveUs)} of skew`}`
  if (answer.safe === null || answer.latest === null || answer.distance === null) return renderNo(answer, asked, style, zone)
  const isOne = formatCoordinate(answer.safe) === formatCoordinate(answer.latest)
  const rows: [string, string][] = [
    ['restart here', `${style.strong(formatCoordinate(answer.safe))}   ${describe(answer.safe, answer, zone)}`],
    ['asked', asked],
    ['source', answer.source],
  ]
  if (!isOne) {
    rows.push(['latest', `${formatCoordinate(answer.latest)}   ${describe(answer.latest, answer, zone)}`])
    rows.push([
      'distance',
      `${plural(answer.distance.transactions, 'transaction')}, ${formatBytes(answer.distance.bytes)}: ${reasonText(answer.distance.reason, answer)}`,
    ])
  }
  rows.push([
    'next',
    `binpoint repair --at @${answer.askedUs / 1_000_000} --source ${answer.source} --replica mysql://USER@HOST:PORT`,
  ])
  return columns(rows) + findingLines(answer.findings, style)
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
      return 'what lies between is not proven to have committed before'
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

function renderNo(answer: AtAnswer, asked: string, style: Style, zone: string | undefined): string {
  const { fromUs, toUs } = answer.covered
  const range = fromUs === Number.MAX_SAFE_INTEGER ? 'nothing' : `${formatTime(fromUs, zone)} to ${formatUtcShort(toUs)}`
  const why =
    answer.outcome === 'gap'
      ? 'the time may lie in a part of the log that cannot be read'
      : 'the time lies before what the source still has of its log'
  return (
    columns([
      ['no coordinate', style.bad(why)],
      ['asked', asked],
      ['source', answer.source],
      ['covered', range],
    ]) + findingLines(answer.findings, style)
  )
}

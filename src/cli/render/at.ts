/** The answer to a time, for people: the coordinate first, what to type next, then why and what it costs. */
import type { AnswerCoordinate, AtAnswer, DistanceReason } from '../../core/answer.ts'
import type { FindingCode } from '../../core/findings.ts'
import type { BoundKind } from '../../core/evidence/rows.ts'
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
  const { safe, latest, distance } = answer
  if (safe === null || distance === null) return renderNo(answer, asked, rendering)
  const isOne = latest !== null && formatCoordinate(safe) === formatCoordinate(latest)
  // Offline, nothing is known of the transaction that begins there.
  const isUnchecked = answer.findings.some(({ code }) => code === 'UNCHECKED')
  const described = (at: AnswerCoordinate): string => (isUnchecked ? '' : `   ${describe(at, zone)}`)
  const rows: [string, string][] = [
    ['restart here', `${style.strong(formatCoordinate(safe))}${described(safe)}`],
    ['asked', asked],
    ['source', answer.source],
  ]
  if (answer.outcome === 'after-last') {
    rows.push([
      'log ends',
      `nothing in it is known to be as late; it shows its server's clock up to ${formatTime(answer.covered.toUs, zone)}`,
    ])
  }
  if (!isOne) {
    rows.push([
      'at the latest',
      latest === null
        ? 'not known: no transaction behind it says when it committed by this clock'
        : `${formatCoordinate(latest)}${described(latest)}`,
    ])
    rows.push([
      'between',
      `${plural(distance.transactions, 'transaction')}, ${formatBytes(distance.bytes)}: ${reasonText(distance.reason, answer)}`,
    ])
  }
  if (answer.read !== undefined) rows.push(['read', readText(answer)])
  if (answer.gtidSet !== null && answer.gtidSet !== '') rows.push(['executed before', answer.gtidSet])
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

function describe(at: AnswerCoordinate, zone: string | undefined): string {
  if (at.notBeforeUs === null) return at.serverId === null ? 'the end of the log' : `written by server ${at.serverId}`
  const gtid = at.gtid === null ? '' : `, ${at.gtid}`
  if (at.notAfterUs === at.notBeforeUs) return `committed ${formatTime(at.notBeforeUs, zone)}${gtid}`
  const by = at.notAfterUs === null ? '' : `, committed by ${formatUtcShort(at.notAfterUs)}`
  return `stamped ${formatTime(at.notBeforeUs, zone)}${by}${gtid}`
}

/** On what it rests that nothing ahead of the file was read. */
function readText(answer: AtAnswer): string {
  const { read } = answer
  if (read === undefined) return ''
  const unseen = read.headsRead < read.files ? '; a step of the clock between others would not be seen' : ''
  const of = `${plural(read.headsRead, 'head')} of ${plural(read.files, 'file')} read${unseen}`
  if (read.provenBy === null || read.provenUs === null) return `${read.from}, the oldest file (${of})`
  return `${read.from} on: all ahead of it had committed by ${formatUtcShort(read.provenUs)}, ${proofText(read.provenBy)} (${of})`
}

function proofText(kind: BoundKind): string {
  switch (kind) {
    case 'server':
      return 'when the server was started'
    case 'exact':
      return 'the commit stamp of its first transaction'
    case 'session':
      return 'when a session went on'
    case 'checkpoint':
      return 'the checkpoint in it'
    case 'arrival':
      return 'when it had arrived'
    default:
      return kind satisfies never
  }
}

function reasonText(reason: DistanceReason, answer: AtAnswer): string {
  switch (reason) {
    case 'exact':
      return 'exact commit stamps'
    case 'margin':
      return `statements are trusted to run for no longer than ${formatDuration(marginOf(answer))}`
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
  return typeof seconds === 'number' ? seconds * 1_000_000 : 0
}

function renderNo(answer: AtAnswer, asked: string, { style, zone }: AtRendering): string {
  const { fromUs, toUs } = answer.covered
  const range =
    fromUs === Number.MAX_SAFE_INTEGER
      ? 'nothing'
      : fromUs > toUs
        ? `nothing before ${formatTime(fromUs, zone)}`
        : `${formatTime(fromUs, zone)} to ${formatUtcShort(toUs)}`
  const isGap = answer.outcome === 'gap'
  const has = (wanted: FindingCode): boolean => answer.findings.some(({ code }) => code === wanted)
  const isUnproven = has('UNPROVEN')
  const why = isGap
    ? 'the time may lie in a part of the log that cannot be read'
    : isUnproven
      ? 'nothing proves what lies ahead of the log to have committed by then'
      : has('PURGED')
        ? 'the answer lies in a part of the log that the source no longer has'
        : 'the time lies before the log, as far as it is known'
  const next = isGap
    ? 'binpoint status shows where the log cannot be read'
    : isUnproven
      ? 'add --margin with the longest that a statement runs, for example --margin 1h'
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

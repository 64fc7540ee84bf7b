/** What an index run did, and what the index holds, for people. */
import type { IndexReport } from '../../app/index.ts'
import type { LogStatus, StatusReport } from '../../app/status.ts'
import { formatCoordinate } from '../../core/coordinate.ts'
import type { FileRow, GapRow } from '../../core/evidence/rows.ts'
import type { Style } from './text.ts'
import { columns, formatBytes, formatTime, plural } from './text.ts'

export function renderIndex(report: IndexReport, path: string, style: Style): string {
  const [first] = report.files
  const last = report.files.at(-1)
  const what = {
    new: 'a new log',
    resumed: 'more of a known log',
    replaced: `begun anew: ${report.replacedBecause ?? ''}`,
  }[report.outcome]
  return columns([
    ['indexed', `${style.strong(plural(report.transactions, 'transaction'))} of ${report.source}`],
    ['outcome', what],
    ['files', plural(report.files.length, 'file')],
    ['from', first === undefined ? 'nothing' : formatCoordinate({ file: first.name, position: first.coveredFrom })],
    ['up to', last === undefined ? 'nothing' : formatCoordinate({ file: last.name, position: last.coveredEnd })],
    ...gapRows(report.gaps, report.files, style),
    ['index', path],
  ])
}

export function renderStatus(report: StatusReport, style: Style, zone: string | undefined): string {
  const head = columns([['index', `${report.path} (${formatBytes(report.bytes)})`]])
  if (report.logs.length === 0) return `${head}\nnothing is indexed yet: binpoint index SOURCE\n`
  return head + report.logs.map((log) => `\n${renderLog(log, style, zone)}`).join('')
}

function renderLog(log: LogStatus, style: Style, zone: string | undefined): string {
  const first = log.files[0]
  const last = log.files.at(-1)
  const time = (second: number | null): string => (second === null ? '-' : formatTime(second * 1_000_000, zone))
  const marks = Object.entries(log.landmarks).map(([kind, count]) => `${kind} ${count}`)
  return columns([
    ['source', style.strong(log.source)],
    ['server', `${log.serverVersion}, server_id ${log.serverId}${log.serverUuid === null ? '' : `, ${log.serverUuid}`}`],
    ...(log.endedBy === null ? [] : [['ended', style.careful(`this log is gone: ${log.endedBy}`)] as const]),
    ['covers', `${time(log.firstSecond)} to ${time(log.lastSecond)}`],
    ['from', first === undefined ? '-' : formatCoordinate({ file: first.name, position: first.coveredFrom })],
    ['to', last === undefined ? '-' : formatCoordinate({ file: last.name, position: last.coveredEnd })],
    [
      'holds',
      `${plural(log.transactions, 'transaction')}, ${formatBytes(log.bytes)} in ${plural(log.files.length, 'file')}; ${plural(log.ticks, 'tick')}`,
    ],
    ...(marks.length === 0 ? [] : [['marks', marks.join(', ')] as const]),
    ...gapRows(log.gaps, log.files, style),
  ])
}

function gapRows(gaps: readonly GapRow[], files: readonly FileRow[], style: Style): [string, string][] {
  return gaps.map((gap) => {
    const name = files.find((file) => file.ordinal === gap.file)?.name ?? ''
    return [
      'gap',
      style.bad(`${formatCoordinate({ file: name, position: gap.position })} to the head of the next file: ${gap.cause}`),
    ]
  })
}

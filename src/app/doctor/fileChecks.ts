/** What can be said of a source that is files: they can be read, none is missing between them, and they hold rows. */
import { FIRST_POSITION } from '../../core/coordinate.ts'
import type { LogFile, LogSource } from '../../core/ports.ts'
import type { FileEnding } from '../../core/scan/ending.ts'
import { isHole } from '../../core/scan/ending.ts'
import { MarkBit } from '../../core/scan/marks.ts'
import { createScan } from '../../core/scan/scan.ts'
import { formatUtcShort } from '../../core/time/format.ts'
import { BinpointError } from '../../errors.ts'
import { readHead } from '../head.ts'
import type { Check, Reporter } from './check.ts'

export async function fileChecks(log: LogSource, signal: AbortSignal | undefined, report: Reporter): Promise<Check[]> {
  let files: readonly LogFile[]
  try {
    files = await log.listFiles()
  } catch (error) {
    if (!(error instanceof BinpointError)) throw error
    return [report.fail('reachable', error.message, error.hint)]
  }
  const [oldest] = files
  if (oldest === undefined) return [report.fail('reachable', `${log.name} has no binlog files`)]
  const { read, begun } = await headChecks(log, files, report)
  return [
    report.pass('reachable', `${files.length} binlog file(s), begun ${begun}`),
    ...read,
    missingCheck(files, report),
    ...(await tailChecks(log, files, signal, report)),
  ]
}

/** Each file begins as a binlog that can be read. */
async function headChecks(
  log: LogSource,
  files: readonly LogFile[],
  report: Reporter,
): Promise<{ readonly read: readonly Check[]; readonly begun: string }> {
  const bad: string[] = []
  let begun = 'at an unknown time'
  for (const [i, { name }] of files.entries()) {
    const ending = await headEnding(log, name)
    if (ending.kind !== null && isHole(ending.kind)) bad.push(`${name} (${ending.kind})`)
    else if (i === 0 && ending.stampSeconds > 0) begun = formatUtcShort(ending.stampSeconds * 1_000_000)
  }
  const [first, ...others] = bad
  return {
    begun,
    read: [
      first === undefined
        ? report.pass('readable', 'each begins as a binlog')
        : report.fail(
            'readable',
            `${first}${others.length === 0 ? '' : ` and ${others.length} more`} cannot be read`,
            'binpoint explain LOG_ENCRYPTED, LOG_OLD_FORMAT, LOG_RELAY and NOT_A_BINLOG say what to do',
          ),
    ],
  }
}

async function headEnding(
  log: LogSource,
  name: string,
): Promise<{ readonly kind: FileEnding['kind'] | null; readonly stampSeconds: number }> {
  let kind: FileEnding['kind'] | null = null
  const scan = createScan({
    onTransaction: () => undefined,
    onFileEnd: (ending) => {
      kind ??= ending.kind
    },
    onEvent: () => false,
  })
  await log.read(
    { from: { file: name, position: FIRST_POSITION }, until: { file: name, position: Number.MAX_SAFE_INTEGER } },
    scan,
  )
  return { kind, stampSeconds: (await readHead(log, name))?.format?.stampSeconds ?? 0 }
}

/** By their numbers, within each name. */
function missingCheck(files: readonly LogFile[], report: Reporter): Check {
  const gaps: string[] = []
  for (const [i, { name }] of files.entries()) {
    const [, base = '', number = ''] = /^(.*)\.(\d+)$/.exec(name) ?? []
    const [, baseBefore, before] = /^(.*)\.(\d+)$/.exec(files[i - 1]?.name ?? '') ?? []
    if (baseBefore === base && Number(number) !== Number(before) + 1) gaps.push(`between ${files[i - 1]?.name ?? ''} and ${name}`)
  }
  return gaps.length === 0
    ? report.pass('complete', 'no file is missing between them')
    : report.fail(
        'complete',
        `files are missing ${gaps.join(', ')}: nothing is answered across such a gap`,
        'get them from a backup of the log, or give only the files behind the gap',
      )
}

/** What the newest file with transactions holds. */
async function tailChecks(
  log: LogSource,
  files: readonly LogFile[],
  signal: AbortSignal | undefined,
  report: Reporter,
): Promise<Check[]> {
  for (const { name } of files.toReversed()) {
    const seen = { transactions: 0, statements: 0 }
    const endings: FileEnding[] = []
    const scan = createScan({
      onTransaction: ({ marks }) => {
        seen.transactions++
        if ((marks & MarkBit.statement) !== 0) seen.statements++
      },
      onFileEnd: (ending) => endings.push(ending),
    })
    await log.read(
      { from: { file: name, position: FIRST_POSITION }, until: { file: name, position: Number.MAX_SAFE_INTEGER }, signal },
      scan,
    )
    const [ending] = endings
    const isBroken = ending !== undefined && isHole(ending.kind)
    if (seen.transactions === 0 && !isBroken) continue
    return [
      isBroken
        ? report.fail('tail', `${name} can be read up to ${ending.coveredEnd} only: ${ending.detail || ending.kind}`)
        : report.pass(
            'tail',
            `${name} can be read to its end${ending?.kind === 'rotate' || ending?.kind === 'stop' ? '' : ', which the server has not closed'}`,
          ),
      ...(seen.transactions === 0 ? [] : [formatCheck(name, seen, report)]),
    ]
  }
  return [report.warn('binlog-format', 'no file holds a transaction')]
}

function formatCheck(
  name: string,
  seen: { readonly transactions: number; readonly statements: number },
  report: Reporter,
): Check {
  if (seen.statements === 0) return report.pass('binlog-format', `the ${seen.transactions} transaction(s) of ${name} hold rows`)
  return report.fail(
    'binlog-format',
    `${seen.statements} of ${seen.transactions} transaction(s) of ${name} hold statements, which cannot be replayed safely`,
    'SET GLOBAL binlog_format = ROW; on the server that writes them (also in its option file)',
  )
}

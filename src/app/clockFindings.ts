/**
 * What makes the times around an answer other than they look: stamps that are forged or of other servers' clocks, and transactions that
 * were running at the time. None of it moves the answer; it says why the answer is where it is.
 */
import { LONGEST_STATEMENT } from '../core/scan/grammar.ts'
import { formatCoordinate } from '../core/coordinate.ts'
import type { IndexStore, LogRow, Place } from '../core/evidence/port.ts'
import type { FileRow } from '../core/evidence/rows.ts'
import type { Finding } from '../core/findings.ts'
import type { LogSource } from '../core/ports.ts'
import type { Mark } from '../core/transaction.ts'
import { nameOf, secondText } from './atFindings.ts'
import type { Found, Timed } from './locate.ts'
import { readTransactions } from './window.ts'

export interface Around {
  readonly store: IndexStore
  readonly log: LogRow
  readonly source: LogSource
  readonly files: readonly FileRow[]
  readonly timeUs: number
  readonly safe: Found | null
  readonly latest: Found | null
  readonly refuted: readonly Found[]
}

export async function clockFindings(around: Around): Promise<Finding[]> {
  const { store, log, safe, latest } = around
  if (safe === null) return refutedFindings(around)
  const from: Place = { file: safe.tick.file, position: safe.tick.start }
  const to: Place | undefined = latest === null ? undefined : { file: latest.tick.file, position: latest.tick.end }
  const marks = store.marksIn(log, from, to)
  return [
    ...refutedFindings(around),
    ...markFinding(
      around,
      marks,
      'set-timestamp',
      'SET_TIMESTAMP',
      (count, at) =>
        `${count} around the answer carry stamps that are not of the time they were written (SET TIMESTAMP, a replay of another log), the first at ${at}: these stamps are no evidence`,
    ),
    ...markFinding(
      around,
      marks,
      'foreign-origin',
      'FOREIGN_ORIGIN',
      (count, at) =>
        `${count} around the answer were first written by another server, the first at ${at}: their stamps are of that server's clock, and no evidence of this one's`,
    ),
    ...(await longFindings(around)),
  ]
}

/** Stamps of the time or later on what is known to have committed before they say. */
function refutedFindings({ refuted, files }: Around): Finding[] {
  const [first] = refuted
  if (first === undefined) return []
  const at = formatCoordinate({ file: nameOf(files, first.tick.file), position: first.start })
  return [
    {
      code: 'FUTURE_TIME',
      severity: 'warning',
      message: `${several(refuted.length)} with a stamp of the time or later (the first at ${at}, stamped ${secondText(first.ownSeconds)}) committed before that stamp, as the log behind it or this machine's clock shows: the stamp is forged (SET TIMESTAMP), and does not count`,
      evidence: { at, stamp: first.ownSeconds, transactions: refuted.length },
    },
  ]
}

function markFinding(
  { files }: Around,
  marks: ReturnType<IndexStore['marksIn']>,
  kind: Mark,
  code: Finding['code'],
  message: (count: string, at: string) => string,
): Finding[] {
  const mark = marks.find((one) => one.kind === kind)
  if (mark === undefined) return []
  const at = formatCoordinate({ file: nameOf(files, mark.file), position: mark.start })
  return [{ code, severity: 'note', message: message(several(mark.count), at), evidence: { at, transactions: mark.count } }]
}

/** Running for so long across the time is worth a word (seconds). */
const LONG_SECONDS = 10
/** So many are named. */
const MOST_NAMED = 3

/** Transactions that had begun before the time, and committed, or may have, behind it. */
async function longFindings({ source, files, timeUs, safe, latest }: Around): Promise<Finding[]> {
  const long = [safe, latest].flatMap((found) => (found === null ? [] : found.list.slice(found.index).map((t) => ({ found, t }))))
  const seen = new Set<string>()
  const findings: Finding[] = []
  for (const { found, t } of long) {
    const key = `${found.tick.file}:${t.start}`
    if (seen.has(key) || findings.length === MOST_NAMED || !runsAcross(t, timeUs)) continue
    seen.add(key)
    const file = nameOf(files, found.tick.file)
    const [whole] = await readTransactions({ source, from: { file, position: t.start }, until: { file, position: t.end } })
    const at = formatCoordinate({ file, position: t.start })
    const tables = whole?.tables.map(({ schema, table }) => `${schema}.${table}`) ?? []
    findings.push({
      code: 'LONG_TRANSACTION',
      severity: 'note',
      message: `the transaction at ${at} on ${tables.length === 0 ? 'no table' : tables.join(', ')} had begun at ${secondText(t.firstStampSeconds)}, and committed behind that time: it lies behind safe`,
      evidence: { at, begun: t.firstStampSeconds, tables },
    })
  }
  return findings
}

function runsAcross(t: Timed, timeUs: number): boolean {
  const committedSeconds = Math.max(t.ownSeconds, Math.floor(t.exactUs / 1_000_000))
  const ranSeconds = committedSeconds - t.firstStampSeconds
  return (
    committedSeconds * 1_000_000 >= timeUs &&
    t.firstStampSeconds * 1_000_000 < timeUs &&
    ranSeconds >= LONG_SECONDS &&
    ranSeconds <= LONGEST_STATEMENT
  )
}

function several(count: number): string {
  return count === 1 ? 'a transaction' : `${count} transactions`
}

/** Transactions for people: a line each. */
import type { WhenAnswer } from '../../app/when.ts'
import type { Transaction } from '../../core/transaction.ts'
import { formatUtcShort } from '../../core/time/format.ts'
import { formatBytes, formatTime } from './text.ts'

export function renderTransaction(t: Transaction, zone: string | undefined): string {
  const time = formatTime(t.immediateCommitUs ?? t.lastStampSeconds * 1_000_000, zone)
  const parts = [`${t.file}:${t.start}`, time, t.kind, formatBytes(t.end - t.start), `server ${t.serverId}`]
  if (t.gtid !== null) parts.push(t.gtid)
  const committed = committedText(t)
  if (committed !== '') parts.push(committed)
  const what = t.tables.map((table) => `${table.schema}.${table.table}(${table.rows ?? '?'})`)
  for (const statement of t.statements) what.push(oneLine(statement.text))
  if (!t.complete) what.push('UNFINISHED: the log ends inside this transaction')
  return `${parts.join('  ')}  ${what.join(' ')}`.trimEnd() + '\n'
}

/** When it was committed, where that is known to be another time than its stamp: forged, of another clock, or of a long statement's start. */
function committedText({ commit: { notBeforeUs, notAfterUs }, immediateCommitUs, lastStampSeconds }: Transaction): string {
  const stampUs = lastStampSeconds * 1_000_000
  const isStamp = notBeforeUs !== null && Math.abs(notBeforeUs - stampUs) < 1_000_000
  if (immediateCommitUs !== null || isStamp) return ''
  const until = notAfterUs === null ? '' : formatUtcShort(notAfterUs)
  if (notBeforeUs === null) return until === '' ? '' : `committed before ${until}`
  return `committed ${formatUtcShort(notBeforeUs)} ${until === '' ? 'or later' : `to ${until}`}`
}

const STATEMENT_WIDTH = 60

function oneLine(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ').trim()
  return flat.length > STATEMENT_WIDTH ? `${flat.slice(0, STATEMENT_WIDTH - 1)}…` : flat
}

export function renderWhen(answer: WhenAnswer, asked: string, zone: string | undefined): string {
  const line = answer.transaction === null ? '' : renderTransaction(answer.transaction, zone)
  switch (answer.outcome) {
    case 'boundary':
      return line
    case 'inside':
      if (answer.transaction === null) return `${asked} lies inside of an event: replication must not start there\n`
      return `${asked} lies inside a transaction: replication must not start there. The transaction begins here:\n${line}`
    case 'end':
      return `${asked} is the end of what the file holds: nothing begins there yet\n`
    case 'not-found':
      return `${asked} is not in the log of ${answer.source}\n${answer.findings.map(({ message }) => `${message}\n`).join('')}`
    default:
      return answer.outcome satisfies never
  }
}

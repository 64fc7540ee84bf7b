/** Transactions of relay logs: where each begins there, and where it stands in the source's log. Those of binlogs as ever. */
import type { Relayed } from '../../app/relay.ts'
import type { Transaction } from '../../core/transaction.ts'
import { lineOf, transactionJson } from './json.ts'
import { renderTransaction } from './transactions.ts'

export function transactionLine(t: Transaction, relayed: Relayed | null): string {
  const line = transactionJson(t)
  if (relayed === null) return lineOf(line)
  const { origin, start } = relayed
  const end = start.file === t.file ? {} : { endFile: t.file }
  return lineOf({ ...Object(line), file: start.file, start: start.position, ...end, origin: { ...origin } })
}

export function renderRelayed(t: Transaction, relayed: Relayed | null, zone: string | undefined): string {
  if (relayed === null) return renderTransaction(t, zone)
  const { origin, start } = relayed
  const line = renderTransaction({ ...t, file: start.file, start: start.position }, zone)
  return `${line.trimEnd()}  from ${origin.file ?? '?'}:${origin.position}\n`
}

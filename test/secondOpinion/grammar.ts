/**
 * Transactions, told from a listing: the rules of the servers' documentation (mysql-server trx_boundary_parser.cpp; MariaDB's GTID event)
 * on the words that mysqlbinlog prints. Written for these tests; it shares nothing with the project's own transaction machine.
 */
import type { ListedEvent } from './listing.ts'
import { statementOf } from './listing.ts'

/** What both sides must say of a transaction. */
export interface Facts {
  readonly start: number
  readonly end: number
  /** As in GTID_NEXT, or `domain-server-sequence`; null without one. */
  readonly gtid: string | null
  readonly serverId: number
  readonly firstStamp: number
  readonly maxStamp: number
  readonly events: number
  /** Of the first Query event; null without one. */
  readonly threadId: number | null
  /** Largest stamp + exec_time of the Query events, modulo 2^32; 0 without one. */
  readonly written: number
  /** MySQL >= 8.0.1, else 0: microseconds. */
  readonly commitUs: number
  /** MySQL >= 8.0.2, else 0. */
  readonly transactionLength: number
}

interface ListedTransaction {
  readonly facts: Facts
  /** All of its events are. */
  readonly isAsWritten: boolean
}

export interface Located {
  readonly event: ListedEvent
  readonly end: number
}

interface Told {
  readonly transactions: readonly ListedTransaction[]
  /** Starts of the transactions that never end. */
  readonly unfinished: readonly number[]
}

/** False for an event that says that it ends somewhere else than it does: somebody has edited the file. */
export function isAsWritten({ event, end }: Located): boolean {
  return event.endLogPos === 0 || event.endLogPos === end % 2 ** 32
}

type Step = 'between' | 'statement' | 'transaction' | 'inside' | 'ends'

export function tellTransactions(events: readonly Located[]): Told {
  const transactions: ListedTransaction[] = []
  const unfinished: number[] = []
  let open: Located[] = []
  let isTransaction = false
  const drop = (): void => {
    const [first] = open
    if (first !== undefined) unfinished.push(first.event.position)
    open = []
    isTransaction = false
  }
  for (const located of events) {
    const { event } = located
    const step = stepOf(event)
    if (step === 'between') {
      if (/^(Rotate|Stop)/.test(event.title)) drop()
      continue
    }
    if (isGtid(event) || (step === 'transaction' && isTransaction && !isMariaDbGroup(open))) drop()
    open.push(located)
    if (step === 'transaction') isTransaction = true
    if (step === 'ends' || (step === 'statement' && !isTransaction)) {
      transactions.push(summarize(open))
      open = []
      isTransaction = false
    }
  }
  drop()
  return { transactions, unfinished }
}

/** What an event does to the transaction that it stands in. `statement`: ends it, unless it was begun as one of several statements. */
function stepOf(event: ListedEvent): Step {
  const { title } = event
  if (/^(Start: |Previous-GTIDs|Gtid list|Binlog checkpoint|Rotate|Stop)/.test(title)) return 'between'
  // MariaDB prints what its GTID event stands for: the statement that begins, or nothing before a statement that stands alone.
  if (/^GTID \d+-\d+-\d+/.test(title)) return /^(START TRANSACTION|XA START )/m.test(event.text) ? 'transaction' : 'inside'
  if (/^(Query|Query_compressed)$/.test(title)) return stepOfStatement(statementOf(event))
  if (/^(Xid = |XID = |XA PREPARE |Transaction_Payload)/.test(title)) return 'ends'
  if (title === 'Execute_load_query' || title === 'Incident') return 'statement'
  // Before 5.1.17 servers logged rows without BEGIN. Of the events of those days the end of the statement is not printed: each of them is one.
  if (/_rows(_old)?: .*STMT_END_F|_rows_old: /.test(title)) return 'statement'
  if (title === '') return event.text.startsWith('# Incident:') ? 'statement' : 'inside'
  return 'inside'
}

function stepOfStatement(statement: string): Step {
  if (statement === 'BEGIN' || statement.startsWith('XA START ')) return 'transaction'
  if (statement === 'COMMIT' || statement.startsWith('XA ROLLBACK ')) return 'ends'
  if (statement.startsWith('ROLLBACK') && !statement.startsWith('ROLLBACK TO ')) return 'ends'
  return 'statement'
}

function isGtid(event: ListedEvent): boolean {
  return /^(GTID|Anonymous_GTID)\b/.test(event.title)
}

/** MariaDB's transactions have no BEGIN, so one inside is only a statement. */
function isMariaDbGroup(open: readonly Located[]): boolean {
  return /^GTID \d/.test(open[0]?.event.title ?? '')
}

function summarize(open: readonly Located[]): ListedTransaction {
  const [first] = open
  const last = open.at(-1)
  if (first === undefined || last === undefined) throw new Error('a transaction has events')
  const events = open.map(({ event }) => event)
  const queries = events.filter(({ title }) => /^Query(_compressed)?$/.test(title))
  const written = queries.map(({ stamp, fields }) => (stamp + (fields.get('exec_time') ?? 0)) % 2 ** 32)
  return {
    facts: {
      start: first.event.position,
      end: last.end,
      gtid: gtidOf(first.event),
      serverId: first.event.serverId,
      firstStamp: first.event.stamp,
      maxStamp: Math.max(...events.map(({ stamp }) => stamp)),
      events: events.length,
      threadId: queries[0]?.fields.get('thread_id') ?? null,
      written: Math.max(0, ...written),
      commitUs: first.event.fields.get('immediate_commit_timestamp') ?? 0,
      transactionLength: first.event.fields.get('transaction_length') ?? 0,
    },
    isAsWritten: open.every(isAsWritten),
  }
}

function gtidOf(event: ListedEvent): string | null {
  const next = /SET @@SESSION\.GTID_NEXT= '([^']+)'/.exec(event.text)?.[1]
  if (next !== undefined && isGtid(event)) return next === 'ANONYMOUS' ? null : next
  return /^GTID (\d+-\d+-\d+)/.exec(event.title)?.[1] ?? null
}

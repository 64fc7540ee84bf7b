/**
 * The reverse: the transaction at a coordinate, or of a GTID. A position inside a transaction is answered with that
 * transaction, and said: replication may not start there. A GTID needs no index.
 */
import type { Coordinate } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { FileRow, TickRow } from '../core/evidence/rows.ts'
import type { Finding } from '../core/findings.ts'
import type { LogSource } from '../core/ports.ts'
import type { Transaction } from '../core/transaction.ts'
import { placeOf } from './boundary.ts'
import { createCommitOf } from './commitInterval.ts'
import type { FindGtidRequest } from './findGtid.ts'
import { findGtid } from './findGtid.ts'
import { readHead } from './head.ts'
import { otherLog, readTransactions } from './window.ts'

export interface WhenAnswer {
  readonly source: string
  /**
   * `boundary`: replication may start there. `inside`: it may not; the transaction's start is the boundary before. Without a
   * transaction: inside of an event between transactions (the file's head or end).
   */
  readonly outcome: 'boundary' | 'inside' | 'end' | 'not-found'
  readonly transaction: Transaction | null
  /** Why a GTID is not found, where the log says. */
  readonly findings: readonly Finding[]
}

export interface WhenRequest {
  readonly store: IndexStore
  readonly log: LogRow
  readonly source: LogSource
  readonly what: { readonly coordinate: Coordinate }
  /** Nothing in the log was committed later (Unix microseconds); undefined: not known. */
  readonly nowUs?: number | undefined
}

export async function whenGtid(request: FindGtidRequest & Pick<WhenRequest, 'nowUs'>): Promise<WhenAnswer> {
  const { source, index, nowUs = Number.POSITIVE_INFINITY } = request
  const { transaction: t, findings } = await findGtid(request)
  if (t === null) return { source: source.name, outcome: 'not-found', transaction: null, findings }
  const head = index === undefined ? null : await readHead(source, t.file)
  const commit = createCommitOf({ index: index ?? null, nowUs })(t, head?.format?.fingerprint)
  return { source: source.name, outcome: 'boundary', transaction: { ...t, commit }, findings }
}

/** The index must be fresh (see buildIndex). */
export async function when({ store, log, source, what, nowUs = Number.POSITIVE_INFINITY }: WhenRequest): Promise<WhenAnswer> {
  const at = what.coordinate
  const file = store.files(log).find((row) => row.name === at.file)
  const commitOf = createCommitOf({ index: { store, log }, nowUs })
  const answer = (outcome: WhenAnswer['outcome'], t: Transaction | null): WhenAnswer => ({
    source: log.source,
    outcome,
    transaction: t === null ? null : { ...t, commit: commitOf(t, file?.format) },
    findings: [],
  })
  if (file === undefined || at.position < file.coveredFrom || at.position > file.coveredEnd) return answer('not-found', null)
  const tick = store.tickContaining(log, file.ordinal, at.position)
  const transactions = tick?.file === file.ordinal ? await readTick(source, tick, file) : []
  const holder = transactions.find((t) => t.start < at.position && at.position < t.end)
  if (holder !== undefined) return answer('inside', holder)
  const next = transactions.find((t) => t.start >= at.position)
  const isKnown = next?.start === at.position || endsTick(store, log, file.ordinal, at.position)
  if (!isKnown && (await placeOf(source, at)).kind !== 'boundary') return answer('inside', null)
  return next === undefined ? answer('end', null) : answer('boundary', next)
}

/** Then it is a boundary: what the index says of a log that is still there need not be read again. */
function endsTick(store: IndexStore, log: LogRow, file: number, position: number): boolean {
  const tick = store.tickContaining(log, file, position - 1)
  return tick?.file === file && tick.end === position
}

async function readTick(source: LogSource, tick: TickRow, { name, format }: FileRow): Promise<readonly Transaction[]> {
  const transactions = await readTransactions({
    source,
    from: { file: name, position: tick.start },
    until: { file: name, position: tick.end },
    format,
  })
  if (transactions[0]?.start === tick.start && transactions.at(-1)?.end === tick.end) return transactions
  throw otherLog(source, name)
}

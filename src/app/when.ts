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
import type { FindGtidRequest } from './findGtid.ts'
import { findGtid } from './findGtid.ts'
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
}

export async function whenGtid(request: FindGtidRequest): Promise<WhenAnswer> {
  const { transaction, findings } = await findGtid(request)
  return { source: request.source.name, outcome: transaction === null ? 'not-found' : 'boundary', transaction, findings }
}

/** The index must be fresh (see buildIndex). */
export async function when({ store, log, source, what }: WhenRequest): Promise<WhenAnswer> {
  const at = what.coordinate
  const file = store.files(log).find((row) => row.name === at.file)
  const answer = (outcome: WhenAnswer['outcome'], transaction: Transaction | null): WhenAnswer => ({
    source: log.source,
    outcome,
    transaction,
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

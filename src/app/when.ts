/**
 * The reverse: the transaction at a coordinate, or of a GTID. A position inside a transaction is answered with that
 * transaction, and said: replication may not start there. A GTID needs no index.
 */
import type { Coordinate } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { Finding } from '../core/findings.ts'
import type { LogSource } from '../core/ports.ts'
import type { Transaction } from '../core/transaction.ts'
import { placeOf } from './boundary.ts'
import type { FindGtidRequest } from './findGtid.ts'
import { findGtid } from './findGtid.ts'
import type { Locator } from './locate.ts'
import { createLocator } from './locate.ts'

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
  const files = store.files(log)
  const file = files.find((row) => row.name === at.file)
  const answer = (outcome: WhenAnswer['outcome'], transaction: Transaction | null): WhenAnswer => ({
    source: log.source,
    outcome,
    transaction,
    findings: [],
  })
  if (file === undefined || at.position < file.coveredFrom || at.position > file.coveredEnd) return answer('not-found', null)
  const locator = createLocator(store, log, source)
  const found = await locator.firstFrom(file.ordinal, at.position)
  const inside = found === null ? undefined : before(found.transactions, at)
  const holder = inside ?? (await lastOfTickHolding(store, log, locator, file.ordinal, at))
  if (holder !== undefined) return answer('inside', holder)
  const isKnown = found?.transaction.file === at.file && found.transaction.start === at.position
  if (!isKnown && !endsTick(store, log, file.ordinal, at.position) && (await placeOf(source, at)).kind !== 'boundary')
    return answer('inside', null)
  if (found === null || found.transaction.file !== at.file) return answer('end', null)
  return answer('boundary', found.transaction)
}

/** The transaction of a list that has the position strictly inside. */
function before(transactions: readonly Transaction[], at: Coordinate): Transaction | undefined {
  return transactions.find((t) => t.file === at.file && t.start < at.position && at.position < t.end)
}

/** Then it is a boundary: what the index says of a log that is still there need not be read again. */
function endsTick(store: IndexStore, log: LogRow, file: number, position: number): boolean {
  const tick = store.tickContaining(log, file, position - 1)
  return tick?.file === file && tick.end === position
}

/** The tick that holds the position may be another one than that of the next transaction. */
async function lastOfTickHolding(
  store: IndexStore,
  log: LogRow,
  locator: Locator,
  file: number,
  at: Coordinate,
): Promise<Transaction | undefined> {
  const tick = store.tickContaining(log, file, at.position)
  if (tick === null || tick.file !== file || tick.start >= at.position) return undefined
  const found = await locator.firstFrom(tick.file, tick.start)
  return found === null ? undefined : before(found.transactions, at)
}

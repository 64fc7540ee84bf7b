/**
 * The reverse: the transaction at a coordinate, or of a GTID. A position inside a transaction is answered with that
 * transaction, and said: replication may not start there.
 */
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { LogSource } from '../core/ports.ts'
import type { Transaction } from '../core/transaction.ts'
import { placeOf } from './boundary.ts'
import type { Locator } from './locate.ts'
import { createLocator } from './locate.ts'
import { readWindow } from './window.ts'

export interface WhenAnswer {
  readonly source: string
  /**
   * `boundary`: replication may start there. `inside`: it may not; the transaction's start is the boundary before. Without a
   * transaction: inside of an event between transactions (the file's head or end).
   */
  readonly outcome: 'boundary' | 'inside' | 'end' | 'not-found'
  readonly transaction: Transaction | null
}

export interface WhenRequest {
  readonly store: IndexStore
  readonly log: LogRow
  readonly source: LogSource
  readonly what: { readonly coordinate: Coordinate } | { readonly gtid: string }
}

/** The index must be fresh (see buildIndex). */
export function when(request: WhenRequest): Promise<WhenAnswer> {
  return 'coordinate' in request.what ? atCoordinate(request, request.what.coordinate) : ofGtid(request, request.what.gtid)
}

async function atCoordinate({ store, log, source }: WhenRequest, at: Coordinate): Promise<WhenAnswer> {
  const files = store.files(log)
  const file = files.find((row) => row.name === at.file)
  const answer = (outcome: WhenAnswer['outcome'], transaction: Transaction | null): WhenAnswer => ({
    source: log.source,
    outcome,
    transaction,
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

/** Reads the log from its oldest file on until the GTID comes. */
async function ofGtid({ store, log, source }: WhenRequest, gtid: string): Promise<WhenAnswer> {
  const wanted = gtid.toLowerCase()
  let found: Transaction | null = null
  const first = store.files(log).find((file) => file.format !== '')
  if (first === undefined) return { source: log.source, outcome: 'not-found', transaction: null }
  await readWindow({
    source,
    from: { file: first.name, position: Math.max(FIRST_POSITION, first.coveredFrom) },
    onTransaction: (transaction) => {
      if (transaction.gtid?.toLowerCase() === wanted) found = transaction
      return found === null
    },
  })
  return { source: log.source, outcome: found === null ? 'not-found' : 'boundary', transaction: found }
}

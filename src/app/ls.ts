/** The transactions of a range, re-read from the log; also of relay logs, which no other command reads. */
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION, formatCoordinate } from '../core/coordinate.ts'
import type { LogSource } from '../core/ports.ts'
import type { FileEnding } from '../core/scan/ending.ts'
import type { Transaction } from '../core/transaction.ts'
import { BinpointError } from '../errors.ts'
import { placeOf } from './boundary.ts'
import type { CommitOf } from './commitInterval.ts'
import type { Relayed } from './relay.ts'
import { createRelayReader } from './relay.ts'
import { readWindow } from './window.ts'

export interface LsRequest {
  readonly source: LogSource
  /** The transaction that holds it is the first one; undefined: the head of the oldest file. */
  readonly from?: Coordinate | undefined
  /** Transactions that start here or behind are left out. */
  readonly to?: Coordinate | undefined
  readonly limit?: number | undefined
  /** What is known of commit times besides what transactions say themselves. */
  readonly commitOf?: CommitOf | undefined
  readonly signal?: AbortSignal | undefined
  /** `relayed`: where a transaction of a relay log comes from; null in a binlog. */
  readonly onTransaction: (transaction: Transaction, relayed: Relayed | null) => void
}

/** Throws USAGE for a `from` that lies beyond its file, and what the source throws. */
export async function ls(request: LsRequest): Promise<FileEnding | null> {
  const { source, to } = request
  const names = (await source.listFiles()).map((file) => file.name)
  const [oldest] = names
  if (oldest === undefined) throw new BinpointError('NO_BINLOGS', `${source.name} has no binlog files`)
  const isBeforeEnd = (t: Transaction): boolean =>
    to === undefined || (t.file === to.file ? t.start < to.position : names.indexOf(t.file) < names.indexOf(to.file))
  const relay = createRelayReader()
  let format: string | undefined
  let left = request.limit ?? Number.POSITIVE_INFINITY
  return readWindow({
    source,
    from: request.from === undefined ? { file: oldest, position: FIRST_POSITION } : await boundaryBefore(source, request.from),
    withIncomplete: true,
    signal: request.signal,
    relayLogs: true,
    onEvent: (event, startsAnew, file) => {
      format = file.format?.fingerprint
      relay.event(event, startsAnew, file)
    },
    onTransaction: (transaction) => {
      if (left <= 0 || !isBeforeEnd(transaction)) return false
      left--
      const relayed = relay.relayed()
      const complete = transaction.complete && relayed?.hasBegin !== false
      const commit = relayed === null ? request.commitOf?.(transaction, format) : undefined
      request.onTransaction({ ...transaction, complete, commit: commit ?? transaction.commit }, relayed)
      return left > 0
    },
  })
}

/** A transaction that holds the coordinate is listed from its start: no other start of it is true. */
async function boundaryBefore(source: LogSource, at: Coordinate): Promise<Coordinate> {
  const place = await placeOf(source, at, true)
  if (place.kind !== 'beyond') return place.boundary
  throw new BinpointError('USAGE', `${formatCoordinate(at)} lies behind what can be read of that file`, {
    hint: `the last boundary in it is ${formatCoordinate(place.boundary)}`,
  })
}

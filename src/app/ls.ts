/** The transactions of a range, re-read from the log. */
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { LogSource } from '../core/ports.ts'
import type { FileEnding } from '../core/scan/scan.ts'
import type { Transaction } from '../core/transaction.ts'
import { BinpointError } from '../errors.ts'
import { readWindow } from './window.ts'

export interface LsRequest {
  readonly source: LogSource
  /** A boundary; undefined: the head of the oldest file. */
  readonly from?: Coordinate | undefined
  readonly to?: Coordinate | undefined
  readonly limit?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onTransaction: (transaction: Transaction) => void
}

export async function ls(request: LsRequest): Promise<FileEnding | null> {
  const files = await request.source.listFiles()
  const oldest = files[0]
  if (oldest === undefined) throw new BinpointError('NO_BINLOGS', `${request.source.name} has no binlog files`)
  let left = request.limit ?? Number.POSITIVE_INFINITY
  return readWindow({
    source: request.source,
    from: request.from ?? { file: oldest.name, position: FIRST_POSITION },
    until: request.to,
    withIncomplete: true,
    signal: request.signal,
    onTransaction: (transaction) => {
      if (left <= 0) return false
      left--
      request.onTransaction(transaction)
      return left > 0
    },
  })
}

/**
 * Transactions of a range in full, re-read from the log with every checksum verified. Shows at the same time that the file is
 * the one that was meant. Throws LOG_IDENTITY or LOG_DAMAGED instead of giving part of a range.
 */
import type { Coordinate } from '../core/coordinate.ts'
import { formatCoordinate } from '../core/coordinate.ts'
import type { LogSource } from '../core/ports.ts'
import { createDetailCollector } from '../core/scan/detail.ts'
import type { FileEnding, FileEndingKind } from '../core/scan/ending.ts'
import { isHole } from '../core/scan/ending.ts'
import type { RawEvent, ScannedFile } from '../core/scan/scan.ts'
import { createScan } from '../core/scan/scan.ts'
import type { Transaction } from '../core/transaction.ts'
import type { ErrorCode } from '../errors.ts'
import { BinpointError } from '../errors.ts'

export interface WindowRequest {
  readonly source: LogSource
  /** A boundary. */
  readonly from: Coordinate
  /** Exclusive; undefined: to the end of the log. */
  readonly until?: Coordinate | undefined
  /** Fingerprint that the FORMAT_DESCRIPTION of `from.file` must have. */
  readonly format?: string | undefined
  /** Also transactions that never end (then `complete` is false). */
  readonly withIncomplete?: boolean | undefined
  /** Relay logs too, which are refused otherwise. */
  readonly relayLogs?: boolean | undefined
  /** Sees every event first; `startsAnew`: no transaction is open before it. */
  readonly onEvent?: ((event: RawEvent, startsAnew: boolean, file: ScannedFile) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** Return false to stop. */
  readonly onTransaction: (transaction: Transaction) => boolean
}

/** Returns how the last file that was read ended; null when nothing was read. */
export async function readWindow(request: WindowRequest): Promise<FileEnding | null> {
  const collector = createDetailCollector()
  let ending: FileEnding | null = null
  let identity: BinpointError | null = null
  const scan = createScan(
    {
      onFile: (file) => {
        if (request.format === undefined || file.name !== request.from.file || file.format?.fingerprint === request.format) return
        identity = otherLog(request.source, file.name)
        scan.stop()
      },
      onEvent: (event) => {
        if (scan.file === null) return true
        request.onEvent?.(event, !scan.isInTransaction, scan.file)
        collector.event(event, !scan.isInTransaction, scan.file)
        return true
      },
      onTransaction: (t, file) => {
        if (!scan.done && !request.onTransaction(collector.finish(t, file, true))) scan.stop()
      },
      onAbandoned: (_start, file) => {
        if (request.withIncomplete !== true || scan.done) return
        request.onTransaction(collector.finish({ ...scan.transaction, end: scan.readEnd }, file, false))
      },
      onFileEnd: (end, file) => {
        ending = end
        if (isHole(end.kind)) throw damaged(request.source, { file: file.name, position: end.coveredEnd }, end)
      },
    },
    { checksums: 'all', decrypted: request.source.kind === 'server', relayLogs: request.relayLogs === true },
  )
  await request.source.read({ from: request.from, until: request.until, signal: request.signal }, scan)
  if (identity !== null) throw identity as BinpointError
  return ending
}

/** The file of that name is not the one that was indexed. */
export function otherLog(source: LogSource, name: string): BinpointError {
  return new BinpointError('LOG_IDENTITY', `${source.name} has another file under the name ${name} than the index`, {
    hint: 'run binpoint index: it begins a new log for the files that are there now',
  })
}

/** For an answer that would have to look behind a hole. */
export function damaged(source: LogSource, at: Coordinate, ending: FileEnding): BinpointError {
  const { code, hint } = refusals[ending.kind] ?? unreadable
  return new BinpointError(
    code,
    `${source.name} cannot be read behind ${formatCoordinate(at)}: ${ending.detail === '' ? ending.kind : ending.detail}`,
    { hint },
  )
}

interface Refusal {
  readonly code: ErrorCode
  readonly hint: string
}

const unreadable: Refusal = {
  code: 'LOG_DAMAGED',
  hint: 'a range with a hole gives no safe answer; look at it with mysqlbinlog, or choose a range that does not cross it',
}

const refusals: Partial<Record<FileEndingKind, Refusal>> = {
  encrypted: {
    code: 'LOG_ENCRYPTED',
    hint: 'only the server has the keys, and sends its log in the clear: read it through the server, with --source mysql://user@host:port',
  },
  'unknown-event': {
    code: 'LOG_UNKNOWN_EVENT',
    hint: 'the server that wrote it is newer than this version of binpoint: a newer one may know the event. Until then, choose a range that does not cross it',
  },
  'relay-log': {
    code: 'LOG_RELAY',
    hint: 'replication starts in the binlog of the source, not in a relay log: give that as --source; binpoint ls lists a relay log with the coordinates that its transactions have there',
  },
}

/** The transactions of a range as a list: for ranges that are known to be small. */
export async function readTransactions(request: Omit<WindowRequest, 'onTransaction'>): Promise<Transaction[]> {
  const transactions: Transaction[] = []
  await readWindow({
    ...request,
    onTransaction: (transaction) => {
      transactions.push(transaction)
      return true
    },
  })
  return transactions
}

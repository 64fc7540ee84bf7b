/** The index as the use cases see it. Synchronous; every write is one transaction. */
import type { EvidenceRows, EvidenceState } from './accumulate.ts'
import type { ArrivalRow, BoundRow, CheckpointRow, FileRow, GapRow, LandmarkRow, TickRow } from './rows.ts'

export interface LogRow {
  readonly id: number
  readonly source: string
  /** Fingerprint of the first file that was indexed. */
  readonly fingerprint: string
  readonly serverUuid: string | null
  readonly serverId: number
  /** Null for the log that the source has now; else why it is not any more. */
  readonly endedBy: string | null
  /** Counts the commits; a writer that finds another number than it left was overtaken. */
  readonly revision: number
  readonly state: EvidenceState | null
}

export interface IndexBatch {
  readonly files: readonly FileRow[]
  readonly rows: EvidenceRows
  readonly arrivals: readonly ArrivalRow[]
  /** All that `files` have: others that were noted of these files are dropped. */
  readonly gaps: readonly GapRow[]
  readonly state: EvidenceState
}

export interface IndexStore extends Disposable {
  readonly path: string
  /** Names of all sources in the index. */
  sources(): string[]
  /** The log that a source has now, or null. */
  currentLog(source: string): LogRow | null
  /** All logs of a source, the current one last. */
  logs(source: string): LogRow[]
  /** Throws INDEX_BUSY when another process has begun one. */
  beginLog(log: Pick<LogRow, 'source' | 'fingerprint' | 'serverUuid' | 'serverId'>): LogRow
  endLog(log: LogRow, cause: string): void
  /** Writes a batch in one transaction. Throws INDEX_BUSY when another process has written to this log since `log` was read. Returns the log as it is now. */
  commit(log: LogRow, batch: IndexBatch): LogRow

  files(log: LogRow): FileRow[]
  /** The first tick whose second is >= `second`; null when there is none. */
  tickAtOrAfter(log: LogRow, second: number): TickRow | null
  tickAfter(log: LogRow, tick: TickRow): TickRow | null
  tickBefore(log: LogRow, tick: TickRow): TickRow | null
  lastTick(log: LogRow): TickRow | null
  /** The tick that holds a position, or the first one behind it. */
  tickContaining(log: LogRow, file: number, position: number): TickRow | null
  /** Transactions and bytes of the ticks that start in [from, to). */
  sumTicks(log: LogRow, from: TickRow, to: TickRow | null): { transactions: number; bytes: number }
  /** The bound that proves most of the log to have committed at or before `timeUs`. */
  boundAt(log: LogRow, timeUs: number): BoundRow | null
  checkpointBefore(log: LogRow, file: number, position: number): CheckpointRow | null
  landmarks(log: LogRow): LandmarkRow[]
  gaps(log: LogRow): GapRow[]
  /** All log-derived rows, in key order: for comparing an index with a rebuild. */
  dump(log: LogRow): unknown
  counts(log: LogRow): {
    ticks: number
    transactions: number
    bytes: number
    firstSecond: number | null
    lastSecond: number | null
  }
  /** Bytes of the index file. */
  size(): number
}

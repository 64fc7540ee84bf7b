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

/** A position in a file of the log, by its ordinal. */
export interface Place {
  readonly file: number
  readonly position: number
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
  /** The first tick of a file whose second is >= `second`; null when there is none. */
  tickInFile(log: LogRow, file: number, second: number): TickRow | null
  /** In log order, from file to file. */
  tickAfter(log: LogRow, tick: Pick<TickRow, 'file' | 'second' | 'start'>): TickRow | null
  tickBefore(log: LogRow, tick: Pick<TickRow, 'file' | 'second' | 'start'>): TickRow | null
  lastTick(log: LogRow): TickRow | null
  /** Those of [from, to), in log order, read as they are asked for: nothing may be written in between. */
  ticks(
    log: LogRow,
    from: Pick<TickRow, 'file' | 'second' | 'start'>,
    to: Pick<TickRow, 'file' | 'second' | 'start'>,
  ): Iterable<TickRow>
  /** The tick that holds a position, or the first one behind it. */
  tickContaining(log: LogRow, file: number, position: number): TickRow | null
  /** Transactions and bytes of the ticks that start in [from, to). */
  sumTicks(log: LogRow, from: TickRow, to: TickRow | null): { transactions: number; bytes: number }
  /** The bound that proves most of the log to have committed before `timeUs`, arrivals among them. */
  boundAt(log: LogRow, timeUs: number): BoundRow | null
  /** The least time (Unix microseconds) by which what ends at a place had committed, if later than `afterUs`; infinite where nothing says. */
  notAfter(log: LogRow, place: Place, afterUs: number): number
  /** The next bounds later than `afterUs`, arrivals among them, by time: so many that a pass along them is quick; none when there are no more. */
  boundsAfter(log: LogRow, afterUs: number): BoundRow[]
  /** The earliest bound that follows from the log: nothing before it can be proven. */
  firstBound(log: LogRow): BoundRow | null
  lastArrival(log: LogRow): ArrivalRow | null
  checkpointBefore(log: LogRow, file: number, position: number): CheckpointRow | null
  /** Those of ticks that begin in [from, to). */
  landmarksIn(log: LogRow, from: Place, to: Place): LandmarkRow[]
  /** The same, summed up: of each kind, the first one, and how many transactions. By default of the whole log. */
  marksIn(log: LogRow, from?: Place, to?: Place): Pick<LandmarkRow, 'kind' | 'file' | 'start' | 'count'>[]
  clockSteps(log: LogRow): LandmarkRow[]
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

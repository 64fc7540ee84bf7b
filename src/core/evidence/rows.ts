/**
 * What the index holds, as values. Everything here but arrivals follows from the log alone, so an index can be compared
 * with a rebuild. Files are named by their ordinal in the log: the order in which the source wrote them.
 */
import type { ClockStep } from '../clock/sourceClock.ts'
import type { FileEndingKind } from '../scan/ending.ts'
import type { Mark } from '../transaction.ts'

/** A run of transactions with one running-maximum second, in one file, of at most 16 MiB. In log order: by file, second, start. */
export interface TickRow {
  /**
   * Unix seconds: the largest own time of any transaction of its file up to the end of this tick, cut to seconds, or, where none says
   * anything, what the clock had shown before. Never decreases within a file; a stamp of the future lifts it to the file's end.
   */
  readonly second: number
  readonly file: number
  /** [start, end): from the first transaction's start to the last one's end. */
  readonly start: number
  readonly end: number
  /** Running maximum of the exact commit stamps of the file (Unix microseconds); null when some transaction of the tick has none. */
  readonly maxUs: number | null
  readonly transactions: number
  readonly bytes: number
}

/** Everything that ends at or before `end` of `file` had committed before `notAfterUs`. Both grow strictly from row to row. */
export interface BoundRow {
  readonly file: number
  readonly end: number
  readonly notAfterUs: number
  readonly kind: BoundKind
}

/**
 * `server`: it was started, or shut down (STOP), at that time. `exact`: the first exact commit stamp of a file. `session`: the same
 * session's next transaction. `checkpoint`: MariaDB's BINLOG_CHECKPOINT of the files before. `arrival`: a live stream had delivered it.
 * A ROTATE, and a FORMAT_DESCRIPTION behind one, are none: their stamps are of the start of the statement that rotated the log.
 */
export type BoundKind = 'server' | 'exact' | 'session' | 'checkpoint' | 'arrival'

/** GTIDs executed before `start`. */
export interface CheckpointRow {
  readonly file: number
  readonly start: number
  readonly gtidSet: string
}

/** Transactions of a tick that bear on safety: the first one, the last one, how many. */
export interface LandmarkRow {
  readonly file: number
  readonly start: number
  readonly kind: Mark | 'unfinished'
  readonly lastStart: number
  readonly count: number
  /** Of a `clock-step`, the first one; else null. */
  readonly step: ClockStep | null
}

/** A live stream had delivered everything up to `end` when the source's clock showed `atUs`, give or take `errorUs`. */
export interface ArrivalRow {
  readonly file: number
  readonly end: number
  readonly atUs: number
  readonly errorUs: number
}

export interface FileRow {
  readonly ordinal: number
  readonly name: string
  /** FORMAT_DESCRIPTION alone, as every read of the file shows it; and together with PREVIOUS_GTIDS or GTID_LIST. */
  readonly format: string
  readonly fingerprint: string
  readonly serverVersion: string
  readonly serverId: number
  /** Stamp of the FORMAT_DESCRIPTION (Unix seconds). */
  readonly stampSeconds: number
  /** What the source's clock had shown before it (Unix seconds): all in it committed later, unless the clock went back. 0: not known. */
  readonly shownSeconds: number
  /** Known from here to there. */
  readonly coveredFrom: number
  readonly coveredEnd: number
  /** Start and CRC of the last event before `coveredEnd`: shows later that the log is still the same. */
  readonly anchorStart: number
  readonly anchorCrc: number
  /** Null while it may still grow. */
  readonly endedBy: FileEndingKind | null
  /** Where it says that the log goes on. */
  readonly next: string | null
}

/** Unknown from here to the head of the next file in the index. */
export interface GapRow {
  readonly file: number
  readonly position: number
  readonly cause: string
}

/** The answer to "which coordinate is this time?", as a value. Times are Unix microseconds here; rendering prints them. */
import type { BoundKind } from './evidence/rows.ts'
import type { Finding } from './findings.ts'

export interface AnswerCoordinate {
  readonly file: string
  readonly position: number
  /** When the transaction that begins here was committed; null at the end of the log, where none begins. */
  readonly notBeforeUs: number | null
  readonly notAfterUs: number | null
  readonly gtid: string | null
  readonly serverId: number | null
}

/** `exact`: stamps of commits decide. `margin`: a margin does. `unproven`: upper bounds in the log do. */
export type DistanceReason = 'exact' | 'margin' | 'unproven' | 'clock'

export interface AtAnswer {
  readonly source: string
  /** The time as asked, and after the skew was taken off. */
  readonly askedUs: number
  readonly effectiveUs: number
  readonly outcome: 'located' | 'before-first' | 'after-last' | 'gap'
  /** Everything that may have committed at or after the time lies here or behind. Null unless located or after-last. */
  readonly safe: AnswerCoordinate | null
  /**
   * The first transaction that says of itself that it committed at the time or later; the end of the log when after-last. Null also where
   * the log goes on behind the time, and no transaction says when it committed: all stamps are of other servers' clocks.
   */
  readonly latest: AnswerCoordinate | null
  readonly distance: { readonly transactions: number; readonly bytes: number; readonly reason: DistanceReason } | null
  /** MySQL: the GTIDs executed before `safe`; MariaDB: the position. Null where the log has none. */
  readonly gtidSet: string | null
  /** Without an index: which file the reading began with, and on what that choice rests. */
  readonly read?: {
    readonly from: string
    /** What proves that all ahead of it had committed by `provenUs`; null: nothing, it is the oldest file. */
    readonly provenBy: BoundKind | null
    readonly provenUs: number | null
    /** Heads of files that were read to find it, of how many files. */
    readonly headsRead: number
    readonly files: number
  }
  readonly findings: readonly Finding[]
  /** What the index covers of the source: for a "no", the range that a time may lie in. */
  readonly covered: { readonly fromUs: number; readonly toUs: number }
}

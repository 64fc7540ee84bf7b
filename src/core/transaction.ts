/**
 * A transaction as a value, in full: what `ls`, `when` and a window read see. The bulk scan does not make these.
 */

export type TransactionKind = 'rows' | 'statement' | 'ddl' | 'xa' | 'empty' | 'mixed' | 'other'

/** What decides safety and is worth a landmark. One bit each in a scanned transaction; see scan/marks.ts. */
export type Mark =
  | 'ddl'
  | 'statement'
  | 'non-transactional'
  | 'xa-prepare'
  | 'xa-end'
  | 'temporary-table'
  | 'load-data'
  | 'incident'
  | 'unknown-event'
  | 'huge'
  | 'set-timestamp'
  | 'foreign-origin'
  | 'two-phase-alter'
  | 'skip-replication'
  | 'rolled-back'
  | 'compressed'
  | 'server-start'
  | 'clock-step'

export interface TableChange {
  readonly schema: string
  readonly table: string
  /** Row changes in this transaction; null where the images could not be walked. */
  readonly rows: number | null
  readonly inserts: number
  readonly updates: number
  readonly deletes: number
  /** True when some row event carries fewer columns than the table has (binlog_row_image other than FULL). */
  readonly partialImages: boolean
  /** Columns (from 1) to which updates gave other values, in order; null where that is not known. */
  readonly updatedColumns: readonly number[] | null
}

export interface Statement {
  /** Default database of the session. */
  readonly schema: string
  readonly text: string
  readonly kind: 'ddl' | 'truncate' | 'dml' | 'xa' | 'other'
  readonly errorCode: number
}

export interface CommitInterval {
  /** Unix microseconds; null where it says nothing of this server's clock. */
  readonly notBeforeUs: number | null
  readonly notAfterUs: number | null
}

export interface Transaction {
  readonly file: string
  /** Byte offsets in the file; `end` is the start of what follows. */
  readonly start: number
  readonly end: number
  /** Printable GTID; null for anonymous transactions and logs without GTIDs. */
  readonly gtid: string | null
  /** The server that first wrote it. */
  readonly serverId: number
  readonly kind: TransactionKind
  /** Smallest and largest header stamp of its events (Unix seconds). */
  readonly firstStampSeconds: number
  readonly lastStampSeconds: number
  /** Exact commit stamps of MySQL >= 8.0.1 (Unix microseconds), else null. */
  readonly immediateCommitUs: number | null
  readonly originalCommitUs: number | null
  readonly commit: CommitInterval
  readonly threadId: number | null
  readonly tables: readonly TableChange[]
  readonly statements: readonly Statement[]
  readonly marks: readonly Mark[]
  /** XA identifier as the log prints it (`X'..',X'..',1`), for `xa` kinds. */
  readonly xid: string | null
  readonly events: number
  /** False: the log ends inside it. */
  readonly complete: boolean
}

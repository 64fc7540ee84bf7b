/**
 * Findings: facts that bear on safety, each with a stable code, a severity and evidence. Values, worded where they are
 * found, never parsed. The catalogue of codes is fixed by the design; `blocking` means: no plan.
 */
export type Severity = 'blocking' | 'warning' | 'note'

export type FindingCode =
  | 'PURGED'
  | 'PURGE_SOON'
  | 'UNCHECKED'
  | 'INDEX_GAP'
  | 'LOG_IDENTITY'
  | 'AHEAD_OF_REPLICA'
  | 'GTID_SKIP'
  | 'GTID_STRICT'
  | 'UNIQUE_KEY_MOVE'
  | 'LOOPBACK'
  | 'SEMI_SYNC_LAST'
  | 'READS_GO_BACK'
  | 'REPLICA_RUNNING'
  | 'TRIGGERS_RBR'
  | 'DISK_SPACE'
  | 'STATEMENT_FORMAT'
  | 'DDL_IN_WINDOW'
  | 'CREATE_OR_REPLACE'
  | 'NO_PRIMARY_KEY'
  | 'NON_TRANSACTIONAL'
  | 'FOREIGN_KEY_CASCADE'
  | 'PARTIAL_ROW_IMAGE'
  | 'OWN_EVENTS'
  | 'FILTERS'
  | 'PARALLEL_GAPS'
  | 'DELAYED'
  | 'XA_IN_WINDOW'
  | 'OPEN_ACROSS_RESTART'
  | 'POSITION_OVER_4G'
  | 'NO_FILE_POSITIONS'
  | 'TRUNCATE_IN_WINDOW'
  | 'SKIPPED_EVENTS'
  | 'INCIDENT'
  | 'UNKNOWN_EVENT'
  | 'TIME_STATEMENT_START'
  | 'CLOCK_STEP'
  | 'FUTURE_TIME'
  | 'MARGIN'
  | 'LOCAL_WRITES'
  | 'DOWNSTREAM'
  | 'LONG_REPLAY'
  | 'PRIVILEGE'
  | 'UNSUPPORTED_SERVER'
  | 'ENCRYPTED_FILE'
  | 'DAMAGED_FILE'
  | 'REPLICATION_ERROR'
  | 'FOREIGN_ORIGIN'
  | 'SET_TIMESTAMP'
  | 'LONG_TRANSACTION'
  | 'UNPROVEN'
  | 'IDEMPOTENT_MODE'
  | 'GTID_RESET'
  | 'LARGE_EVENT'

export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** One or two sentences: what was seen, where, and what to do. */
  readonly message: string
  /** Numbers, names and coordinates behind the message; JSON values only. */
  readonly evidence: Readonly<Record<string, unknown>>
}

/**
 * The one error class. `code` is stable and documented; the message names the value that failed and what was expected;
 * `hint` is the next thing to type. A "no" that is expected (outside the log, no safe plan) is a value, never an error.
 */

/** What the exit status of the command follows from: see DESIGN "Exit status". */
export type ErrorClass = 'usage' | 'operation'

export const errorCodes = {
  // usage: exit 64
  USAGE: 'usage',
  TIME_SYNTAX: 'usage',
  TIME_WITHOUT_ZONE: 'usage',
  TIME_AMBIGUOUS: 'usage',
  TIME_IMPOSSIBLE: 'usage',
  ZONE_UNKNOWN: 'usage',
  COORDINATE_SYNTAX: 'usage',
  SOURCE_SYNTAX: 'usage',
  OPTION_FILE: 'usage',
  // operation: exit 2
  NODE_TOO_OLD: 'operation',
  SOURCE_NOT_FOUND: 'operation',
  NO_BINLOGS: 'operation',
  NOT_A_BINLOG: 'operation',
  LOG_DAMAGED: 'operation',
  LOG_ENCRYPTED: 'operation',
  LOG_UNKNOWN_EVENT: 'operation',
  LOG_OLD_FORMAT: 'operation',
  LOG_RELAY: 'operation',
  LOG_DISABLED: 'operation',
  LOG_PURGED: 'operation',
  LOG_IDENTITY: 'operation',
  CONNECT_FAILED: 'operation',
  ACCESS_DENIED: 'operation',
  MISSING_PRIVILEGE: 'operation',
  SERVER_ERROR: 'operation',
  SERVER_ID_TAKEN: 'operation',
  STREAM_LOST: 'operation',
  TIMEOUT: 'operation',
  UNSUPPORTED_SERVER: 'operation',
  INDEX_BUSY: 'operation',
  INDEX_FULL: 'operation',
  INDEX_NEWER: 'operation',
  INDEX_CORRUPT: 'operation',
  INDEX_UNKNOWN_SOURCE: 'operation',
  INDEX_UNWRITABLE: 'operation',
  PORT_IN_USE: 'operation',
  JOURNAL: 'operation',
  REPLICA_MOVED: 'operation',
  REPLAY_FAILED: 'operation',
  REPAIR_BUSY: 'operation',
} as const

export type ErrorCode = keyof typeof errorCodes

export interface ErrorDetails {
  readonly hint?: string | undefined
  readonly cause?: unknown
}

export class BinpointError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'BinpointError'
    this.code = code
    this.hint = details.hint
  }
}

/** What servers and sockets say, as errors with a code, the value that failed and what to do; by number, never by text. */
import type { ServerAddress } from '../core/ports.ts'
import type { ErrorCode } from '../errors.ts'
import { BinpointError } from '../errors.ts'
import { addressText } from './address.ts'

const ER_DBACCESS_DENIED = 1044
const ER_ACCESS_DENIED = 1045
const ER_HOST_NOT_PRIVILEGED = 1130
const ER_MUST_CHANGE_PASSWORD_LOGIN = 1862
const ER_ACCOUNT_HAS_BEEN_LOCKED = 3118
const ER_MARIADB_ACCOUNT_HAS_BEEN_LOCKED = 4151
const ER_SPECIFIC_ACCESS_DENIED = 1227
const ER_NO_BINARY_LOGGING = 1381
const ER_ACCESS_DENIED_NO_PASSWORD = 1698
const ER_MASTER_FATAL_ERROR_READING_BINLOG = 1236
const ER_MARIADB_SLAVE_SAME_ID = 4052
/** Ended by someone, by a shutdown, or for having been silent (4031, MySQL >= 8.0.24). */
const ER_KILLED = new Set([1053, 1317, 1927, 3169, 4031])

/** `sql`: what was asked, to name the privilege that it needs. */
export function serverError(error: unknown, address: ServerAddress, sql?: string): BinpointError {
  if (error instanceof BinpointError) return error
  const where = addressText(address)
  const message = error instanceof Error ? error.message : String(error)
  const make = (code: ErrorCode, text: string, hint: string): BinpointError =>
    new BinpointError(code, text, { hint, cause: error })
  const errno = numberOf(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  switch (errno) {
    case ER_ACCESS_DENIED:
    case ER_ACCESS_DENIED_NO_PASSWORD:
    case ER_DBACCESS_DENIED:
    case ER_HOST_NOT_PRIVILEGED:
    case ER_MUST_CHANGE_PASSWORD_LOGIN:
    case ER_ACCOUNT_HAS_BEEN_LOCKED:
    case ER_MARIADB_ACCOUNT_HAS_BEEN_LOCKED:
      return make(
        'ACCESS_DENIED',
        `${where} refuses user '${address.user}': ${message}`,
        'check the account; the password comes from an option file, BINPOINT_PASSWORD or --ask-pass',
      )
    case ER_SPECIFIC_ACCESS_DENIED:
      return make(
        'MISSING_PRIVILEGE',
        `user '${address.user}' at ${where} may not run ${sql ?? 'this'}: ${message}`,
        grantFor(address, sql ?? '', message),
      )
    case ER_NO_BINARY_LOGGING:
      return make('LOG_DISABLED', `${where} writes no binary log`, 'start the server with log_bin')
    case ER_MASTER_FATAL_ERROR_READING_BINLOG:
      return make(
        'LOG_PURGED',
        `${where} cannot send its log from there: ${message}`,
        'binpoint status shows what was indexed; SHOW BINARY LOGS what the server has',
      )
    case ER_MARIADB_SLAVE_SAME_ID:
      return make(
        'SERVER_ID_TAKEN',
        `${where} ended the stream: ${message}`,
        'try again: a fresh random server_id is used each time',
      )
    default:
  }
  if (code === 'PROTOCOL_SEQUENCE_TIMEOUT')
    return make('TIMEOUT', `${where} did not answer${sql === undefined ? '' : ` ${sql}`} in time`, 'give a longer --timeout')
  if (/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOENT|EACCES)$/.test(code)) {
    return make(
      'CONNECT_FAILED',
      `cannot connect to ${where}: ${message}`,
      'check host and port, and that the server listens there (bind_address, firewall)',
    )
  }
  if (/^(HANDSHAKE|ERR_SSL|ERR_TLS|EPROTO|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|CERT_)/.test(code)) {
    return make('CONNECT_FAILED', `no TLS with ${where}: ${message}`, 'check --ssl-mode and --ssl-ca')
  }
  if (isLost(error, code) || (errno !== undefined && ER_KILLED.has(errno))) {
    return make('STREAM_LOST', `the connection to ${where} was lost: ${message}`, 'run it again: what was read is kept')
  }
  return make('SERVER_ERROR', `${where}: ${message}${sql === undefined ? '' : ` (${sql})`}`, 'see the message of the server')
}

/** mysql2 gives no code where a connection was lost while nobody asked it anything. */
function isLost(error: unknown, code: string): boolean {
  if (/^(PROTOCOL_CONNECTION_LOST|ECONNRESET|EPIPE)$/.test(code)) return true
  return code === '' && error instanceof Error && 'fatal' in error && error.fatal === true
}

export function numberOf(error: unknown): number | undefined {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? error.errno : undefined
}

/** The privilege stands in the server's message; which one a dump needs does not always. */
function grantFor(address: ServerAddress, sql: string, message: string): string {
  const named = /REPLICATION SLAVE ADMIN|BINLOG MONITOR|REPLICATION CLIENT|REPLICATION SLAVE|REPLICA MONITOR|SLAVE MONITOR/.exec(
    message,
  )?.[0]
  const privilege = named ?? (/^(SHOW|SELECT)/i.test(sql) ? 'REPLICATION CLIENT' : 'REPLICATION SLAVE')
  return `on the server: GRANT ${privilege} ON *.* TO '${address.user}'@'HOST'`
}

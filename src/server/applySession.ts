/**
 * The session that a window is applied in: not logged, idempotent for itself only. Every setting is read back, as one that did not take effect
 * would log what is repaired, or stop at the first row that is there.
 */
import type { ServerAddress } from '../core/ports.ts'
import { BinpointError } from '../errors.ts'
import { addressText } from './address.ts'
import { connect, WAIT_TIMEOUT_SECONDS } from './connection.ts'
import { text } from './rows.ts'
import { numberOf, serverError } from './serverError.ts'

export interface ApplySession extends AsyncDisposable {
  readonly address: ServerAddress
  /** Bytes of the largest statement that it takes. */
  readonly maxAllowedPacket: number
  /** It takes rows events of version 1, as MySQL up to 5.5 and MariaDB write them. */
  readonly takesVersion1: boolean
  /** Runs one statement. Throws SessionFailure where the server refuses it, STREAM_LOST where the connection is gone, TIMEOUT. */
  readonly run: (sql: string) => Promise<void>
}

export interface ApplySessionOptions {
  /** For connecting (milliseconds). */
  readonly timeoutMs: number
  /** How long a row or a table that others hold is waited for. */
  readonly lockWaitSeconds: number
}

/** What the server says of a statement: to be told with the transaction that it comes from. */
export class SessionFailure extends Error {
  readonly errno: number

  constructor(errno: number, message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'SessionFailure'
    this.errno = errno
  }
}

/** A statement that waits for locks may take so much longer than them (milliseconds). */
const STATEMENT_MS = 600_000

/** Connects; throws CONNECT_FAILED, ACCESS_DENIED, MISSING_PRIVILEGE, UNSUPPORTED_SERVER, SERVER_ERROR. */
export async function openApplySession(address: ServerAddress, options: ApplySessionOptions): Promise<ApplySession> {
  const { timeoutMs, lockWaitSeconds } = options
  const connection = await connect(address, timeoutMs, STATEMENT_MS + 1000 * lockWaitSeconds)
  try {
    for (const sql of setUp(lockWaitSeconds)) await connection.query(sql)
    const [row] = await connection.query(`SELECT ${facts.map(([expression, name]) => `${expression} AS ${name}`).join(', ')}`)
    for (const [expression, name, expected] of facts) {
      if (expected === undefined || text(row, name) === expected) continue
      throw new BinpointError(
        'UNSUPPORTED_SERVER',
        `${addressText(address)} has ${expression} at '${text(row, name)}' in this session, and not at ${expected}`,
        {
          hint: 'something on the server, or between, sets it again: look for a proxy and at init_connect',
        },
      )
    }
    return {
      address,
      maxAllowedPacket: Number(text(row, 'packet')),
      takesVersion1: !refusesVersion1(text(row, 'version')),
      run: async (sql) => {
        try {
          await connection.query(sql)
        } catch (error) {
          throw failureOf(error, address)
        }
      },
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    }
  } catch (error) {
    await connection[Symbol.asyncDispose]()
    throw error instanceof BinpointError && error.code === 'MISSING_PRIVILEGE' ? missingPrivilege(error, address) : error
  }
}

function missingPrivilege({ code, message, cause }: BinpointError, { user }: ServerAddress): BinpointError {
  const hint = `on the replica: GRANT SESSION_VARIABLES_ADMIN, BINLOG_ADMIN ON *.* TO '${user}'@'HOST' (MySQL 5.7: GRANT SUPER)`
  return new BinpointError(code, message, { hint, cause })
}

function setUp(lockWaitSeconds: number): readonly string[] {
  const session = (settings: readonly string[]): string => `SET ${settings.map((setting) => `SESSION ${setting}`).join(', ')}`
  return [
    session(['sql_log_bin = 0']),
    session(["rbr_exec_mode = 'IDEMPOTENT'", 'autocommit = 1', "completion_type = 'NO_CHAIN'"]),
    session([
      `lock_wait_timeout = ${lockWaitSeconds}`,
      `innodb_lock_wait_timeout = ${lockWaitSeconds}`,
      `wait_timeout = ${WAIT_TIMEOUT_SECONDS}`,
      'max_execution_time = 0',
      'net_read_timeout = 600',
      'net_write_timeout = 600',
    ]),
  ]
}

/** Expression, name, and the value that it must have. */
const facts: readonly (readonly [expression: string, name: string, expected?: string])[] = [
  ['@@SESSION.sql_log_bin', 'log', '0'],
  ['@@SESSION.rbr_exec_mode', 'mode', 'IDEMPOTENT'],
  ['@@SESSION.gtid_next', 'gtid', 'AUTOMATIC'],
  ['@@SESSION.autocommit', 'autocommit', '1'],
  ['@@SESSION.completion_type', 'completion', 'NO_CHAIN'],
  ['@@SESSION.max_execution_time', 'execution', '0'],
  ['@@SESSION.max_allowed_packet', 'packet'],
  ['VERSION()', 'version'],
]

/** They are not written since MySQL 8.2, and not in the list of sql_binlog.cc since 8.4. */
function refusesVersion1(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 8 || (major === 8 && minor >= 4)
}

/** The statement is left out: it is a large one, of bytes. */
function failureOf(error: unknown, address: ServerAddress): Error {
  const cause = error instanceof BinpointError ? error.cause : error
  const told = serverError(cause ?? error, address)
  const errno = numberOf(cause)
  if (told.code === 'MISSING_PRIVILEGE') return missingPrivilege(told, address)
  if (errno === undefined || ['STREAM_LOST', 'TIMEOUT', 'CONNECT_FAILED'].includes(told.code)) return told
  return new SessionFailure(errno, cause instanceof Error ? cause.message : String(cause), cause)
}

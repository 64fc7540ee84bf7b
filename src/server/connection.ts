/**
 * Connections to servers, by mysql2. One place decides about TLS, waits and the wording of failures; errors of servers are
 * told apart by number.
 */
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { connect as connectSocket, isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import type { ConnectionOptions } from 'mysql2/promise'
import type { ServerAddress } from '../core/ports.ts'
import { BinpointError } from '../errors.ts'
import { serverError } from './serverError.ts'

export type Row = Readonly<Record<string, unknown>>

export interface ServerConnection extends AsyncDisposable {
  readonly address: ServerAddress
  /** What mysql2 was given in the end: for further connections to the same server. */
  readonly options: ConnectionOptions
  /** Rows of a query. Throws SERVER_ERROR, MISSING_PRIVILEGE, TIMEOUT. */
  readonly query: (sql: string) => Promise<readonly Row[]>
  /** Rows of the first of several wordings that the server knows. */
  readonly queryFirst: (...wordings: readonly string[]) => Promise<readonly Row[]>
}

/** The longest that every server accepts, 24 days: for connections that say nothing for long. */
export const WAIT_TIMEOUT_SECONDS = 2_147_483

/** A server that has fallen silent does not answer a good-bye either. */
const GOODBYE_MS = 1000

/** Throws CONNECT_FAILED, ACCESS_DENIED. `timeoutMs` bounds the connecting and, unless another bound is given, every query. */
export async function connect(address: ServerAddress, timeoutMs: number, queryMs: number = timeoutMs): Promise<ServerConnection> {
  const isOptional = (address.tls?.mode ?? 'PREFERRED') === 'PREFERRED'
  const first = connectionOptions(address, timeoutMs, true)
  try {
    return await open(address, first, queryMs)
  } catch (error) {
    if (!isOptional || !isTlsFailure(error)) throw serverError(error, address)
  }
  try {
    return await open(address, connectionOptions(address, timeoutMs, false), queryMs)
  } catch (error) {
    throw serverError(error, address)
  }
}

async function open(address: ServerAddress, options: ConnectionOptions, queryMs: number): Promise<ServerConnection> {
  const connection = await mysql.createConnection(options)
  // A connection that breaks while nobody asks it anything: the next query says so.
  let broken: unknown
  connection.on('error', (error: unknown) => (broken ??= error))
  const query = async (sql: string): Promise<readonly Row[]> => {
    if (broken !== undefined) throw serverError(broken, address, sql)
    try {
      const [rows] = await connection.query({ sql, timeout: queryMs })
      return Array.isArray(rows) ? (rows as Row[]) : []
    } catch (error) {
      throw serverError(error, address, sql)
    }
  }
  // A low global limit would cut off lists, those of SHOW too.
  await query('SET SESSION sql_select_limit = 18446744073709551615')
  return {
    address,
    options,
    query,
    async queryFirst(...wordings) {
      for (const [i, sql] of wordings.entries()) {
        try {
          return await query(sql)
        } catch (error) {
          if (!isUnknownWording(error) || i === wordings.length - 1) throw error
        }
      }
      return []
    },
    [Symbol.asyncDispose]: async () => {
      const late = new AbortController()
      const end = connection.end().catch(() => undefined)
      await Promise.race([end, sleep(GOODBYE_MS, undefined, { signal: late.signal }).catch(() => undefined)])
      late.abort()
      connection.destroy()
    },
  }
}

function connectionOptions(address: ServerAddress, timeoutMs: number, withTls: boolean): ConnectionOptions {
  const { tls } = address
  const mode = tls?.mode ?? 'PREFERRED'
  const file = (path: string | undefined): Buffer | undefined => (path === undefined ? undefined : readPem(path))
  // As in the mysql client: a socket is safe without TLS, unless TLS is asked for by name.
  const isTls = withTls && mode !== 'DISABLED' && (mode !== 'PREFERRED' || address.socketPath === undefined)
  const ssl = {
    rejectUnauthorized: mode === 'VERIFY_CA' || mode === 'VERIFY_IDENTITY',
    verifyIdentity: mode === 'VERIFY_IDENTITY',
    ca: file(tls?.ca),
    cert: file(tls?.cert),
    key: file(tls?.key),
  }
  return {
    ...(address.socketPath === undefined ? { host: address.host, port: address.port } : { socketPath: address.socketPath }),
    ...(isTls && ssl.verifyIdentity && isIP(address.host) !== 0 ? { stream: socketTo(address) } : {}),
    user: address.user,
    password: address.password ?? '',
    connectTimeout: timeoutMs,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    multipleStatements: false,
    ...(isTls ? { ssl: Object.fromEntries(Object.entries(ssl).filter(([, value]) => value !== undefined)) } : {}),
  }
}

/**
 * Node holds a certificate against the name that a socket was given, which it notes of names only (`_host`, net.js): of an address, mysql2
 * has it held against `localhost`.
 */
function socketTo({ host, port }: ServerAddress): () => Socket {
  return () => Object.assign(connectSocket({ host, port, noDelay: true }), { _host: host })
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new BinpointError('OPTION_FILE', `the certificate file ${path} cannot be read`, { cause })
  }
}

/** The server speaks no TLS, or none that this side still accepts. */
function isTlsFailure(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  const code = String(error.code)
  return code === 'HANDSHAKE_NO_SSL_SUPPORT' || code === 'HANDSHAKE_SSL_ERROR' || code.startsWith('ERR_SSL') || code === 'EPROTO'
}

/** 1064: a wording of another version. 1193: a variable of another version. */
function isUnknownWording(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'errno' in cause && (cause.errno === 1064 || cause.errno === 1193)
}

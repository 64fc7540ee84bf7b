/**
 * What a refused statement or dump means for the person who reads it. Errors are told apart by number, and where one number
 * stands for many things (1236), by what the server has now: never by text, which differs by version and language.
 */
import type { Coordinate } from '../core/coordinate.ts'
import { compareBinlogNames, formatCoordinate } from '../core/coordinate.ts'
import type { LogFile } from '../core/ports.ts'
import { isAtLeast, parseFlavor } from '../dialect/flavor.ts'
import { BinpointError } from '../errors.ts'
import { addressText } from '../server/address.ts'
import type { ServerConnection } from '../server/connection.ts'
import { numberOf } from '../server/serverError.ts'

const ER_MASTER_FATAL_ERROR_READING_BINLOG = 1236

/** What is needed to say it, from a connection that still works. */
export interface Inquiry {
  readonly control: ServerConnection
  readonly version: string
  readonly files: () => Promise<readonly LogFile[]>
  readonly replicaIds: () => Promise<readonly number[]>
}

export interface RefusedDump {
  readonly from: Coordinate
  readonly serverId: number
}

/** The error of a refused SHOW BINARY LOGS, with the statement that helps. */
export function explainLogList(error: unknown, inquiry: Inquiry): Promise<unknown> {
  const flavor = parseFlavor(inquiry.version)
  const isMonitor = flavor?.family === 'mariadb' && isAtLeast(flavor, 10, 5)
  return explainPrivilege(error, inquiry.control, isMonitor ? 'BINLOG MONITOR' : 'REPLICATION CLIENT', 'list its binlog files')
}

/** The error that ended a dump, with what was wrong. */
export async function explainDump(error: unknown, inquiry: Inquiry, refused: RefusedDump): Promise<unknown> {
  if (!(error instanceof BinpointError)) return error
  if (numberOf(error.cause) === ER_MASTER_FATAL_ERROR_READING_BINLOG) return explainFatal(error, inquiry, refused)
  return explainPrivilege(error, inquiry.control, 'REPLICATION SLAVE', 'read its binlog')
}

async function explainPrivilege(error: unknown, control: ServerConnection, privilege: string, what: string): Promise<unknown> {
  if (!(error instanceof BinpointError) || error.code !== 'MISSING_PRIVILEGE') return error
  const account = await accountOf(control)
  return new BinpointError(
    'MISSING_PRIVILEGE',
    `${account} at ${addressText(control.address)} may not ${what}: it lacks the privilege ${privilege}`,
    { hint: `on that server, as an administrator: GRANT ${privilege} ON *.* TO ${account};`, cause: error.cause },
  )
}

/** The account that the server chose for us, as a GRANT names it. */
async function accountOf(control: ServerConnection): Promise<string> {
  const [row] = await control.query('SELECT CURRENT_USER() AS account').catch(() => [])
  const account = row?.['account']
  const [user, host] =
    typeof account === 'string'
      ? [account.slice(0, account.lastIndexOf('@')), account.slice(account.lastIndexOf('@') + 1)]
      : [control.address.user, '%']
  return `${quote(user)}@${quote(host)}`
}

function quote(name: string): string {
  return `'${name.replaceAll("'", "''")}'`
}

async function explainFatal(refusal: BinpointError, inquiry: Inquiry, { from, serverId }: RefusedDump): Promise<BinpointError> {
  const where = addressText(inquiry.control.address)
  const { cause } = refusal
  const files = await inquiry.files().catch((): readonly LogFile[] => [])
  const [oldest] = files
  const newest = files.at(-1)
  if (oldest === undefined || newest === undefined) return refusal
  const listed = files.find((file) => file.name === from.file)
  if (listed === undefined) {
    if (compareBinlogNames(from.file, oldest.name) < 0) {
      return new BinpointError('LOG_PURGED', `${where} no longer has ${from.file}: its oldest binlog file is ${oldest.name}`, {
        hint: 'a copy of the purged files (a backup, or mysqlbinlog --raw) can be given as SOURCE instead',
        cause,
      })
    }
    return new BinpointError(
      'LOG_PURGED',
      `${where} has no ${from.file}: its binlog files are ${oldest.name} to ${newest.name}`,
      {
        hint: 'was its log reset (RESET MASTER), or is this another server than you mean?',
        cause,
      },
    )
  }
  if (from.position > listed.size) {
    return new BinpointError(
      'LOG_IDENTITY',
      `${from.file} at ${where} ends at ${listed.size}, before ${formatCoordinate(from)}`,
      {
        hint: 'was its log reset (RESET MASTER), or is this another server than you mean?',
        cause,
      },
    )
  }
  if ((await inquiry.replicaIds().catch((): readonly number[] => [])).includes(serverId)) {
    return new BinpointError('SERVER_ID_TAKEN', `a replica of ${where} took the server_id ${serverId} that this stream had`, {
      hint: 'run it again: a new server_id is chosen each time',
      cause,
    })
  }
  const said = cause instanceof Error ? cause.message : refusal.message
  return new BinpointError('SERVER_ERROR', `${where} cannot send its log from ${formatCoordinate(from)}: ${said}`, {
    hint: 'start at the head of the file (position 4), or check the file on the server with mysqlbinlog',
    cause,
  })
}

/**
 * A live server as a source. It asks little: the list of files, who it is, and who replicates from it, so that the dump's
 * server_id is nobody else's (a clash would end that replica's stream).
 */
import { randomInt } from 'node:crypto'
import type { Measurement } from '../core/clock/offset.ts'
import type { LogFile, LogSource, ReadRequest, ServerAddress, SourceIdentity } from '../core/ports.ts'
import type { EventSink } from '../core/ports.ts'
import { BinpointError } from '../errors.ts'
import type { Row, ServerConnection } from '../server/connection.ts'
import { addressText } from '../server/address.ts'
import { connect, WAIT_TIMEOUT_SECONDS } from '../server/connection.ts'
import { explainDump, explainLogList } from './liveErrors.ts'
import type { Inquiry } from './liveErrors.ts'
import { localTimeUs } from './localTime.ts'
import type { OpenSourceOptions } from './open.ts'
import { nameOf } from './open.ts'

const DEFAULT_TIMEOUT_MS = 30_000

/** MySQL's header of an encrypted file, which File_size counts and positions do not. */
const ENCRYPTION_HEADER = 512

/** Connects; throws CONNECT_FAILED, ACCESS_DENIED, LOG_DISABLED, UNSUPPORTED_SERVER. */
export async function openServerSource(address: ServerAddress, options: OpenSourceOptions = {}): Promise<LogSource> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const control = await connect(address, timeoutMs)
  try {
    const identity = await readIdentity(control)
    await control.query(`SET SESSION wait_timeout = ${WAIT_TIMEOUT_SECONDS}, time_zone = '+00:00'`)
    const inquiry: Inquiry = {
      control,
      version: identity.version,
      files: () => listFiles(control),
      replicaIds: () => replicaIds(control),
    }
    return {
      kind: 'server',
      name: nameOf({ kind: 'server', address }),
      listFiles: async () => {
        try {
          return await inquiry.files()
        } catch (error) {
          throw await explainLogList(error, inquiry)
        }
      },
      identity: () => Promise.resolve(identity),
      measureClock: () => measureClock(control),
      read: async (request, sink) => {
        const serverId = chooseServerId([identity.serverId, ...(await inquiry.replicaIds())])
        try {
          await readDump(control, serverId, timeoutMs, request, sink)
          // A server that is shut down ends a dump as if the log ended there.
          if (!sink.done && request.signal?.aborted !== true) await control.query('SELECT 1')
        } catch (error) {
          throw await explainDump(error, inquiry, { from: request.from, serverId })
        }
      },
      [Symbol.asyncDispose]: () => control[Symbol.asyncDispose](),
    }
  } catch (error) {
    await control[Symbol.asyncDispose]()
    throw error
  }
}

async function readDump(
  { address, options }: ServerConnection,
  serverId: number,
  timeoutMs: number,
  { from, until, follow = false, signal }: ReadRequest,
  sink: EventSink,
): Promise<void> {
  const { dump } = await import('./dump.ts')
  await dump({ address, options, serverId, from, until, follow, signal, timeoutMs }, sink)
}

async function readIdentity(control: ServerConnection): Promise<SourceIdentity> {
  const [about] = await control.query('SELECT VERSION() AS version, @@server_id AS id, @@log_bin AS log_bin')
  const version = text(about?.['version'])
  if (Number(about?.['log_bin']) === 0) {
    throw new BinpointError('LOG_DISABLED', `${addressText(control.address)} writes no binary log`, {
      hint: 'there is nothing to read: start the server with log_bin, or give another server that has the log',
    })
  }
  const isMariaDb = /mariadb/i.test(version)
  const serverUuid = isMariaDb ? null : await variable(control, 'server_uuid')
  const engine = isMariaDb ? await variable(control, 'binlog_storage_engine') : null
  if (engine !== null && engine !== '') {
    throw new BinpointError(
      'UNSUPPORTED_SERVER',
      `${addressText(control.address)} keeps its binlog in ${engine} (binlog_storage_engine), which has no file positions`,
      { hint: 'such a log can only be followed by GTID' },
    )
  }
  return { version, serverUuid, serverId: Number(about?.['id'] ?? 0) }
}

/**
 * SYSDATE, unlike NOW, is not of the statement's start, and SET TIMESTAMP does not bend it. MySQL 5.5 gives whole seconds. Null: what
 * answers has no clock of its own (a replay).
 */
async function measureClock(control: ServerConnection): Promise<Measurement | null> {
  const askedUs = localTimeUs()
  try {
    const [row] = await control.queryFirst(
      "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', SYSDATE(6)) AS us, 0 AS cut",
      "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', SYSDATE()) AS us, 999999 AS cut",
    )
    return { askedUs, answeredUs: localTimeUs(), shownUs: Number(row?.['us']), cutUs: Number(row?.['cut']) }
  } catch (error) {
    if (error instanceof BinpointError && error.code === 'SERVER_ERROR') return null
    throw error
  }
}

async function variable(control: ServerConnection, name: string): Promise<string | null> {
  const [row] = await control.query(`SHOW GLOBAL VARIABLES LIKE '${name}'`)
  const value = row?.['Value']
  return typeof value === 'string' ? value : null
}

async function listFiles(control: ServerConnection): Promise<readonly LogFile[]> {
  const rows = await control.query('SHOW BINARY LOGS')
  return rows.map((row: Row) => ({
    name: text(row['Log_name']),
    size: Number(row['File_size']) - (row['Encrypted'] === 'Yes' ? ENCRYPTION_HEADER : 0),
  }))
}

/** Random, in the upper half where nobody numbers servers by hand, and not `taken` by a server that the source knows. */
export function chooseServerId(taken: readonly number[], random: (from: number, to: number) => number = randomInt): number {
  for (;;) {
    const id = random(0x8000_0000, 0xffff_ffff)
    if (!taken.includes(id)) return id
  }
}

async function replicaIds(control: ServerConnection): Promise<readonly number[]> {
  try {
    const rows = await control.queryFirst('SHOW REPLICAS', 'SHOW SLAVE HOSTS')
    return rows.map((row: Row) => Number(row['Server_Id'] ?? row['Server_id']))
  } catch (error) {
    // Without the privilege there is no list; one chance in two thousand million per replica is left.
    if (error instanceof BinpointError && (error.code === 'MISSING_PRIVILEGE' || error.code === 'SERVER_ERROR')) return []
    throw error
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

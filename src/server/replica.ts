/** Everything that a plan needs to know of a replica, asked in a few short statements that lock nothing. */
import type { Coordinate } from '../core/coordinate.ts'
import type { Dialect } from '../core/plan/dialect.ts'
import type { Filters } from '../core/plan/filters.ts'
import type { ReplicaFacts, Standing } from '../core/plan/replica.ts'
import { dialectOf } from '../dialect/choose.ts'
import { parseFlavor } from '../dialect/flavor.ts'
import { BinpointError } from '../errors.ts'
import type { Row, ServerConnection } from './connection.ts'
import { addressText } from './address.ts'
import { text } from './rows.ts'

export interface InspectedReplica {
  readonly facts: ReplicaFacts
  readonly dialect: Dialect
}

/** `channel`: empty for the only one. Throws UNSUPPORTED_SERVER, USAGE (which channel?), SERVER_ERROR, MISSING_PRIVILEGE. */
export async function inspectReplica(connection: ServerConnection, channel: string): Promise<InspectedReplica> {
  const address = addressText(connection.address)
  const [about] = await connection.query(
    'SELECT VERSION() AS version, @@server_id AS id, @@hostname AS hostname, @@port AS port, @@basedir AS basedir',
  )
  const version = text(about, 'version')
  const flavor = parseFlavor(version)
  if (flavor === null)
    throw new BinpointError('UNSUPPORTED_SERVER', `${address} says its version is '${version}', which is not known`)
  const dialect = dialectOf(flavor)
  const variables = await globalVariables(connection)
  const statuses = await statusRows(connection, flavor.family)
  const status = chooseChannel(statuses, channel, address)
  const standing = await standingOf(connection, dialect.standing(channel))
  const facts: ReplicaFacts = {
    address,
    identity: {
      serverId: number(about, 'id'),
      serverUuid: variables.get('server_uuid') ?? null,
      hostname: text(about, 'hostname'),
      port: number(about, 'port'),
    },
    version,
    channel,
    source: {
      host: pick(status, 'Source_Host', 'Master_Host'),
      port: Number(pick(status, 'Source_Port', 'Master_Port')),
      serverId: Number(pick(status, 'Source_Server_Id', 'Master_Server_Id')),
      serverUuid: pick(status, 'Source_UUID', 'Master_UUID') || null,
    },
    receiverRuns: pick(status, 'Replica_IO_Running', 'Slave_IO_Running') === 'Yes',
    applierRuns: applierRuns(status),
    executed: coordinate(
      status,
      ['Relay_Source_Log_File', 'Relay_Master_Log_File'],
      ['Exec_Source_Log_Pos', 'Exec_Master_Log_Pos'],
    ),
    received: coordinate(status, ['Source_Log_File', 'Master_Log_File'], ['Read_Source_Log_Pos', 'Read_Master_Log_Pos']),
    applierError:
      Number(status['Last_SQL_Errno'] ?? 0) === 0
        ? null
        : { number: Number(status['Last_SQL_Errno']), message: text(status, 'Last_SQL_Error') },
    autoPosition: Number(status['Auto_Position'] ?? 0) === 1,
    usingGtid: flavor.family === 'mariadb' ? text(status, 'Using_Gtid') : null,
    gtidMode: variables.get('gtid_mode') ?? null,
    gtidExecuted:
      flavor.family === 'mysql' && variables.has('gtid_mode')
        ? text((await connection.query('SELECT @@GLOBAL.gtid_executed AS gtids'))[0], 'gtids')
        : null,
    gtidStrictMode: isOn(variables.get('gtid_strict_mode')),
    logsReplicated:
      isOn(variables.get('log_bin')) && isOn(variables.get('log_replica_updates') ?? variables.get('log_slave_updates')),
    filters: filtersOf(status),
    parallelWorkers: Number(
      variables.get('replica_parallel_workers') ??
        variables.get('slave_parallel_workers') ??
        variables.get('slave_parallel_threads') ??
        0,
    ),
    delaySeconds: Number(status['SQL_Delay'] ?? 0),
    execMode: variables.get('replica_exec_mode') ?? variables.get('slave_exec_mode') ?? 'STRICT',
    readers: await countReaders(connection),
    otherRunning: statuses.filter((row) => row !== status && applierRuns(row)).map(channelName),
    standing,
    showsExecuted: dialect.executedIn !== null && standing.some(({ expression }) => expression.includes('slave_relay_log_info')),
    seesAllKeys: seesAllKeys(await connection.query('SHOW GRANTS'), flavor.family),
    isManaged: text(about, 'basedir').startsWith('/rdsdbbin'),
  }
  return { facts, dialect }
}

/**
 * information_schema leaves out what an account has no privilege on; MariaDB shows foreign keys only to those who may do more than
 * SELECT (seen on 10.5 to 11.8). SHOW GRANTS has the privileges of active roles too.
 */
function seesAllKeys(grants: readonly Row[], family: 'mysql' | 'mariadb'): boolean {
  const lines = grants.flatMap((row) => Object.keys(row).map((name) => text(row, name)))
  const everywhere = lines.flatMap((line) => /^GRANT (.+) ON \*\.\* TO /.exec(line)?.[1]?.split(', ') ?? [])
  const enough = new Set(['ALL PRIVILEGES', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'REFERENCES', 'INDEX', 'ALTER'])
  if (family === 'mysql') enough.add('SELECT')
  return everywhere.some((privilege) => enough.has(privilege)) && !lines.some((line) => line.startsWith('REVOKE '))
}

function statusRows(connection: ServerConnection, family: 'mysql' | 'mariadb'): Promise<readonly Row[]> {
  return family === 'mariadb'
    ? connection.queryFirst('SHOW ALL SLAVES STATUS', 'SHOW SLAVE STATUS')
    : connection.queryFirst('SHOW REPLICA STATUS', 'SHOW SLAVE STATUS')
}

function chooseChannel(rows: readonly Row[], channel: string, address: string): Row {
  const names = rows.map(channelName)
  const chosen = channel === '' && rows.length === 1 ? rows[0] : rows[names.indexOf(channel)]
  if (chosen !== undefined) return chosen
  if (rows.length === 0) {
    throw new BinpointError('UNSUPPORTED_SERVER', `${address} is no replica: it has no replication status`, {
      hint: 'give the server to repair as --replica, and the one it replicates from as --source',
    })
  }
  throw new BinpointError(
    'USAGE',
    channel === '' ? `${address} replicates over ${rows.length} channels` : `${address} has no channel '${channel}'`,
    {
      hint: `add one of: ${names.map((name) => `--channel '${name}'`).join(', ')}`,
    },
  )
}

function channelName(row: Row): string {
  return text(row, 'Channel_Name') || text(row, 'Connection_name')
}

function applierRuns(row: Row): boolean {
  return pick(row, 'Replica_SQL_Running', 'Slave_SQL_Running') === 'Yes'
}

/** Expressions that the server or the account does not know, or that have no value here, are left out. */
async function standingOf(connection: ServerConnection, expressions: readonly string[]): Promise<readonly Standing[]> {
  const standing: Standing[] = []
  for (const expression of expressions) {
    try {
      const [row] = await connection.query(`SELECT ${expression} AS value`)
      const value = row?.['value']
      if (value !== null && value !== undefined) standing.push({ expression, value: text(row, 'value') })
    } catch (error) {
      if (!(error instanceof BinpointError) || !/^(SERVER_ERROR|MISSING_PRIVILEGE|ACCESS_DENIED)$/.test(error.code)) throw error
    }
  }
  return standing
}

async function globalVariables(connection: ServerConnection): Promise<ReadonlyMap<string, string>> {
  const rows = await connection.query(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'gtid_mode', 'gtid_strict_mode', 'log_bin', 'log_slave_updates', 'log_replica_updates', 'slave_parallel_workers', 'replica_parallel_workers', 'slave_parallel_threads', 'slave_exec_mode', 'replica_exec_mode')",
  )
  return new Map(rows.map((row) => [text(row, 'Variable_name').toLowerCase(), text(row, 'Value')]))
}

/** Who reads this server's binlog; 0 also where the account may not see it. */
async function countReaders(connection: ServerConnection): Promise<number> {
  try {
    return (await connection.queryFirst('SHOW REPLICAS', 'SHOW SLAVE HOSTS')).length
  } catch (error) {
    if (error instanceof BinpointError && error.code === 'MISSING_PRIVILEGE') return 0
    throw error
  }
}

function filtersOf(status: Row): Filters {
  const list = (name: string): readonly string[] =>
    text(status, name)
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  return {
    doDb: list('Replicate_Do_DB'),
    ignoreDb: list('Replicate_Ignore_DB'),
    doTable: list('Replicate_Do_Table'),
    ignoreTable: list('Replicate_Ignore_Table'),
    wildDoTable: list('Replicate_Wild_Do_Table'),
    wildIgnoreTable: list('Replicate_Wild_Ignore_Table'),
    ignoreServerIds: list('Replicate_Ignore_Server_Ids').map(Number),
    domains: ['Replicate_Do_Domain_Ids', 'Replicate_Ignore_Domain_Ids']
      .filter((name) => text(status, name) !== '')
      .map((name) => `${name} = ${text(status, name)}`),
  }
}

function coordinate(status: Row, files: readonly [string, string], positions: readonly [string, string]): Coordinate {
  return { file: pick(status, ...files), position: Number(pick(status, ...positions)) }
}

/** The new name's value, or the old one's. */
function pick(row: Row, name: string, old: string): string {
  return text(row, name) || text(row, old)
}

function number(row: Row | undefined, name: string): number {
  return Number(text(row, name))
}

function isOn(value: string | undefined): boolean {
  return value === 'ON' || value === '1'
}

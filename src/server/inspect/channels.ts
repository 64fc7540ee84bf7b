/** The replication status of a server, a row a channel, in the words of every version. */
import type { Coordinate } from '../../core/coordinate.ts'
import type { Filters } from '../../core/plan/filters.ts'
import type { ChannelState } from '../../core/plan/replica.ts'
import type { Family } from '../../dialect/flavor.ts'
import { BinpointError } from '../../errors.ts'
import type { Row, ServerConnection } from '../connection.ts'
import { text } from '../rows.ts'

/** All channels; empty for a server that is no replica. Throws MISSING_PRIVILEGE. */
export function statusRows(connection: ServerConnection, family: Family): Promise<readonly Row[]> {
  return family === 'mariadb'
    ? connection.queryFirst('SHOW ALL SLAVES STATUS', 'SHOW SLAVE STATUS')
    : connection.queryFirst('SHOW REPLICA STATUS', 'SHOW SLAVE STATUS')
}

/** `channel`: empty for the only one. */
export function chooseChannel(rows: readonly Row[], channel: string, address: string): Row {
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

export function channelState(row: Row): ChannelState {
  return { name: channelName(row), receiverRuns: receiverRuns(row), applierRuns: applierRuns(row) }
}

export function channelName(row: Row): string {
  return text(row, 'Channel_Name') || text(row, 'Connection_name')
}

export function receiverRuns(row: Row): boolean {
  return pick(row, 'Replica_IO_Running', 'Slave_IO_Running') === 'Yes'
}

export function applierRuns(row: Row): boolean {
  return pick(row, 'Replica_SQL_Running', 'Slave_SQL_Running') === 'Yes'
}

export function executedOf(row: Row): Coordinate {
  return {
    file: pick(row, 'Relay_Source_Log_File', 'Relay_Master_Log_File'),
    position: Number(pick(row, 'Exec_Source_Log_Pos', 'Exec_Master_Log_Pos')),
  }
}

export function receivedOf(row: Row): Coordinate {
  return {
    file: pick(row, 'Source_Log_File', 'Master_Log_File'),
    position: Number(pick(row, 'Read_Source_Log_Pos', 'Read_Master_Log_Pos')),
  }
}

/** The server that the channel last replicated from: 0 and null where it never connected. */
export function sourceOf(row: Row): {
  readonly host: string
  readonly port: number
  readonly serverId: number
  readonly serverUuid: string | null
} {
  return {
    host: pick(row, 'Source_Host', 'Master_Host'),
    port: Number(pick(row, 'Source_Port', 'Master_Port')),
    serverId: Number(pick(row, 'Source_Server_Id', 'Master_Server_Id')),
    serverUuid: pick(row, 'Source_UUID', 'Master_UUID') || null,
  }
}

/** As the server prints it: empty while it does not replicate. */
export function secondsBehind(row: Row): string {
  return pick(row, 'Seconds_Behind_Source', 'Seconds_Behind_Master')
}

/** MySQL's Retrieved_Gtid_Set; null where a server has none. */
export function gtidRetrieved(row: Row): string | null {
  return row['Retrieved_Gtid_Set'] === undefined ? null : withoutSpace(text(row, 'Retrieved_Gtid_Set'))
}

/** MariaDB's Using_Gtid. */
export function usingGtid(row: Row): string | null {
  return row['Using_Gtid'] === undefined ? null : text(row, 'Using_Gtid')
}

export function errorOf(row: Row, thread: 'IO' | 'SQL'): { readonly number: number; readonly message: string } | null {
  const number = Number(text(row, `Last_${thread}_Errno`))
  return number === 0 ? null : { number, message: text(row, `Last_${thread}_Error`) }
}

export function ignoredServerIds(row: Row): readonly number[] {
  return list(row, 'Replicate_Ignore_Server_Ids').map(Number)
}

export function filtersOf(row: Row): Filters {
  return {
    doDb: list(row, 'Replicate_Do_DB'),
    ignoreDb: list(row, 'Replicate_Ignore_DB'),
    doTable: list(row, 'Replicate_Do_Table'),
    ignoreTable: list(row, 'Replicate_Ignore_Table'),
    wildDoTable: list(row, 'Replicate_Wild_Do_Table'),
    wildIgnoreTable: list(row, 'Replicate_Wild_Ignore_Table'),
    ignoreServerIds: ignoredServerIds(row),
    domains: ['Replicate_Do_Domain_Ids', 'Replicate_Ignore_Domain_Ids']
      .filter((name) => text(row, name) !== '')
      .map((name) => `${name} = ${text(row, name)}`),
  }
}

/** Servers break sets of GTIDs into lines. */
export function withoutSpace(set: string): string {
  return set.replaceAll(/\s/g, '')
}

function list(row: Row, name: string): readonly string[] {
  return text(row, name)
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** The new name's value, or the old one's. */
function pick(row: Row, name: string, old: string): string {
  return text(row, name) || text(row, old)
}

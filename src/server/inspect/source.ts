/** What a plan needs to know of the source, asked in a few short statements that lock nothing. What may not be seen is null, or empty. */
import type { ReplicaIdentity } from '../../core/plan/dialect.ts'
import type { ChannelFromReplica, SemiSyncSource, SourceFacts } from '../../core/plan/sourceFacts.ts'
import type { Row, ServerConnection } from '../connection.ts'
import { text } from '../rows.ts'
import { aboutServer } from './about.ts'
import { applierErrorOf } from './applier.ts'
import {
  applierRuns,
  channelName,
  errorOf,
  executedOf,
  gtidRetrieved,
  ignoredServerIds,
  receivedOf,
  receiverRuns,
  sourceOf,
  statusRows,
  usingGtid,
  withoutSpace,
} from './channels.ts'
import { logReaders } from './ownLog.ts'
import { orUnseen } from './unseen.ts'
import type { Settings } from './variables.ts'
import { globalStatus, globalVariables } from './variables.ts'

const variableNames = [
  'log_bin',
  'gtid_mode',
  'gtid_executed',
  'gtid_purged',
  'gtid_binlog_pos',
  'gtid_binlog_state',
  'binlog_format',
  'binlog_row_image',
  'binlog_row_value_options',
  'binlog_storage_engine',
  'binlog_expire_logs_seconds',
  'binlog_expire_logs_auto_purge',
  'expire_logs_days',
  'max_binlog_total_size',
  'binlog_space_limit',
  'replicate_same_server_id',
  ...semiSyncNames('enabled'),
  ...semiSyncNames('timeout'),
  'rpl_semi_sync_source_wait_for_replica_count',
  'rpl_semi_sync_master_wait_for_slave_count',
]

/** `replica`: who the repair is for; null where it is not known. Throws UNSUPPORTED_SERVER and what the connection throws. */
export async function inspectSource(connection: ServerConnection, replica: ReplicaIdentity | null): Promise<SourceFacts> {
  const { address, version, flavor, identity } = await aboutServer(connection)
  const variables = await globalVariables(connection, variableNames)
  const readers = await logReaders(connection)
  const channels = await orUnseen(() => statusRows(connection, flavor.family), null)
  const gtids = (name: string): string | null => {
    const set = variables.of(name)
    return set === null ? null : withoutSpace(set)
  }
  const hasGtidMode = variables.of('gtid_mode') !== null
  return {
    address,
    serverId: identity.serverId,
    serverUuid: identity.serverUuid,
    version,
    gtidMode: variables.of('gtid_mode'),
    gtidExecuted: hasGtidMode ? gtids('gtid_executed') : null,
    gtidPurged: hasGtidMode ? gtids('gtid_purged') : null,
    gtidBinlogPos: gtids('gtid_binlog_pos'),
    gtidBinlogState: gtids('gtid_binlog_state'),
    logBin: variables.isOn('log_bin'),
    binlogFormat: variables.of('binlog_format'),
    rowImage: variables.of('binlog_row_image'),
    rowValueOptions: variables.of('binlog_row_value_options') ?? '',
    usesInnoDbBinlog: /innodb/i.test(variables.of('binlog_storage_engine') ?? ''),
    expirySeconds: expirySecondsOf(variables),
    expiryVariable: variables.of('binlog_expire_logs_seconds') === null ? 'expire_logs_days' : 'binlog_expire_logs_seconds',
    sizeLimit: variables.number('max_binlog_total_size', 'binlog_space_limit') || null,
    readers: readers ?? [],
    seesReaders: readers !== null,
    semiSync: await semiSyncOf(connection, variables),
    fromReplica: replica === null || channels === null ? null : await fromReplicaOf(connection, channels, replica),
    seesChannels: channels !== null,
    sameServerId: variables.isOn('replicate_same_server_id'),
  }
}

/** The seconds win over the days where both are set (MySQL 8.0); in MariaDB they are one setting. */
function expirySecondsOf(variables: Settings): number | null {
  if (/^OFF$/i.test(variables.of('binlog_expire_logs_auto_purge') ?? '')) return null
  const seconds = variables.number('binlog_expire_logs_seconds') || variables.number('expire_logs_days') * 86_400
  return seconds === 0 ? null : seconds
}

async function semiSyncOf(connection: ServerConnection, variables: Settings): Promise<SemiSyncSource | null> {
  if (!variables.isOn(...semiSyncNames('enabled'))) return null
  const status = await globalStatus(connection, [...semiSyncNames('clients'), ...semiSyncNames('status')])
  return {
    clients: status.number(...semiSyncNames('clients')),
    waits: status.isOn(...semiSyncNames('status')),
    timeoutMs: variables.number(...semiSyncNames('timeout')),
    waitForCount:
      variables.number('rpl_semi_sync_source_wait_for_replica_count', 'rpl_semi_sync_master_wait_for_slave_count') || 1,
    timeoutVariable: semiSyncNames('timeout').find((name) => variables.of(name) !== null) ?? '',
  }
}

/** The plugin's new name, and the old one. */
function semiSyncNames(what: string): readonly string[] {
  return [`rpl_semi_sync_source_${what}`, `rpl_semi_sync_master_${what}`]
}

/** By UUID, or where one is not known (MariaDB, or a channel that never connected) by server_id. */
async function fromReplicaOf(
  connection: ServerConnection,
  channels: readonly Row[],
  { serverId, serverUuid }: ReplicaIdentity,
): Promise<ChannelFromReplica | null> {
  const row = channels.find((channel) => {
    const from = sourceOf(channel)
    return serverUuid === null || from.serverUuid === null ? from.serverId === serverId : from.serverUuid === serverUuid
  })
  if (row === undefined) return null
  const error = (await applierErrorOf(connection, row)) ?? errorOf(row, 'IO')
  return {
    channel: channelName(row),
    receiverRuns: receiverRuns(row),
    applierRuns: applierRuns(row),
    executed: executedOf(row),
    received: receivedOf(row),
    ignoredServerIds: ignoredServerIds(row),
    autoPosition: text(row, 'Auto_Position') === '1',
    usingGtid: usingGtid(row),
    gtidRetrieved: gtidRetrieved(row),
    error: error === null ? null : error.message,
  }
}

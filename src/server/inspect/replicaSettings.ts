/** The settings of a replica that decide how a replay runs, under the names of every version. */
import type { ReplicaFacts } from '../../core/plan/replica.ts'
import type { Flavor } from '../../dialect/flavor.ts'
import type { ServerConnection } from '../connection.ts'
import { literal, text } from '../rows.ts'
import { withoutSpace } from './channels.ts'
import { orUnseen } from './unseen.ts'
import { globalStatus, globalVariables } from './variables.ts'

type ReplicaSettings = Pick<
  ReplicaFacts,
  | 'gtidMode'
  | 'gtidExecuted'
  | 'gtidPurged'
  | 'gtidSlavePos'
  | 'gtidBinlogPos'
  | 'gtidCurrentPos'
  | 'gtidStrictMode'
  | 'readOnly'
  | 'superReadOnly'
  | 'hasSuperReadOnly'
  | 'eventScheduler'
  | 'logBin'
  | 'logsReplicated'
  | 'binlogFormat'
  | 'rowImage'
  | 'sameServerId'
  | 'parallelWorkers'
  | 'preservesCommitOrder'
  | 'execMode'
  | 'skipCounter'
  | 'skipErrors'
  | 'runsTriggers'
  | 'semiSync'
  | 'maxAllowedPacket'
  | 'relayLogSpaceLimit'
  | 'relayLogRecovery'
>

const names = [
  'gtid_mode',
  'gtid_executed',
  'gtid_purged',
  'gtid_slave_pos',
  'gtid_binlog_pos',
  'gtid_current_pos',
  'gtid_strict_mode',
  'read_only',
  'super_read_only',
  'event_scheduler',
  'log_bin',
  'log_slave_updates',
  'log_replica_updates',
  'binlog_format',
  'binlog_row_image',
  'replicate_same_server_id',
  'slave_parallel_workers',
  'replica_parallel_workers',
  'slave_parallel_threads',
  'slave_preserve_commit_order',
  'replica_preserve_commit_order',
  'slave_exec_mode',
  'replica_exec_mode',
  'slave_skip_errors',
  'replica_skip_errors',
  'slave_run_triggers_for_rbr',
  'max_allowed_packet',
  'relay_log_space_limit',
  'relay_log_recovery',
]

export async function replicaSettings(
  connection: ServerConnection,
  { family }: Flavor,
  channel: string,
): Promise<ReplicaSettings> {
  const variables = await globalVariables(connection, names)
  const status = await globalStatus(connection, ['Rpl_semi_sync_slave_status', 'Rpl_semi_sync_replica_status'])
  const gtids = (name: string): string | null => {
    const set = variables.of(name)
    return set === null ? null : withoutSpace(set)
  }
  const hasGtidMode = variables.of('gtid_mode') !== null
  return {
    gtidMode: variables.of('gtid_mode'),
    gtidExecuted: hasGtidMode ? gtids('gtid_executed') : null,
    gtidPurged: hasGtidMode ? gtids('gtid_purged') : null,
    gtidSlavePos: gtids('gtid_slave_pos'),
    gtidBinlogPos: gtids('gtid_binlog_pos'),
    gtidCurrentPos: gtids('gtid_current_pos'),
    gtidStrictMode: variables.isOn('gtid_strict_mode'),
    // MariaDB 12 has more values than ON.
    readOnly: !/^(OFF|0)$/i.test(variables.of('read_only') ?? 'OFF'),
    superReadOnly: variables.isOn('super_read_only'),
    hasSuperReadOnly: variables.of('super_read_only') !== null,
    eventScheduler: variables.isOn('event_scheduler'),
    logBin: variables.isOn('log_bin'),
    logsReplicated: variables.isOn('log_bin') && variables.isOn('log_replica_updates', 'log_slave_updates'),
    binlogFormat: variables.of('binlog_format'),
    rowImage: variables.of('binlog_row_image'),
    sameServerId: variables.isOn('replicate_same_server_id'),
    parallelWorkers: variables.number('replica_parallel_workers', 'slave_parallel_workers', 'slave_parallel_threads'),
    // MariaDB's workers commit in the order of the log, within a domain.
    preservesCommitOrder: family === 'mariadb' || variables.isOn('replica_preserve_commit_order', 'slave_preserve_commit_order'),
    execMode: variables.of('replica_exec_mode', 'slave_exec_mode') ?? 'STRICT',
    skipCounter: await skipCounterOf(connection, family, channel),
    skipErrors: variables.of('replica_skip_errors', 'slave_skip_errors') || 'OFF',
    runsTriggers: !/^NO$/i.test(variables.of('slave_run_triggers_for_rbr') ?? 'NO'),
    semiSync: status.isOn('Rpl_semi_sync_replica_status', 'Rpl_semi_sync_slave_status'),
    maxAllowedPacket: variables.number('max_allowed_packet'),
    relayLogSpaceLimit: variables.number('relay_log_space_limit'),
    relayLogRecovery: variables.isOn('relay_log_recovery'),
  }
}

/** MariaDB has one for each connection: that of the session's default_master_connection. */
async function skipCounterOf(connection: ServerConnection, family: Flavor['family'], channel: string): Promise<number> {
  const isNamed = family === 'mariadb' && channel !== ''
  const rows = await orUnseen(async () => {
    if (isNamed) await connection.query(`SET SESSION default_master_connection = ${literal(channel)}`)
    return connection.queryFirst(
      'SELECT @@GLOBAL.sql_replica_skip_counter AS counter',
      'SELECT @@sql_slave_skip_counter AS counter',
    )
  }, [])
  if (isNamed) await connection.query(`SET SESSION default_master_connection = ''`)
  return Number(text(rows[0], 'counter'))
}

/** The system variables that readers of a log ask for: what the log says of the server that wrote it, and defaults. */
import type { Served } from './replayFormat.ts'

type Value = string | boolean

/** A boolean is ON or OFF in SHOW and 1 or 0 in SELECT. Undefined: the server that wrote the log has no such variable, or replay does not know it. */
export function systemVariable(name: string, served: Served): Value | undefined {
  const own = served.family === 'mysql' ? mysqlVariables(served) : mariaDbVariables
  return { ...commonVariables(served), ...own }[name]
}

function commonVariables(served: Served): Readonly<Record<string, Value>> {
  return {
    version: served.version,
    version_comment: 'binpoint replay',
    server_id: String(served.serverId),
    log_bin: true,
    ...(served.checksum === null ? {} : { binlog_checksum: served.checksum }),
    binlog_format: 'ROW',
    log_slave_updates: true,
    read_only: true,
    sql_log_bin: true,
    max_allowed_packet: '1073741824',
    lower_case_table_names: '0',
    character_set_server: 'utf8mb4',
    collation_server: 'utf8mb4_general_ci',
    system_time_zone: 'UTC',
    time_zone: 'SYSTEM',
    sql_mode: '',
  }
}

function mysqlVariables(served: Served): Readonly<Record<string, Value>> {
  if (served.checksum === null) return {}
  return {
    server_uuid: served.serverUuid,
    gtid_mode: served.gtidMode,
    enforce_gtid_consistency: served.gtidMode,
    log_replica_updates: true,
    rpl_semi_sync_master_enabled: false,
    rpl_semi_sync_source_enabled: false,
  }
}

const mariaDbVariables: Readonly<Record<string, Value>> = {
  gtid_domain_id: '0',
  gtid_strict_mode: false,
  rpl_semi_sync_master_enabled: false,
}

/**
 * MySQL's words, which changed in steps: REPLICA for SLAVE in 8.0.22, SOURCE for MASTER in CHANGE, UNTIL and the waiting function in
 * 8.0.23 to 8.0.26, and the old ones gone in 8.4. AUTO_POSITION exists since 5.6, channels since 5.7.6.
 */
import type { Coordinate } from '../core/coordinate.ts'
import type { Dialect, ExecutedColumns, ReplicaIdentity } from '../core/plan/dialect.ts'
import { quote, quoteToken } from './quote.ts'
import { isAtRest } from './rest.ts'

export interface MysqlWords {
  readonly name: string
  readonly replica: 'SLAVE' | 'REPLICA'
  readonly change: 'CHANGE MASTER TO' | 'CHANGE REPLICATION SOURCE TO'
  readonly source: 'MASTER' | 'SOURCE'
  readonly positionWait: 'MASTER_POS_WAIT' | 'SOURCE_POS_WAIT'
  readonly execMode: 'slave_exec_mode' | 'replica_exec_mode'
  readonly hasAutoPosition: boolean
  readonly resetLog: 'RESET MASTER' | 'RESET BINARY LOGS AND GTIDS'
  readonly hasSessionMode: boolean
  /** `mysql.slave_relay_log_info`: filled by default since 8.0, before where relay_log_info_repository is TABLE. */
  readonly hasRelayLogInfoTable: boolean
}

export const mysqlWords: readonly MysqlWords[] = [
  {
    name: 'mysql-5.5',
    replica: 'SLAVE',
    change: 'CHANGE MASTER TO',
    source: 'MASTER',
    positionWait: 'MASTER_POS_WAIT',
    execMode: 'slave_exec_mode',
    hasAutoPosition: false,
    resetLog: 'RESET MASTER',
    hasSessionMode: false,
    hasRelayLogInfoTable: false,
  },
  {
    name: 'mysql-5.6',
    replica: 'SLAVE',
    change: 'CHANGE MASTER TO',
    source: 'MASTER',
    positionWait: 'MASTER_POS_WAIT',
    execMode: 'slave_exec_mode',
    hasAutoPosition: true,
    resetLog: 'RESET MASTER',
    hasSessionMode: false,
    hasRelayLogInfoTable: true,
  },
  {
    name: 'mysql-5.7',
    replica: 'SLAVE',
    change: 'CHANGE MASTER TO',
    source: 'MASTER',
    positionWait: 'MASTER_POS_WAIT',
    execMode: 'slave_exec_mode',
    hasAutoPosition: true,
    resetLog: 'RESET MASTER',
    hasSessionMode: true,
    hasRelayLogInfoTable: true,
  },
  {
    name: 'mysql-8.0.22',
    replica: 'REPLICA',
    change: 'CHANGE MASTER TO',
    source: 'MASTER',
    positionWait: 'MASTER_POS_WAIT',
    execMode: 'slave_exec_mode',
    hasAutoPosition: true,
    resetLog: 'RESET MASTER',
    hasSessionMode: true,
    hasRelayLogInfoTable: true,
  },
  {
    name: 'mysql-8.0.23',
    replica: 'REPLICA',
    change: 'CHANGE REPLICATION SOURCE TO',
    source: 'SOURCE',
    positionWait: 'MASTER_POS_WAIT',
    execMode: 'slave_exec_mode',
    hasAutoPosition: true,
    resetLog: 'RESET MASTER',
    hasSessionMode: true,
    hasRelayLogInfoTable: true,
  },
  {
    name: 'mysql-8.4',
    replica: 'REPLICA',
    change: 'CHANGE REPLICATION SOURCE TO',
    source: 'SOURCE',
    positionWait: 'SOURCE_POS_WAIT',
    execMode: 'replica_exec_mode',
    hasAutoPosition: true,
    resetLog: 'RESET BINARY LOGS AND GTIDS',
    hasSessionMode: true,
    hasRelayLogInfoTable: true,
  },
]

export function mysqlDialect(words: MysqlWords): Dialect {
  const { replica, source } = words
  const channelClause = (channel: string): string => (channel === '' ? '' : ` FOR CHANNEL ${quoteToken(channel)}`)
  const coordinate = (at: Coordinate): string => `${source}_LOG_FILE = ${quoteToken(at.file)}, ${source}_LOG_POS = ${at.position}`
  return {
    name: words.name,
    family: 'mysql',
    stop: (channel) => `STOP ${replica}${channelClause(channel)}`,
    stopReceiver: (channel) => `STOP ${replica} IO_THREAD${channelClause(channel)}`,
    start: (channel) => `START ${replica}${channelClause(channel)}`,
    startUntil: (end, channel) => `START ${replica} UNTIL ${coordinate(end)}${channelClause(channel)}`,
    startUntilText: (file, position, channel) =>
      `CONCAT(${quote(`START ${replica} UNTIL ${source}_LOG_FILE = `)}, QUOTE(${file}), ', ${source}_LOG_POS = ', ${position}${channel === '' ? '' : `, ${quote(channelClause(channel))}`})`,
    changeTo: (at, channel) =>
      `${words.change} ${coordinate(at)}${words.hasAutoPosition ? `, ${source}_AUTO_POSITION = 0` : ''}${channelClause(channel)}`,
    followGtids: (_using, channel) => `${words.change} ${source}_AUTO_POSITION = 1${channelClause(channel)}`,
    positionWait: (file, position, seconds, channel) =>
      `${words.positionWait}(${file}, ${position}, ${seconds}${channel === '' ? '' : `, ${quote(channel)}`})`,
    gtidWait: (gtids, seconds) =>
      words.hasSessionMode
        ? `WAIT_FOR_EXECUTED_GTID_SET(${gtids}, ${seconds})`
        : `IF(WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS(${gtids}, ${seconds}) >= 0, 0, 1)`,
    startUntilGtids: (gtids, channel) => `START ${replica} UNTIL SQL_AFTER_GTIDS = ${quote(gtids)}${channelClause(channel)}`,
    startUntilGtidsText: (gtids, channel) =>
      `CONCAT(${quote(`START ${replica} UNTIL SQL_AFTER_GTIDS = `)}, QUOTE(${gtids})${channel === '' ? '' : `, ${quote(channelClause(channel))}`})`,
    // Since 8.0.11; an earlier release is taken for 5.7.
    keepsLogNumber: words.replica === 'REPLICA',
    resetLog: (file) => `${words.resetLog}${numberOf(file)}`,
    fillGaps: words.hasAutoPosition ? (channel) => `START ${replica} UNTIL SQL_AFTER_MTS_GAPS${channelClause(channel)}` : null,
    hasSessionMode: words.hasSessionMode,
    noTimeLimit: 'SET @binpoint = 0 /*!50708 , SESSION max_execution_time = 0 */',
    execMode: words.execMode,
    isServer: (identity: ReplicaIdentity) =>
      identity.serverUuid === null
        ? `@@server_id = ${identity.serverId} AND @@hostname = ${quote(identity.hostname)} AND @@port = ${identity.port}`
        : `@@server_uuid = ${quote(identity.serverUuid)}`,
    isAtRest,
    executedIn: words.hasRelayLogInfoTable ? executedColumns : null,
    standing: (channel) => [...(words.hasRelayLogInfoTable ? [executedText(channel)] : []), ...startCounters],
    showStatus: (channel) => `SHOW ${replica} STATUS${channelClause(channel)}`,
    quote,
  }
}

/** Channel_name came with the channels; a server without them has one row. */
function executedColumns(channel: string): ExecutedColumns {
  const where = channel === '' ? '' : ` WHERE Channel_name = ${quote(channel)}`
  return { file: 'Master_log_name', position: 'Master_log_pos', from: `FROM mysql.slave_relay_log_info${where}` }
}

function executedText(channel: string): string {
  const { file, position, from } = executedColumns(channel)
  return `(SELECT CONCAT(${file}, ':', ${position}) ${from})`
}

/** How often replication was started since the server was: up to 5.6, and in 5.7. */
const startCounters = [
  `(SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'COM_SLAVE_START')`,
  `(SELECT VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Com_slave_start')`,
]

/** 5.7 takes it for a comment. */
function numberOf(file: string | null): string {
  const [, number] = /\.(\d+)$/.exec(file ?? '') ?? []
  return number === undefined ? '' : ` /*!80011 TO ${Number(number)} */`
}

/**
 * MySQL's words, which changed in steps: REPLICA for SLAVE in 8.0.22, SOURCE for MASTER in CHANGE, UNTIL and the waiting function in
 * 8.0.23 to 8.0.26, and the old ones gone in 8.4. AUTO_POSITION exists since 5.6, channels since 5.7.6.
 */
import type { Coordinate } from '../core/coordinate.ts'
import type { Dialect, ReplicaIdentity } from '../core/plan/dialect.ts'
import { quote, quoteToken } from './quote.ts'

export interface MysqlWords {
  readonly name: string
  readonly replica: 'SLAVE' | 'REPLICA'
  readonly change: 'CHANGE MASTER TO' | 'CHANGE REPLICATION SOURCE TO'
  readonly source: 'MASTER' | 'SOURCE'
  readonly positionWait: 'MASTER_POS_WAIT' | 'SOURCE_POS_WAIT'
  readonly execMode: 'slave_exec_mode' | 'replica_exec_mode'
  readonly hasAutoPosition: boolean
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
  },
  {
    name: 'mysql-5.6',
    replica: 'SLAVE',
    change: 'CHANGE MASTER TO',
    source: 'MASTER',
    positionWait: 'MASTER_POS_WAIT',
    execMode: 'slave_exec_mode',
    hasAutoPosition: true,
  },
  {
    name: 'mysql-8.0.22',
    replica: 'REPLICA',
    change: 'CHANGE MASTER TO',
    source: 'MASTER',
    positionWait: 'MASTER_POS_WAIT',
    execMode: 'slave_exec_mode',
    hasAutoPosition: true,
  },
  {
    name: 'mysql-8.0.23',
    replica: 'REPLICA',
    change: 'CHANGE REPLICATION SOURCE TO',
    source: 'SOURCE',
    positionWait: 'MASTER_POS_WAIT',
    execMode: 'slave_exec_mode',
    hasAutoPosition: true,
  },
  {
    name: 'mysql-8.4',
    replica: 'REPLICA',
    change: 'CHANGE REPLICATION SOURCE TO',
    source: 'SOURCE',
    positionWait: 'SOURCE_POS_WAIT',
    execMode: 'replica_exec_mode',
    hasAutoPosition: true,
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
    changeTo: (at, channel) =>
      `${words.change} ${coordinate(at)}${words.hasAutoPosition ? `, ${source}_AUTO_POSITION = 0` : ''}${channelClause(channel)}`,
    positionWait: (file, position, seconds, channel) =>
      `${words.positionWait}(${quote(file)}, ${position}, ${seconds}${channel === '' ? '' : `, ${quote(channel)}`})`,
    execMode: words.execMode,
    isServer: (identity: ReplicaIdentity) =>
      identity.serverUuid === null
        ? `@@server_id = ${identity.serverId} AND @@hostname = ${quote(identity.hostname)} AND @@port = ${identity.port}`
        : `@@server_uuid = ${quote(identity.serverUuid)}`,
    showStatus: (channel) => `SHOW ${replica} STATUS${channelClause(channel)}`,
    quote,
  }
}

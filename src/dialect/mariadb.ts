/** MariaDB's words: the old ones, with the connection's name behind the verb. USE_GTID exists since 10.0.2. */
import type { Coordinate } from '../core/coordinate.ts'
import type { Dialect } from '../core/plan/dialect.ts'
import { quote, quoteToken } from './quote.ts'

export function mariaDbDialect(name: string, hasGtid: boolean): Dialect {
  const named = (channel: string): string => (channel === '' ? '' : ` ${quoteToken(channel)}`)
  const coordinate = (at: Coordinate): string => `MASTER_LOG_FILE = ${quoteToken(at.file)}, MASTER_LOG_POS = ${at.position}`
  return {
    name,
    family: 'mariadb',
    stop: (channel) => `STOP SLAVE${named(channel)}`,
    stopReceiver: (channel) => `STOP SLAVE${named(channel)} IO_THREAD`,
    start: (channel) => `START SLAVE${named(channel)}`,
    startUntil: (end, channel) => `START SLAVE${named(channel)} UNTIL ${coordinate(end)}`,
    changeTo: (at, channel) => `CHANGE MASTER${named(channel)} TO ${coordinate(at)}${hasGtid ? ', MASTER_USE_GTID = no' : ''}`,
    positionWait: (file, position, seconds, channel) =>
      `MASTER_POS_WAIT(${quote(file)}, ${position}, ${seconds}${channel === '' ? '' : `, ${quote(channel)}`})`,
    execMode: 'slave_exec_mode',
    isServer: (identity) =>
      `@@server_id = ${identity.serverId} AND @@hostname = ${quote(identity.hostname)} AND @@port = ${identity.port}`,
    showStatus: (channel) => `SHOW SLAVE${named(channel)} STATUS`,
    quote,
  }
}

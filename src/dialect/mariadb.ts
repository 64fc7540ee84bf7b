/** MariaDB's words: the old ones, with the connection's name behind the verb. USE_GTID exists since 10.0.2. */
import type { Coordinate } from '../core/coordinate.ts'
import type { Dialect } from '../core/plan/dialect.ts'
import { quote, quoteToken } from './quote.ts'
import { isAtRest } from './rest.ts'

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
    startUntilText: (file, position, channel) =>
      `CONCAT(${quote(`START SLAVE${named(channel)} UNTIL MASTER_LOG_FILE = `)}, QUOTE(${file}), ', MASTER_LOG_POS = ', ${position})`,
    changeTo: (at, channel) => `CHANGE MASTER${named(channel)} TO ${coordinate(at)}${hasGtid ? ', MASTER_USE_GTID = no' : ''}`,
    followGtids: (using, channel) =>
      `CHANGE MASTER${named(channel)} TO MASTER_USE_GTID = ${(using ?? 'slave_pos').toLowerCase()}`,
    positionWait: (file, position, seconds, channel) =>
      `MASTER_POS_WAIT(${file}, ${position}, ${seconds}${channel === '' ? '' : `, ${quote(channel)}`})`,
    gtidWait: (gtids, seconds) => `MASTER_GTID_WAIT(${gtids}, ${seconds})`,
    startUntilGtids: (gtids, channel) => `START SLAVE${named(channel)} UNTIL master_gtid_pos = ${quote(gtids)}`,
    startUntilGtidsText: (gtids, channel) =>
      `CONCAT(${quote(`START SLAVE${named(channel)} UNTIL master_gtid_pos = `)}, QUOTE(${gtids}))`,
    resetLog: () => 'RESET MASTER',
    keepsLogNumber: false,
    fillGaps: null,
    hasSessionMode: false,
    noTimeLimit: 'SET @binpoint = 0 /*!100101 , SESSION max_statement_time = 0 */',
    execMode: 'slave_exec_mode',
    isServer: (identity) =>
      `@@server_id = ${identity.serverId} AND @@hostname = ${quote(identity.hostname)} AND @@port = ${identity.port}`,
    isAtRest,
    executedIn: null,
    // Every transaction of a MariaDB source has a GTID, and moves it, whether or not positions are GTIDs.
    standing: () =>
      hasGtid
        ? ['@@GLOBAL.gtid_slave_pos']
        : [`(SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'COM_SLAVE_START')`],
    showStatus: (channel) => `SHOW SLAVE${named(channel)} STATUS`,
    quote,
  }
}

/** Everything that a plan needs to know of a replica, asked in a few short statements that lock nothing. */
import type { Dialect } from '../core/plan/dialect.ts'
import type { ReplicaFacts } from '../core/plan/replica.ts'
import { dialectOf } from '../dialect/choose.ts'
import { managedDialect } from '../dialect/managed.ts'
import type { ServerConnection } from './connection.ts'
import { aboutServer } from './inspect/about.ts'
import { applierErrorOf, standingOf } from './inspect/applier.ts'
import {
  applierRuns,
  channelName,
  channelState,
  chooseChannel,
  executedOf,
  filtersOf,
  gtidRetrieved,
  receivedOf,
  receiverRuns,
  sourceOf,
  statusRows,
  usingGtid,
} from './inspect/channels.ts'
import { dumpThreads, logReaders, ownLogEnd } from './inspect/ownLog.ts'
import { privilegesOf, seesAllKeys } from './inspect/privileges.ts'
import { replicaSettings } from './inspect/replicaSettings.ts'
import { text } from './rows.ts'

export interface InspectedReplica {
  readonly facts: ReplicaFacts
  readonly dialect: Dialect
}

/** `channel`: empty for the only one. Throws UNSUPPORTED_SERVER, USAGE (which channel?), SERVER_ERROR, MISSING_PRIVILEGE. */
export async function inspectReplica(connection: ServerConnection, channel: string): Promise<InspectedReplica> {
  const { address, version, flavor, identity, provider } = await aboutServer(connection)
  const dialect = provider === null ? dialectOf(flavor) : managedDialect(provider, flavor, dialectOf(flavor))
  const statuses = await statusRows(connection, flavor.family)
  const status = chooseChannel(statuses, channel, address)
  const privileges = await privilegesOf(connection)
  const readers = await logReaders(connection)
  const standing = await standingOf(connection, dialect.standing(channel))
  const facts: ReplicaFacts = {
    address,
    identity,
    version,
    channel,
    source: sourceOf(status),
    channels: statuses.map(channelState),
    receiverRuns: receiverRuns(status),
    applierRuns: applierRuns(status),
    executed: executedOf(status),
    received: receivedOf(status),
    applierError: await applierErrorOf(connection, status),
    autoPosition: Number(status['Auto_Position'] ?? 0) === 1,
    usingGtid: usingGtid(status),
    gtidRetrieved: gtidRetrieved(status),
    ...(await replicaSettings(connection, flavor, channelName(status))),
    ownLogEnd: await ownLogEnd(connection),
    readers: readers ?? [],
    seesReaders: readers !== null,
    binlogDumpThreads: await dumpThreads(connection, privileges),
    filters: filtersOf(status),
    delaySeconds: Number(text(status, 'SQL_Delay')),
    otherRunning: statuses.filter((row) => row !== status && applierRuns(row)).map(channelName),
    standing,
    showsExecuted: dialect.executedIn !== null && standing.some(({ expression }) => expression.includes('slave_relay_log_info')),
    seesAllKeys: seesAllKeys(privileges, flavor.family),
    isManaged: provider !== null,
  }
  return { facts, dialect }
}

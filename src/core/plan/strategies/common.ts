/** What speaks against more than one strategy. */
import { formatCoordinate } from '../../coordinate.ts'
import type { Finding } from '../../findings.ts'
import { finding } from '../findings.ts'
import type { StrategyName } from '../plan.ts'
import type { ReplicaFacts } from '../replica.ts'
import type { Situation } from '../situation.ts'

/** The replica's receiver leaves out what its own server_id wrote: it cannot be replayed through it. */
export function ownEvents({ window, replica, ownBehind }: Situation): Finding[] {
  if (replica === null || replica.sameServerId) return []
  const { serverId } = replica.identity
  const own = window.origins.get(serverId)
  if (own !== undefined) {
    return [
      finding(
        'OWN_EVENTS',
        'blocking',
        `${own.count} transaction(s) of the window were written by the replica itself (server_id ${serverId}, first at ${formatCoordinate(own.first)}): it filters them out, and what the source changed before would overwrite them. Choose a restart behind them`,
        { count: own.count, first: formatCoordinate(own.first) },
      ),
    ]
  }
  if (ownBehind === null) return []
  return [
    finding(
      'OWN_EVENTS',
      'blocking',
      `behind what the replica has executed, the log has ${ownBehind.count} transaction(s) that the replica wrote itself (server_id ${serverId}, first at ${formatCoordinate(ownBehind.first)}): a replay of older changes would overwrite these, and they do not come again. Let the replica catch up, and plan again`,
      { count: ownBehind.count, first: formatCoordinate(ownBehind.first) },
    ),
  ]
}

export function needsReplica(strategy: StrategyName): Finding {
  const text = `strategy ${strategy} is only planned for a replica that was looked at: give --replica`
  return finding('UNCHECKED', 'blocking', text)
}

/** Servers that read the replica's binlog, but for the source. */
export function otherReaders(replica: ReplicaFacts): { readonly ids: readonly number[]; readonly text: string } {
  const ids = replica.readers.map(({ serverId }) => serverId).filter((id) => id !== replica.source.serverId)
  return { ids, text: `${ids.length} other server(s) read the replica's binlog (server_id ${ids.join(', ')})` }
}

/** Idempotent mode is for the whole server. */
export function otherChannels(replica: ReplicaFacts): Finding[] {
  if (replica.otherRunning.length === 0) return []
  return [
    finding(
      'REPLICA_RUNNING',
      'blocking',
      `other channels of the replica run too (${replica.otherRunning.map((name) => `'${name}'`).join(', ')}), and idempotent mode is for all of them. Stop them for the repair, and plan again`,
      { channels: replica.otherRunning },
    ),
  ]
}

/** Who reads what the replica logs of the replay, and does it have it already? */
export function downstream({ window, replica, source }: Situation): Finding[] {
  if (replica === null) return []
  if (!replica.seesReaders && replica.logsReplicated) return [unseenReaders(replica)]
  const sourceId = source?.serverId ?? replica.source.serverId
  const others = otherReaders(replica)
  const readsBack = others.ids.length < replica.readers.length || source?.fromReplica != null
  const out: Finding[] = []
  if (others.ids.length > 0)
    out.push(
      finding(
        'DOWNSTREAM',
        replica.logsReplicated ? 'blocking' : 'warning',
        others.text +
          (replica.logsReplicated
            ? ', which gets the replayed changes a second time: applied strictly, they stop there. Stop these readers and repair them afterwards, or accept it by name if they apply idempotently'
            : ', which gets nothing of the replay: what they have lost too must be repaired there'),
        { readers: others.ids },
      ),
    )
  if (!replica.logsReplicated || !readsBack) return out
  const ignored = source?.fromReplica?.ignoredServerIds ?? []
  const loops = [...window.origins.keys()].filter(
    (id) => id !== replica.identity.serverId && !ignored.includes(id) && (id !== sourceId || source?.sameServerId === true),
  )
  if (loops.length > 0)
    out.push(
      finding(
        'LOOPBACK',
        'blocking',
        `the replica logs what it applies, the source reads that, and does not filter server_id ${loops.join(', ')}, of which the window has transactions: they would go back to the source and be applied there a second time. Choose a restart behind them, or stop the source's own replication from this replica for the repair`,
        { origins: loops },
      ),
    )
  return out
}

/** Where nobody is seen, nobody may be there. */
export function unseenReaders({ address }: ReplicaFacts): Finding {
  return finding(
    'PRIVILEGE',
    'blocking',
    `the account may not see who reads the binlog of ${address}, to whom the replayed changes would come a second time. Grant it REPLICATION SLAVE (MariaDB >= 10.5: REPLICATION MASTER ADMIN), or accept it by name if nobody does but the source`,
  )
}

/** MariaDB's strict mode is about what the replica logs itself. */
export function strictGtids(replica: ReplicaFacts): Finding[] {
  if (!replica.gtidStrictMode || !replica.logsReplicated) return []
  return [
    finding(
      'GTID_STRICT',
      'blocking',
      'the replica runs with gtid_strict_mode and logs what it applies: a replay stops with error 1950. Switch gtid_strict_mode off for the repair',
    ),
  ]
}

/** A script has no way to step over a part of the window and know that it is all right. */
export function onlyExecuted({ ddl, executes }: Situation): Finding[] {
  if (executes || ddl === null || !ddl.decisions.some(({ verdict }) => verdict.verdict === 'step-over')) return []
  return [
    finding(
      'DDL_IN_WINDOW',
      'blocking',
      'parts of the window must be stepped over, which a script cannot do safely: add --execute to have it done',
    ),
  ]
}

/**
 * gtid_executed rebuilt without the window, so that the source sends it again. It throws away the replica's own binlog: irreversible, and
 * only right where all that is in there has gone where it must.
 *
 * Never taken out: what the replica itself wrote (it would use the numbers a second time, and the source would skip its new writes for ever),
 * and what the source can no longer send.
 */
import { GtidSet } from '../../binlog/gtidSet.ts'
import type { Finding } from '../../findings.ts'
import { finding } from '../findings.ts'
import { filterFindings } from '../filters.ts'
import type { ReplicaFacts } from '../replica.ts'
import type { Situation } from '../situation.ts'
import { needsReplica, onlyExecuted, otherChannels, otherReaders, ownEvents, unseenReaders } from './common.ts'
import { gtidMysqlScript } from './gtidMysqlScript.ts'
import type { Strategy } from './strategy.ts'

export const gtidMysql: Strategy = {
  name: 'gtid',
  findings: (situation) => {
    const { replica } = situation
    if (replica === null) return [needsReplica('gtid')]
    return [
      ...notFollowing(replica),
      ...irreversible(replica),
      ...readers(situation, replica),
      ...purged(situation),
      ...ownEvents(situation),
      ...filterFindings(situation.window, replica.filters),
      ...otherChannels(replica),
      ...onlyExecuted(situation),
    ]
  },
  script: (situation) => {
    const { replica } = situation
    if (replica === null) throw new Error('a script for a replica that nobody looked at')
    return gtidMysqlScript(situation, replica)
  },
}

function notFollowing(replica: ReplicaFacts): Finding[] {
  if (replica.gtidMode === 'ON' && replica.autoPosition) return []
  return [
    finding(
      'UNSUPPORTED_SERVER',
      'blocking',
      `strategy gtid is for a replica with gtid_mode=ON and auto-positioning; this one has gtid_mode=${replica.gtidMode ?? 'none'} and auto-positioning ${replica.autoPosition ? 'on' : 'off'}. Use --strategy coordinates`,
    ),
  ]
}

function irreversible(replica: ReplicaFacts): Finding[] {
  return [
    finding(
      'GTID_RESET',
      'blocking',
      `strategy gtid throws away the binlog of ${replica.address} and writes its gtid_executed anew, which cannot be undone. Accept it by name if nothing but the servers that read it now needs that binlog (backups, change capture)`,
    ),
  ]
}

/** All must have the whole of the replica's binlog before it goes. */
function readers({ source, dialect }: Situation, replica: ReplicaFacts): Finding[] {
  const out: Finding[] = replica.seesReaders ? [] : [unseenReaders(replica)]
  const others = otherReaders(replica)
  if (others.ids.length > 0)
    out.push(
      finding(
        'DOWNSTREAM',
        'blocking',
        `${others.text}, which goes away. Stop these readers when each has all of it, and plan again, or accept it by name if each has`,
        { readers: others.ids },
      ),
    )
  if (source === null) {
    out.push(
      finding(
        'DOWNSTREAM',
        'blocking',
        'whether the source has all that the replica wrote could not be checked, as the log was read from files. Give the server as --source',
      ),
    )
    return out
  }
  const { fromReplica } = source
  const isFirst = /\.0*1$/.test(replica.ownLogEnd?.file ?? '.000001')
  if (!dialect.keepsLogNumber && replica.readers.length > 0 && !isFirst)
    out.push(
      finding(
        'DOWNSTREAM',
        'blocking',
        `the replica's log would begin anew with file 1, and the servers that read it stand at ${replica.ownLogEnd?.file ?? ''}, a name that is gone then: their receivers stop with error 1236. Accept it by name, and restart them afterwards`,
        { file: replica.ownLogEnd?.file ?? null },
      ),
    )
  if (fromReplica !== null && !fromReplica.autoPosition)
    out.push(
      finding(
        'DOWNSTREAM',
        'blocking',
        "the source reads the replica's binlog by file and position: after the reset it would read nothing more, or from a wrong place. Give its channel auto-positioning first",
        { channel: fromReplica.channel },
      ),
    )
  return out
}

/** What the source cannot send again stays in the set; that it stays lost is said. */
function purged({ window, source }: Situation): Finding[] {
  const gone = window.gtids.intersect(GtidSet.parse(source?.gtidPurged ?? '') ?? new GtidSet())
  if (gone.size === 0) return []
  return [
    finding('PURGED', 'blocking', `the source has purged ${gone.size} of the window's transactions: they do not come again`, {
      set: gone.toString().slice(0, 500),
    }),
  ]
}

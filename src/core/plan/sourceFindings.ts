/** What a repair makes the source feel, and what the source may do to it meanwhile. */
import { GtidSet } from '../binlog/gtidSet.ts'
import type { Finding } from '../findings.ts'
import { formatUtcShort } from '../time/format.ts'
import { finding } from './findings.ts'
import type { ReplicaFacts } from './replica.ts'
import type { Situation } from './situation.ts'
import type { SourceFacts } from './sourceFacts.ts'
import type { Window } from './window.ts'

export function sourceFindings(situation: Situation, source: SourceFacts, nowUs: number): Finding[] {
  return [...purgeFindings(situation, source, nowUs), ...semiSyncFindings(situation, source), ...ownWrites(situation, source)]
}

/** A file is purged when nothing was written to it for so long; what the window begins with was. */
function purgeFindings({ window, waitSeconds, restart }: Situation, source: SourceFacts, nowUs: number): Finding[] {
  if (source.expirySeconds === null || window.firstSeconds === 0) return sizeFindings(window, source)
  const purgedUs = (window.firstSeconds + source.expirySeconds) * 1_000_000
  if (nowUs + 2 * waitSeconds * 1_000_000 < purgedUs) return sizeFindings(window, source)
  return [
    finding(
      'PURGE_SOON',
      'warning',
      `the source keeps its log for ${source.expirySeconds} s, and may purge ${restart.file} from ${formatUtcShort(purgedUs)} on, in the middle of the replay. Make it keep more for the time of the repair (binlog_expire_logs_seconds or expire_logs_days)`,
      { file: restart.file, expirySeconds: source.expirySeconds },
    ),
  ]
}

/** Some servers keep their log to so many bytes, whatever its age. */
function sizeFindings(window: Window, { sizeLimit }: SourceFacts): Finding[] {
  if (sizeLimit === null || window.bytes < sizeLimit / 2) return []
  return [
    finding(
      'PURGE_SOON',
      'warning',
      `the source keeps at most ${sizeLimit} bytes of its log, and the window is ${window.bytes} of them: it may purge it in the middle of the replay. Raise the limit for the time of the repair (max_binlog_total_size)`,
      { sizeLimit, bytes: window.bytes },
    ),
  ]
}

/** Longer than this, a commit that waits is an outage. */
const LONG_WAIT_MS = 60_000

/** Commits of the source wait for an acknowledgement that nobody gives while the replica is stopped. */
function semiSyncFindings({ replica }: Situation, { semiSync }: SourceFacts): Finding[] {
  if (semiSync === null || !semiSync.waits || replica === null || !replica.semiSync) return []
  if (semiSync.clients > semiSync.waitForCount) return []
  return [
    finding(
      'SEMI_SYNC_LAST',
      semiSync.timeoutMs > LONG_WAIT_MS ? 'blocking' : 'warning',
      `the source waits for ${semiSync.waitForCount} semi-synchronous replica(s) and has ${semiSync.clients}, of which this is one: when it stops, commits on the source wait for up to ${semiSync.timeoutMs / 1000} s. Lower the time-out on the source for the repair (rpl_semi_sync_master_timeout or rpl_semi_sync_source_timeout), or add a replica`,
      { ...semiSync },
    ),
  ]
}

/** What the replica wrote itself and the source has not: older images would be written over it. */
function ownWrites({ replica }: Situation, { fromReplica, seesChannels, address, gtidExecuted }: SourceFacts): Finding[] {
  if (replica !== null && !seesChannels) {
    return [
      finding(
        'PRIVILEGE',
        'blocking',
        `the account may not see whether ${address} replicates from the replica: what was written on the replica and has not come to the source would be overwritten. Grant it REPLICATION CLIENT (MariaDB >= 10.5: REPLICA MONITOR), or accept it by name if nothing is written on the replica`,
      ),
    ]
  }
  if (replica === null) return []
  const unsent = unsentGtids(replica, gtidExecuted)
  if (unsent.size > 0) {
    return [
      finding(
        'LOCAL_WRITES',
        'blocking',
        `the replica has written ${unsent.size} transaction(s) itself that the source does not have: the replay would write older rows over theirs. Let the source catch up, or, if it never gets them, accept it by name when they do not touch the tables of the window`,
        { count: unsent.size, set: unsent.toString().slice(0, 500) },
      ),
    ]
  }
  if (fromReplica === null || (fromReplica.applierRuns && fromReplica.error === null)) return []
  return [
    finding(
      'LOCAL_WRITES',
      'blocking',
      `the source does not replicate from the replica at this moment (${fromReplica.error ?? 'its applier is stopped'}): what was written on the replica and has not come to the source would be overwritten by the replay. Start it and let it catch up, or accept it by name if nothing is written on the replica`,
      { channel: fromReplica.channel },
    ),
  ]
}

/** MySQL, of the replica's own UUID. */
function unsentGtids({ identity, gtidExecuted }: ReplicaFacts, sourceHas: string | null): GtidSet {
  const own = new GtidSet()
  const { serverUuid } = identity
  if (serverUuid === null || gtidExecuted === null || sourceHas === null) return own
  own.addInterval(serverUuid.toLowerCase(), 1, Number.MAX_SAFE_INTEGER)
  const written = (GtidSet.parse(gtidExecuted) ?? new GtidSet()).intersect(own)
  return written.subtract(GtidSet.parse(sourceHas) ?? new GtidSet())
}

/** The classic way: restart by file and position, idempotently. For replicas that would skip nothing of the window. */
import { GtidSet } from '../../binlog/gtidSet.ts'
import type { Coordinate } from '../../coordinate.ts'
import { formatCoordinate, MAX_RESTART_POSITION } from '../../coordinate.ts'
import type { Finding } from '../../findings.ts'
import { finding } from '../findings.ts'
import type { ReplicaFacts } from '../replica.ts'
import type { Situation } from '../situation.ts'
import { afterwardsOf, undoOf } from '../undo.ts'
import type { WindowEnd } from '../windowEnd.ts'
import { restartFindings } from '../windowFindings.ts'
import { filterFindings } from '../filters.ts'
import { downstream, onlyExecuted, otherChannels, ownEvents, strictGtids } from './common.ts'
import { coordinatesSteps, resumeSteps } from './coordinatesSteps.ts'
import { managedFindings, managedScript } from './managed.ts'
import type { Strategy } from './strategy.ts'

export const coordinates: Strategy = {
  name: 'coordinates',
  findings: (situation) => {
    const { restart, window, replica, source } = situation
    return [
      ...restartFindings(restart),
      ...endBeyond(window.to),
      ...managedFindings(situation),
      ...(source?.usesInnoDbBinlog === true ? [noPositions()] : []),
      ...(replica === null
        ? skippedUnseen(situation)
        : [
            ...skipped(situation, replica),
            ...strictGtids(replica),
            ...ownEvents(situation),
            ...filterFindings(window, replica.filters),
            ...otherChannels(replica),
            ...downstream(situation),
            ...onlyExecuted(situation),
          ]),
    ]
  },
  script: (situation) => {
    const { dialect, channel, restart, waitSeconds, replica, window } = situation
    if (dialect.managed !== undefined && dialect.managed.procedures !== null)
      return managedScript(situation, dialect.managed.procedures)
    const end: WindowEnd =
      replica === null || replica.applierRuns
        ? { kind: 'running', knownEnd: window.to, shown: replica?.showsExecuted ?? false }
        : { kind: 'stopped', executed: replica.executed, standing: replica.standing }
    const input = { dialect, channel, restart, identity: replica?.identity ?? null, end, waitSeconds }
    return {
      steps: coordinatesSteps(input),
      resume: resumeSteps(input).map(({ sql }) => ({ sql })),
      undo: replica === null ? [] : undoOf(dialect, replica),
      afterwards: replica === null ? [] : afterwardsOf(dialect, replica),
    }
  },
}

/** UNTIL and the waiting function cut it as CHANGE does. */
function endBeyond(end: Coordinate): Finding[] {
  if (end.position <= MAX_RESTART_POSITION) return []
  return [
    finding(
      'POSITION_OVER_4G',
      'blocking',
      `the window ends at ${formatCoordinate(end)}, beyond 4 GiB, and servers cut such a position to 32 bits without a word: have the source begin a new file (FLUSH BINARY LOGS), let the replica reach it, and plan again`,
      { end: formatCoordinate(end) },
    ),
  ]
}

function noPositions(): Finding {
  return finding(
    'NO_FILE_POSITIONS',
    'blocking',
    'the source writes its binlog in InnoDB (binlog_storage_engine), which replicas follow by GTID only: there is no file and position to restart from. Use --strategy gtid',
  )
}

/** Also the permissive modes skip what is in gtid_executed. */
function skipped({ window }: Situation, replica: ReplicaFacts): Finding[] {
  if (replica.gtidMode === null || replica.gtidMode === 'OFF') return []
  const executed = GtidSet.parse(replica.gtidExecuted ?? '') ?? new GtidSet()
  const has = window.gtids.intersect(executed)
  if (has.size === 0) return []
  return [
    finding(
      'GTID_SKIP',
      'blocking',
      `the replica runs with gtid_mode=${replica.gtidMode} and has ${has.size} of the window's GTIDs in gtid_executed: it would accept the coordinate, skip these transactions without a word, and heal nothing. Use --strategy apply, which sends the window's rows to the stopped replica`,
      { skipped: has.size, set: has.toString().slice(0, 500) },
    ),
  ]
}

function skippedUnseen({ window, dialect }: Situation): Finding[] {
  if (dialect.family !== 'mysql' || window.gtids.size === 0) return []
  return [
    finding(
      'GTID_SKIP',
      'blocking',
      "the window's transactions have GTIDs: a replica that has them in gtid_executed accepts the coordinate, skips them without a word, and heals nothing. Give --replica to have it checked",
      { gtids: window.gtids.size },
    ),
  ]
}

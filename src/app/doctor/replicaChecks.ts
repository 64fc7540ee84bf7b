/** What a replica must be, and let be done, for `repair --execute` to repair it. */
import type { ReplicaFacts } from '../../core/plan/replica.ts'
import type { SourceFacts } from '../../core/plan/sourceFacts.ts'
import type { Dialect } from '../../core/plan/dialect.ts'
import type { Need } from '../../dialect/privileges.ts'
import type { Check, Reporter } from './check.ts'
import type { Patient } from './server.ts'
import { privilegeCheck } from './server.ts'

/** What the account may do there. */
export function replicaPrivilegeChecks(patient: Patient, facts: ReplicaFacts | null, report: Reporter): Check[] {
  const { needs } = patient
  const may = (id: string, need: Need, isNeeded: boolean, what: string): Check =>
    privilegeCheck(patient, report, { id, need, isNeeded, what })
  const skips = facts?.gtidMode === 'ON'
  return [
    may('see-status', needs.status, true, 'see its replication status'),
    may('control', needs.control, true, 'stop, reposition and start replication'),
    may('settings', needs.settings, true, 'set the mode of its applier'),
    may('see-threads', needs.threads, true, 'see its threads: when an applier has come to rest, and who reads its binlog'),
    may('see-readers', needs.readers, false, 'see which servers replicate from it'),
    may('see-own-log', needs.listLog, false, 'see the end of its own binlog'),
    may('rotate', needs.rotate, false, 'begin a new file of its binlog, by which a repair shows that the other direction moves'),
    ...(needs.apply === null ? [] : [may('apply', needs.apply, skips, 'write rows that are not logged, for strategy apply')]),
    ...(skips ? [may('kill', needs.kill, false, 'end the threads that send its binlog, for strategy gtid')] : []),
    may('read-rows', needs.rows, false, 'read all of its tables, as the comparison behind a repair does'),
    may('see-keys', needs.keys, false, 'see the foreign keys of all tables'),
  ]
}

/** How it replicates, and from whom. `source`: null where that is files. */
export function replicaChecks(facts: ReplicaFacts, dialect: Dialect, source: SourceFacts | null, report: Reporter): Check[] {
  return [
    facts.isManaged
      ? report.fail('managed', "it is a managed service, where only the provider's procedures may reposition replication")
      : report.pass('managed', 'its replication can be repositioned'),
    ...(source === null ? [] : [followsCheck(facts, source, report)]),
    runningCheck(facts, report),
    facts.execMode === 'STRICT'
      ? report.pass('exec-mode', 'it applies strictly')
      : report.fail(
          'exec-mode',
          `it applies in mode ${facts.execMode}: it loses changes without a sign, or another repair is at work`,
          `SET GLOBAL ${dialect.execMode} = 'STRICT'; (once no other repair is at work)`,
        ),
    skipCheck(facts, dialect, report),
    filterCheck(facts, report),
    parallelCheck(facts, report),
    gtidCheck(facts, report),
    readOnlyCheck(facts, report),
    ownLogCheck(facts, source, report),
    facts.delaySeconds === 0
      ? report.pass('delay', 'it applies at once')
      : report.warn(
          'delay',
          `it applies ${facts.delaySeconds} s late, and so does a replay`,
          'a delay of 0 for the time of the repair',
        ),
    facts.otherRunning.length === 0
      ? report.pass('channels', facts.channels.length === 1 ? 'it has one channel' : 'no other channel runs')
      : report.fail(
          'channels',
          `other channels run too (${facts.otherRunning.map((name) => `'${name}'`).join(', ')}): idempotent mode is for all of them`,
          facts.otherRunning.map((name) => `${dialect.stop(name)};`).join(' '),
        ),
    facts.runsTriggers
      ? report.warn(
          'triggers',
          'triggers run for the rows that it applies, and would once more',
          'SET GLOBAL slave_run_triggers_for_rbr = NO;',
        )
      : report.pass('triggers', 'no trigger runs for the rows that it applies'),
    ...(source === null ? [] : [otherDirectionCheck(source, report)]),
  ]
}

function followsCheck({ source: from, identity }: ReplicaFacts, source: SourceFacts, report: Reporter): Check {
  if (identity.serverId === source.serverId)
    return report.fail(
      'follows-source',
      `both servers have the server_id ${source.serverId}: each leaves out what the other wrote`,
      'a server_id of its own for each',
    )
  const isIt =
    from.serverUuid !== null && source.serverUuid !== null
      ? from.serverUuid === source.serverUuid
      : from.serverId === source.serverId
  const where = `${from.host}:${from.port}`
  if (isIt) return report.pass('follows-source', `it replicates from the source (as ${where})`)
  if (from.serverId === 0)
    return report.warn(
      'follows-source',
      `it has not connected to its source ${where} since it was started, so that nothing shows that this is the one`,
    )
  return report.fail(
    'follows-source',
    `it replicates from another server: ${where}, server_id ${from.serverId}`,
    'give that server as SOURCE',
  )
}

function runningCheck({ receiverRuns, applierRuns, applierError }: ReplicaFacts, report: Reporter): Check {
  if (applierError !== null)
    return report.warn('running', `its applier stopped with error ${applierError.number}: ${applierError.message}`)
  if (receiverRuns && applierRuns) return report.pass('running', 'it runs')
  return report.warn(
    'running',
    `its receiver ${receiverRuns ? 'runs' : 'does not run'}, and its applier ${applierRuns ? 'runs' : 'does not'}`,
  )
}

function skipCheck({ skipErrors, skipCounter }: ReplicaFacts, dialect: Dialect, report: Reporter): Check {
  const words = dialect.execMode.startsWith('replica') ? 'replica' : 'slave'
  if (skipCounter > 0)
    return report.warn(
      'skips',
      `it will pass over ${skipCounter} event(s) when it is started`,
      `SET GLOBAL sql_${words}_skip_counter = 0;`,
    )
  return skipErrors === 'OFF'
    ? report.pass('skips', 'it passes over no error')
    : report.warn(
        'skips',
        `it passes over errors (${skipErrors}): changes are lost without a sign`,
        `${words}_skip_errors left out of its option file, and a restart`,
      )
}

function filterCheck({ filters }: ReplicaFacts, report: Reporter): Check {
  const lists = Object.entries(filters).flatMap(([name, list]: [string, readonly (string | number)[]]) =>
    list.length === 0 ? [] : [`${name}: ${list.join(', ')}`],
  )
  return lists.length === 0
    ? report.pass('filters', 'it filters nothing')
    : report.warn('filters', `it filters (${lists.join('; ')}): what it leaves out, a replay leaves out too`)
}

function parallelCheck({ parallelWorkers, preservesCommitOrder }: ReplicaFacts, report: Reporter): Check {
  if (parallelWorkers <= 1) return report.pass('parallel', 'it applies one transaction after another')
  if (preservesCommitOrder)
    return report.pass('parallel', `${parallelWorkers} workers apply, and commit in the order of the source`)
  return report.warn(
    'parallel',
    `${parallelWorkers} workers apply in no order: where it stops, it may have gaps, which a repair closes first`,
    'replica_preserve_commit_order = ON (before MySQL 8.0.26: slave_preserve_commit_order), while it is stopped',
  )
}

function gtidCheck(facts: ReplicaFacts, report: Reporter): Check {
  if (facts.gtidMode === 'ON')
    return report.pass('gtids', 'gtid_mode is ON: it would pass over what it has by GTID, so that a repair uses strategy apply')
  if (/^current_pos$/i.test(facts.usingGtid ?? ''))
    return report.warn(
      'gtids',
      'it connects with MASTER_USE_GTID = current_pos, in which its own writes count',
      'CHANGE MASTER TO MASTER_USE_GTID = slave_pos; (while it is stopped)',
    )
  if (facts.gtidStrictMode && facts.logsReplicated)
    return report.warn(
      'gtids',
      'gtid_strict_mode is ON, and it logs what it applies: a replay would stop with error 1950',
      'SET GLOBAL gtid_strict_mode = OFF; (for the time of the repair)',
    )
  return report.pass(
    'gtids',
    facts.usingGtid === null ? `gtid_mode is ${facts.gtidMode ?? 'not known to it'}` : `MASTER_USE_GTID is ${facts.usingGtid}`,
  )
}

function readOnlyCheck({ readOnly, superReadOnly, hasSuperReadOnly }: ReplicaFacts, report: Reporter): Check {
  if (readOnly && (superReadOnly || !hasSuperReadOnly)) return report.pass('read-only', 'clients cannot write to it')
  const better = hasSuperReadOnly ? 'super_read_only' : 'read_only'
  return report.warn(
    'read-only',
    readOnly ? 'administrators can write to it' : 'clients can write to it',
    `SET GLOBAL ${better} = ON; (if nothing is meant to write to it)`,
  )
}

function ownLogCheck(
  { logBin, logsReplicated, readers, seesReaders, source: from }: ReplicaFacts,
  source: SourceFacts | null,
  report: Reporter,
): Check {
  if (!logBin) return report.pass('own-log', 'it writes no binlog of its own')
  const text = logsReplicated ? 'it logs what it applies' : 'it does not log what it applies'
  const others = readers.filter((reader) => reader.serverId !== (source?.serverId ?? from.serverId))
  if (others.length > 0)
    return report.warn(
      'own-log',
      `${text}, and other servers read its binlog (server_id ${others.map((reader) => reader.serverId).join(', ')}): what they have lost must be repaired there`,
    )
  return report.pass('own-log', `${text}; ${seesReaders ? 'no other server reads it' : 'who reads it cannot be seen'}`)
}

function otherDirectionCheck({ fromReplica, seesChannels }: SourceFacts, report: Reporter): Check {
  const id = 'other-direction'
  if (!seesChannels) return report.warn(id, 'whether the source replicates from it cannot be seen (see-status on the source)')
  if (fromReplica === null) return report.pass(id, 'the source does not replicate from it')
  const { receiverRuns, applierRuns, error } = fromReplica
  if (error !== null) return report.warn(id, `the source replicates from it, and stopped with an error: ${error}`)
  return receiverRuns && applierRuns
    ? report.pass(id, 'the source replicates from it, and runs')
    : report.warn(
        id,
        'the source replicates from it, and is stopped: writes that have not come to the source would be overwritten by a repair',
      )
}

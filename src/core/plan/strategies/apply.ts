/**
 * The window's row events sent to the stopped replica in a session of our own: not logged, idempotent for that session only. What the
 * replica has executed, its binlog and who reads it stay as they are; rows of its own origin are written too.
 */
import { GtidSet } from '../../binlog/gtidSet.ts'
import type { Finding } from '../../findings.ts'
import { isFiltered } from '../filters.ts'
import { finding } from '../findings.ts'
import type { Step } from '../plan.ts'
import type { ReplicaFacts } from '../replica.ts'
import type { Situation } from '../situation.ts'
import type { Window } from '../window.ts'
import type { WindowEnd } from '../windowEnd.ts'
import { applyScript } from './applyScript.ts'
import { needsReplica, otherReaders } from './common.ts'
import type { Strategy } from './strategy.ts'

export const apply: Strategy = {
  name: 'apply',
  findings: (situation) => {
    const { dialect, replica, window } = situation
    if (replica === null) return [needsReplica('apply')]
    return [
      ...(dialect.hasSessionMode ? [] : [noSessionMode(dialect.name)]),
      ...tooLarge(window, replica),
      ...preparedXa(window),
      ...filtered(window, replica),
      ...unlogged(replica),
      ...gaps(window, replica),
      ...printable(situation),
    ]
  },
  script: (situation) => ({ steps: [scriptStep(situation)], undo: [], resume: [], afterwards: [] }),
}

function noSessionMode(name: string): Finding {
  return finding(
    'UNSUPPORTED_SERVER',
    'blocking',
    `${name} has no idempotent mode for a session (MySQL has one since 5.7): strategy apply is not for it`,
  )
}

/** In base64, an event grows by a third. */
function tooLarge({ largestEvent }: Window, replica: ReplicaFacts): Finding[] {
  const needed = Math.ceil(largestEvent / 3) * 4 + 65_536
  if (needed <= replica.maxAllowedPacket) return []
  return [
    finding(
      'LARGE_EVENT',
      'blocking',
      `the window has an event of ${largestEvent} bytes, which takes ${needed} as a statement; max_allowed_packet of the replica is ${replica.maxAllowedPacket}. Raise it (SET GLOBAL max_allowed_packet = ${needed}; at most 1 GiB), and plan again`,
      { largestEvent, needed, maxAllowedPacket: replica.maxAllowedPacket },
    ),
  ]
}

function preparedXa({ sightings }: Window): Finding[] {
  const seen = sightings.get('xa-prepare') ?? sightings.get('xa-end')
  if (seen === undefined) return []
  return [
    finding('XA_IN_WINDOW', 'blocking', `the window holds ${seen.count} XA transaction(s), which strategy apply does not send`, {
      count: seen.count,
    }),
  ]
}

/** BINLOG statements of a session go past the replica's filters. */
function filtered({ byTable }: Window, { filters }: ReplicaFacts): Finding[] {
  const names = byTable.filter((t) => isFiltered(filters, t.schema, t.table)).map((t) => `${t.schema}.${t.table}`)
  if (names.length === 0 && filters.domains.length === 0 && filters.ignoreServerIds.length === 0) return []
  return [
    finding(
      'FILTERS',
      'blocking',
      `the replica filters (${[...names, ...filters.domains, ...filters.ignoreServerIds.map((id) => `server_id ${id}`)].join(', ')}), and what is sent in a session goes past its filters. Accept it by name if the filtered rows may be written too`,
      { tables: names },
    ),
  ]
}

/** What it passed over by position, it has neither by GTID. */
function gaps({ gtids }: Window, { gtidExecuted, gtidMode, address }: ReplicaFacts): Finding[] {
  if (gtidMode !== 'ON') return []
  const missing = gtids.subtract(GtidSet.parse(gtidExecuted ?? '') ?? new GtidSet())
  if (missing.size === 0) return []
  return [
    finding(
      'SKIPPED_EVENTS',
      'warning',
      `${address} has passed over ${missing.size} of the window's transactions by position: their rows are written, and their GTIDs stay missing in gtid_executed. Before it is given auto-positioning, add them there (an empty transaction each), or it is sent them again`,
      { count: missing.size, set: missing.toString().slice(0, 500) },
    ),
  ]
}

function unlogged(replica: ReplicaFacts): Finding[] {
  const others = otherReaders(replica)
  if (others.ids.length === 0) return []
  return [
    finding(
      'DOWNSTREAM',
      'warning',
      `${others.text}; the repair is not logged there. What they have lost too must be repaired there`,
      { readers: others.ids },
    ),
  ]
}

/** mysqlbinlog and a shell do not choose among statements. */
function printable({ executes, ddl, files }: Situation): Finding[] {
  const out: Finding[] = []
  if (executes) return out
  if (ddl !== null && ddl.decisions.length > 0)
    out.push(
      finding(
        'DDL_IN_WINDOW',
        'blocking',
        'the window holds statements that define tables, which are chosen one by one: add --execute to have it done',
      ),
    )
  if (files.length === 0) out.push(finding('PURGED', 'blocking', 'the files of the window are not in the log that was read'))
  return out
}

function scriptStep(situation: Situation): Step {
  const { dialect, channel, replica, access, restart, window, files, waitSeconds } = situation
  if (replica === null || access.replica === null) throw new Error('a script for a replica that nobody looked at')
  const end: WindowEnd = replica.applierRuns
    ? { kind: 'running', knownEnd: window.to, shown: replica.showsExecuted }
    : { kind: 'stopped', executed: replica.executed, standing: replica.standing }
  const lines = applyScript({
    dialect,
    channel,
    replica: access.replica,
    identity: replica.identity,
    superReadOnly: replica.superReadOnly,
    source: access.source,
    from: restart,
    end,
    files: files.map(({ name, path }) => ({ name, path: path ?? name })),
    // Of a replica that is stopped, the position may hide that it has not executed all before it.
    includeGtids: replica.applierRuns || window.gtids.size === 0 ? null : window.gtids.toString().replaceAll(/\s/g, ''),
    excludeGtids: null,
    waitSeconds,
  })
  return { id: 'script', on: 'shell', sql: lines.join('\n'), why: "sends the window's rows to the stopped replica" }
}

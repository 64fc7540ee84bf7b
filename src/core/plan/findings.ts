/** What bears on the safety of a plan: of the window, of the replica, and of the two together. Each says what to do. */
import type { Coordinate } from '../coordinate.ts'
import { formatCoordinate, MAX_RESTART_POSITION } from '../coordinate.ts'
import { GtidSet } from '../binlog/gtidSet.ts'
import type { Finding, FindingCode, Severity } from '../findings.ts'
import type { SourceIdentity } from '../ports.ts'
import type { Dialect } from './dialect.ts'
import type { ReplicaFacts, TableFacts } from './replica.ts'
import type { Sighting, Window, WindowSight } from './window.ts'
import { hasOnlyTruncates } from './window.ts'

export function finding(code: FindingCode, severity: Severity, message: string, evidence: Finding['evidence'] = {}): Finding {
  return { code, severity, message, evidence }
}

/** What the window holds that a replay may not repeat. */
export function windowFindings(window: Window, dialect: Dialect): Finding[] {
  const out: Finding[] = []
  const on = (sight: WindowSight, code: FindingCode, severity: Severity, message: (s: Sighting) => string): void => {
    const seen = window.sightings.get(sight)
    if (seen === undefined) return
    const evidence = {
      count: seen.count,
      first: formatCoordinate(seen.first),
      ...(seen.example === '' ? {} : { example: seen.example.slice(0, 200) }),
    }
    out.push(finding(code, severity, message(seen), evidence))
  }
  const times = (s: Sighting): string =>
    `${s.count} transaction${s.count === 1 ? '' : 's'}, first at ${formatCoordinate(s.first)}`
  on(
    'statement',
    'STATEMENT_FORMAT',
    'blocking',
    (s) =>
      `the window holds statements instead of rows (${times(s)}): replayed, they would be applied twice. Choose a later restart, or copy the rows instead`,
  )
  if (window.sightings.has('ddl')) {
    if (hasOnlyTruncates(window))
      on(
        'truncate',
        'TRUNCATE_IN_WINDOW',
        'warning',
        (s) =>
          `TRUNCATE is replayed (${times(s)}): rows come back by the replay, rows that the replica has from elsewhere do not`,
      )
    else
      on(
        'ddl',
        'DDL_IN_WINDOW',
        'blocking',
        (s) =>
          `the window changes tables or accounts (${times(s)}): the replay would stop there, or do it twice. Choose a restart behind it, or accept it by name if the replica can repeat it`,
      )
  }
  if (dialect.family === 'mariadb')
    on(
      'create-table',
      'CREATE_OR_REPLACE',
      'blocking',
      (s) =>
        `MariaDB replays CREATE TABLE as CREATE OR REPLACE (${times(s)}): the table would be emptied without an error. Choose a restart behind it`,
    )
  on(
    'non-transactional',
    'NON_TRANSACTIONAL',
    'blocking',
    (s) =>
      `the window changes tables of a non-transactional engine (${times(s)}): a replay that is interrupted leaves part of a change. Accept it by name if that is all right`,
  )
  on(
    'xa-prepare',
    'XA_IN_WINDOW',
    'blocking',
    (s) =>
      `the window holds XA transactions (${times(s)}): a replay prepares them again under the same names. Choose a restart behind them`,
  )
  on(
    'xa-end-without-prepare',
    'OPEN_ACROSS_RESTART',
    'blocking',
    (s) =>
      `an XA transaction that was prepared before the restart is ended behind it (${times(s)}): the replay would stop with error 1397. Choose a restart before its PREPARE`,
  )
  on(
    'two-phase-alter',
    'OPEN_ACROSS_RESTART',
    'blocking',
    (s) => `a two-phase ALTER lies in the window (${times(s)}). Choose a restart behind it`,
  )
  on(
    'partial-images',
    'PARTIAL_ROW_IMAGE',
    'blocking',
    (s) =>
      `row images in the window leave columns out (${times(s)}, binlog_row_image is not FULL): rows that are missing cannot come back whole. Copy the rows instead`,
  )
  on(
    'incident',
    'INCIDENT',
    'blocking',
    (s) => `the source has lost events itself (${times(s)}): a replay cannot bring them back. Copy the rows instead`,
  )
  on('unknown-event', 'UNKNOWN_EVENT', 'blocking', (s) => `the window holds events that this version does not know (${times(s)})`)
  on(
    'skip-replication',
    'SKIPPED_EVENTS',
    'warning',
    (s) => `events are marked with @@skip_replication (${times(s)}): a replica may leave them out`,
  )
  return out
}

/** What follows from where the replica stands and what it is. */
export function replicaFindings(
  window: Window,
  replica: ReplicaFacts,
  source: SourceIdentity | null,
  order: (a: Coordinate, b: Coordinate) => number,
): Finding[] {
  const out: Finding[] = []
  const isOther =
    source !== null &&
    (source.serverUuid !== null && replica.source.serverUuid !== null
      ? source.serverUuid !== replica.source.serverUuid
      : replica.source.serverId !== 0 && source.serverId !== replica.source.serverId)
  if (isOther) {
    out.push(
      finding(
        'LOG_IDENTITY',
        'blocking',
        `${replica.address} replicates from ${replica.source.host}:${replica.source.port} (server_id ${replica.source.serverId}), which is not the source that was read (server_id ${source.serverId}): coordinates of one mean nothing to the other. Give the server that it replicates from as --source`,
      ),
    )
  }
  if (order(window.from, replica.executed) > 0) {
    out.push(
      finding(
        'AHEAD_OF_REPLICA',
        'blocking',
        `${formatCoordinate(window.from)} lies behind what the replica has executed (${formatCoordinate(replica.executed)}): a restart there would skip transactions. Choose an earlier time`,
        { executed: formatCoordinate(replica.executed) },
      ),
    )
  }
  out.push(...gtidFindings(window, replica))
  const own = window.origins.get(replica.identity.serverId)
  if (own !== undefined) {
    out.push(
      finding(
        'OWN_EVENTS',
        'blocking',
        `${own.count} transaction(s) of the window were written by the replica itself (server_id ${replica.identity.serverId}, first at ${formatCoordinate(own.first)}): it filters them out, and what the source changed before would overwrite them. Choose a restart behind them`,
        { count: own.count },
      ),
    )
  }
  if (replica.filters.length > 0)
    out.push(
      finding(
        'FILTERS',
        'warning',
        `the replica filters what it applies: ${replica.filters.join('; ')}. Rows of filtered tables do not come back`,
        { filters: replica.filters },
      ),
    )
  if (replica.parallelWorkers > 0 && !replica.applierRuns)
    out.push(
      finding(
        'PARALLEL_GAPS',
        'warning',
        `the replica applies with ${replica.parallelWorkers} workers and is stopped: it may have executed more than its position says. If CHANGE fails with error 1802, run START SLAVE UNTIL SQL_AFTER_MTS_GAPS first and plan again`,
      ),
    )
  if (replica.delaySeconds > 0)
    out.push(
      finding(
        'DELAYED',
        'warning',
        `the replica is delayed by ${replica.delaySeconds} s: the replay and the waits take that much longer`,
      ),
    )
  if (replica.applierError !== null)
    out.push(
      finding(
        'REPLICATION_ERROR',
        'warning',
        `the applier has stopped with error ${replica.applierError.number}: ${replica.applierError.message}`,
      ),
    )
  if (replica.readers > 0)
    out.push(
      finding(
        'DOWNSTREAM',
        'warning',
        `${replica.readers} server(s) read the replica's binlog${replica.logsReplicated ? ', which gets the replayed changes a second time' : ''}`,
        { readers: replica.readers },
      ),
    )
  if (replica.applierRuns)
    out.push(
      finding('REPLICA_RUNNING', 'note', 'the replica runs: the script brings it to rest first and finds out where that is'),
    )
  out.push(
    finding(
      'READS_GO_BACK',
      'warning',
      'while the window is replayed, its rows show old values: take the replica out of traffic and pause automatic failover',
    ),
  )
  return [...out, ...replica.tables.flatMap((table) => tableFindings(table, window))]
}

function gtidFindings(window: Window, replica: ReplicaFacts): Finding[] {
  if (replica.gtidStrictMode && replica.logsReplicated) {
    return [
      finding(
        'GTID_STRICT',
        'blocking',
        'the replica runs with gtid_strict_mode and logs what it applies: a replay stops with error 1950. Switch gtid_strict_mode off for the repair',
      ),
    ]
  }
  if (replica.gtidMode !== 'ON') return []
  const executed = GtidSet.parse(replica.gtidExecuted ?? '') ?? new GtidSet()
  const skipped = window.gtids.intersect(executed)
  if (skipped.size === 0) return []
  return [
    finding(
      'GTID_SKIP',
      'blocking',
      `the replica runs with gtid_mode=ON and has ${skipped.size} of the window's GTIDs in gtid_executed: it would accept the coordinate, skip these transactions without a word, and heal nothing`,
      { skipped: skipped.size, set: skipped.toString().slice(0, 500) },
    ),
  ]
}

function tableFindings(table: TableFacts, window: Window): Finding[] {
  const name = `${table.schema}.${table.table}`
  if (!table.exists) return [finding('DDL_IN_WINDOW', 'warning', `the replica has no table ${name}, which the window changes`)]
  const out: Finding[] = []
  if (!table.hasPrimaryKey)
    out.push(
      finding(
        'NO_PRIMARY_KEY',
        'blocking',
        `${name} has no primary key: replayed inserts would make second rows. Copy its rows instead`,
        { table: name },
      ),
    )
  if (table.cascades)
    out.push(
      finding(
        'FOREIGN_KEY_CASCADE',
        'blocking',
        `foreign keys of ${name} cascade or set NULL: a replayed change of a parent can take children with it. Accept it by name only if no parent row is inserted or deleted in the window`,
        { table: name },
      ),
    )
  const changed = window.byTable.find((t) => t.schema === table.schema && t.table === table.table)
  if (table.uniqueKeys > 1 && (changed?.updates ?? 0) > 0) {
    out.push(
      finding(
        'UNIQUE_KEY_MOVE',
        'blocking',
        `${name} has ${table.uniqueKeys} unique keys and is updated in the window: if a value of such a key moves from one row to another, the replay makes a row vanish. Accept it by name if no update changes a unique column`,
        { table: name, uniqueKeys: table.uniqueKeys },
      ),
    )
  }
  return out
}

/** Of the restart alone. */
export function restartFindings(restart: Coordinate): Finding[] {
  if (restart.position <= MAX_RESTART_POSITION) return []
  return [
    finding(
      'POSITION_OVER_4G',
      'blocking',
      `${formatCoordinate(restart)} lies beyond 4 GiB, and servers cut such a position to 32 bits: restart at the head of the next file instead`,
    ),
  ]
}

/** Findings that an operator may take upon himself: the others make the plan wrong, not risky. */
const acceptable: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'DDL_IN_WINDOW',
  'NON_TRANSACTIONAL',
  'FOREIGN_KEY_CASCADE',
  'UNIQUE_KEY_MOVE',
  'NO_PRIMARY_KEY',
  'PARTIAL_ROW_IMAGE',
  'UNCHECKED',
])

/** Turns what was accepted by name into warnings. */
export function acceptFindings(findings: readonly Finding[], accepted: ReadonlySet<string>): Finding[] {
  return findings.map((f) =>
    f.severity === 'blocking' && accepted.has(f.code) && acceptable.has(f.code)
      ? { ...f, severity: 'warning', message: `accepted: ${f.message}` }
      : f,
  )
}

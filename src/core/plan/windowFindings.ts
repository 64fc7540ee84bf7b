/** What the window holds that bears on a replay of it. Each finding says what to do. */
import type { Coordinate } from '../coordinate.ts'
import { formatCoordinate } from '../coordinate.ts'
import type { Finding, FindingCode, Severity } from '../findings.ts'
import type { Dialect } from './dialect.ts'
import { finding, positionFinding } from './findings.ts'
import type { Sighting, Window, WindowSight } from './window.ts'
import { hasOnlyTruncates } from './window.ts'

/** Of a replica that nobody looked at: whether it can repeat them is not known. */
export function anyDdlFindings(window: Window, dialect: Dialect): Finding[] {
  const { out, on, times } = sightingFindings(window)
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
  return out
}

/** What the window holds that a replay may not repeat. */
export function windowFindings(window: Window): Finding[] {
  const { out, on, times } = sightingFindings(window)
  on(
    'statement',
    'STATEMENT_FORMAT',
    'blocking',
    (s) =>
      `the window holds statements instead of rows (${times(s)}): replayed, they would be applied twice. Choose a later restart, or copy the rows instead`,
  )
  on(
    'non-transactional',
    'NON_TRANSACTIONAL',
    'blocking',
    (s) =>
      `the window changes tables of a non-transactional engine (${times(s)}): a replay that is interrupted leaves part of a change. Accept it by name if that is all right`,
  )
  on(
    'xa-left-open',
    'XA_IN_WINDOW',
    'blocking',
    (s) =>
      `the window ends with XA transactions that are prepared and not ended (${times(s)}): the replica holds them prepared, and a replay could not prepare them again. End them on the source, let the replica catch up, and plan again`,
  )
  if (!window.sightings.has('xa-left-open'))
    on(
      'xa-prepare',
      'XA_IN_WINDOW',
      'note',
      (s) => `the window holds XA transactions (${times(s)}), each of them ended in it: they are prepared and ended again`,
    )
  on(
    'xa-end-without-prepare',
    'OPEN_ACROSS_RESTART',
    'blocking',
    (s) =>
      `an XA transaction is ended in the window, and its PREPARE is not in the log (${times(s)}, ${s.example}): the replay would stop with error 1397. Choose a restart behind it`,
  )
  on(
    'temporary-table-from-before',
    'OPEN_ACROSS_RESTART',
    'blocking',
    (s) =>
      `statements in the window use a temporary table that was made before it (${times(s)}): the replay would stop with error 1146. Its making is not in the log: choose a restart behind its last use`,
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
  on(
    'unknown-event',
    'UNKNOWN_EVENT',
    'blocking',
    (s) =>
      `the window holds events that this version does not know, or cannot look into (${times(s)}): what they change cannot be told. Choose a restart behind them, or copy the rows instead`,
  )
  on(
    'unknown-rows',
    'UNKNOWN_EVENT',
    'warning',
    (s) => `row images in the window could not be walked (${times(s)}, ${s.example}): whether they are whole is not known`,
  )
  on(
    'skip-replication',
    'SKIPPED_EVENTS',
    'warning',
    (s) => `events are marked with @@skip_replication (${times(s)}): a replica may leave them out`,
  )
  return out
}

interface SightingFindings {
  readonly out: Finding[]
  /** Adds a finding where the window has the sight. */
  readonly on: (sight: WindowSight, code: FindingCode, severity: Severity, message: (s: Sighting) => string) => void
  readonly times: (s: Sighting) => string
}

function sightingFindings(window: Window): SightingFindings {
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
  return { out, on, times }
}

/** Of the restart alone. */
export function restartFindings(restart: Coordinate): Finding[] {
  const found = positionFinding(restart)
  return found === null ? [] : [found]
}

/**
 * Plans a repair: from a time or a coordinate to a plan as data, or to the findings that forbid one. Reads both servers, changes
 * nothing on either.
 */
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION, formatCoordinate } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { Finding, FindingCode } from '../core/findings.ts'
import { coordinatesSteps, resumeSteps } from '../core/plan/coordinates.ts'
import type { Dialect } from '../core/plan/dialect.ts'
import { acceptFindings, finding } from '../core/plan/findings.ts'
import type { RepairResult } from '../core/plan/plan.ts'
import type { ReplicaFacts, TableFacts } from '../core/plan/replica.ts'
import { placeFindings, replicaFindings } from '../core/plan/replicaFindings.ts'
import { uncheckedFindings } from '../core/plan/uncheckedFindings.ts'
import { afterwardsOf, undoOf } from '../core/plan/undo.ts'
import type { Window } from '../core/plan/window.ts'
import { createWindowCollector } from '../core/plan/window.ts'
import type { WindowEnd } from '../core/plan/windowEnd.ts'
import { restartFindings, windowFindings } from '../core/plan/windowFindings.ts'
import type { LogSource } from '../core/ports.ts'
import type { ErrorCode } from '../errors.ts'
import { BinpointError } from '../errors.ts'
import type { RestartRequest } from './restart.ts'
import { locateRestart } from './restart.ts'
import { when } from './when.ts'
import { readWindow } from './window.ts'

/** A replica that can be looked at. */
export interface Inspection {
  readonly dialect: Dialect
  readonly facts: ReplicaFacts
  readonly tables: (names: readonly { readonly schema: string; readonly table: string }[]) => Promise<readonly TableFacts[]>
}

export interface RepairRequest {
  readonly store: IndexStore
  readonly log: LogRow
  readonly source: LogSource
  readonly start: RestartRequest
  /** A replica to look at, or only the words to use. */
  readonly replica: Inspection | { readonly dialect: Dialect; readonly facts?: undefined }
  readonly channel: string
  readonly accept: ReadonlySet<string>
  /** How long the script waits for the replay (seconds). */
  readonly waitSeconds: number
  readonly signal?: AbortSignal | undefined
}

/** The index must be fresh (see buildIndex). Throws USAGE for a coordinate that is no boundary. */
export async function repair(request: RepairRequest): Promise<RepairResult> {
  const { replica, channel } = request
  const { dialect } = replica
  const refuse = (findings: readonly Finding[]): RepairResult => ({ plan: null, findings, replica: replicaOf(replica.facts) })
  const located = await locateRestart(request, request.start)
  const { restart } = located
  if (restart === null) return refuse(located.findings)
  const misplaced = replica.facts === undefined ? [] : await misplacedFindings(request, restart, replica.facts)
  if (misplaced.length > 0) return refuse([...located.findings, ...misplaced])

  const stoppedAt = replica.facts === undefined || replica.facts.applierRuns ? null : replica.facts.executed
  const read = await readPlanWindow(request, restart, stoppedAt)
  if ('finding' in read) return refuse([...located.findings, read.finding])
  const { window } = read
  if (window.transactions === 0) return refuse([...located.findings, nothingFinding(restart)])
  const checked =
    replica.facts === undefined
      ? uncheckedFindings(window, dialect)
      : replicaFindings(window, replica.facts, await replica.tables(window.byTable))
  const findings = acceptFindings(
    [...located.findings, ...restartFindings(restart), ...windowFindings(window, dialect), ...checked],
    request.accept,
  )
  const isBlocked = findings.some((f) => f.severity === 'blocking')
  const end: WindowEnd =
    stoppedAt === null || replica.facts === undefined
      ? { kind: 'running', knownEnd: window.to, shown: replica.facts?.showsExecuted ?? false }
      : { kind: 'stopped', executed: stoppedAt, standing: replica.facts.standing }
  const identity = replica.facts?.identity ?? null
  const input = { dialect, channel, restart, identity, end, waitSeconds: request.waitSeconds }
  return {
    plan: {
      strategy: 'coordinates',
      dialect: dialect.name,
      source: request.log.source,
      restart,
      window,
      steps: isBlocked ? [] : coordinatesSteps(input),
      resume: isBlocked ? [] : resumeSteps(input).map(({ sql }) => ({ sql })),
      undo: isBlocked || replica.facts === undefined ? [] : undoOf(dialect, replica.facts),
      afterwards: isBlocked || replica.facts === undefined ? [] : afterwardsOf(dialect, replica.facts),
    },
    findings,
    replica: replicaOf(replica.facts),
  }
}

/** A script that replays nothing would end with `ok`, and heal nothing. */
function nothingFinding(restart: Coordinate): Finding {
  return finding(
    'AHEAD_OF_REPLICA',
    'blocking',
    `no transaction lies between ${formatCoordinate(restart)} and what the replica has executed: nothing would be replayed. Choose an earlier time`,
  )
}

function replicaOf(facts: ReplicaFacts | undefined): RepairResult['replica'] {
  if (facts === undefined) return null
  return { address: facts.address, serverId: facts.identity.serverId, isRunning: facts.applierRuns }
}

/** A replica of this log stands between two of its transactions; one that stands inside of one follows another log of the same names. */
async function misplacedFindings(request: RepairRequest, restart: Coordinate, facts: ReplicaFacts): Promise<readonly Finding[]> {
  const { store, log, source } = request
  const found = placeFindings(restart, facts, await identityOf(request), await source.listFiles())
  if (found.length > 0) return found
  const { address, executed } = facts
  const { outcome, transaction } = await when({ store, log, source, what: { coordinate: executed } })
  if (outcome !== 'inside' || transaction === null) return []
  return [
    finding(
      'LOG_IDENTITY',
      'blocking',
      `${address} has executed up to ${formatCoordinate(executed)}, and in the log that was read that lies inside the transaction at ${formatCoordinate({ file: transaction.file, position: transaction.start })}: it is another log with the same names. Give the server that the replica replicates from as --source`,
      { executed: formatCoordinate(executed) },
    ),
  ]
}

/** Files say of their server what their newest FORMAT_DESCRIPTION does. */
async function identityOf({ source, store, log }: RepairRequest): Promise<{ serverId: number; serverUuid: string | null }> {
  const identity = await source.identity()
  return identity ?? { serverId: store.files(log).at(-1)?.serverId ?? 0, serverUuid: log.serverUuid }
}

/** To what a stopped replica has executed, or else to the end of the log as it is now. */
async function readPlanWindow(
  request: RepairRequest,
  restart: Coordinate,
  stoppedAt: Coordinate | null,
): Promise<{ readonly window: Window } | { readonly finding: Finding }> {
  const collector = createWindowCollector()
  let to = restart
  try {
    const ending = await readWindow({
      source: request.source,
      from: restart,
      until: stoppedAt ?? undefined,
      signal: request.signal,
      onTransaction: (t) => {
        collector.add(t)
        to = { file: t.file, position: t.end }
        return true
      },
    })
    // A file without a transaction yet: the replica is at its head, or still at the end of the one before.
    if (ending !== null && ending.file !== to.file) to = { file: ending.file, position: FIRST_POSITION }
  } catch (error) {
    const code = error instanceof BinpointError ? findingOfError[error.code] : undefined
    if (!(error instanceof BinpointError) || code === undefined) throw error
    return {
      finding: finding(code, 'blocking', `the window cannot be read to its end: ${[error.message, error.hint].join('; ')}`),
    }
  }
  return { window: collector.window(restart, stoppedAt ?? to) }
}

/** What it means for a plan that its window cannot be read to the end. */
const findingOfError: Partial<Record<ErrorCode, FindingCode>> = {
  LOG_DAMAGED: 'INDEX_GAP',
  LOG_ENCRYPTED: 'ENCRYPTED_FILE',
  LOG_UNKNOWN_EVENT: 'UNKNOWN_EVENT',
}

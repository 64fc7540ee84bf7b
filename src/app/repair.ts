/**
 * Plans a repair: from a time or a coordinate to a plan as data, or to the findings that forbid one. Reads both servers, changes
 * nothing on either.
 */
import type { AtAnswer } from '../core/answer.ts'
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION, formatCoordinate } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { Finding } from '../core/findings.ts'
import type { Dialect } from '../core/plan/dialect.ts'
import { coordinatesSteps } from '../core/plan/coordinates.ts'
import { acceptFindings, finding, replicaFindings, restartFindings, windowFindings } from '../core/plan/findings.ts'
import type { RepairResult } from '../core/plan/plan.ts'
import type { ReplicaFacts } from '../core/plan/replica.ts'
import type { Window } from '../core/plan/window.ts'
import { createWindowCollector } from '../core/plan/window.ts'
import type { LogSource } from '../core/ports.ts'
import { BinpointError } from '../errors.ts'
import { at } from './at.ts'
import { when } from './when.ts'
import { readWindow } from './window.ts'

/** Looks at the replica, once the window's tables are known. */
export type Inspect = (
  tables: readonly { readonly schema: string; readonly table: string }[],
) => Promise<{ readonly facts: ReplicaFacts; readonly dialect: Dialect }>

export interface RepairRequest {
  readonly store: IndexStore
  readonly log: LogRow
  readonly source: LogSource
  readonly start:
    { readonly timeUs: number; readonly marginUs: number | null; readonly skewUs: number } | { readonly coordinate: Coordinate }
  /** A replica to look at, or only the words to use. */
  readonly replica: Inspect | { readonly dialect: Dialect }
  readonly channel: string
  readonly accept: ReadonlySet<string>
  /** How long the script waits for the replay (seconds). */
  readonly waitSeconds: number
  readonly signal?: AbortSignal | undefined
}

/** The index must be fresh (see buildIndex). */
export async function repair(request: RepairRequest): Promise<RepairResult> {
  const located = await locate(request)
  if (located.restart === null) return { plan: null, findings: located.findings, replica: null }
  const { restart } = located
  const files = (await request.source.listFiles()).map((file) => file.name)
  const order = (a: Coordinate, b: Coordinate): number => files.indexOf(a.file) - files.indexOf(b.file) || a.position - b.position
  const read = await readPlanWindow(request, restart)
  if ('finding' in read) return { plan: null, findings: [...located.findings, read.finding], replica: null }
  const { window } = read

  const inspected = typeof request.replica === 'function' ? await request.replica(window.byTable) : null
  const dialect = inspected?.dialect ?? (request.replica as { readonly dialect: Dialect }).dialect
  const facts = inspected?.facts ?? null
  const identity = await request.source.identity()
  const found = [
    ...located.findings,
    ...restartFindings(restart),
    ...windowFindings(window, dialect),
    ...(facts === null ? uncheckedFindings(window, dialect) : replicaFindings(window, facts, identity, order)),
  ]
  const findings = acceptFindings(found, request.accept)
  const isBlocked = findings.some((f) => f.severity === 'blocking')
  const executed = facts === null || (facts.applierRuns && facts.receiverRuns) ? null : facts.executed
  return {
    plan: {
      strategy: 'coordinates',
      dialect: dialect.name,
      source: request.log.source,
      restart,
      window,
      steps: isBlocked
        ? []
        : coordinatesSteps({
            dialect,
            channel: request.channel,
            restart,
            identity: facts?.identity ?? null,
            executed,
            knownEnd: window.to,
            waitSeconds: request.waitSeconds,
          }),
      undo: isBlocked || facts === null ? [] : undoOf(dialect, facts, request.channel),
    },
    findings,
    replica: facts === null ? null : { address: facts.address, serverId: facts.identity.serverId, isRunning: executed === null },
  }
}

interface Located {
  readonly restart: Coordinate | null
  readonly findings: readonly Finding[]
}

async function locate(request: RepairRequest): Promise<Located> {
  const { store, log, source, start } = request
  if ('coordinate' in start) {
    const answer = await when({ store, log, source, what: { coordinate: start.coordinate } })
    if (answer.outcome === 'boundary') return { restart: start.coordinate, findings: [] }
    const inside = answer.transaction
    throw new BinpointError(
      'USAGE',
      `${formatCoordinate(start.coordinate)} is not the start of a transaction in the log of ${log.source}`,
      {
        hint:
          inside === null
            ? 'binpoint ls lists the transactions with their coordinates'
            : `it lies inside the transaction at ${formatCoordinate({ file: inside.file, position: inside.start })}`,
      },
    )
  }
  const answer = await at({ store, log, source, ...start })
  if (answer.safe !== null)
    return { restart: { file: answer.safe.file, position: answer.safe.position }, findings: answer.findings }
  return { restart: null, findings: [...answer.findings, ...noCoordinate(answer)] }
}

function noCoordinate(answer: AtAnswer): Finding[] {
  if (answer.findings.some((f) => f.severity === 'blocking')) return []
  return [
    finding(
      'PURGED',
      'blocking',
      'the time lies before what the source still has of its log: what was lost then can no longer be replayed. Copy the rows instead, or take a fresh copy of the data',
    ),
  ]
}

/** Reads the window to the end of the log as it is now. */
async function readPlanWindow(
  request: RepairRequest,
  restart: Coordinate,
): Promise<{ readonly window: Window } | { readonly finding: Finding }> {
  const collector = createWindowCollector()
  let to = restart
  try {
    const ending = await readWindow({
      source: request.source,
      from: restart,
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
    if (!(error instanceof BinpointError) || (error.code !== 'LOG_DAMAGED' && error.code !== 'LOG_ENCRYPTED')) throw error
    return { finding: finding('INDEX_GAP', 'blocking', `the window cannot be read to its end: ${error.message}`) }
  }
  return { window: collector.window(restart, to) }
}

function uncheckedFindings(window: Window, dialect: Dialect): Finding[] {
  const out = [
    finding(
      'UNCHECKED',
      'warning',
      'no replica was given: whether it stands behind this coordinate, replicates from this source, runs with GTIDs, filters, has primary keys, or has written rows of its own in the window could not be checked. Give --replica to have it checked',
    ),
    finding(
      'READS_GO_BACK',
      'warning',
      'while the window is replayed, its rows show old values: take the replica out of traffic and pause automatic failover',
    ),
  ]
  if (dialect.family === 'mysql' && window.gtids.size > 0) {
    out.push(
      finding(
        'GTID_SKIP',
        'blocking',
        "the window's transactions have GTIDs: a replica that has them in gtid_executed accepts the coordinate, skips them without a word, and heals nothing. Give --replica to have it checked",
        { gtids: window.gtids.size },
      ),
    )
  }
  return out
}

function undoOf(dialect: Dialect, facts: ReplicaFacts, channel: string): readonly { readonly sql: string }[] {
  return [
    { sql: dialect.stop(channel) },
    { sql: `SET GLOBAL ${dialect.execMode} = '${facts.execMode}'` },
    { sql: dialect.changeTo(facts.executed, channel) },
    ...(facts.applierRuns ? [{ sql: dialect.start(channel) }] : []),
  ]
}

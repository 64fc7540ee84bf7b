/**
 * Plans a repair: from a time or a coordinate to a plan as data, or to the findings that forbid one. Reads both servers, changes
 * nothing on either.
 */
import type { Coordinate } from '../core/coordinate.ts'
import { compareCoordinates, FIRST_POSITION, formatCoordinate, MAX_RESTART_POSITION } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { DdlReplay } from '../core/ddl/replay.ts'
import { decideDdl } from '../core/ddl/replay.ts'
import { tablesOf } from '../core/ddl/sequence.ts'
import type { ReplicaTables } from '../core/ddl/standing.ts'
import type { Finding } from '../core/findings.ts'
import { chooseStrategy } from '../core/plan/choose.ts'
import { ddlFindings } from '../core/plan/ddlFindings.ts'
import type { Dialect } from '../core/plan/dialect.ts'
import { finding } from '../core/plan/findings.ts'
import type { RepairResult, StrategyName } from '../core/plan/plan.ts'
import type { ReplicaFacts, TableFacts } from '../core/plan/replica.ts'
import { placeFindings, replicaFindings } from '../core/plan/replicaFindings.ts'
import type { Situation } from '../core/plan/situation.ts'
import type { SourceFacts } from '../core/plan/sourceFacts.ts'
import { sourceFindings } from '../core/plan/sourceFindings.ts'
import { uncheckedFindings } from '../core/plan/uncheckedFindings.ts'
import { anyDdlFindings, windowFindings } from '../core/plan/windowFindings.ts'
import type { LogFile, LogSource } from '../core/ports.ts'
import { placeOf } from './boundary.ts'
import type { PlanWindow } from './planWindow.ts'
import { followsGtids, readPlanWindow } from './planWindow.ts'
import { executedBefore } from './executedBefore.ts'
import { beginningOf } from './openAcross.ts'
import type { RestartRequest } from './restart.ts'
import { locateRestart } from './restart.ts'
import { when } from './when.ts'
import { readWindow } from './window.ts'

/** A replica that can be looked at. */
export interface Inspection {
  readonly dialect: Dialect
  readonly facts: ReplicaFacts
  readonly tables: TableInspection
  readonly ddl: (names: readonly TableName[]) => Promise<ReplicaTables>
}

interface TableName {
  readonly schema: string
  readonly table: string
}

export type TableInspection = (names: readonly TableName[]) => Promise<readonly TableFacts[]>

export interface RepairRequest {
  readonly store: IndexStore
  readonly log: LogRow
  readonly source: LogSource
  /** Null: the source was not looked at, as it is files. */
  readonly sourceFacts: SourceFacts | null
  readonly sourceTables: TableInspection | null
  readonly access: Situation['access']
  readonly start: RestartRequest
  /** A replica to look at, or only the words to use. */
  readonly replica: Inspection | { readonly dialect: Dialect; readonly facts?: undefined }
  readonly channel: string
  readonly strategy: StrategyName | 'auto'
  readonly accept: ReadonlySet<string>
  /** How long the replay may take (seconds). */
  readonly waitSeconds: number
  /** Whether the plan is executed, or printed for people to run. */
  readonly executes: boolean
  /** Of this machine's clock. */
  readonly nowUs: number
  readonly signal?: AbortSignal | undefined
}

/** A plan, and what it was made from: for whoever executes it. */
export interface Planned {
  readonly result: RepairResult
  /** Null: there is none, as nothing can be replayed. */
  readonly situation: Situation | null
}

/** The index must be fresh (see buildIndex). Throws USAGE for a coordinate that is no boundary. */
export async function repair(request: RepairRequest): Promise<RepairResult> {
  return (await planRepair(request)).result
}

export async function planRepair(request: RepairRequest): Promise<Planned> {
  const { replica } = request
  const refuse = (findings: readonly Finding[]): Planned => ({
    result: { plan: null, findings, considered: [], replica: replicaOf(replica.facts) },
    situation: null,
  })
  const located = await locateRestart(request, request.start)
  if (located.restart === null) return refuse(located.findings)
  const fitting = await fittingRestart(request.source, located.restart)
  const misplaced = replica.facts === undefined ? [] : await misplacedFindings(request, fitting, replica.facts)
  if (misplaced.length > 0) return refuse([...located.findings, ...misplaced])
  const { restart, read, findings: moves } = await closedWindow(request, fitting)
  const found = [...located.findings, ...fitFindings(located.restart, fitting), ...moves]
  if ('finding' in read) return refuse([...found, read.finding])
  if (read.window.transactions === 0) return refuse([...found, nothingFinding(restart)])
  const situation = await situationOf(request, restart, read)
  return { result: decide(request, situation, found), situation }
}

interface ClosedWindow {
  readonly restart: Coordinate
  readonly read: PlanWindow | { readonly finding: Finding }
  readonly findings: readonly Finding[]
}

/** Moved back as far as something is open across the restart. */
async function closedWindow(request: RepairRequest, from: Coordinate): Promise<ClosedWindow> {
  let restart = from
  for (;;) {
    const read = await readPlanWindow(request.source, restart, request.replica.facts ?? null, request.signal)
    const open = 'finding' in read ? null : read.window.openBefore
    const isOpen = open !== null && open.xids.size + open.sessions.size > 0
    const earlier = isOpen ? await beginningOf(request.source, restart, open) : null
    if (earlier === null) return { restart, read, findings: moveFindings(from, restart) }
    restart = earlier
  }
}

function fitFindings(located: Coordinate, fitting: Coordinate): Finding[] {
  if (compareCoordinates(located, fitting) === 0) return []
  return [
    finding(
      'POSITION_OVER_4G',
      'warning',
      `${formatCoordinate(located)} lies beyond 4 GiB, where no replica can be sent to: the restart is ${formatCoordinate(fitting)} instead`,
      { from: formatCoordinate(located), restart: formatCoordinate(fitting) },
    ),
  ]
}

function moveFindings(from: Coordinate, restart: Coordinate): Finding[] {
  if (compareCoordinates(from, restart) === 0) return []
  return [
    finding(
      'OPEN_ACROSS_RESTART',
      'warning',
      `an XA transaction or a temporary table was open at ${formatCoordinate(from)}: the restart is moved back to ${formatCoordinate(restart)}, before it began`,
      { from: formatCoordinate(from), restart: formatCoordinate(restart) },
    ),
  ]
}

/** Servers cut a position to 32 bits: the head of the next file where nothing lies between, else the last boundary that fits. */
async function fittingRestart(source: LogSource, restart: Coordinate): Promise<Coordinate> {
  if (restart.position <= MAX_RESTART_POSITION) return restart
  const files = (await source.listFiles()).map(({ name }) => name)
  const next = files[files.indexOf(restart.file) + 1]
  if (next !== undefined && (await isEndOfFile(source, restart))) return { file: next, position: FIRST_POSITION }
  return (await placeOf(source, { file: restart.file, position: MAX_RESTART_POSITION })).boundary
}

async function isEndOfFile(source: LogSource, { file, position }: Coordinate): Promise<boolean> {
  let isEnd = true
  await readWindow({
    source,
    from: { file, position },
    until: { file, position: Number.MAX_SAFE_INTEGER },
    onTransaction: () => (isEnd = false),
  })
  return isEnd
}

function decide(request: RepairRequest, situation: Situation, located: readonly Finding[]): RepairResult {
  const { window, restart, dialect, tables, source } = situation
  const { facts } = request.replica
  const shared = [
    ...located,
    ...windowFindings(window),
    ...(situation.ddl === null ? anyDdlFindings(window, dialect) : ddlFindings(situation.ddl, dialect)),
    ...(source === null ? [] : sourceFindings(situation, source, request.nowUs)),
    ...(facts === undefined ? uncheckedFindings(window) : replicaFindings(window, facts, tables)),
  ]
  const { strategy, findings, considered } = chooseStrategy(situation, request.strategy, shared, request.accept)
  const isBlocked = findings.some((f) => f.severity === 'blocking')
  const printed = isBlocked ? { steps: [], undo: [], resume: [], afterwards: [] } : strategy.script(situation)
  return {
    plan: { strategy: strategy.name, dialect: dialect.name, source: request.log.source, restart, window, finish: [], ...printed },
    findings,
    considered,
    replica: replicaOf(facts),
  }
}

async function situationOf(request: RepairRequest, restart: Coordinate, read: PlanWindow): Promise<Situation> {
  const { replica, channel, waitSeconds, sourceFacts, access, executes } = request
  const { window, ownBehind } = read
  const facts = replica.facts ?? null
  const usesGtids = facts !== null && (replica.dialect.family === 'mariadb' || followsGtids(facts))
  return {
    dialect: replica.dialect,
    channel,
    restart,
    window,
    ownBehind,
    ddl: replica.facts === undefined ? null : await ddlOf(replica, read),
    tables: replica.facts === undefined ? [] : await tablesOfWindow(request, replica, read),
    replica: facts,
    source: sourceFacts,
    gtidsBefore: usesGtids ? await executedBefore(request, restart) : null,
    files: await filesBetween(request.source, restart, window.to),
    access,
    executes,
    waitSeconds,
  }
}

async function ddlOf(replica: Inspection, { ddl, window }: PlanWindow): Promise<DdlReplay> {
  const { from, to } = window
  return decideDdl(ddl, await replica.ddl(tablesOf(ddl)), { from, to })
}

/** Tables that the replica lacks are made by the window, or it is refused: what they are then, the source says. */
async function tablesOfWindow(
  request: RepairRequest,
  replica: Inspection,
  { window, ddl }: PlanWindow,
): Promise<readonly TableFacts[]> {
  const found = await replica.tables(window.byTable)
  const lacking = found.filter(({ exists }) => !exists)
  if (lacking.length === 0 || request.sourceTables === null || !ddl.some(({ kind }) => kind === 'ddl')) return found
  const there = await request.sourceTables(lacking)
  // One that is nowhere now was dropped again: whatever its rows were.
  return found.flatMap((table) => {
    if (table.exists) return [table]
    return there.filter((one) => one.schema === table.schema && one.table === table.table && one.exists)
  })
}

async function filesBetween(source: LogSource, from: Coordinate, to: Coordinate): Promise<readonly LogFile[]> {
  const files = await source.listFiles()
  const first = files.findIndex(({ name }) => name === from.file)
  const last = files.findIndex(({ name }) => name === to.file)
  return files.slice(Math.max(0, first), last + 1)
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

/**
 * `repair --execute`: the plan done on the replica, step by step, with a journal. A lost connection is taken as a kill is: everything is
 * begun again from the journal, which knows what is done. Ends well only when the tables of the window are equal on both servers, and
 * both directions of replication have been seen to move.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Coordinate } from '../../core/coordinate.ts'
import { formatCoordinate } from '../../core/coordinate.ts'
import type { RepairResult, StrategyName } from '../../core/plan/plan.ts'
import type { ReplicaFacts } from '../../core/plan/replica.ts'
import { BinpointError } from '../../errors.ts'
import type { ServerConnection } from '../../server/connection.ts'
import { WAIT_TIMEOUT_SECONDS } from '../../server/connection.ts'
import { inspectTables } from '../../server/tables.ts'
import type { Inspection, RepairRequest } from '../repair.ts'
import { planRepair } from '../repair.ts'
import { applyProcedure } from './apply.ts'
import { coordinatesProcedure } from './coordinates.ts'
import { gtidMariadbProcedure } from './gtidMariadb.ts'
import { gtidMysqlProcedure } from './gtidMysql.ts'
import type { Journal } from './journal.ts'
import type { Operation, Progress } from './operation.ts'
import { createOperation } from './operation.ts'
import type { Before, Checked, Procedure } from './procedure.ts'
import type { Proof } from './prove.ts'
import { prove } from './prove.ts'
import { halt } from './replay.ts'

/** What a plan is made from, but for what is read anew each time. */
export type PlanRequest = Omit<
  RepairRequest,
  'store' | 'log' | 'sourceFacts' | 'sourceTables' | 'start' | 'replica' | 'strategy' | 'accept'
>

export interface ExecuteRequest {
  readonly journal: Journal
  readonly plan: PlanRequest
  /** Brings the index up to date, from the restart on. */
  readonly refresh: () => Promise<Pick<RepairRequest, 'store' | 'log'>>
  readonly connectReplica: () => Promise<ServerConnection>
  readonly connectSource: () => Promise<ServerConnection>
  readonly inspect: (replica: ServerConnection) => Promise<Inspection>
  readonly inspectSource: (source: ServerConnection, replica: ReplicaFacts) => Promise<RepairRequest['sourceFacts']>
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
  readonly onNote: (text: string) => void
}

export interface Executed {
  /** `refused`: at rest, the replica turned out to be none that may be repaired so; everything is as it was. */
  readonly outcome: 'healed' | 'different' | 'undecided' | 'refused'
  readonly journal: string
  readonly restart: Coordinate
  readonly transactions: number
  readonly proof: Proof | null
  /** Of a plan that was refused at rest. */
  readonly refusal: RepairResult | null
}

/** Throws REPAIR_BUSY, REPLAY_FAILED, REPLICA_MOVED, TIMEOUT, LOG_PURGED, JOURNAL, and what connections throw: the journal is open then. */
export async function execute(request: ExecuteRequest): Promise<Executed> {
  const deadlineMs = performance.now() + request.plan.waitSeconds * 1000
  for (;;) {
    try {
      return await attempt(request, deadlineMs)
    } catch (error) {
      const { journal } = request
      const isBegun = journal.isResumed || journal.noted('before') !== undefined
      if (!isBegun) journal.end('undone')
      if (!isBegun || !isConnectionLoss(error) || performance.now() > deadlineMs) throw error
      request.onNote(`${error.message}; connecting again`)
      await sleep(1000, undefined, { signal: request.signal })
    }
  }
}

function isConnectionLoss(error: unknown): error is BinpointError {
  return error instanceof BinpointError && (error.code === 'STREAM_LOST' || error.code === 'CONNECT_FAILED')
}

/** A repair that is at work, or was a moment ago, holds it. */
const LOCK_SECONDS = 10

async function attempt(request: ExecuteRequest, deadlineMs: number): Promise<Executed> {
  const { journal, signal, onProgress } = request
  await using replica = await request.connectReplica()
  await using source = await request.connectSource()
  const inspection = await request.inspect(replica)
  const { dialect, facts } = inspection
  await replica.query(dialect.noTimeLimit)
  for (const connection of [replica, source]) await connection.query(`SET SESSION wait_timeout = ${WAIT_TIMEOUT_SECONDS}`)
  await holdSource(request, source, facts)
  await holdReplica(journal, replica, inspection)
  const op = createOperation({
    connection: replica,
    dialect,
    journal,
    signal,
    deadlineMs,
    log: request.plan.source,
    files: await request.plan.source.listFiles(),
    onProgress,
  })
  const before = await op.remember('before', () => Promise.resolve(beforeOf(facts)))
  const procedure = procedureOf(journal.head.strategy, dialect.family)
  if (journal.noted('replayed') === undefined) {
    try {
      await procedure.replay(op, () => check(request, replica, source))
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      if (!procedure.isUndoable(journal)) throw midway(error.result)
      await putBack(op, procedure, before)
      journal.end('undone')
      return {
        outcome: 'refused',
        journal: journal.path,
        restart: journal.head.restart,
        transactions: 0,
        proof: null,
        refusal: error.result,
      }
    }
    journal.note('replayed', true)
  }
  const now = await op.state()
  if (journal.noted('started') !== undefined && !now.applierRuns && now.applierError === null)
    await op.run('start', dialect.start(op.channel))
  if (journal.noted('started') === undefined) {
    await halt(op)
    await followAsBefore(op, before)
    await op.run('start', dialect.start(op.channel))
    journal.note('started', true)
  }
  const checked = journal.noted('checked') as Checked | undefined
  const proof = await prove(op, source, facts, checked ?? { tables: [], sameDefinition: [] })
  journal.end('done')
  return {
    outcome: proof.outcome,
    journal: journal.path,
    restart: checked?.restart ?? journal.head.restart,
    transactions: checked?.transactions ?? 0,
    proof,
    refusal: null,
  }
}

/** The server that the journal is of, and alone on it. */
async function holdReplica(journal: Journal, replica: ServerConnection, { dialect, facts }: Inspection): Promise<void> {
  const [same] = await replica.query(`SELECT ${dialect.isServer(journal.head.replica)} AS same`)
  if (String(same?.['same']) !== '1') {
    throw new BinpointError('REPLICA_MOVED', `${facts.address} is not the server that ${journal.path} is of`, {
      hint: 'give the replica that the repair was begun on',
    })
  }
  const [lock] = await replica.query(`SELECT GET_LOCK('binpoint repair', ${LOCK_SECONDS}) AS locked`)
  if (String(lock?.['locked']) !== '1') {
    throw new BinpointError('REPAIR_BUSY', `another repair is at work on ${facts.address}`, {
      hint: "wait for it to end; it holds the lock 'binpoint repair'",
    })
  }
}

/** What is compared in the end, and read on the way, is the server that the replica follows. */
async function holdSource(request: ExecuteRequest, source: ServerConnection, facts: ReplicaFacts): Promise<void> {
  const given = await request.inspectSource(source, facts)
  if (given === null) return
  const { serverUuid, serverId, host, port } = facts.source
  const isOther =
    serverUuid !== null && given.serverUuid !== null
      ? serverUuid !== given.serverUuid
      : serverId !== 0 && given.serverId !== 0 && serverId !== given.serverId
  if (!isOther) return
  throw new BinpointError(
    'LOG_IDENTITY',
    `${facts.address} replicates from ${host}:${port}, which is not the server ${given.address}`,
    {
      hint: 'give the server that it replicates from as --source',
    },
  )
}

function procedureOf(strategy: StrategyName, family: 'mysql' | 'mariadb'): Procedure {
  if (strategy === 'coordinates') return coordinatesProcedure
  if (strategy === 'apply') return applyProcedure
  return family === 'mysql' ? gtidMysqlProcedure : gtidMariadbProcedure
}

/** A part was written: it can only be finished. */
function midway({ findings }: RepairResult): BinpointError {
  const why = findings.filter(({ severity }) => severity === 'blocking').map(({ code, message }) => `${code}: ${message}`)
  return new BinpointError('REPLICA_MOVED', `a part of the window is written, and the rest may not be: ${why.join('; ')}`, {
    hint: 'replication is stopped, in strict mode: remove the cause, and run the same command again, which goes on from the journal',
  })
}

/** At rest, the plan that was made while the replica ran is no longer one. */
class Refused extends Error {
  readonly result: RepairResult

  constructor(result: RepairResult) {
    super('the plan is no longer safe')
    this.result = result
  }
}

/** Plans again, with the replica at rest. */
async function check(request: ExecuteRequest, replica: ServerConnection, source: ServerConnection): Promise<Checked> {
  const { head } = request.journal
  const inspection = await request.inspect(replica)
  const { facts } = inspection
  const { result, situation } = await planRepair({
    ...request.plan,
    ...(await request.refresh()),
    sourceFacts: await request.inspectSource(source, facts),
    sourceTables: (names) => inspectTables(source, names),
    start: { coordinate: head.restart },
    replica: inspection,
    strategy: head.strategy,
    accept: new Set(head.accept),
  })
  if (situation === null || result.plan === null || result.findings.some((f) => f.severity === 'blocking'))
    throw new Refused(result)
  const { window, ddl } = situation
  const decided = ddl?.decisions ?? []
  return {
    restart: situation.restart,
    executed: facts.executed,
    gtidExecuted: facts.gtidExecuted,
    gtidSlavePos: facts.gtidSlavePos,
    gtidsBefore: situation.gtidsBefore,
    window: window.gtids.toString(),
    domains: [...window.domains],
    steppedOver: decided
      .filter(({ verdict }) => verdict.verdict === 'step-over')
      .map(({ start, end, gtid }) => ({ start, end, gtid })),
    repeated: decided.filter(({ verdict }) => verdict.verdict !== 'step-over').map(({ start }) => start),
    tables: situation.tables.map(({ schema, table }) => ({ schema, table })),
    sameDefinition: ddl?.sameDefinition ?? [],
    transactions: window.transactions,
    bytes: window.bytes,
  }
}

function beforeOf(facts: ReplicaFacts): Before {
  const {
    receiverRuns,
    applierRuns,
    execMode,
    executed,
    autoPosition,
    usingGtid,
    gtidSlavePos,
    readOnly,
    superReadOnly,
    hasSuperReadOnly,
    eventScheduler,
  } = facts
  return {
    receiverRan: receiverRuns,
    applierRan: applierRuns,
    execMode,
    executed,
    autoPosition,
    usingGtid,
    gtidSlavePos,
    readOnly,
    superReadOnly,
    hasSuperReadOnly,
    eventScheduler,
  }
}

/** The strategies by position leave GTIDs off. */
async function followAsBefore(op: Operation, { autoPosition, usingGtid }: Before): Promise<void> {
  const now = await op.state()
  if (now.autoPosition === autoPosition && now.usingGtid === usingGtid) return
  if (autoPosition || usingGtid !== null) await op.run('follow', op.dialect.followGtids(usingGtid, op.channel))
}

async function putBack(op: Operation, procedure: Procedure, before: Before): Promise<void> {
  await halt(op)
  await procedure.undo(op, before)
  await followAsBefore(op, before)
  if (before.applierRan || before.receiverRan) await op.run('start', op.dialect.start(op.channel))
}

/** Puts the replica back to what it was, where no replay has begun. Throws REPLICA_MOVED where only finishing heals. */
export async function undo(request: ExecuteRequest): Promise<void> {
  const { journal } = request
  await using replica = await request.connectReplica()
  const inspection = await request.inspect(replica)
  const { dialect } = inspection
  await holdReplica(journal, replica, inspection)
  const procedure = procedureOf(journal.head.strategy, dialect.family)
  const before = journal.noted('before') as Before | undefined
  if (!procedure.isUndoable(journal)) {
    throw new BinpointError(
      'REPLICA_MOVED',
      `the replay of ${formatCoordinate(journal.head.restart)} has begun: there is no way back from the middle of it`,
      {
        hint: 'finish it: run repair --execute for this replica again, which goes on from the journal. If the replica was made anew since, remove the journal',
      },
    )
  }
  if (before !== undefined) {
    const op = createOperation({
      connection: replica,
      dialect,
      journal,
      signal: request.signal,
      deadlineMs: performance.now() + request.plan.waitSeconds * 1000,
      log: request.plan.source,
      files: [],
      onProgress: request.onProgress,
    })
    await putBack(op, procedure, before)
  }
  journal.end('undone')
}

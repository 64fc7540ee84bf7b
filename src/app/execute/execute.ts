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
import type { Inspection, RepairRequest } from '../repair.ts'
import { applyProcedure } from './apply.ts'
import { checkAtRest, midway, Refused } from './check.ts'
import { coordinatesProcedure } from './coordinates.ts'
import { gtidMariadbProcedure } from './gtidMariadb.ts'
import { gtidMysqlProcedure } from './gtidMysql.ts'
import { holdReplica, holdSource } from './hold.ts'
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

async function attempt(request: ExecuteRequest, deadlineMs: number): Promise<Executed> {
  const { journal, signal, onProgress } = request
  await using replica = await request.connectReplica()
  await using source = await request.connectSource()
  const inspection = await request.inspect(replica)
  const { dialect, facts } = inspection
  await replica.query(dialect.noTimeLimit)
  for (const connection of [replica, source]) await connection.query(`SET SESSION wait_timeout = ${WAIT_TIMEOUT_SECONDS}`)
  await holdSource(source, facts)
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
  if (journal.noted('before') === undefined) journal.note('before', beforeOf(facts))
  const before = journal.noted('before') as Before
  const procedure = procedureOf(journal.head.strategy, dialect.family)
  if (journal.noted('replayed') === undefined) {
    try {
      await procedure.replay(op, () => checkAtRest(request, replica, source))
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
  await start(op, before)
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

/** Replication goes on; also where a server that was restarted since has not started it by itself. */
async function start(op: Operation, before: Before): Promise<void> {
  const isFirst = op.journal.noted('started') === undefined
  if (isFirst) {
    await halt(op)
    await followAsBefore(op, before)
  }
  const { applierRuns, applierError } = await op.state()
  if (isFirst || (!applierRuns && applierError === null)) await op.run('start', op.dialect.start(op.channel))
  if (isFirst) op.journal.note('started', true)
}

function procedureOf(strategy: StrategyName, family: 'mysql' | 'mariadb'): Procedure {
  if (strategy === 'coordinates') return coordinatesProcedure
  if (strategy === 'apply') return applyProcedure
  return family === 'mysql' ? gtidMysqlProcedure : gtidMariadbProcedure
}

function beforeOf(facts: ReplicaFacts): Before {
  const { receiverRuns, applierRuns, autoPosition, usingGtid, readOnly, superReadOnly, hasSuperReadOnly, eventScheduler } = facts
  return { receiverRuns, applierRuns, autoPosition, usingGtid, readOnly, superReadOnly, hasSuperReadOnly, eventScheduler }
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
  if (before.applierRuns || before.receiverRuns) await op.run('start', op.dialect.start(op.channel))
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

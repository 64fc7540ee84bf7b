/**
 * Idempotent mode, and the wait for a part of the window in it. The mode never outlives the window: it is set with both threads stopped, the
 * applier is started with an UNTIL, and whatever ends the wait, the threads are stopped and the mode is strict before anything else is
 * done. Where this process is killed, the server stops by itself at the UNTIL, and the next run sets the mode back first.
 */
import type { Coordinate } from '../../core/coordinate.ts'
import { compareCoordinates, formatCoordinate } from '../../core/coordinate.ts'
import { BinpointError } from '../../errors.ts'
import type { ApplierState } from '../../server/applierState.ts'
import type { Operation } from './operation.ts'
import { moved } from './operation.ts'

/** Both threads stopped and the mode strict, whatever was before. */
export async function halt(op: Operation): Promise<void> {
  await op.makeSafe('stop', op.dialect.stop(op.channel))
  await op.makeSafe('strict', `SET GLOBAL ${op.dialect.execMode} = 'STRICT'`)
}

export async function idempotently(op: Operation, replay: () => Promise<void>): Promise<void> {
  await op.run('idempotent', `SET GLOBAL ${op.dialect.execMode} = 'IDEMPOTENT'`)
  try {
    await replay()
  } catch (error) {
    // The connection may be what failed: then the next run does it.
    await halt(op).catch(() => undefined)
    throw error
  }
  await halt(op)
}

export interface Goal {
  readonly isReached: (state: ApplierState) => Promise<boolean> | boolean
  /** For messages: what is waited for. */
  readonly text: string
  readonly onState?: (state: ApplierState) => void
}

/** Waits until the applier, which was started with an UNTIL, has reached the goal. Throws REPLAY_FAILED, REPLICA_MOVED, TIMEOUT, LOG_PURGED. */
export async function waitForApplier(op: Operation, goal: Goal): Promise<void> {
  for (;;) {
    const left = op.timeLeftMs()
    const state = await op.state()
    goal.onState?.(state)
    if (await goal.isReached(state)) return
    refuseErrors(op, state)
    if (!state.applierRuns) {
      throw moved(
        `the applier stands at ${formatCoordinate(state.executed)} without an error, before ${goal.text}: someone has stopped it`,
      )
    }
    if (!state.hasUntil) throw moved('the applier was started anew by someone, without the end that the repair had given it')
    if (left <= 0) {
      throw new BinpointError(
        'TIMEOUT',
        `the replay stands at ${formatCoordinate(state.executed)} and has not reached ${goal.text} in time`,
        {
          hint: 'run the same command again with a longer --wait: it goes on from there',
        },
      )
    }
    await op.pause()
  }
}

const ER_MASTER_FATAL_ERROR_READING_BINLOG = 1236
/** The same, as MySQL >= 8.0 names it on the replica. */
const ER_SERVER_SOURCE_FATAL_ERROR_READING_BINLOG = 13_114

function refuseErrors(op: Operation, state: ApplierState): void {
  const { applierError, receiverError, receiverRuns } = state
  if (applierError !== null) {
    throw new BinpointError(
      'REPLAY_FAILED',
      `the applier stopped at ${formatCoordinate(state.executed)} with error ${applierError.number}: ${applierError.message}`,
      {
        hint: 'remove the cause, then run the same command again: it goes on from there. Replication is stopped, in strict mode',
      },
    )
  }
  if (receiverRuns || receiverError === null) return
  const isPurged = [ER_MASTER_FATAL_ERROR_READING_BINLOG, ER_SERVER_SOURCE_FATAL_ERROR_READING_BINLOG].includes(
    receiverError.number,
  )
  throw new BinpointError(
    isPurged ? 'LOG_PURGED' : 'REPLAY_FAILED',
    `the receiver stopped with error ${receiverError.number}: ${receiverError.message}`,
    {
      hint: `see SHOW BINARY LOGS on the source of ${op.journal.head.address}; run the same command again when the cause is removed`,
    },
  )
}

export function hasReached(state: ApplierState, end: Coordinate): boolean {
  return compareCoordinates(state.executed, end) >= 0
}

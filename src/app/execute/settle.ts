/** Brings the replica to rest where the end of what it has executed is one position. */
import { formatCoordinate } from '../../core/coordinate.ts'
import { BinpointError } from '../../errors.ts'
import type { Operation } from './operation.ts'
import { halt, idempotently } from './replay.ts'

/**
 * Both threads stopped and the mode strict, and no gaps left by parallel workers: with gaps the executed position says nothing, and CHANGE
 * is refused (1802), also when there are no workers any more. Within a window that was begun, what is in the gaps is replayed, too.
 * Throws REPLAY_FAILED where the gaps cannot be closed.
 */
export async function settle(op: Operation, isInWindow: boolean): Promise<void> {
  await halt(op)
  const { fillGaps } = op.dialect
  if (fillGaps === null) return
  const fill = async (): Promise<void> => {
    await op.run('gaps', fillGaps(op.channel))
    await waitForGaps(op)
  }
  await (isInWindow ? idempotently(op, fill) : fill())
  await op.run('stop', op.dialect.stop(op.channel))
}

/** Where there are no gaps, the applier stops at once; one that has none to close and stays is stopped. */
const IDLE_MS = 10_000

async function waitForGaps(op: Operation): Promise<void> {
  let last = ''
  let movedAt = performance.now()
  for (;;) {
    const state = await op.state()
    const stands = formatCoordinate(state.executed)
    if (stands !== last) movedAt = performance.now()
    last = stands
    if (performance.now() - movedAt > IDLE_MS && state.isCaughtUp) return
    if (!state.applierRuns) {
      if (state.applierError === null) return
      throw new BinpointError(
        'REPLAY_FAILED',
        `the replica's parallel workers left gaps that do not close: error ${state.applierError.number}: ${state.applierError.message}`,
        { hint: 'remove the cause, and run the same command again' },
      )
    }
    if (op.timeLeftMs() <= 0)
      throw new BinpointError('TIMEOUT', "the gaps of the replica's parallel workers did not close in time", {
        hint: 'run the same command again with a longer --wait',
      })
    await op.pause()
  }
}

/** Brings the replica to rest where the end of what it has executed is one position. */
import { BinpointError } from '../../errors.ts'
import type { Operation } from './operation.ts'
import { halt } from './replay.ts'

/**
 * Both threads stopped and the mode strict, and no gaps left by parallel workers. Throws REPLAY_FAILED where the gaps cannot be closed: the
 * executed position says nothing then.
 */
export async function settle(op: Operation): Promise<void> {
  await halt(op)
  const { fillGaps } = op.dialect
  if (fillGaps === null || !(await hasWorkers(op))) return
  await op.run('gaps', fillGaps(op.channel))
  for (;;) {
    const state = await op.state()
    if (!state.applierRuns) {
      if (state.applierError === null) break
      throw new BinpointError(
        'REPLAY_FAILED',
        `the replica's parallel workers left gaps that do not close: error ${state.applierError.number}: ${state.applierError.message}`,
        {
          hint: 'remove the cause, run START REPLICA (before MySQL 8.0.22: START SLAVE) UNTIL SQL_AFTER_MTS_GAPS, and repair then',
        },
      )
    }
    if (op.timeLeftMs() <= 0)
      throw new BinpointError('TIMEOUT', "the gaps of the replica's parallel workers did not close in time")
    await op.pause()
  }
  await op.run('stop', op.dialect.stop(op.channel))
}

async function hasWorkers(op: Operation): Promise<boolean> {
  const rows = await op.connection.query(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('slave_parallel_workers', 'replica_parallel_workers') AND Value > 0",
  )
  return rows.length > 0
}

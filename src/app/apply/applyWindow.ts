/**
 * Strategy `apply`, executed: the rows of a window's chosen transactions are sent to a stopped replica as BINLOG statements in a session that is not
 * logged and idempotent for itself. Nothing else of the replica changes: not its GTIDs, not its binlog, not where it stands. It may be
 * broken off at any moment and be done again from the start: rows that are there already are written again.
 */
import type { Coordinate } from '../../core/coordinate.ts'
import type { LogSource } from '../../core/ports.ts'
import type { ApplySession } from '../../server/applySession.ts'
import { createBatches } from './batch.ts'
import type { StatementAction } from './machine.ts'
import type { Origin } from './orders.ts'
import type { Applied } from './sender.ts'
import { createSender } from './sender.ts'

export interface ApplyRequest {
  readonly source: LogSource
  /** A boundary. */
  readonly from: Coordinate
  /** Exclusive, the end of a transaction; undefined: all that the log has now. */
  readonly until: Coordinate | undefined
  readonly choose: (transaction: Origin) => boolean
  /** What becomes of the DDL statement of the chosen transaction that begins there; undefined: it may not be there. */
  readonly statementAction?: ((transaction: Coordinate) => StatementAction | undefined) | undefined
  /**
   * The window was begun before: then a CREATE of a table that is there, and a DROP of one that is not, were done by that, and an error
   * that says so is none.
   */
  readonly isRepeat?: boolean | undefined
  readonly session: ApplySession
  /** What was done so far, after every few statements. */
  readonly onProgress?: ((applied: Applied) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Returns what was applied. Throws REPLAY_FAILED (what the server refuses, or the window holds that cannot be sent), STREAM_LOST (the session or
 * the source is gone), UNSUPPORTED_SERVER, LOG_DAMAGED, LOG_PURGED, and the abort's reason. The transaction at hand is then rolled back; those
 * before it stay, and applying the window again from its start is safe; where statements are executed,
 * only from `done` of the last progress on, as rows of before may not fit a table's new layout.
 */
export async function applyWindow(request: ApplyRequest): Promise<Applied> {
  const { session, signal, onProgress } = request
  const batches = createBatches({
    source: request.source,
    from: request.from,
    until: request.until,
    choose: request.choose,
    statementAction: (transaction) => request.statementAction?.(transaction),
    takesVersion1: session.takesVersion1,
    maxAllowedPacket: session.maxAllowedPacket,
    signal,
  })
  const sender = createSender({ session, isRepeat: request.isRepeat === true, signal, onProgress })
  let next = batches.next()
  try {
    for (;;) {
      const orders = await next
      if (orders === null) break
      // What follows is read while this is sent; what goes wrong with it is told when its turn has come.
      next = batches.next()
      next.catch(() => undefined)
      await sender.send(orders)
    }
  } catch (error) {
    await sender.rollBack()
    await next.catch(() => undefined)
    throw error
  }
  return sender.applied()
}

/**
 * Strategy `apply`, done: the window's transactions that the replica has executed are sent to it, while it is stopped. Sending them changes
 * nothing of what it has executed, so that a run that was broken off may send them again.
 */
import { GtidSet } from '../../core/binlog/gtidSet.ts'
import type { Coordinate } from '../../core/coordinate.ts'
import { compareCoordinates, formatCoordinate } from '../../core/coordinate.ts'
import { parseGtid } from '../../core/gtid.ts'
import { openApplySession } from '../../server/applySession.ts'
import { applyWindow } from '../apply/applyWindow.ts'
import type { Origin } from '../apply/orders.ts'
import type { Operation } from './operation.ts'
import type { Before, Checked, Procedure } from './procedure.ts'
import { settle } from './settle.ts'

/** A stopped replica has no locks of its own; what else writes to it, or reads with locks, is waited for. */
const LOCK_WAIT_SECONDS = 60
const CONNECT_MS = 30_000

export const applyProcedure: Procedure = {
  replay: async (op, check) => {
    await settle(op, false)
    const checked = await check()
    op.journal.note('checked', checked)
    const { superReadOnly } = op.journal.noted('before') as Before
    if (superReadOnly) await op.run('writable', 'SET GLOBAL super_read_only = OFF')
    try {
      await send(op, checked)
    } catch (error) {
      if (superReadOnly) await op.makeSafe('read-only', 'SET GLOBAL super_read_only = ON').catch(() => undefined)
      throw error
    }
    if (superReadOnly) await op.makeSafe('read-only', 'SET GLOBAL super_read_only = ON')
  },
  undo: async (op, { superReadOnly }) => {
    if (superReadOnly) await op.run('read-only', 'SET GLOBAL super_read_only = ON')
  },
  isUndoable: (journal) => journal.noted('applying') === undefined,
}

async function send(op: Operation, checked: Checked): Promise<void> {
  // Behind statements that define tables, the rows before them no longer fit: it goes on where it was.
  const done = op.journal.noted('applying') as Coordinate | undefined
  const from = done ?? checked.restart
  op.journal.note('applying', from)
  await using session = await openApplySession(op.connection.address, {
    timeoutMs: CONNECT_MS,
    lockWaitSeconds: LOCK_WAIT_SECONDS,
  })
  await applyWindow({
    source: op.log,
    from,
    until: undefined,
    choose: chosenBy(checked, (op.journal.noted('before') as Before).autoPosition),
    statementAction: actionOf(checked),
    isRepeat: done !== undefined,
    session,
    onProgress: (applied) => {
      if (checked.repeated.length > 0 && applied.done !== null) op.journal.note('applying', applied.done)
      op.onProgress({ text: 'applying', done: applied.bytes, total: checked.bytes })
    },
    signal: op.signal,
  })
}

function actionOf({ steppedOver, repeated }: Checked): (transaction: Coordinate) => 'skip' | 'execute' | undefined {
  const skip = new Set(steppedOver.map(({ start }) => formatCoordinate(start)))
  const execute = new Set(repeated.map(formatCoordinate))
  return (transaction) => {
    const at = formatCoordinate(transaction)
    return skip.has(at) ? 'skip' : execute.has(at) ? 'execute' : undefined
  }
}

/** What the replica has executed; what is behind, replication brings. */
function chosenBy({ gtidExecuted, executed }: Checked, autoPosition: boolean): (transaction: Origin) => boolean {
  const gtids = GtidSet.parse(gtidExecuted ?? '') ?? new GtidSet()
  return ({ gtid, file, start }) => {
    const parsed = parseGtid(gtid ?? '')
    const isPassed = compareCoordinates({ file, position: start }, executed) < 0
    if (parsed?.family !== 'mysql') return isPassed
    return gtids.contains(parsed.sid, parsed.number) || (!autoPosition && isPassed)
  }
}

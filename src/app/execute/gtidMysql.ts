/**
 * Strategy `gtid` on MySQL, done. What gtid_executed was is in the journal before RESET empties it; whatever of the window is missing from it
 * at any time later, the source sends, so that a run that was broken off goes on by itself.
 */
import { windowExpression, windowSets } from '../../core/plan/strategies/gtidSets.ts'
import { GtidSet } from '../../core/binlog/gtidSet.ts'
import { BinpointError } from '../../errors.ts'
import { withoutSpace } from '../../server/inspect/channels.ts'
import { gtidExecuted } from '../../server/inspect/gtids.ts'
import { dumpThreads, ownLogEnd } from '../../server/inspect/ownLog.ts'
import { privilegesOf } from '../../server/inspect/privileges.ts'
import { text } from '../../server/rows.ts'
import type { Operation } from './operation.ts'
import type { Before, Checked, Procedure } from './procedure.ts'
import { idempotently, waitForApplier } from './replay.ts'
import { settle } from './settle.ts'

interface Sets {
  /** gtid_executed that they were computed from. */
  readonly from: string
  readonly window: string
  readonly target: string
}

export const gtidMysqlProcedure: Procedure = {
  replay: async (op, check) => {
    await settle(op, op.journal.noted('purged') === true)
    const before = op.journal.noted('before') as Before
    if (await mustCompute(op)) {
      const checked = await check()
      op.journal.note('checked', checked)
      await guard(op, before)
      op.journal.note('sets', await setsOf(op, checked))
    }
    const { from, window, target } = op.journal.noted('sets') as Sets
    if (op.journal.noted('purged') === undefined) {
      await guard(op, before)
      const executed = await gtidExecuted(op.connection)
      if (executed !== '' && executed !== from) {
        // Killed behind `gtid_purged`, before it was noted.
        if (!includes(executed, target)) throw odd(executed)
      } else {
        if (executed !== '') {
          op.journal.note('resetting', executed)
          const end = await ownLogEnd(op.connection)
          await op.run('reset', op.dialect.resetLog(end?.file ?? null))
        }
        await op.run('purged', `SET GLOBAL gtid_purged = '${target}'`)
      }
      // Before the note: a run that is broken off here ends them again.
      await endDumpThreads(op)
      op.journal.note('purged', true)
    }
    await unguard(op, before)
    if (includes(await gtidExecuted(op.connection), window)) return
    await idempotently(op, async () => {
      // Clears what was received: the source would not send it again.
      await op.run('follow', op.dialect.followGtids(null, op.channel))
      await op.run('replay', op.dialect.startUntilGtids(window, op.channel))
      await waitForApplier(op, {
        text: 'the end of the window',
        isReached: async () => includes(await gtidExecuted(op.connection), window),
        onState: (state) => op.showReplay(state.executed),
      })
    })
  },
  undo: async (op, before) => {
    await unguard(op, before)
  },
  isUndoable: (journal) => journal.noted('resetting') === undefined,
}

/** Until the log is reset, whatever was executed since counts, too: of the source, and of the replica itself. */
async function mustCompute(op: Operation): Promise<boolean> {
  const sets = op.journal.noted('sets') as Sets | undefined
  if (sets === undefined) return true
  if (op.journal.noted('purged') !== undefined) return false
  const executed = await gtidExecuted(op.connection)
  return executed !== sets.from && includes(executed, sets.window)
}

function odd(executed: string): BinpointError {
  return new BinpointError(
    'REPLICA_MOVED',
    `gtid_executed of the replica is neither what it was nor what the repair had set: ${executed.slice(0, 300)}`,
    {
      hint: 'someone has changed it: the journal has what it was (sets); put it right by hand',
    },
  )
}

function includes(set: string, part: string): boolean {
  return (GtidSet.parse(set) ?? new GtidSet()).includes(GtidSet.parse(part) ?? new GtidSet())
}

/** Computed by the server from what it has executed at rest. */
async function setsOf(op: Operation, { window: gtids, gtidsBefore, steppedOver }: Checked): Promise<Sets> {
  const sets = windowSets(GtidSet.parse(gtids) ?? new GtidSet(), gtidsBefore ?? '', op.journal.head.replica.serverUuid ?? '')
  // What is stepped over stays executed.
  const kept = steppedOver.flatMap(({ gtid }) => (gtid === null ? [] : [gtid])).join(',')
  const window = `GTID_SUBTRACT(${windowExpression(sets, '@@GLOBAL.gtid_executed')}, '${kept}')`
  const [row] = await op.run(
    'window',
    `SELECT @@GLOBAL.gtid_executed AS from_set, ${window} AS window_set, GTID_SUBTRACT(@@GLOBAL.gtid_executed, ${window}) AS target_set`,
  )
  const clean = (name: string): string => withoutSpace(text(row, name))
  return { from: clean('from_set'), window: clean('window_set'), target: clean('target_set') }
}

/** Nothing may be written between the reset and gtid_purged: it would use a number a second time. */
async function guard(op: Operation, before: Before): Promise<void> {
  if (before.eventScheduler) await op.run('guard', 'SET GLOBAL event_scheduler = OFF')
  if (before.hasSuperReadOnly) await op.run('guard', 'SET GLOBAL super_read_only = ON')
}

async function unguard(op: Operation, before: Before): Promise<void> {
  if (before.hasSuperReadOnly && !before.superReadOnly) {
    await op.run('unguard', 'SET GLOBAL super_read_only = OFF')
    // super_read_only had switched it on.
    if (!before.readOnly) await op.run('unguard', 'SET GLOBAL read_only = OFF')
  }
  if (before.eventScheduler) await op.run('unguard', 'SET GLOBAL event_scheduler = ON')
}

/**
 * Servers that read this binlog notice nothing of the reset, until it is written to again and their place is inside of other bytes (error
 * 1236): ended before that, they connect anew. Not before gtid_purged is set: they would have more than this server.
 */
async function endDumpThreads({ connection, run }: Operation): Promise<void> {
  const threads = await dumpThreads(connection, await privilegesOf(connection))
  for (const { id } of threads ?? []) await run('reader', `KILL ${id}`).catch(() => [])
}

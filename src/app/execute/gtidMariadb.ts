/** Strategy `gtid` on MariaDB, done: gtid_slave_pos put back in the window's domains, and replayed up to where it was. */
import { GtidPosition } from '../../core/binlog/gtidSet.ts'
import { positionToReach, rewoundPosition } from '../../core/plan/strategies/gtidMariadb.ts'
import { text } from '../../server/rows.ts'
import type { Operation } from './operation.ts'
import type { Checked, Procedure } from './procedure.ts'
import { idempotently, waitForApplier } from './replay.ts'
import { settle } from './settle.ts'

export const gtidMariadbProcedure: Procedure = {
  replay: async (op, check) => {
    await settle(op, op.journal.noted('rewound') === true)
    const now = await slavePos(op)
    const known = op.journal.noted('checked') as Checked | undefined
    const isInside = known !== undefined && !isBeyond(now, endOf(known))
    const checked = isInside ? known : await check()
    if (!isInside) {
      op.journal.note('checked', checked)
      op.journal.note('rewound', false)
    }
    const end = endOf(checked)
    await idempotently(op, async () => {
      if (op.journal.noted('rewound') !== true) {
        const { domains, gtidsBefore, gtidSlavePos } = checked
        await op.run(
          'position',
          `SET GLOBAL gtid_slave_pos = '${rewoundPosition(new Set(domains), gtidsBefore ?? '', gtidSlavePos ?? '')}'`,
        )
        op.journal.note('rewound', true)
      }
      await op.run('follow', op.dialect.followGtids('slave_pos', op.channel))
      await op.run('replay', op.dialect.startUntilGtids(end, op.channel))
      await waitForApplier(op, {
        text: end,
        isReached: async () => hasAll(await slavePos(op), end),
        onState: (state) => op.showReplay(state.executed),
      })
    })
  },
  undo: async (op) => {
    const checked = op.journal.noted('checked') as Checked | undefined
    // One that has gone on since was not sent back.
    if (checked === undefined || hasAll(await slavePos(op), endOf(checked))) return
    await op.run('position', `SET GLOBAL gtid_slave_pos = '${checked.gtidSlavePos ?? ''}'`)
  },
  isUndoable: (journal) => journal.noted('rewound') !== true,
}

function endOf({ domains, gtidSlavePos }: Checked): string {
  return positionToReach(new Set(domains), gtidSlavePos ?? '')
}

async function slavePos(op: Operation): Promise<string> {
  const [row] = await op.connection.query('SELECT @@GLOBAL.gtid_slave_pos AS position')
  return text(row, 'position')
}

function sequences(now: string, end: string): readonly (readonly [number, number])[] {
  const position = GtidPosition.parse(now) ?? new GtidPosition()
  const goal = GtidPosition.parse(end) ?? new GtidPosition()
  return goal.entries().map(({ domain, sequence }) => [position.get(domain)?.sequence ?? 0, sequence] as const)
}

function hasAll(now: string, end: string): boolean {
  return sequences(now, end).every(([is, wanted]) => is >= wanted)
}

/** In some domain more was executed than the end. */
function isBeyond(now: string, end: string): boolean {
  return sequences(now, end).some(([is, wanted]) => is > wanted)
}

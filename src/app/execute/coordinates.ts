/**
 * Strategy `coordinates`, done. It may be begun again at any point: a replica that stands inside of the window goes on from there; one that
 * has gone beyond its end was started by somebody, in whatever mode: then the window ends where it stands now, and is replayed whole.
 */
import type { Coordinate } from '../../core/coordinate.ts'
import { compareCoordinates, formatCoordinate } from '../../core/coordinate.ts'
import { moved } from './operation.ts'
import type { Checked, Procedure } from './procedure.ts'
import { hasReached, idempotently, waitForApplier } from './replay.ts'
import { settle } from './settle.ts'

export const coordinatesProcedure: Procedure = {
  replay: async (op, check) => {
    await settle(op, typeof op.journal.noted('part') === 'number')
    const { executed } = await op.state()
    const known = op.journal.noted('end') as Coordinate | undefined
    const isInside = known !== undefined && compareCoordinates(executed, known) <= 0
    // A replica that is inside of the window says nothing of what it had executed before.
    if (isInside && compareCoordinates(executed, (op.journal.noted('checked') as Checked).restart) < 0) {
      throw moved(`the replica stands at ${formatCoordinate(executed)}, before the restart: it was put back, or made anew, since`)
    }
    const checked = isInside ? (op.journal.noted('checked') as Checked) : await check()
    const end = isInside ? known : checked.executed
    if (!isInside) {
      op.journal.note('checked', checked)
      op.journal.note('end', end)
      op.journal.note('part', null)
    }
    const begun = op.journal.noted('part') as number | null | undefined
    for (const [index, part] of partsOf(checked, end).entries()) {
      if (index < (begun ?? 0)) continue
      await idempotently(op, async () => {
        const isBegun = index === begun && compareCoordinates(executed, part.from) >= 0
        if (!isBegun) await op.run('change', op.dialect.changeTo(part.from, op.channel))
        op.journal.note('part', index)
        await op.run('replay', op.dialect.startUntil(part.to, op.channel))
        await waitForApplier(op, {
          text: formatCoordinate(part.to),
          isReached: (state) => hasReached(state, part.to),
          onState: (state) => op.showReplay(state.executed),
        })
      })
    }
  },
  undo: async (op) => {
    const end = op.journal.noted('end') as Coordinate | undefined
    // One that has gone on since was not sent back.
    if (end === undefined || compareCoordinates((await op.state()).executed, end) >= 0) return
    await op.run('change', op.dialect.changeTo(end, op.channel))
  },
  isUndoable: (journal) => journal.noted('part') === undefined || journal.noted('part') === null,
}

function partsOf(checked: Checked, end: Coordinate): readonly { readonly from: Coordinate; readonly to: Coordinate }[] {
  const parts: { from: Coordinate; to: Coordinate }[] = []
  let from = checked.restart
  for (const { start, end: behind } of checked.steppedOver) {
    if (compareCoordinates(from, start) < 0) parts.push({ from, to: start })
    from = behind
  }
  if (compareCoordinates(from, end) < 0) parts.push({ from, to: end })
  return parts
}

/**
 * The newest file that was begun before a time, by reading heads: everything ahead of it had committed by then. From the newest file back
 * in growing steps, then by halving: times asked for are mostly recent, and a server may have thousands of files. Of the heads that were
 * read, none may be later than one behind it: where the clock was put back, order proves nothing, and the oldest file is the answer.
 */
import type { LogFile, LogSource } from '../core/ports.ts'
import { readHead } from './head.ts'

/** Null: no file is known to have been begun before the time, or the files' stamps are out of order. */
export async function newestFileBefore(source: LogSource, files: readonly LogFile[], timeUs: number): Promise<LogFile | null> {
  const stamps = new Map<number, number>()

  /** Stamps are whole seconds, cut off. A head that cannot be read shows nothing. */
  async function wasBegunBefore(index: number): Promise<boolean> {
    const stamp = stamps.get(index) ?? (await readHead(source, files[index]?.name ?? ''))?.format?.stampSeconds
    if (stamp === undefined) return false
    stamps.set(index, stamp)
    return (stamp + 1) * 1_000_000 <= timeUs
  }

  let after = files.length
  let before = files.length - 1
  for (let step = 1; before >= 0 && !(await wasBegunBefore(before)); step *= 2) {
    after = before
    before = before === 0 ? -1 : Math.max(0, before - step)
  }
  while (after - before > 1) {
    const middle = (before + after) >> 1
    if (await wasBegunBefore(middle)) before = middle
    else after = middle
  }
  // A step of the clock right ahead of it would else not be seen.
  if (before > 0) await wasBegunBefore(before - 1)
  return isInOrder(stamps) ? (files[before] ?? null) : null
}

function isInOrder(stamps: ReadonlyMap<number, number>): boolean {
  const inOrder = [...stamps].sort(([a], [b]) => a - b).map(([, stamp]) => stamp)
  return inOrder.every((stamp, i) => stamp >= (inOrder[i - 1] ?? 0))
}

/**
 * Whether two things are equal that change while they are looked at, and of which one follows the other. Each round reads the source, waits
 * until the replica has executed what the source's log held then, reads the replica, and the source again.
 *
 * - The replica has a value that the source had since the comparison began: equal. What is behind it is still to be executed.
 * - The source had one value all the time, and the replica another: different, once it was so in several rounds. One round is not enough: a row
 *   may have changed and changed back between the two looks, a server may show a row before or after its log does.
 * - Else again, and with more looks at the source, so that a row that always changes is met; and in the end: undecided.
 */
import { setTimeout as sleep } from 'node:timers/promises'

export interface Sides<T> {
  /** Null: there is nothing. Both give the items in the order of `indexes`. */
  readonly source: (indexes: readonly number[]) => Promise<readonly (T | null)[]>
  readonly replica: (indexes: readonly number[]) => Promise<readonly (T | null)[]>
  readonly hash: (item: T) => string
  readonly catchUp: () => Promise<boolean>
  readonly signal: AbortSignal | undefined
}

export type Verdict<T> =
  { readonly kind: 'equal' | 'undecided' } | { readonly kind: 'different'; readonly source: T | null; readonly replica: T | null }

/** Rounds in a row in which a difference must be the same. */
const CONFIRMATIONS = 5
const MAX_ROUNDS = 25
/** Pauses between rounds (milliseconds) have no common measure: they do not keep in step with a job that writes now and then. */
const PAUSES = [7, 23, 61, 113, 179]

interface Item {
  readonly index: number
  readonly seen: Set<string | null>
  difference: string | null
  confirmations: number
}

/** Verdicts on items 0 to `count`. */
export async function compareSteadily<T>(count: number, sides: Sides<T>): Promise<readonly Verdict<T>[]> {
  const { hash, catchUp, signal } = sides
  const verdicts: Verdict<T>[] = Array.from({ length: count }, () => ({ kind: 'undecided' }))
  let open: Item[] = verdicts.map((_, index) => ({ index, seen: new Set(), difference: null, confirmations: 0 }))
  for (let round = 0; round < MAX_ROUNDS && open.length > 0; round++) {
    signal?.throwIfAborted()
    if (round > 0) await sleep(PAUSES[round % PAUSES.length], undefined, signal === undefined ? {} : { signal })
    const indexes = open.map((item) => item.index)
    const looks = [await sides.source(indexes)]
    if (!(await catchUp())) break
    // Most that are still open after some rounds are few, and change all the time.
    for (let i = 0; i < round; i++) looks.push(await sides.source(indexes))
    const replica = await sides.replica(indexes)
    looks.push(await sides.source(indexes))
    open = open.filter((item, i) => {
      const had = looks.map((look) => hashOf(look[i] ?? null))
      for (const value of had) item.seen.add(value)
      const [source, its] = [looks.at(-1)?.[i] ?? null, replica[i] ?? null]
      if (item.seen.has(hashOf(its))) {
        verdicts[item.index] = { kind: 'equal' }
        return false
      }
      const isSteady = had.every((value) => value === had[0])
      const difference = isSteady ? JSON.stringify([had[0], hashOf(its)]) : null
      item.confirmations = difference === null ? 0 : difference === item.difference ? item.confirmations + 1 : 1
      item.difference = difference
      if (item.confirmations < CONFIRMATIONS) return true
      verdicts[item.index] = { kind: 'different', source, replica: its }
      return false
    })
  }
  return verdicts

  function hashOf(item: T | null): string | null {
    return item === null ? null : hash(item)
  }
}

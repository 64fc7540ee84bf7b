/** Commits that fail: what they held is read again, never skipped. */
import { describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/app/index.ts'
import type { IndexStore } from '../../src/core/evidence/port.ts'
import { BinpointError } from '../../src/errors.ts'
import { openStore } from '../../src/store/store.ts'
import { openBlocks } from '../support/blocks.ts'
import { fixtureLog } from '../support/logs.ts'

const { folder } = fixtureLog('rollbar/active')

/** The n-th commit fails, as when the disk is full or another process holds the lock; the ones behind it would succeed. */
function failingAt(store: IndexStore, n: number, code: 'INDEX_FULL' | 'INDEX_BUSY'): IndexStore {
  let commits = 0
  return {
    ...store,
    path: store.path,
    commit: (log, batch) => {
      if (++commits === n) throw new BinpointError(code, 'as told')
      return store.commit(log, batch)
    },
  }
}

describe('a commit that fails', () => {
  test.each([1, 2, 3, 7, 20])('the %i. one: the run ends with it, and the next run makes the index of one run', async (n) => {
    using clean = openStore(':memory:')
    const { log } = await buildIndex({ store: clean, source: openBlocks(folder, { size: 5000 }) })
    using store = openStore(':memory:')
    const run = (to: IndexStore): Promise<unknown> =>
      buildIndex({ store: to, source: openBlocks(folder, { size: 5000 }), commitMs: 0, signal: new AbortController().signal })
    await expect(run(failingAt(store, n, n % 2 === 0 ? 'INDEX_FULL' : 'INDEX_BUSY'))).rejects.toThrow('as told')
    await run(store)
    expect(store.dump(store.currentLog(folder) ?? log)).toEqual(clean.dump(log))
  })
})

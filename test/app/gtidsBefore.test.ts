/** What was executed before a boundary: for every one of a made log, and of the fixtures, the same as counting every transaction. */
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { executedBefore } from '../../src/app/executedBefore.ts'
import { buildIndex } from '../../src/app/index.ts'
import { readTransactions } from '../../src/app/window.ts'
import type { IndexStore } from '../../src/core/evidence/port.ts'
import { FIRST_POSITION } from '../../src/core/coordinate.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import { beginLog, addRows } from '../support/bytes.ts'
import type { Boundary, GtidStep } from '../support/gtidLogs.ts'
import { gtidSteps, writeGtidLog } from '../support/gtidLogs.ts'
import { fixtureLog, fixtureLogs, temporaryFolder } from '../support/logs.ts'

/** The store, with a checkpoint at one boundary of each file, as of a file with more than 64 MiB. */
function withCheckpoints(store: IndexStore, boundaries: readonly Boundary[], every: number): IndexStore {
  const rows = boundaries
    .filter((_, i) => i % every === 0)
    .flatMap(({ file, position, executed }) =>
      executed === null ? [] : [{ file: Number(file.slice(-6)) - 1, start: position, gtidSet: executed }],
    )
  return {
    ...store,
    checkpointBefore: (_log, file, position) =>
      rows.findLast((row) => row.file < file || (row.file === file && row.start <= position)) ?? null,
  }
}

async function allBefore(folder: string, boundaries: readonly Boundary[], every: number | null): Promise<(string | null)[]> {
  await using source = openFileSource(folder, [folder])
  using store = openStore(':memory:')
  const { log } = await buildIndex({ store, source })
  const known = every === null ? store : withCheckpoints(store, boundaries, every)
  const all: (string | null)[] = []
  for (const { file, position } of boundaries) all.push(await executedBefore({ store: known, log, source }, { file, position }))
  return all
}

describe.each(['mysql', 'mariadb'] as const)('a made log of %s', (family) => {
  test('at every boundary, from heads and from checkpoints: the same as counting', async () => {
    await fc.assert(
      fc.asyncProperty(
        gtidSteps(family),
        fc.option(fc.integer({ min: 1, max: 5 })),
        async (steps: readonly GtidStep[], every) => {
          const folder = temporaryFolder()
          const { boundaries } = writeGtidLog(folder, family, steps)
          expect(await allBefore(folder, boundaries, every)).toEqual(boundaries.map(({ executed }) => executed))
        },
      ),
      { numRuns: 40 },
    )
  })
})

const readable = fixtureLogs.filter(({ name }) => !name.startsWith('encrypted/'))

test.each(readable.map((log) => [log.name, log] as const))(
  '%s: every transaction adds its own GTID and nothing else',
  async (_name, log) => {
    await using source = openFileSource(log.folder, [log.folder])
    using store = openStore(':memory:')
    const request = { store, source, log: (await buildIndex({ store, source })).log }
    for (const { file } of log.files) {
      const transactions = await readTransactions({
        source,
        from: { file, position: FIRST_POSITION },
        until: { file, position: Number.MAX_SAFE_INTEGER },
      })
      let known = { position: FIRST_POSITION, executed: await executedBefore(request, { file, position: FIRST_POSITION }) }
      for (const t of transactions) {
        const at = t.start === known.position ? known.executed : await executedBefore(request, { file, position: t.start })
        const after = await executedBefore(request, { file, position: t.end })
        expect({ start: t.start, at }).toEqual({ start: t.start, at: known.executed })
        expect({ start: t.start, isNew: after !== at }).toEqual({ start: t.start, isNew: t.gtid !== null })
        known = { position: t.end, executed: after }
      }
    }
  },
)

describe('no set', () => {
  async function before(folder: string, position: number): Promise<string | null> {
    await using source = openFileSource(folder, [folder])
    using store = openStore(':memory:')
    const { log } = await buildIndex({ store, source })
    return executedBefore({ store, log, source }, { file: 'mysql-bin.000001', position })
  }

  test('in a file that does not say what came before it', async () => {
    const folder = temporaryFolder()
    const log = beginLog()
    const { start } = addRows(log, 1)
    writeFileSync(join(folder, 'mysql-bin.000001'), log.bytes())
    expect(await before(folder, start)).toBeNull()
    expect(await before(folder, FIRST_POSITION)).toBeNull()
  })

  test('in a file of which nothing is there yet', async () => {
    const folder = temporaryFolder()
    copyFileSync(join(fixtureLog('clock/mysql-9.7').folder, 'mysql-bin.000001'), join(folder, 'mysql-bin.000001'))
    writeFileSync(join(folder, 'mysql-bin.000002'), Buffer.from('fe62696e', 'hex'))
    await using source = openFileSource(folder, [folder])
    using store = openStore(':memory:')
    const { log } = await buildIndex({ store, source })
    expect(await executedBefore({ store, log, source }, { file: 'mysql-bin.000002', position: 4 })).toBeNull()
  })
})

describe('refuses', () => {
  test('a place that is no boundary, with and without a checkpoint', async () => {
    const folder = temporaryFolder()
    const steps: GtidStep[] = [1, 2, 3].map((number) => ({ kind: 'transaction', origin: 0, number }))
    const { boundaries } = writeGtidLog(folder, 'mysql', steps)
    await using source = openFileSource(folder, [folder])
    using store = openStore(':memory:')
    const { log } = await buildIndex({ store, source })
    const [, second, last] = boundaries.slice(-3)
    for (const known of [store, withCheckpoints(store, boundaries, 1)]) {
      for (let position = (second?.position ?? 0) + 1; position < (last?.position ?? 0); position += 9) {
        const asked = executedBefore({ store: known, log, source }, { file: 'mysql-bin.000001', position })
        await expect(asked).rejects.toMatchObject({ code: 'LOG_IDENTITY' })
      }
      const behind = executedBefore(
        { store: known, log, source },
        { file: 'mysql-bin.000001', position: (last?.position ?? 0) + 1 },
      )
      await expect(behind).rejects.toMatchObject({ code: 'LOG_IDENTITY' })
    }
  })

  test('to go on from a checkpoint of another file of that name', async () => {
    const folder = temporaryFolder()
    const steps = (origin: number): GtidStep[] => [1, 2, 3].map((number) => ({ kind: 'transaction', origin, number }))
    const { boundaries } = writeGtidLog(folder, 'mysql', steps(0))
    await using source = openFileSource(folder, [folder])
    using store = openStore(':memory:')
    const { log } = await buildIndex({ store, source })
    // The same places, other GTIDs, and another server: what was indexed says nothing here.
    const { boundaries: others } = writeGtidLog(folder, 'mysql', steps(1), 2)
    const stale = withCheckpoints(store, boundaries, 1)
    for (const { file, position, executed } of others) {
      expect(await executedBefore({ store: stale, log, source }, { file, position })).toBe(executed)
    }
  })
})

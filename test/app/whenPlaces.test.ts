/** `when` and `repair --from` take a coordinate for a boundary only where replication may start, also in the file's head and end. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { placeOf } from '../../src/app/boundary.ts'
import { buildIndex } from '../../src/app/index.ts'
import { locateRestart } from '../../src/app/restart.ts'
import { when } from '../../src/app/when.ts'
import { readTransactions } from '../../src/app/window.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'

const fixtures = join(import.meta.dirname, '../../fixtures')

test.each(['clock/mysql-5.6', 'clock/mariadb-11.8'])('every position outside of the transactions of %s', async (name) => {
  await using source = openFileSource(name, [join(fixtures, name)])
  using store = openStore(':memory:')
  const { log } = await buildIndex({ store, source })
  const [file] = await source.listFiles()
  if (file === undefined) throw new Error('no file')
  const transactions = await readTransactions({ source, from: { file: file.name, position: 4 } })
  const first = transactions[0]?.start ?? 0
  const last = transactions.at(-1)?.end ?? 0
  const outside = range(4, first + 1).concat(range(last - 1, file.size + 1))
  const wrong: unknown[] = []
  for (const position of [...outside, ...transactions.flatMap((t) => [t.start, t.start + 1])]) {
    const coordinate = { file: file.name, position }
    const { kind } = await placeOf(source, coordinate)
    const { outcome, transaction } = await when({ store, log, source, what: { coordinate } })
    const isBoundary = outcome === 'boundary' || outcome === 'end'
    if (isBoundary !== (kind === 'boundary')) wrong.push({ position, kind, outcome, start: transaction?.start })
  }
  expect(wrong).toEqual([])
  const inHead = { store, log, source }
  await expect(locateRestart(inHead, { coordinate: { file: file.name, position: 50 } })).rejects.toMatchObject({
    code: 'USAGE',
  })
})

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

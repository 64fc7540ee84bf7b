/** Every byte of a file lies in one place: at a boundary, or inside of what begins at the boundary before it. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { placeOf } from '../../src/app/boundary.ts'
import { ls } from '../../src/app/ls.ts'
import { readTransactions } from '../../src/app/window.ts'
import { openFileSource } from '../../src/source/files.ts'
import type { Transaction } from '../../src/core/transaction.ts'

const fixtures = join(import.meta.dirname, '../../fixtures')

test.each(['clock/mysql-5.6', 'clock/mysql-9.7', 'clock/mariadb-11.8'])('every position of %s', async (name) => {
  await using source = openFileSource(name, [join(fixtures, name)])
  const [file] = await source.listFiles()
  if (file === undefined) throw new Error('no file')
  const transactions = await readTransactions({ source, from: { file: file.name, position: 4 } })
  expect(transactions.length).toBeGreaterThan(5)
  const wrong: unknown[] = []
  for (let position = 5; position <= file.size + 1; position++) {
    const at = { file: file.name, position }
    const place = await placeOf(source, at)
    const holder = transactions.find((t) => t.start <= position && position < t.end)
    // What lies between transactions (the file's head and end) has boundaries too: one at each event.
    const kind = position > file.size ? 'beyond' : (holder?.start ?? place.boundary.position) === position ? 'boundary' : 'inside'
    const isRight = place.kind === kind && place.boundary.position <= position && place.boundary.position >= (holder?.start ?? 0)
    if (!isRight) wrong.push({ position, place, holder: holder?.start })
  }
  expect(wrong).toEqual([])
})

test('ls lists whole transactions, whatever bytes are named', async () => {
  await using source = openFileSource('log', [join(fixtures, 'clock/mysql-5.6')])
  const [file] = await source.listFiles()
  const name = file?.name ?? ''
  const all = await readTransactions({ source, from: { file: name, position: 4 } })
  const [, second, third, fourth] = all
  const listed: Transaction[] = []
  await ls({
    source,
    from: { file: name, position: (second?.start ?? 0) + 30 },
    to: { file: name, position: (third?.start ?? 0) + 1 },
    onTransaction: (t) => listed.push(t),
  })
  expect(listed).toEqual([second, third])
  expect(fourth?.complete).toBe(true)
})

/** The fixtures are what their page says, small, and the Rollbar story is the one that mysqlbinlog tells. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listTransactions } from '../scripts/fixtures/listing.ts'
import { listFixtures } from '../scripts/fixtures/list.ts'
import { withTable } from '../scripts/fixtures/readme.ts'
import { mysqlbinlog } from './support/servers/index.ts'
import { describeWith } from './support/servers/with.ts'

const root = join(import.meta.dirname, '../fixtures')
const fixtures = listFixtures(root)

describe('fixtures', () => {
  test('are all listed on their page, as they are', () => {
    const page = readFileSync(join(root, 'README.md'), 'utf8')
    expect(page).toBe(withTable(page, root, fixtures))
    expect(page).not.toContain('not made yet')
  })

  test('are less than 1 MB together', () => {
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) => statSync(join(root, path)))
    const bytes = files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)
    expect(bytes).toBeLessThan(1_000_000)
  })

  test.each(fixtures.flatMap(({ name }) => (name === 'rollbar' ? ['rollbar/active', 'rollbar/passive'] : [name])))(
    '%s has the files that its index names, and no other binlogs',
    (name) => {
      const index = readFileSync(join(root, name, 'mysql-bin.index'), 'utf8')
      const logs = readdirSync(join(root, name)).filter((file) => /^mysql-bin\.\d+$/.test(file))
      expect(index).toBe(logs.map((file) => `./${file}\n`).join(''))
    },
  )
})

describeWith('mysql-9.7', 'the Rollbar story', () => {
  test('is the one that mysqlbinlog tells', async () => {
    const folder = join(root, 'rollbar')
    const story = JSON.parse(readFileSync(join(folder, 'story.json'), 'utf8'))
    const { file, position, time } = story.divergence
    expect(existsSync(join(folder, 'active', file))).toBe(true)
    const { stdout } = await mysqlbinlog('mysql-9.7', ['-v', '--base64-output=decode-rows', join(folder, 'active', file)])
    const transactions = listTransactions(stdout)
    const lost = transactions.filter(({ start }) => start >= position && start < story.lost.end.position)
    expect(lost[0]).toMatchObject({ start: position, time })
    expect(lost.at(-1)).toMatchObject({ end: story.lost.end.position, time: story.lost.lastTime })
    expect(lost).toHaveLength(story.lost.transactions)
    // The stamps alone can tell them from what came before and after.
    expect(transactions.filter((one) => one.time >= time && one.time <= story.lost.lastTime)).toEqual(lost)
  })
})

/** `when GTID` from the command line: without an index of the log, in any spelling, and a "no" with its reason. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readTransactions } from '../../src/app/window.ts'
import type { Transaction } from '../../src/core/transaction.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import { fixtureLog, temporaryFolder } from '../support/logs.ts'
import { binpoint } from './run.ts'
import { expectValid } from './schema.ts'

const tagged = fixtureLog('grammar/mysql-9.7').folder
const files = fixtureLog('grammar/mysql-9.7').files.map(({ file }) => file)

async function transactionsOf(folder: string): Promise<readonly Transaction[]> {
  await using source = openFileSource(folder, [folder])
  return readTransactions({ source, from: { file: 'mysql-bin.000001', position: 4 } })
}

describe('when GTID', () => {
  test.each(['grammar/mysql-9.7', 'grammar/mariadb-10.11'])(
    'finds those of %s in any spelling, and indexes nothing',
    async (name) => {
      const { folder } = fixtureLog(name)
      const index = join(temporaryFolder(), 'index.sqlite')
      const all = await transactionsOf(folder)
      const asked = all.filter((t, i) => t.gtid !== null && (i % 9 === 0 || /:[a-z_]\w*:/.test(t.gtid)))
      expect(asked.length).toBeGreaterThan(3)
      for (const { gtid, file, start } of asked) {
        const spelt = (gtid ?? '').toUpperCase().replace(/\d+$/, '00$&')
        const { status, stdout, stderr } = await binpoint(['when', spelt, '--source', folder, '--index', index, '--json'])
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
        expectValid('when', JSON.parse(stdout))
        expect(JSON.parse(stdout)).toMatchObject({ outcome: 'boundary', transaction: { gtid, file, start }, findings: [] })
      }
      using store = openStore(index)
      expect(store.sources()).toEqual([])
    },
  )

  test('says that a purged one is purged, and names the oldest file: exit 1', async () => {
    const folder = temporaryFolder()
    const [first = '', ...left] = files
    for (const file of left) copyFileSync(join(tagged, file), join(folder, file))
    const gtid = (await transactionsOf(tagged)).find((t) => t.file === first)?.gtid ?? ''
    const given = ['when', gtid, '--source', folder, '--index', ':memory:']
    const { status, stdout } = await binpoint([...given, '--json'])
    expectValid('when', JSON.parse(stdout))
    expect({ status, answer: JSON.parse(stdout) }).toMatchObject({
      status: 1,
      answer: { outcome: 'not-found', transaction: null, findings: [{ code: 'PURGED', evidence: { gtid, oldest: left[0] } }] },
    })
    const text = await binpoint(given)
    expect(text).toMatchObject({ status: 1, stderr: '' })
    expect(text.stdout).toBe(
      `${gtid} is not in the log of ${folder}\n${gtid} was executed before ${left[0]}, the oldest file that ${folder} has: its file has been purged\n`,
    )
  })

  test('gives no reason for one that never was: exit 1', async () => {
    const gtid = '3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:23'
    const outcome = await binpoint(['when', gtid, '--source', tagged, '--index', ':memory:'])
    expect(outcome).toEqual({ status: 1, stdout: `${gtid} is not in the log of ${tagged}\n`, stderr: '' })
  })

  test('that is interrupted has no answer: exit 130', async () => {
    const signal = AbortSignal.abort(new Error('SIGINT'))
    const gtid = (await transactionsOf(tagged)).at(-1)?.gtid ?? ''
    const outcome = await binpoint(['when', gtid, '--source', tagged, '--index', ':memory:'], { signal })
    expect(outcome).toMatchObject({ status: 130, stdout: '' })
  })
})

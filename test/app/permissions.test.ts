/** Files that this user may not read: a gap or a refusal, never a log without them. Root may read all, so another user runs the command. */
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fixtureLog, temporaryFolder } from '../support/logs.ts'
import { runCommand } from '../store/children.ts'

const options = userInfo().uid === 0 ? { uid: 65_534 } : {}

function copyOf(name: string): { folder: string; log: string; index: string } {
  const folder = temporaryFolder()
  chmodSync(folder, 0o777)
  const log = join(folder, 'log')
  cpSync(fixtureLog(name).folder, log, { recursive: true })
  mkdirSync(join(folder, 'state'))
  chmodSync(join(folder, 'state'), 0o777)
  return { folder, log, index: join(folder, 'state', 'index.sqlite') }
}

describe('a file that may not be read', () => {
  test.each([
    ['in the middle, beside an .index file', 'mysql-bin.000002', true],
    ['in the middle', 'mysql-bin.000002', false],
    ['at the end', 'mysql-bin.000003', false],
    ['at the head', 'mysql-bin.000001', false],
  ])('%s: exit 1, and the gap is named', async (_name, file, hasIndex) => {
    const { log, index } = copyOf('rollbar/active')
    if (!hasIndex) rmSync(join(log, 'mysql-bin.index'))
    chmodSync(join(log, file), 0o000)
    const { status, stdout, stderr } = await runCommand(['index', log, '--index', index, '--json'], options)
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ gaps: [{ file, position: 4, cause: 'unreadable' }] })
  })

  test('nor any other: exit 2, and the path is named', async () => {
    const { log, index } = copyOf('rollbar/active')
    for (const name of readdirSync(log)) chmodSync(join(log, name), 0o000)
    const { status, stderr } = await runCommand(['index', log, '--index', index], options)
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining(`${join(log, 'mysql-bin.000001')} cannot be read`),
    })
  })
})

/** What `ls` makes of times that the log does not reach, and what `at --offline` says of its answer. */
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openStore } from '../../src/store/store.ts'
import { binpoint, freshIndex, temporaryFolder } from './run.ts'
import { active, story } from './story.ts'

const early = '2001-01-01T00:00:00Z'
const late = '2026-11-29T00:00:00Z'

describe('ls by times', () => {
  const list = (args: readonly string[]) => binpoint(['ls', '--source', active, '--index', freshIndex(), ...args])

  test.each([
    [['--from', early], 'all'],
    [['--from', late], 'none'],
    [['--to', early], 'none'],
    [['--to', late], 'all'],
  ])('%j: %s', async (args, which) => {
    const all = which === 'all' ? (await list([])).stdout : ''
    expect(await list(args)).toEqual({ status: 0, stderr: '', stdout: all })
  })

  test('a time in a hole is no time of a transaction', async () => {
    const folder = join(temporaryFolder(), 'log')
    cpSync(active, folder, { recursive: true })
    rmSync(join(folder, story.divergence.file))
    const outcome = await binpoint(['ls', '--to', story.divergence.time, '--source', folder, '--index', freshIndex()])
    expect(outcome).toMatchObject({ status: 2, stdout: '' })
    expect(outcome.stderr).toMatch(/LOG_DAMAGED\]\n {2}hint: /)
  })
})

describe('at --offline', () => {
  test('asks no server, and names no end of the log where there is none', async () => {
    const index = freshIndex()
    {
      using store = openStore(index)
      store.beginLog({ source: 'mysql://127.0.0.1:1', fingerprint: '', serverUuid: null, serverId: 1 })
    }
    for (const source of ['mysql://127.0.0.1:1', 'mysql://root@127.0.0.1:1', 'h=127.0.0.1,P=1']) {
      const asked = ['--source', source, '--index', index]
      expect(await binpoint(['at', '@1', '--offline', ...asked])).toMatchObject({ status: 1, stderr: '' })
      expect(await binpoint(['status', ...asked])).toMatchObject({ status: 0, stderr: '' })
    }
    await binpoint(['index', active, '--index', index])
    const { stdout } = await binpoint(['at', story.divergence.time, '--offline', '--source', active, '--index', index])
    expect(stdout).toMatch(/^restart here +mysql-bin\.\d{6}:\d+\n/)
    expect(stdout).not.toContain('the end of the log')
  })

  test('says what its answer rests on, and names the hole', async () => {
    const index = freshIndex()
    await binpoint(['index', active, '--index', index])
    const { stdout } = await binpoint(['at', story.divergence.time, '--offline', '--index', index, '--json'])
    expect(JSON.parse(stdout).findings.map((one: { code: string }) => one.code)).toEqual(['UNCHECKED', 'TIME_STATEMENT_START'])

    const both = ['at', story.divergence.time, '--offline', '--margin', '1m', '--index', index]
    expect(await binpoint(both)).toMatchObject({ status: 64, stdout: '', stderr: expect.stringContaining('--margin') })

    const folder = join(temporaryFolder(), 'log')
    cpSync(active, folder, { recursive: true })
    rmSync(join(folder, story.divergence.file))
    const holed = freshIndex()
    await binpoint(['index', folder, '--index', holed])
    const answer = await binpoint(['at', story.lost.lastTime, '--offline', '--index', holed, '--json'])
    expect(answer.status).toBe(1)
    expect(JSON.parse(answer.stdout)).toMatchObject({
      outcome: 'gap',
      safe: null,
      findings: [{ code: 'UNCHECKED' }, { code: 'INDEX_GAP' }],
    })
  })
})

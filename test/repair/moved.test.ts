/** What moves between the plan and its script, or is not what it seems: the script fails with error 1242, or heals; it never harms. */
import { cpSync, mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { endOfLog, replicaStatus, startPair, words } from '../support/servers/index.ts'
import type { Pair } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { checksums, execMode, expectGreen, loseTrade, repair, trade, url } from './story.ts'

const exactly = ['--skew', '0', '--margin', '0']

function start(kind: 'mysql-5.6' | 'mysql-9.7' | 'mariadb-10.11'): Promise<Pair> {
  return startPair(kind === 'mysql-9.7' ? { kind, gtids: false } : { kind })
}

async function expectHealed(pair: Pair): Promise<void> {
  await pair.caughtUp()
  expect(await checksums(pair.passive)).toEqual(await checksums(pair.active))
  expect(await execMode(pair.passive)).toBe('STRICT')
  await expectGreen(pair.passive)
}

for (const kind of ['mysql-5.6', 'mysql-9.7', 'mariadb-10.11'] as const) {
  describeWith(kind, `between plan and script on ${kind}`, () => {
    test('the source begins new files: a running replica is healed, or nothing is replayed and a new plan heals', async () => {
      await using pair = await start(kind)
      const { active, passive } = pair
      const at = await loseTrade(pair)
      const given = ['--at', at, ...exactly, '--source', url(active), '--replica', url(passive)]
      const plan = await repair(given)
      await active.run('FLUSH LOGS')
      await trade(active, 2)
      await active.run('FLUSH LOGS')
      await pair.caughtUp()
      const before = await checksums(passive)
      const run = await passive.client(plan.stdout)
      expect(await execMode(passive)).toBe('STRICT')
      // Where SQL reads what a stopped replica has executed, the end of the window is known in any file.
      const fails = kind !== 'mysql-9.7'
      expect({ exitCode: run.exitCode, is1242: run.stderr.includes('1242') }).toEqual({ exitCode: Number(fails), is1242: fails })
      if (run.exitCode === 0) {
        await expectHealed(pair)
        return
      }
      expect(await checksums(passive)).toEqual(before)
      await passive.run(`START ${words(passive).replica}`)
      const again = await repair(given)
      expect(again.exitCode).toBe(0)
      expect(await passive.client(again.stdout)).toMatchObject({ exitCode: 0 })
      await expectHealed(pair)
    })

    test('the source begins a new file: a stopped replica is healed', async () => {
      await using pair = await start(kind)
      const { active, passive } = pair
      const at = await loseTrade(pair)
      await passive.run(`STOP ${words(passive).replica}`)
      const plan = await repair(['--at', at, ...exactly, '--source', url(active), '--replica', url(passive)])
      await active.run('FLUSH LOGS')
      await trade(active, 2)
      expect(await passive.client(plan.stdout)).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nok\n$/) })
      await expectHealed(pair)
    })

    test('a stopped replica has executed more: nothing is done', async () => {
      await using pair = await start(kind)
      const { active, passive } = pair
      const { replica } = words(passive)
      const at = await loseTrade(pair)
      await passive.run(`STOP ${replica}`)
      await trade(active, 2)
      const plan = await repair(['--at', at, ...exactly, '--source', url(active), '--replica', url(passive)])
      await passive.run(`START ${replica}`)
      await pair.caughtUp()
      for (const state of ['running', 'stopped']) {
        if (state === 'stopped') await passive.run(`STOP ${replica}`)
        const before = await replicaStatus(passive)
        expect(await passive.client(plan.stdout)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('1242') })
        expect((await replicaStatus(passive))?.executed).toEqual(before?.executed)
        expect((await replicaStatus(passive))?.applierRunning).toBe(state === 'running')
        expect(await execMode(passive)).toBe('STRICT')
      }
    })

    test('the source goes away: the script ends in strict mode with 1242, and is finished when the source is back', async () => {
      await using pair = await start(kind)
      const { active, passive } = pair
      const at = await loseTrade(pair)
      await passive.run(`STOP ${words(passive).replica}`)
      const given = ['--at', at, ...exactly, '--source', active.binlogDir, '--replica', url(passive), '--wait', '2s']
      const plan = await repair(given)
      expect(plan).toMatchObject({ exitCode: 0, stderr: '' })
      await active.stop()
      expect(await passive.client(plan.stdout)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('1242') })
      expect(await execMode(passive)).toBe('STRICT')
      await active.restart()
      await active.run(`START ${words(active).replica}`)
      const rest = /finish it with\n((?:-- {3}.*\n)+)/.exec(plan.stdout)?.[1]?.replaceAll(/^-- /gm, '') ?? ''
      await expect.poll(async () => (await passive.client(rest)).exitCode, { timeout: 30_000 }).toBe(0)
      await expectHealed(pair)
    })
  })
}

describe('a source that is not what it seems', () => {
  describeWith('mariadb-10.11', 'on mariadb-10.11', () => {
    test('an older copy of the log is refused, and so is a window of nothing', async () => {
      await using pair = await startPair({ kind: 'mariadb-10.11' })
      const { active, passive } = pair
      const at = await loseTrade(pair)
      const { file, position } = await endOfLog(active)
      const from = ['--from', `${file}:${position}`, '--source', url(active), '--replica', url(passive)]
      const empty = await repair(from)
      expect(empty).toMatchObject({
        exitCode: 1,
        stdout: expect.stringContaining('-- blocking AHEAD_OF_REPLICA: no transaction lies'),
      })

      const copy = mkdtempSync(join(tmpdir(), 'binpoint-copy-'))
      try {
        cpSync(join(active.binlogDir, file), join(copy, file))
        await trade(active, 3)
        await pair.caughtUp()
        const given = ['--at', at, ...exactly, '--source', copy, '--replica', url(passive)]
        for (const state of ['running', 'stopped']) {
          if (state === 'stopped') await passive.run('STOP SLAVE')
          expect(await repair(given)).toMatchObject({
            exitCode: 1,
            stdout: expect.stringContaining('-- blocking LOG_IDENTITY: '),
          })
        }
        truncateSync(join(copy, file), position - 1)
        expect(await repair(given)).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('-- blocking LOG_IDENTITY: ') })
      } finally {
        rmSync(copy, { recursive: true, force: true })
      }
    })
  })
})

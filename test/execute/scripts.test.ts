/** What `repair` prints for strategies apply and gtid heals when people run it as it is: with the client, or with sh. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startPair, words } from '../support/servers/index.ts'
import type { Pair } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { expectHealed, loseTrade, repair, trade, url } from '../repair/story.ts'

async function planOf({ active, passive }: Pair, at: string, more: readonly string[]): Promise<string> {
  const given = ['--at', at, '--skew', '0', '--margin', '0', '--source', url(active), '--replica', url(passive)]
  const plan = await repair([...given, ...more])
  expect(plan.exitCode === 0 ? '' : `${plan.stdout}${plan.stderr}`).toBe('')
  return plan.stdout
}

describeWith('mysql-9.7', 'the script of strategy gtid on mysql-9.7', () => {
  test.each(['running', 'stopped'] as const)('heals a %s replica, once', async (state) => {
    await using pair = await startPair({ kind: 'mysql-9.7' })
    const { active, passive } = pair
    const at = await loseTrade(pair)
    if (state === 'stopped') {
      await passive.run(`STOP ${words(passive).replica}`)
      await trade(active, 3)
    }
    const script = await planOf(pair, at, ['--strategy', 'gtid', '--accept', 'GTID_RESET'])
    expect(script).toContain('put in WINDOW_TO_REPLAY')
    expect(script).not.toContain('FILE:POSITION')
    expect(await passive.client(script)).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nok\n$/) })
    await expectHealed(pair)
  })
})

for (const kind of ['mariadb-10.11', 'mariadb-11.8'] as const) {
  describeWith(kind, `the script of strategy gtid on ${kind}`, () => {
    test('heals a stopped replica, and refuses one that has moved', async () => {
      await using pair = await startPair({ kind })
      const { active, passive } = pair
      const at = await loseTrade(pair)
      await passive.run('STOP SLAVE', 'CHANGE MASTER TO MASTER_USE_GTID = slave_pos')
      await trade(active, 3)
      const script = await planOf(pair, at, ['--strategy', 'gtid'])
      await passive.run('START SLAVE')
      await pair.caughtUp()
      const late = await passive.client(script)
      expect(late.exitCode).toBe(1)
      expect(late.stderr).toContain('1242')
      await passive.run('STOP SLAVE')
      const again = await planOf(pair, at, ['--strategy', 'gtid'])
      expect(await passive.client(again)).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nok\n$/) })
      await expectHealed(pair)
    })
  })
}

describeWith('mysql-9.7', 'a plan for a replica with GTIDs', () => {
  test('is a shell script by auto, and says why the classic way is none', async () => {
    await using pair = await startPair({ kind: 'mysql-9.7' })
    const at = await loseTrade(pair)
    const script = await planOf(pair, at, [])
    expect(script).toMatch(/^#!\/bin\/sh\n# binpoint repair: /)
    expect(script).toContain('coordinates: GTID_SKIP')
    const folder = mkdtempSync(join(tmpdir(), 'binpoint-script-'))
    try {
      writeFileSync(join(folder, 'repair.sh'), script)
      // Only its grammar: test/apply/script.test.ts runs it.
      const { runAnyway } = await import('../support/servers/run.ts')
      expect(await runAnyway('sh', ['-n', join(folder, 'repair.sh')], {})).toMatchObject({ exitCode: 0, stderr: '' })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

/** The script that `repair` prints heals a passive server, run as it is by the server's own client. */
import { expect, test } from 'vitest'
import { endOfLog, startPair, words } from '../support/servers/index.ts'
import type { Pair, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { checksums, expectGreen, expectHealed, keepTrading, loseTrade, repair, trade, url } from './story.ts'

const kinds: readonly ServerKind[] = ['mysql-5.6', 'mariadb-10.11', 'mariadb-11.8', 'mariadb-10.5']

function start(kind: ServerKind): Promise<Pair> {
  return startPair(kind === 'mysql-9.7' ? { kind, gtids: false } : { kind })
}

for (const kind of [...kinds, 'mysql-9.7'] as const) {
  describeWith(kind, `the script of repair on a ${kind} pair${kind === 'mysql-9.7' ? ' without GTIDs' : ''}`, () => {
    test('heals a running replica of an idle source', async () => {
      await using pair = await start(kind)
      const { active, passive } = pair
      const at = await loseTrade(pair)
      expect(await checksums(passive)).not.toEqual(await checksums(active))
      await expectGreen(passive)
      const plan = await repair(['--at', at, '--skew', '0', '--margin', '0', '--source', url(active), '--replica', url(passive)])
      expect(plan).toMatchObject({ exitCode: 0, stderr: '' })
      const run = await passive.client(plan.stdout)
      expect(run).toMatchObject({ exitCode: 0 })
      await expectHealed(pair)
    })

    test('heals a running replica while the source writes', async () => {
      await using pair = await start(kind)
      const { active, passive } = pair
      const at = await loseTrade(pair)
      const traffic = keepTrading(active)
      const plan = await repair(['--at', at, '--skew', '0', '--margin', '0', '--source', url(active), '--replica', url(passive)])
      const run = plan.exitCode === 0 ? await passive.client(plan.stdout) : null
      expect(await traffic.stop()).toBeGreaterThan(20)
      expect(plan).toMatchObject({ exitCode: 0, stderr: '' })
      expect(run).toMatchObject({ exitCode: 0 })
      await expectHealed(pair)
    })

    test('heals a stopped replica, once', async () => {
      await using pair = await start(kind)
      const { active, passive } = pair
      const at = await loseTrade(pair)
      await passive.run(`STOP ${words(passive).replica}`)
      await trade(active, 10)
      const given = ['--at', at, '--skew', '0', '--margin', '0', '--source', active.binlogDir]
      const plan = await repair([...given, '--replica', url(passive)])
      expect(plan).toMatchObject({ exitCode: 0, stderr: '' })
      const elsewhere = await active.client(plan.stdout)
      expect(elsewhere.exitCode).toBe(1)
      expect(elsewhere.stderr).toContain('1242')
      const before = await endOfLog(active)
      const run = await passive.client(plan.stdout)
      expect(run).toMatchObject({ exitCode: 0 })
      await expectHealed(pair)
      expect(await endOfLog(active)).not.toEqual(before)
      const again = await passive.client(plan.stdout)
      expect(again.exitCode).toBe(1)
      expect(again.stderr).toContain('1242')
      await expectHealed(pair)
    })
  })
}

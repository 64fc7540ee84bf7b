/** `repair --execute` heals a passive server that lost rows, leaves every setting as it was, and says what it has proven. */
import { expect, test } from 'vitest'
import { words, startPair } from '../support/servers/index.ts'
import type { ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { expectHealed, keepTrading, loseTrade, repair, trade, url } from '../repair/story.ts'

interface Setting {
  readonly kind: ServerKind
  readonly gtids?: boolean
  readonly strategy: 'coordinates' | 'apply' | 'gtid'
  readonly more?: readonly string[]
}

const settings: readonly Setting[] = [
  { kind: 'mysql-5.6', strategy: 'coordinates' },
  { kind: 'mysql-9.7', gtids: false, strategy: 'coordinates' },
  { kind: 'mysql-9.7', gtids: true, strategy: 'apply' },
  { kind: 'mysql-9.7', gtids: true, strategy: 'gtid', more: ['--strategy', 'gtid', '--accept', 'GTID_RESET'] },
  { kind: 'mariadb-10.11', strategy: 'coordinates' },
  { kind: 'mariadb-10.11', strategy: 'gtid', more: ['--strategy', 'gtid'] },
  { kind: 'mariadb-11.8', strategy: 'coordinates' },
  { kind: 'mariadb-10.5', strategy: 'gtid', more: ['--strategy', 'gtid'] },
]

for (const { kind, gtids, strategy, more = [] } of settings) {
  const name = `${kind}${gtids === undefined ? '' : gtids ? ' with GTIDs' : ' without GTIDs'}`
  describeWith(kind, `repair --execute by ${strategy} on ${name}`, () => {
    test.each(['idle', 'writing', 'stopped'] as const)('%s', async (state) => {
      await using pair = await startPair(gtids === undefined ? { kind } : { kind, gtids })
      const { active, passive } = pair
      const at = await loseTrade(pair)
      const traffic = state === 'writing' ? keepTrading(active) : null
      if (state === 'stopped') {
        await passive.run(`STOP ${words(passive).replica}`)
        await trade(active, 5)
      }
      const given = ['--at', at, '--skew', '0', '--margin', '0', '--source', url(active), '--replica', url(passive)]
      const run = await repair([...given, '--execute', '--yes', '--json', ...more])
      await traffic?.stop()
      expect(run.exitCode === 0 ? '' : `${run.stderr}${run.stdout}`).toBe('')
      const { plan, executed } = JSON.parse(run.stdout)
      expect(plan).toMatchObject({ strategy })
      expect(executed).toMatchObject({ outcome: 'healed', proof: { backUnseen: '' } })
      await expectHealed(pair)
    })
  })
}

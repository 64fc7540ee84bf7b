/** An account that was granted what doctor asks for, and no more, repairs a replica with every strategy that there is. */
import { expect, test } from 'vitest'
import type { Check } from '../../src/app/doctor.ts'
import { checksums, loseTrade, repair } from '../repair/story.ts'
import { accounts, startPair } from '../support/servers/index.ts'
import type { Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { binpoint } from './run.ts'

const user = 'repairer'
const { password } = accounts.admin

const url = (server: Server): string => `mysql://${user}@${server.host}:${server.port}`

interface Setting {
  readonly kind: ServerKind
  readonly strategy: 'coordinates' | 'apply' | 'gtid'
  readonly more?: readonly string[]
}

const settings: readonly Setting[] = [
  { kind: 'mysql-5.6', strategy: 'coordinates' },
  { kind: 'mysql-9.7', strategy: 'apply' },
  { kind: 'mysql-9.7', strategy: 'gtid', more: ['--accept', 'GTID_RESET'] },
  { kind: 'mariadb-10.5', strategy: 'gtid' },
  { kind: 'mariadb-11.8', strategy: 'coordinates' },
]

for (const { kind, strategy, more = [] } of settings) {
  describeWith(kind, `the grants that doctor asks for on ${kind}`, () => {
    test(`are enough for repair --execute by ${strategy}`, async () => {
      await using pair = await startPair({ kind })
      const { active, passive } = pair
      const at = await loseTrade(pair)
      for (const server of [active, passive]) await alone(server, `CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`)
      for (let round = 0; round < 5; round++) {
        const { stdout } = await binpoint(['doctor', url(active), url(passive), '--json'], {
          env: { BINPOINT_PASSWORD: password },
        })
        const { checks }: { checks: readonly Check[] } = JSON.parse(stdout)
        const missing = checks.filter(({ fix }) => fix?.startsWith('GRANT ') === true)
        if (missing.length === 0) break
        for (const { on, fix } of missing) await alone(on === 'source' ? active : passive, fix ?? '')
      }
      const servers = ['--source', url(active), '--replica', url(passive)]
      const given = ['--at', at, '--skew', '0', '--margin', '0', '--strategy', strategy, ...more]
      const run = await repair([...given, ...servers, '--execute', '--yes', '--json'])
      expect(run.exitCode === 0 ? '' : `${run.stderr}${run.stdout}`).toBe('')
      expect(JSON.parse(run.stdout).executed).toMatchObject({ outcome: 'healed', proof: { backUnseen: '' } })
      await pair.caughtUp()
      expect(await checksums(passive)).toEqual(await checksums(active))
    })
  })
}

/** Not in its binlog. */
async function alone(server: Server, statement: string): Promise<void> {
  await server.run('SET sql_log_bin = 0', statement, 'SET sql_log_bin = 1')
}

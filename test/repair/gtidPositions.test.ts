/** A MariaDB replica that follows GTID positions, as new ones do: the script goes by file and position, and says the way back. */
import { expect, test } from 'vitest'
import { replicaStatus, startPair } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { checksums, expectGreen, loseTrade, repair, trade, url } from './story.ts'

for (const kind of ['mariadb-10.5', 'mariadb-10.11', 'mariadb-11.8'] as const) {
  describeWith(kind, `a replica with MASTER_USE_GTID on ${kind}`, () => {
    test.each(['slave_pos', 'current_pos'])('= %s is healed, and follows GTIDs again afterwards', async (using) => {
      await using pair = await startPair({ kind })
      const { active, passive } = pair
      const at = await loseTrade(pair)
      await passive.run('STOP SLAVE', `CHANGE MASTER TO MASTER_USE_GTID = ${using}`, 'START SLAVE')
      await trade(active, 2)
      await pair.caughtUp()
      expect(await checksums(passive)).not.toEqual(await checksums(active))
      const before = (await replicaStatus(passive))?.raw['Using_Gtid']

      const given = ['--at', at, '--skew', '0', '--margin', '0', '--source', url(active), '--replica', url(passive)]
      const plan = await repair(given)
      expect(plan).toMatchObject({ exitCode: 0, stderr: '' })
      expect(await passive.client(plan.stdout)).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nok\n$/) })
      await pair.caughtUp()
      expect(await checksums(passive)).toEqual(await checksums(active))
      expect((await replicaStatus(passive))?.raw['Using_Gtid']).toBe('No')

      const [, after = ''] = /to follow GTIDs again as before:\n((?:-- {3}.*\n)+)/.exec(plan.stdout) ?? []
      expect(await passive.client(after.replaceAll(/^-- /gm, ''))).toMatchObject({ exitCode: 0 })
      expect((await replicaStatus(passive))?.raw['Using_Gtid']).toBe(before)
      await trade(active, 3)
      await pair.caughtUp()
      await expectGreen(passive)
      expect(await checksums(passive)).toEqual(await checksums(active))
    })
  })
}

/** Pairs replicate both ways, and can lose transactions without a sign of it. */
import { expect, test } from 'vitest'
import { replicaStatus, serverKinds, startPair } from './index.ts'
import { describeWith } from './with.ts'

const pairs = [...serverKinds.map((kind) => ({ kind })), { kind: 'mysql-9.7' as const, gtids: false }]

for (const options of pairs) {
  const { kind } = options
  describeWith(kind, `a pair of ${kind}${'gtids' in options ? ' without GTIDs' : ''}`, () => {
    test('replicates both ways, and loses rows silently', async () => {
      await using pair = await startPair(options)
      const { active, passive } = pair
      const count = async (): Promise<readonly unknown[]> => [
        (await active.query('SELECT COUNT(*) AS n FROM d.t'))[0]?.['n'],
        (await passive.query('SELECT COUNT(*) AS n FROM d.t'))[0]?.['n'],
      ]
      await active.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB')
      await active.query('INSERT INTO d.t VALUES (NULL)')
      await pair.caughtUp()
      await passive.query('INSERT INTO d.t VALUES (NULL)')
      await pair.caughtUp()
      expect(await count()).toEqual([2, 2])

      const lost = await pair.lose(() => active.run(...Array.from({ length: 5 }, () => 'INSERT INTO d.t VALUES (NULL)')))
      expect(lost.end.position).toBeGreaterThan(lost.start.position)
      await active.query('INSERT INTO d.t VALUES (NULL)')
      await passive.query('INSERT INTO d.t VALUES (NULL)')
      await pair.caughtUp()
      expect(await count()).toEqual([9, 4])
      for (const server of [active, passive])
        expect(await replicaStatus(server)).toMatchObject({
          receiverRunning: true,
          applierRunning: true,
          secondsBehind: 0,
          lastError: '',
        })
    })
  })
}

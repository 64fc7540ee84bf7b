/** A server's clock that is put back, and right again: an answer lies ahead of all that may be meant, and names the step. */
import { describe, expect, test } from 'vitest'
import { describeWith } from '../support/servers/with.ts'
import { openWitness } from './witness.ts'

describe.concurrent.each(['mysql-5.6', 'mysql-9.7', 'mariadb-10.11'] as const)('on %s', (kind) => {
  describeWith([kind, 'faketime'], 'a clock that steps', () => {
    test.each([true, false])('back by two hours, and forward again; files begun in between: %s', async (withFiles) => {
      await using w = await openWitness(kind)
      await w.rotate()
      await w.nextSecond()
      await w.write('one')
      await w.nextSecond()
      await w.write('two')
      await w.nextSecond()
      const before = await w.moment()
      await w.write('three')
      w.server.setClock(-7200)
      await w.write('four')
      if (withFiles) await w.rotate()
      await w.nextSecond()
      await w.write('five')
      await w.nextSecond()
      const between = await w.moment()
      await w.write('six')
      await w.nextSecond()
      w.server.setClock(0)
      if (withFiles) await w.rotate()
      await w.nextSecond()
      await w.write('seven')
      await w.nextSecond()
      const after = await w.moment()
      await w.write('eight')
      await w.nextSecond()
      await w.write('nine')
      const answers = [await w.ask(before), await w.ask(between), await w.ask(after)]
      // MariaDB's clock shows in checkpoints alone.
      const isSeen = kind !== 'mariadb-10.11' || withFiles
      expect(answers.map(({ codes }) => codes.includes('CLOCK_STEP'))).toEqual([isSeen, isSeen, isSeen])
      expect(answers.at(-1)?.safe === 'eight').toBe(kind === 'mysql-9.7')
    })

    test('that was an hour ahead and is put right', async () => {
      await using w = await openWitness(kind)
      w.server.setClock(3600)
      await w.rotate()
      await w.nextSecond()
      await w.write('one')
      await w.nextSecond()
      const ahead = await w.moment()
      await w.write('two')
      await w.nextSecond()
      await w.write('three')
      expect(await w.ask(ahead)).toMatchObject({ safe: kind === 'mysql-9.7' ? 'two' : 'one' })
      w.server.setClock(0)
      await w.write('four')
      await w.nextSecond()
      const right = await w.moment()
      await w.write('five')
      await w.nextSecond()
      await w.write('six')
      await w.ask(ahead)
      await w.ask(right)
    })
  })
})

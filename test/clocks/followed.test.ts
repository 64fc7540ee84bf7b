/** What a followed stream delivered when bounds the commits, by the server's own clock, also where that is wrong, or steps meanwhile. */
import { describe, expect, test } from 'vitest'
import { describeWith } from '../support/servers/with.ts'
import { openWitness } from './witness.ts'

describe.concurrent.each(['mysql-5.6', 'mariadb-10.11'] as const)('on %s', (kind) => {
  describeWith([kind, 'faketime'], 'a followed server', () => {
    test('with a clock that is an hour ahead, is answered to the second', async () => {
      await using w = await openWitness(kind)
      w.server.setClock(3600)
      const followed = w.follow()
      const session = await w.server.connect()
      await w.nextSecond()
      await w.write('one')
      const long = w.write('long', { session, pad: 'SLEEP(4)' })
      await w.nextSecond()
      await w.write('two')
      await w.nextSecond()
      const inside = await w.moment()
      await w.write('three')
      await long
      await w.nextSecond()
      await w.nextSecond()
      const after = await w.moment()
      await w.write('four')
      await w.nextSecond()
      await followed.stop()
      // One arrival a second is kept.
      expect((await followed.ask(inside)).safe).toBeOneOf(['two', 'three'])
      expect((await followed.ask(after)).safe).toBeOneOf(['long', 'four'])
    })

    test('with a clock that is put back meanwhile, loses nothing', async () => {
      await using w = await openWitness(kind)
      const followed = w.follow()
      await w.nextSecond()
      await w.write('one')
      await w.nextSecond()
      const before = await w.moment()
      await w.write('two')
      await w.nextSecond()
      w.server.setClock(-10)
      await w.write('three')
      await w.nextSecond()
      const again = await w.moment()
      await w.write('four')
      // Behind the next look at the clock.
      for (let second = 0; second < 6; second++) await w.nextSecond()
      await w.write('five')
      const later = await w.moment()
      await w.write('six')
      await w.nextSecond()
      await followed.stop()
      // Until the clock has left behind what it showed twice.
      await w.nextSecond()
      await w.nextSecond()
      await w.nextSecond()
      for (const moment of [before, again, later]) await followed.ask(moment)
      expect((await followed.ask(again)).safe).toBeOneOf([null, 'CREATE DATABASE', 'CREATE TABLE d.', 'one'])
    })
  })
})

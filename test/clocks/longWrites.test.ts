/** What began before a time and committed behind it lies behind the answer, though its stamps are of its beginning. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { readServerLog } from './serverLog.ts'
import { openWitness } from './witness.ts'

/** The answers that the evidence of each server allows: exact stamps, the session's next statement, the checkpoint of the file before. */
const answersOf = (kind: ServerKind, byStamp: string, bySession: string, byCheckpoint: string): object =>
  kind === 'mysql-9.7'
    ? { safe: byStamp, latest: byStamp, reason: 'exact' }
    : { safe: kind === 'mysql-5.6' ? bySession : byCheckpoint, reason: 'unproven' }

describe.concurrent.each(['mysql-5.6', 'mysql-9.7', 'mariadb-10.11', 'mariadb-11.8'] as const)('on %s', (kind) => {
  describeWith([kind, 'faketime'], 'what runs across a time', () => {
    test('a transaction, among others that commit meanwhile', async () => {
      await using w = await openWitness(kind)
      const session = await w.server.connect()
      await w.rotate()
      await w.nextSecond()
      await w.write('before')
      await session.query('BEGIN')
      await w.write('across', { session })
      await w.write('meanwhile')
      await w.nextSecond()
      await w.write('later')
      await w.nextSecond()
      const inside = await w.moment()
      await w.write('behind')
      await session.query('COMMIT')
      await w.nextSecond()
      const after = await w.moment()
      await w.write('last')
      const names = (await readServerLog(w.server)).map(({ name }) => name).slice(-6)
      expect(names).toEqual(['before', 'meanwhile', 'later', 'behind', 'across', 'last'])
      expect(inside.there).toEqual(new Set(['before', 'meanwhile', 'later']))
      expect(await w.ask(inside)).toMatchObject(answersOf(kind, 'behind', 'later', 'before'))
      expect(await w.ask(after)).toMatchObject(answersOf(kind, 'last', 'behind', 'before'))
    })

    test('a statement whose commit begins another file, with the stamp of its start', async () => {
      await using w = await openWitness(kind, { options: ['--max-binlog-size=4096'] })
      const session = await w.server.connect()
      await w.rotate()
      await w.nextSecond()
      await w.write('before')
      const long = w.write('long', { session, pad: `CONCAT(REPEAT('x', 5000), SLEEP(3))` })
      await w.nextSecond()
      await w.write('meanwhile')
      await w.nextSecond()
      const inside = await w.moment()
      await w.write('behind')
      await long
      await w.write('next')
      await w.settle()
      await w.nextSecond()
      const after = await w.moment()
      await w.write('last')
      const log = (await readServerLog(w.server)).slice(-6)
      expect(log.map(({ name }) => name)).toEqual(['before', 'meanwhile', 'behind', 'long', 'next', 'last'])
      const numbers = log.map(({ file }) => Number(file.slice(-6)))
      const [first = 0] = numbers
      expect(numbers.slice(0, 5)).toEqual([first, first, first, first, first + 1])
      // Where MariaDB's checkpoint showed no clock, another file was begun for one that does.
      const proven = numbers[5] === first + 1 ? 'next' : 'last'
      expect(await w.ask(inside)).toMatchObject(answersOf(kind, 'behind', 'meanwhile', 'before'))
      expect(await w.ask(after)).toMatchObject(answersOf(kind, 'last', 'long', proven))
    })

    test('a statement of two hours in a silent log, longer than any margin', async () => {
      await using w = await openWitness(kind)
      const session = await w.server.connect()
      await w.rotate()
      await w.nextSecond()
      await w.write('before')
      const long = w.write('long', { session, pad: 'SLEEP(2)' })
      // The log says the same as if the statement had run so long.
      await sleep(500)
      w.server.setClock(3600)
      const inside = await w.moment()
      w.server.setClock(7200)
      await long
      await w.nextSecond()
      const after = await w.moment()
      await w.write('last')
      expect(inside.there).toEqual(new Set(['before']))
      const answer = await w.ask(inside)
      expect(answer).toMatchObject(answersOf(kind, 'long', 'before', 'before'))
      // MariaDB 10.11 says nowhere when it ended.
      expect(answer.codes.includes('LONG_TRANSACTION')).toBe(kind !== 'mariadb-10.11')
      expect(await w.ask(after)).toMatchObject(answersOf(kind, 'last', 'before', 'before'))
      const waived = await w.ask(inside, '--margin', '10m')
      expect(waived.codes.includes('MARGIN')).toBe(kind !== 'mysql-9.7')
    })
  })
})

describeWith(['mysql-5.6', 'faketime'], 'two sessions with one thread id', () => {
  test('prove nothing of each other', async () => {
    await using w = await openWitness('mysql-5.6')
    const [one, two] = [await w.server.connect(), await w.server.connect()]
    const [rows] = await one.query('SELECT CONNECTION_ID() AS id')
    const [{ id } = { id: 0 }] = rows as { id: number }[]
    await two.query(`SET pseudo_thread_id = ${id}`)
    await two.query('BEGIN')
    await w.write('first', { session: two })
    await w.nextSecond()
    await one.query('BEGIN')
    await w.write('second', { session: one })
    await w.nextSecond()
    await w.nextSecond()
    const moment = await w.moment()
    expect(moment.there).toEqual(new Set())
    await two.query('COMMIT')
    await w.nextSecond()
    await one.query('COMMIT')
    await w.write('last')
    expect(await w.ask(moment)).toMatchObject({ latest: 'first' })
  })
})

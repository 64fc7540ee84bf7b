/** SET TIMESTAMP, past and future: the answers for the times around are those that they are without it. */
import { describe, expect, test } from 'vitest'
import { describeWith } from '../support/servers/with.ts'
import type { Answer, Witness } from './witness.ts'
import { openWitness } from './witness.ts'

const PAST = 1_500_000_000
const FUTURE = 2_000_000_000

/** Four writes in seconds of their own, and what is answered for the time between the second one and the third. */
async function answerAmong(w: Witness, prefix: string, forge: () => Promise<void>): Promise<Answer> {
  await w.rotate()
  await w.nextSecond()
  await w.write(`${prefix}-1`)
  await w.nextSecond()
  await w.write(`${prefix}-2`)
  await forge()
  await w.nextSecond()
  await w.nextSecond()
  const moment = await w.moment()
  await w.write(`${prefix}-3`)
  await w.nextSecond()
  await w.write(`${prefix}-4`)
  return w.ask(moment)
}

/** In a session of its own, that no other evidence comes from. */
async function under(w: Witness, second: number, ...statements: readonly string[]): Promise<void> {
  const session = await w.server.connect()
  await session.query(`SET TIMESTAMP = ${second}`)
  for (const statement of statements) await session.query(statement)
}

const plain = (name: string | null): string | undefined => name?.replace(/^\w+-/, '')

describe.concurrent.each(['mysql-5.6', 'mysql-9.7', 'mariadb-10.11'] as const)('on %s', (kind) => {
  describeWith([kind, 'faketime'], 'beside forged stamps', () => {
    test('of transactions, the answer is the same', async () => {
      await using w = await openWitness(kind)
      const without = await answerAmong(w, 'plain', () => Promise.resolve())
      const beside = await answerAmong(w, 'beside', async () => {
        await under(w, PAST, `INSERT INTO d.t (tag) SELECT 'past'`)
        await under(w, FUTURE, `INSERT INTO d.t (tag) SELECT 'future'`)
      })
      expect({ safe: plain(without.safe), latest: plain(without.latest) }).toEqual(
        kind === 'mysql-9.7' ? { safe: '3', latest: '3' } : { safe: kind === 'mysql-5.6' ? '2' : '1', latest: '3' },
      )
      expect([plain(beside.safe), plain(beside.latest)]).toEqual([plain(without.safe), plain(without.latest)])
      // Beside an exact answer there is nothing to say. Only a stamp with an exec_time shows by itself that it is forged.
      const told = { 'mysql-5.6': ['SET_TIMESTAMP'], 'mysql-9.7': [], 'mariadb-10.11': ['FUTURE_TIME'] }
      expect(beside.codes).toEqual(expect.arrayContaining(told[kind]))
    })

    test('of statements that begin files, the answer is the same', async () => {
      await using w = await openWitness(kind)
      const without = await answerAmong(w, 'plain', async () => {
        await w.server.run('FLUSH LOGS', 'FLUSH LOGS')
        await w.settle()
      })
      const beside = await answerAmong(w, 'beside', async () => {
        await under(w, PAST, 'FLUSH LOGS')
        await under(w, FUTURE, 'FLUSH LOGS')
        await w.settle()
      })
      expect([plain(beside.safe), plain(beside.latest)]).toEqual([plain(without.safe), plain(without.latest)])
    })
  })
})

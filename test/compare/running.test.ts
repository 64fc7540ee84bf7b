/** While the active server is written to as fast as it can: no difference that is none, and those that are. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection } from 'mysql2/promise'
import { serverKinds, startPair } from '../support/servers/index.ts'
import type { Pair } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { alone, compare, compareOne, equal } from './story.ts'

const ROWS = 30_000
const LARGE = 300_000
const WRITE_MS = 3000

describe.each(serverKinds)('a pair of %s', (kind) => {
  describeWith(kind, 'that is written to', () => {
    let pair: Pair
    beforeAll(async () => {
      pair = await startPair({ kind, options: ['--character-set-server=utf8mb4'] })
      await pair.active.run(
        'CREATE DATABASE d',
        'CREATE TABLE d.digits (n INT PRIMARY KEY)',
        `INSERT INTO d.digits VALUES ${Array.from({ length: 1000 }, (_, i) => `(${i})`).join(', ')}`,
        'CREATE TABLE d.busy (id INT PRIMARY KEY, n INT, v VARCHAR(50))',
        `INSERT INTO d.busy SELECT a.n * 1000 + b.n, 0, 'v' FROM d.digits a, d.digits b WHERE a.n < ${ROWS / 1000}`,
        'CREATE TABLE d.hot (id INT PRIMARY KEY, n INT)',
        'INSERT INTO d.hot VALUES (1, 0), (2, 0), (3, 0)',
        'CREATE TABLE d.large (a INT, b INT, v VARCHAR(50), PRIMARY KEY (a, b))',
        `INSERT INTO d.large SELECT a.n, b.n, CONCAT('v', a.n * b.n) FROM d.digits a, d.digits b WHERE a.n < ${LARGE / 1000}`,
      )
      await pair.caughtUp()
    })
    afterAll(() => pair[Symbol.asyncDispose]())

    /** Runs `write` in several sessions of the active until `body` is over. */
    async function whileWriting(
      write: readonly ((session: Connection, n: number) => Promise<unknown>)[],
      body: () => Promise<void>,
    ): Promise<number> {
      const over = new AbortController()
      const loops = write.map(async (step) => {
        const session = await pair.active.connect()
        let n = 0
        while (!over.signal.aborted) {
          await step(session, n++)
          // Slower than the replica: one that falls behind for ever is never caught up with.
          await sleep(5)
        }
        return n
      })
      try {
        await body()
      } finally {
        over.abort()
      }
      return Math.min(...(await Promise.all(loops)))
    }

    test('stays equal under inserts, updates, deletes and rows that change all the time', async () => {
      const id = (n: number): number => (n * 7919) % ROWS
      const writes = await whileWriting(
        [
          (session, n) => session.query(`UPDATE d.busy SET n = n + 1, v = 'w${n}' WHERE id = ${id(n)}`),
          (session, n) => session.query(`DELETE FROM d.busy WHERE id = ${id(n + 5)}`),
          (session, n) => session.query(`REPLACE INTO d.busy VALUES (${id(n)}, ${n}, 'r'), (${ROWS + n}, 0, 'new')`),
          // A counter, a value that goes and comes back, a row that does.
          (session) => session.query('UPDATE d.hot SET n = n + 1 WHERE id = 1'),
          (session, n) => session.query(`UPDATE d.hot SET n = ${n % 2} WHERE id = 2`),
          (session, n) => session.query(n % 2 === 0 ? 'DELETE FROM d.hot WHERE id = 3' : 'INSERT INTO d.hot VALUES (3, 0)'),
        ],
        async () => {
          for (const end = Date.now() + WRITE_MS; Date.now() < end;) {
            const found = await compare(pair, ['busy', 'hot'])
            expect(found).toEqual([expect.objectContaining(equal), expect.objectContaining(equal)])
          }
        },
      )
      expect(writes).toBeGreaterThan(50)
    })

    test('shows what differs, and only that', async () => {
      await pair.caughtUp()
      await alone(
        pair.passive,
        'DELETE FROM d.large WHERE a = 7 AND b < 3',
        "UPDATE d.large SET v = 'x' WHERE a = 299 AND b = 999",
      )
      const writes = await whileWriting(
        [
          (session, n) => session.query(`UPDATE d.large SET v = 'w${n}' WHERE a = ${n % 300} AND b = ${100 + (n % 800)}`),
          (session, n) => session.query(`UPDATE d.large SET v = '${n % 2}' WHERE a = 8 AND b = 1`),
        ],
        async () => {
          const progress: number[] = []
          const found = await compareOne(pair, 'large', { onProgress: ({ rows }) => progress.push(rows) })
          expect(found).toMatchObject({ rows: LARGE, missing: 3, different: 1, extra: 0, reason: null })
          expect(found.differences.map(({ key }) => key)).toEqual(
            expect.arrayContaining([{ a: '299', b: '999' }, ...[0, 1, 2].map((b) => ({ a: '7', b: String(b) }))]),
          )
          expect(progress.length).toBeGreaterThan(LARGE / 20_000)
        },
      )
      expect(writes).toBeGreaterThan(50)
    })

    test('is left alone once nobody waits for it', async () => {
      const stop = new AbortController()
      const comparison = compareOne(pair, 'large', { signal: stop.signal, onProgress: () => stop.abort() })
      await expect(comparison).rejects.toThrow('aborted')
      await pair.caughtUp()
      await alone(pair.passive, 'DELETE FROM d.hot')
      expect(await compareOne(pair, 'hot', { catchUp: () => Promise.resolve(false) })).toMatchObject({
        outcome: 'undecided',
        missing: 0,
      })
    })
  })
})

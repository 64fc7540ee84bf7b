/** What real servers wrote, second by second as a client saw it, is what `timeline` and `ls` count, from the server and from its files. */
import { expect, test } from 'vitest'
import type { Server } from '../support/servers/index.ts'
import { accounts, startServer } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { binpoint, freshIndex } from './run.ts'
import { expectValid } from './schema.ts'

interface Bucket {
  readonly time: string
  readonly transactions: number
  readonly known: boolean
  readonly landmarks: readonly { readonly kind: string }[]
}

/** Returns in another second of the server's clock: this one. */
async function nextSecond(server: Server): Promise<number> {
  const second = async (): Promise<number> =>
    Number((await server.query('SELECT FLOOR(UNIX_TIMESTAMP(SYSDATE(6))) AS s'))[0]?.['s'])
  const before = await second()
  for (;;) {
    const now = await second()
    if (now > before) return now
    await server.query('DO SLEEP(0.05)')
  }
}

describeWith(['mysql-9.7', 'mariadb-10.11'], 'a server that writes', () => {
  test.each(['mysql-9.7', 'mariadb-10.11'] as const)('%s', async (kind) => {
    await using server = await startServer({ kind })
    const { user, password } = accounts.reader
    const address = `mysql://${user}@${server.host}:${server.port}`
    const ask = async (source: string, ...args: readonly string[]): Promise<string> => {
      const given = ['--source', source, '--index', freshIndex(), '--json']
      const { status, stdout, stderr } = await binpoint([...args, ...given], {
        env: { BINPOINT_PASSWORD: password },
        nowUs: Date.now() * 1000,
      })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      return stdout
    }
    const listed = async (source: string): Promise<ReturnType<typeof JSON.parse>[]> =>
      (await ask(source, 'ls'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    const count = (buckets: readonly Bucket[]): number => buckets.reduce((sum, bucket) => sum + bucket.transactions, 0)

    const before = (await listed(server.dataDir)).length
    await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT AUTO_INCREMENT PRIMARY KEY, v INT)')
    let written = before + 2
    const seen: [second: number, written: number][] = []
    for (const size of [3, 5, 7]) {
      seen.push([await nextSecond(server), written])
      for (let i = 0; i < size; i++) await server.run('INSERT INTO d.t (v) VALUES (1), (2)')
      written += size
      if (size === 5) await server.run('FLUSH LOGS')
    }
    seen.push([await nextSecond(server), written])
    // Dated in 2033, and one behind it in the same file.
    await server.run('SET TIMESTAMP = 2000000000', 'INSERT INTO d.t (v) VALUES (3)', 'SET TIMESTAMP = DEFAULT')
    await server.run('INSERT INTO d.t (v) VALUES (4)')
    written += 2
    const last = await nextSecond(server)

    for (const source of [address, server.dataDir]) {
      const transactions = await listed(source)
      expect(transactions).toHaveLength(written)
      const rows = transactions.flatMap((t) => t.tables).reduce((sum: number, table) => sum + table.rows, 0)
      expect(rows).toBe(2 * (3 + 5 + 7) + 2)
      const found = JSON.parse(await ask(source, 'timeline', '--bucket', '1s', '--to', `@${last}`))
      expectValid('timeline', found)
      expect(count(found.buckets)).toBe(written)
      const until = (second: number): readonly Bucket[] =>
        found.buckets.filter((bucket: Bucket) => Date.parse(bucket.time) < second * 1000)
      expect(seen.map(([second]) => [second, count(until(second))])).toEqual(seen)
      expect(found.files).toHaveLength(2)
      const kinds = found.landmarks.map((landmark: { kind: string }) => landmark.kind)
      expect(kinds).toEqual(
        expect.arrayContaining(['server-start', 'ddl', kind === 'mysql-9.7' ? 'set-timestamp' : 'future-time']),
      )
      // What a server has not written up to now, it has not done.
      expect(until(last).at(-1)?.known === true || source !== address).toBe(true)
    }
  })
})

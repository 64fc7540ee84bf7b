/** A copy that begins in the middle of a file has other positions than the log: a coordinate in it would be a wrong one. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildIndex } from '../../src/app/index.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import { temporaryFolder } from '../support/logs.ts'
import { accounts, endOfLog, mysqlbinlog, startServer } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'

for (const kind of ['mysql-9.7', 'mariadb-10.11', 'mariadb-11.8'] as const) {
  describeWith(kind, `a part of a log of ${kind}, copied with mysqlbinlog --raw`, () => {
    test('is refused; the whole is not', async () => {
      await using server = await startServer({ kind })
      await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)', 'INSERT INTO d.t VALUES (1)')
      const { file, position } = await endOfLog(server)
      await server.run('INSERT INTO d.t VALUES (2)', 'INSERT INTO d.t VALUES (3)')
      const copy = async (start: number): Promise<ReturnType<typeof buildIndex>> => {
        const folder = temporaryFolder()
        const { user, password } = accounts.reader
        const login = [`--host=${server.host}`, `--port=${server.port}`, `--user=${user}`, `--password=${password}`]
        const raw = ['--read-from-remote-server', '--raw', `--result-file=${folder}/`, `--start-position=${start}`]
        await mysqlbinlog(kind, [...login, ...(kind === 'mysql-9.7' ? ['--get-server-public-key'] : []), ...raw, file])
        expect(readdirSync(folder)).toEqual([file])
        using store = openStore(':memory:')
        return await buildIndex({ store, source: openFileSource(folder, [join(folder, file)]) })
      }
      expect(await copy(4)).toMatchObject({ transactions: 5, gaps: [] })
      expect(await copy(position)).toMatchObject({ transactions: 0, gaps: [{ cause: expect.stringContaining('part of a log') }] })
    })
  })
}

/** Encrypted logs, of real servers: never half read, and read in full through the server, which has the keys. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildIndex } from '../../src/app/index.ts'
import { readTransactions } from '../../src/app/window.ts'
import { openStore } from '../../src/store/store.ts'
import { runBinpoint } from '../cli/child.ts'
import { fixtures } from '../cli/run.ts'
import { filesOf } from '../pitfalls/written.ts'
import { openLive } from '../source/liveSupport.ts'
import type { StartOptions } from '../support/servers/index.ts'
import { startServer } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'

const cases: readonly { readonly start: StartOptions; readonly on: string; readonly off: string }[] = [
  {
    start: {
      kind: 'mysql-9.7',
      files: {
        'mysqld.my': '{"components": "file://component_keyring_file"}',
        'component_keyring_file.cnf': '{"path": "./keyring", "read_only": false}',
      },
    },
    // It begins a new file by itself.
    on: 'SET GLOBAL binlog_encryption = ON',
    off: 'SET GLOBAL binlog_encryption = OFF',
  },
  ...(['mariadb-10.11', 'mariadb-11.8'] as const).map((kind) => ({
    start: {
      kind,
      options: [
        '--plugin-load-add=file_key_management',
        '--loose-file-key-management',
        `--file-key-management-filename=${join(fixtures, 'encrypted/keys.txt')}`,
      ],
    },
    on: '--encrypt-binlog=ON',
    off: '--encrypt-binlog=OFF',
  })),
]

for (const { start, on, off } of cases) {
  describeWith(start.kind, `on ${start.kind}: a file in the clear, an encrypted one, and one in the clear`, () => {
    test('the directory has a gap with a name and a way out; the server gives everything', async () => {
      await using server = await startServer(start)
      const change = async (setting: string): Promise<void> => {
        if (setting.startsWith('--')) await server.restart([setting])
        else await server.run(setting)
      }
      await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)', 'INSERT INTO d.t VALUES (1)')
      await change(on)
      await server.run('INSERT INTO d.t VALUES (2)', 'INSERT INTO d.t VALUES (3)')
      await change(off)
      await server.run('INSERT INTO d.t VALUES (4)')

      using store = openStore(':memory:')
      const inClear = await buildIndex({ store, source: filesOf(server) })
      expect(inClear.transactions).toBe(4)
      expect(inClear.gaps).toMatchObject([{ file: 1, cause: expect.stringMatching(/^encrypted/) }])
      await using live = await openLive(server)
      expect(await buildIndex({ store, source: live })).toMatchObject({ transactions: 6, gaps: [] })
      const first = { file: 'mysql-bin.000001', position: 4 }
      const all = await readTransactions({ source: live, from: first })
      expect(all.flatMap(({ tables }) => tables.map(({ rows }) => rows))).toEqual([1, 1, 1, 1])
      await expect(readTransactions({ source: filesOf(server), from: first })).rejects.toMatchObject({
        code: 'LOG_ENCRYPTED',
        hint: expect.stringContaining('--source mysql://'),
      })
    })
  })
}

test.each(['mysql-9.7', 'mariadb-10.11', 'mariadb-11.8'])('the command line says so of the files of %s', async (kind) => {
  const folder = join(fixtures, 'encrypted', kind)
  const { status, stdout, stderr } = await runBinpoint(['ls', '--source', folder, '--index', ':memory:', '--json'])
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(JSON.parse(stderr)).toMatchObject({
    error: {
      code: 'LOG_ENCRYPTED',
      message: expect.stringContaining('mysql-bin.000001'),
      hint: expect.stringContaining('mysql://'),
    },
  })
})

/**
 * Pairs that are hard to repair, all at once: rows that were deleted behind replication's back, names full of quotes, compression, no
 * checksums, parallel appliers, a delay, strict and odd sql_modes, a restart at the head of a file, a window over several files, and
 * the second server as the active one.
 */
import { expect, test } from 'vitest'
import { endOfLog, startPair, waitForReplica, words } from '../support/servers/index.ts'
import type { Pair, Server } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { execMode, expectGreen, repair, url } from './story.ts'

const schema = '`it\'s "a" \\ schema`'
const table = `${schema}.\`tàble ' "" ; -- \\ x\``

const options = {
  'mysql-5.6': ['--binlog-checksum=NONE'],
  'mysql-9.7': [
    '--binlog-transaction-compression=ON',
    '--replica-parallel-workers=4',
    '--replica-preserve-commit-order=OFF',
    '--binlog-checksum=NONE',
  ],
  'mariadb-10.11': ['--log-bin-compress=ON', '--log-bin-compress-min-len=10', '--slave-parallel-threads=4'],
  'mariadb-11.8': ['--slave-parallel-threads=4', '--slave-parallel-mode=optimistic', '--binlog-checksum=NONE'],
} as const

async function write(server: Server, from: number, count: number): Promise<void> {
  for (let id = from; id < from + count; id++) {
    await server.run(
      'BEGIN',
      `INSERT INTO ${table} VALUES (${id}, REPEAT('abc ', ${100 + id}), ${id})`,
      `UPDATE ${table} SET n = n + 1 WHERE id < ${id} ORDER BY id DESC LIMIT 3`,
      'COMMIT',
    )
  }
}

async function rowsOf(server: Server): Promise<string> {
  const [row] = await server.query(`CHECKSUM TABLE ${table}`)
  const [count] = await server.query(`SELECT COUNT(*) AS n FROM ${table}`)
  return `${String(row?.['Checksum'])} ${String(count?.['n'])}`
}

for (const kind of ['mysql-5.6', 'mysql-9.7', 'mariadb-10.11', 'mariadb-11.8'] as const) {
  describeWith(kind, `a hard pair on ${kind}`, () => {
    test.each(['running', 'stopped'])('%s, is healed', async (state) => {
      await using pair = await startPair({ kind, options: options[kind], ...(kind === 'mysql-9.7' ? { gtids: false } : {}) })
      // The roles are swapped: the second server is the active one.
      const { passive: active, active: passive } = pair
      await active.run(`CREATE DATABASE ${schema}`, `CREATE TABLE ${table} (id INT PRIMARY KEY, t TEXT, n INT) ENGINE=InnoDB`)
      await write(active, 1, 10)
      await active.run('FLUSH LOGS')
      const { file } = await endOfLog(active)
      await write(active, 11, 20)
      await active.run('FLUSH LOGS')
      await write(active, 31, 10)
      await active.run('FLUSH LOGS', 'FLUSH LOGS')
      await write(active, 41, 5)
      await pair.caughtUp()
      await passive.run(
        'SET SESSION sql_log_bin = 0',
        `DELETE FROM ${table} WHERE id BETWEEN 15 AND 35`,
        'SET SESSION sql_log_bin = 1',
      )
      const { replica, source, modern } = words(passive)
      if (state === 'running' && kind !== 'mariadb-10.11') {
        await passive.run(
          `STOP ${replica}`,
          `CHANGE ${modern ? 'REPLICATION SOURCE' : 'MASTER'} TO ${source}_DELAY = 1`,
          `START ${replica}`,
        )
      }
      if (state === 'stopped') {
        await passive.run(`STOP ${replica}`)
        await write(active, 46, 5)
      }
      const modes = "CONCAT(@@GLOBAL.sql_mode, ',ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES,PIPES_AS_CONCAT')"
      await passive.run(`SET GLOBAL sql_mode = ${modes}`)

      const given = ['--from', `${file}:4`, '--source', url(active), '--replica', url(passive)]
      const plan = await repair(given)
      expect(plan).toMatchObject({ exitCode: 0, stderr: '' })
      const run = await passive.client(plan.stdout)
      expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nok\n$/) })
      await healed(pair)
    })
  })
}

async function healed({ active, passive }: Pair): Promise<void> {
  await waitForReplica(active, passive)
  expect(await rowsOf(active)).toBe(await rowsOf(passive))
  expect(await execMode(active)).toBe('STRICT')
  await write(passive, 90, 2)
  await waitForReplica(active, passive)
  await write(active, 95, 2)
  await waitForReplica(passive, active)
  expect(await rowsOf(active)).toBe(await rowsOf(passive))
  await expectGreen(active)
  await expectGreen(passive)
}

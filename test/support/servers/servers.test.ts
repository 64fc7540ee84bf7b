/** Each server starts, writes a row, and its own binlog reader finds that row; nothing is left behind. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { accounts, mysqlbinlog, serverKinds, startServer } from './index.ts'
import { describeWith } from './with.ts'

describe('real servers', () => {
  for (const kind of serverKinds) {
    describeWith(kind, kind, () => {
      test('writes a row that its binlog reader finds', async () => {
        await using server = await startServer({ kind })
        expect(server.version).toContain(kind.replace(/^\w+-/, ''))
        await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (text VARCHAR(20))', `INSERT INTO d.t VALUES ('a needle')`)
        const listing = await mysqlbinlog(kind, [
          '--base64-output=decode-rows',
          '-vv',
          join(server.binlogDir, 'mysql-bin.000001'),
        ])
        expect(listing.stderr).toBe('')
        expect(listing.exitCode).toBe(0)
        expect(listing.stdout).toMatch(/INSERT INTO `d`.`t`[^]*a needle/)
      })

      test('answers over TCP with a password, and to its own client', async () => {
        await using server = await startServer({ kind })
        for (const account of Object.values(accounts)) {
          const connection = await server.connect({ host: server.host, port: server.port, ...account })
          const [rows] = await connection.query('SELECT CURRENT_USER() AS me')
          expect(rows).toEqual([{ me: `${account.user}@%` }])
        }
        const answer = await server.client('SELECT 6 * 7 AS answer; SELECT nonsense;')
        expect(answer).toMatchObject({ exitCode: 1, stdout: 'answer\n42\n' })
        expect(answer.stderr).toContain('nonsense')
      })

      test('comes back after a stop and after a power cut, and leaves nothing behind', async () => {
        const server = await startServer({ kind })
        await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT) ENGINE=InnoDB', 'INSERT INTO d.t VALUES (1)')
        const before = server.pid
        await server.restart()
        await server.kill()
        await server.restart(['--read-only=ON'])
        expect(server.pid).not.toBe(before)
        expect(await server.query('SELECT i, @@read_only AS readOnly FROM d.t')).toEqual([{ i: 1, readOnly: 1 }])
        const logs = await server.query('SHOW BINARY LOGS')
        expect(logs).toHaveLength(3)
        const { pid } = server
        await server[Symbol.asyncDispose]()
        expect(existsSync(server.dataDir)).toBe(false)
        expect(existsSync(`/proc/${pid}`)).toBe(false)
      })

      test('ends with its test process, however that ends', async () => {
        const code = `
          import { startServer } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
          const server = await startServer({ kind: ${JSON.stringify(kind)} })
          console.log(JSON.stringify({ pid: server.pid, dataDir: server.dataDir }))
          setInterval(() => {}, 1000)`
        const owner = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'inherit'] })
        const [line] = await once(owner.stdout, 'data')
        const { pid, dataDir } = JSON.parse(String(line))
        expect(existsSync(`/proc/${pid}`)).toBe(true)
        owner.kill('SIGKILL')
        await expect.poll(() => existsSync(`/proc/${pid}`) || existsSync(join(dataDir, '..')), { timeout: 10_000 }).toBe(false)
      })
    })
  }

  for (const kind of ['mysql-9.7', 'mariadb-11.8'] as const) {
    describeWith(kind, `${kind} with TLS`, () => {
      test('has a certificate of its own', async () => {
        await using server = await startServer({ kind })
        const connection = await server.connect({
          host: server.host,
          port: server.port,
          ...accounts.reader,
          ssl: { rejectUnauthorized: false },
        })
        const [rows] = await connection.query(`SHOW STATUS LIKE 'Ssl_cipher'`)
        expect(rows).toEqual([{ Variable_name: 'Ssl_cipher', Value: expect.stringMatching(/^TLS_/) }])
      })
    })
  }
})

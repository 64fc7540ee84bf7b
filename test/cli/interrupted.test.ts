/** A run that is ended from outside: the index is consistent, nothing crashes, and the server is rid of the dump. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openStore } from '../../src/store/store.ts'
import { dumpThreads, until } from '../source/liveSupport.ts'
import { accounts, startServer } from '../support/servers/index.ts'
import type { Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { runBinpoint, startBinpoint } from './child.ts'
import type { Running } from './child.ts'
import { freshIndex, root } from './run.ts'
import { active } from './story.ts'

const asReader = { BINPOINT_PASSWORD: accounts.reader.password }
const kinds: readonly ServerKind[] = ['mysql-5.6', 'mysql-9.7', 'mariadb-10.11', 'mariadb-11.8']

async function follow(server: Server, index: string): Promise<Running> {
  const running = startBinpoint(['index', `mysql://reader@127.0.0.1:${server.port}`, '--index', index, '--follow'], asReader)
  await until('the dump runs', async () => (await dumpThreads(server)).length === 1)
  return running
}

/** What the index has of the log, and what an index has that is made at once. */
async function indexes(server: Server, index: string): Promise<readonly unknown[]> {
  const fresh = freshIndex()
  const source = `mysql://reader@127.0.0.1:${server.port}`
  for (const path of [index, fresh]) {
    expect(await runBinpoint(['index', source, '--index', path], asReader)).toMatchObject({ status: 0 })
  }
  return [index, fresh].map((path) => {
    using store = openStore(path)
    const log = store.currentLog(source)
    return log === null ? null : store.dump(log)
  })
}

for (const kind of kinds) {
  describeWith(kind, `following ${kind} from a process of its own`, () => {
    test('ends with 130 on SIGINT, leaves no dump thread, and goes on later', async () => {
      await using server = await startServer({ kind })
      await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)')
      const index = freshIndex()
      const running = await follow(server, index)
      await server.run('INSERT INTO d.t VALUES (1)', 'FLUSH LOGS', 'INSERT INTO d.t VALUES (2)')
      await sleep(300)
      running.child.kill('SIGINT')
      expect(await running.ended).toMatchObject({ status: 130, stderr: expect.not.stringContaining('Error') as string })
      await until('no dump thread is left', async () => (await dumpThreads(server)).length === 0, 900)
      await server.run('INSERT INTO d.t VALUES (3)')
      const [continued, atOnce] = await indexes(server, index)
      expect(continued).toEqual(atOnce)
    })

    test('killed at once, the server notices by itself, and the index goes on', async () => {
      await using server = await startServer({ kind })
      await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)')
      const index = freshIndex()
      const running = await follow(server, index)
      await server.run('INSERT INTO d.t VALUES (1)')
      running.child.kill('SIGKILL')
      expect(await running.ended).toMatchObject({ status: 137 })
      // The next heartbeats find that nobody is there.
      await until('no dump thread is left', async () => (await dumpThreads(server)).length === 0)
      const [continued, atOnce] = await indexes(server, index)
      expect(continued).toEqual(atOnce)
    })

    test('says that the stream is lost when the server is shut down, whole as the log may be', async () => {
      await using server = await startServer({ kind })
      await server.run('CREATE DATABASE d')
      const running = await follow(server, freshIndex())
      await server.stop()
      const { status, stdout, stderr } = await running.ended
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
      expect(stderr).toContain('[STREAM_LOST]')
      expect(stderr).toContain(`127.0.0.1:${server.port}`)
      expect(stderr).toContain('hint: run it again')
    })
  })
}

describe('a reader that has had enough', () => {
  test.each([[['ls', '--source', active]], [['ls', '--source', active, '--json']], [['at', '--help']]])(
    'of %j: no stack, no failure',
    async (args) => {
      const command = `"$0" "$@" | head -1; echo "status $\{PIPESTATUS[0]}"`
      const child = spawn('bash', ['-c', command, process.execPath, join(root, 'src/bin.ts'), ...args], {
        env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent/home', BINPOINT_INDEX: freshIndex() },
      })
      const said = { stdout: '', stderr: '' }
      child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()))
      child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()))
      await new Promise((resolve) => child.on('close', resolve))
      expect(said.stderr).toBe('')
      expect(said.stdout).toMatch(/^.+\nstatus 0\n$/)
    },
  )
})

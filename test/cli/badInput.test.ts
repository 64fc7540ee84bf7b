/** What is wrong outside of the tool, at the command line: an exit status, the value that failed, a hint, and nothing lost. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accounts, purgeTo, startServer } from '../support/servers/index.ts'
import type { Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { runBinpoint } from './child.ts'
import { freshIndex, root, temporaryFolder } from './run.ts'
import { expectValid } from './schema.ts'
import { active, story } from './story.ts'

interface Failure {
  readonly status: number
  readonly code: string
  /** The value that failed, as it stands in the message. */
  readonly names: string
  readonly hint: string
}

/** How it fails: for people and for programs alike, and without an answer. */
async function failureOf(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Failure> {
  const [text, json] = await Promise.all([runBinpoint(args, env), runBinpoint([...args, '--json'], env)])
  expect([text.stdout, json.stdout, json.status]).toEqual(['', '', text.status])
  const document = JSON.parse(json.stderr) as { readonly error: Readonly<Record<'code' | 'message' | 'hint', string>> }
  expectValid('error', document)
  const { code, message, hint } = document.error
  const spaceless = (words: string): string => words.replaceAll(/\s+/g, ' ').trim()
  expect(spaceless(text.stderr)).toBe(spaceless(`binpoint: ${message} [${code}] hint: ${hint}`))
  return { status: text.status, code, names: message, hint }
}

function like({ status, code, names, hint }: Failure): Failure {
  return { status, code, names: expect.stringContaining(names) as string, hint: expect.stringContaining(hint) as string }
}

const url = (server: { readonly port: number }, user = 'reader'): string => `mysql://${user}@127.0.0.1:${server.port}`
const asReader = { BINPOINT_PASSWORD: accounts.reader.password }
const someTime = '2026-11-24T16:00:00Z'

describe('a source', () => {
  test('that is no binlog', async () => {
    const path = join(root, 'package.json')
    const failure = { status: 2, code: 'NOT_A_BINLOG', names: path, hint: 'give a directory of binlog files' }
    expect(await failureOf(['index', path, '--index', freshIndex()])).toEqual(like(failure))
    expect(await failureOf(['at', someTime, '--source', path, '--index', freshIndex()])).toEqual(like(failure))
  })

  test('that is a directory without logs', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'ib_logfile0'), 'no log of this kind')
    const failure = { status: 2, code: 'NO_BINLOGS', names: folder, hint: 'log_bin' }
    expect(await failureOf(['index', folder, '--index', freshIndex()])).toEqual(like(failure))
  })

  test('that is not there', async () => {
    const folder = join(temporaryFolder(), 'absent')
    const failure = { status: 2, code: 'SOURCE_NOT_FOUND', names: folder, hint: 'mysql://user@host:port' }
    expect(await failureOf(['index', folder, '--index', freshIndex()])).toEqual(like(failure))
    expect(await failureOf(['at', someTime, '--source', folder, '--index', freshIndex()])).toEqual(like(failure))
  })

  test('that nobody listens for, and that never answers', async () => {
    const silent = createServer(() => undefined)
    const port = await new Promise<number>((resolve) => {
      silent.listen(0, '127.0.0.1', () => resolve((silent.address() as AddressInfo).port))
    })
    const args = (command: readonly string[]): readonly string[] => [...command, '--timeout', '1s', '--index', freshIndex()]
    const failure = { status: 2, code: 'CONNECT_FAILED', names: `127.0.0.1:${port}`, hint: 'check host and port' }
    expect(await failureOf(args(['index', url({ port })]))).toEqual(like(failure))
    expect(await failureOf(args(['index', url({ port }), '--ssl-mode', 'DISABLED']))).toEqual(like(failure))
    await new Promise((resolve) => silent.close(resolve))
    expect(await failureOf(args(['index', url({ port })]))).toEqual(like(failure))
    expect(await failureOf(args(['at', someTime, '--source', url({ port })]))).toEqual(like(failure))
  })
})

describe('a time', () => {
  const { file } = story.endOfActive
  const endOfStory = { file, position: statSync(join(active, file)).size }
  const ask = (time: string): readonly string[] => ['at', time, '--source', active, '--index', freshIndex()]

  test('without a zone', async () => {
    const failure = { status: 64, code: 'TIME_WITHOUT_ZONE', names: '2026-11-24 16:00:00', hint: '--tz' }
    expect(await failureOf(ask('2026-11-24 16:00:00'))).toEqual(like(failure))
  })

  test('before and after the log is an answer: no, and the end of the log', async () => {
    const before = await runBinpoint([...ask('2000-01-01T00:00:00Z'), '--json'])
    expect(before).toMatchObject({ status: 1, stderr: '' })
    expect(JSON.parse(before.stdout)).toMatchObject({ outcome: 'before-first', safe: null, latest: null })
    const after = await runBinpoint([...ask('2099-01-01T00:00:00Z'), '--json'])
    expect(after).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(after.stdout)).toMatchObject({ outcome: 'after-last', safe: endOfStory })
  })
})

describe('an index', () => {
  test('that another process is writing keeps what it has, and waits no longer than some seconds', async () => {
    const index = freshIndex()
    expect(await runBinpoint(['index', active, '--index', index])).toMatchObject({ status: 0 })
    const before = contentOf(index)
    const other = new Database(index)
    other.exec('BEGIN IMMEDIATE')
    try {
      const failure = { status: 2, code: 'INDEX_BUSY', names: index, hint: '--index' }
      expect(await failureOf(['index', join(active, '..', 'passive'), '--index', index])).toEqual(like(failure))
      // What is known can be asked for meanwhile.
      expect(await runBinpoint(['status', '--index', index])).toMatchObject({ status: 0 })
    } finally {
      other.exec('ROLLBACK')
      other.close()
    }
    expect(contentOf(index)).toEqual(before)
  })

  test('of a newer version is left alone', async () => {
    const index = freshIndex()
    expect(await runBinpoint(['index', active, '--index', index])).toMatchObject({ status: 0 })
    const newer = new Database(index)
    newer.exec('CREATE TABLE of_the_future (i INT); PRAGMA user_version = 4711')
    newer.close()
    const before = contentOf(index)
    const failure = { status: 2, code: 'INDEX_NEWER', names: index, hint: '--index' }
    expect(await failureOf(['index', active, '--index', index])).toEqual(like(failure))
    expect(await failureOf(['at', someTime, '--source', active, '--index', index])).toEqual(like(failure))
    expect(await failureOf(['status', '--index', index])).toEqual(like(failure))
    expect(contentOf(index)).toEqual(before)
  })

  test('that cannot be written, or is none', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'a file')
    writeFileSync(file, 'no index, and longer than a header of SQLite, which has a hundred bytes'.repeat(3))
    mkdirSync(join(folder, 'a folder'))
    const unwritable = (path: string): Failure => ({ status: 2, code: 'INDEX_UNWRITABLE', names: path, hint: '--index' })
    // A file system that nobody may write to, root included.
    for (const path of ['/sys/index.sqlite', join(folder, 'a folder'), join(file, 'index.sqlite')]) {
      expect(await failureOf(['index', active, '--index', path])).toEqual(like(unwritable(path)))
    }
    expect(await failureOf(['index', active, '--index', file])).toEqual(
      like({
        status: 2,
        code: 'INDEX_CORRUPT',
        names: file,
        hint: 'move it away',
      }),
    )
  })
})

/** All rows of all tables. */
function contentOf(index: string): unknown {
  const db = new Database(index, { readonly: true })
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").pluck().all() as string[]
  const content = tables.map((table) => [table, db.prepare(`SELECT * FROM "${table}"`).all()])
  db.close()
  return content
}

const kinds: readonly ServerKind[] = ['mysql-5.6', 'mysql-9.7', 'mariadb-10.11', 'mariadb-11.8']

for (const kind of kinds) {
  describeWith(kind, `an account at ${kind}`, () => {
    let server: Server
    beforeAll(async () => {
      server = await startServer({ kind })
    })
    afterAll(async () => server[Symbol.asyncDispose]())

    test('with a wrong password, or that is not there', async () => {
      const args = (user: string): readonly string[] => ['index', url(server, user), '--index', freshIndex()]
      const denied = { status: 2, code: 'ACCESS_DENIED', names: "'reader'", hint: 'BINPOINT_PASSWORD' }
      expect(await failureOf(args('reader'), { BINPOINT_PASSWORD: 'wrong' })).toEqual(like(denied))
      expect(await failureOf(args('reader'))).toEqual(like(denied))
      expect(await failureOf(args('nobody'), { BINPOINT_PASSWORD: 'wrong' })).toEqual(like({ ...denied, names: "'nobody'" }))
    })

    test('without a privilege: the hint names it, and running the hint helps', async () => {
      await server.run("CREATE USER 'bare'@'127.%' IDENTIFIED BY 'bare-password'")
      const env = { BINPOINT_PASSWORD: 'bare-password' }
      const args = ['index', url(server, 'bare'), '--index', freshIndex()]
      const toList = kind.startsWith('mariadb') ? 'BINLOG MONITOR' : 'REPLICATION CLIENT'
      for (const privilege of [toList, 'REPLICATION SLAVE']) {
        const grant = `GRANT ${privilege} ON *.* TO 'bare'@'127.%';`
        const missing = { status: 2, code: 'MISSING_PRIVILEGE', names: `'bare'@'127.%' at 127.0.0.1:${server.port}`, hint: grant }
        expect(await failureOf(args, env)).toEqual(like(missing))
        const { stderr } = await runBinpoint(args, env)
        await server.run(/GRANT .*(?=;)/.exec(stderr)?.[0] ?? 'the hint has no GRANT')
      }
      expect(await runBinpoint(args, env)).toMatchObject({ status: 0, stderr: '' })
    })

    test('at a server that writes no log', async () => {
      await using off = await startServer({ kind, options: ['--skip-log-bin'] })
      const failure = { status: 2, code: 'LOG_DISABLED', names: `127.0.0.1:${off.port}`, hint: 'log_bin' }
      expect(await failureOf(['index', url(off), '--index', freshIndex()], asReader)).toEqual(like(failure))
    })
  })

  describeWith(kind, `the log of ${kind}`, () => {
    const index = async (server: Server, path: string): Promise<Readonly<Record<string, unknown>>> => {
      const { status, stdout, stderr } = await runBinpoint(['index', url(server), '--index', path, '--json'], asReader)
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      return JSON.parse(stdout) as Readonly<Record<string, unknown>>
    }
    const write = (server: Server): Promise<void> =>
      server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)', 'INSERT INTO d.t VALUES (1)')

    test('of another server behind the same address is a new log, and that is said', async () => {
      const path = freshIndex()
      let port = 0
      {
        await using first = await startServer({ kind })
        port = first.port
        await write(first)
        expect(await index(first, path)).toMatchObject({ outcome: 'new', replacedBecause: null })
      }
      await using second = await startServer({ kind, options: [`--port=${port}`] })
      await second.run('CREATE DATABASE other')
      // startServer chooses a port; its options win, so that this one has that of the first.
      const replaced = await index({ ...second, port }, path)
      expect(replaced).toMatchObject({ outcome: 'replaced', replacedBecause: expect.any(String) as string })
      const text = await runBinpoint(['status', '--index', path])
      expect(text.status).toBe(0)
    })

    test('that was reset is a new log, and `at` says so', async () => {
      await using server = await startServer({ kind })
      const path = freshIndex()
      await write(server)
      await index(server, path)
      await server.run(
        kind === 'mysql-9.7' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER',
        'DROP DATABASE d',
        'CREATE DATABASE e',
      )
      const now = await runBinpoint(['at', '2099-01-01T00:00:00Z', '--source', url(server), '--index', path, '--json'], asReader)
      expect(now).toMatchObject({ status: 0, stderr: expect.stringContaining('another log than was indexed') })
      const [{ size } = { size: 0 }] = (await server.query('SHOW BINARY LOGS')).map((row) => ({ size: Number(row['File_size']) }))
      expect(JSON.parse(now.stdout)).toMatchObject({ outcome: 'after-last', safe: { file: 'mysql-bin.000001', position: size } })
      expect(await index(server, path)).toMatchObject({ outcome: 'resumed' })
    })

    test('that was purged gives no coordinate for a time in it', async () => {
      await using server = await startServer({ kind })
      const path = freshIndex()
      // Later than the head of the file, and not later than what is written now.
      await sleep(1100)
      const [row] = await server.query('SELECT DATE_FORMAT(NOW(), "%Y-%m-%dT%H:%i:%sZ") AS time')
      await write(server)
      await server.run('FLUSH LOGS', 'INSERT INTO d.t VALUES (2)')
      await index(server, path)
      await purgeTo(server, 'mysql-bin.000002')
      const args = ['at', String(row?.['time']), '--source', url(server), '--index', path, '--json']
      const answer = await runBinpoint(args, asReader)
      expect(answer).toMatchObject({ status: 1, stderr: '' })
      expect(JSON.parse(answer.stdout)).toMatchObject({ outcome: 'before-first', safe: null, findings: [{ code: 'PURGED' }] })
      // All that was indexed is gone, and more: between the two lies a gap.
      await server.run('FLUSH LOGS', 'FLUSH LOGS', 'FLUSH LOGS', 'INSERT INTO d.t VALUES (3)')
      await purgeTo(server, 'mysql-bin.000005')
      const gap = await runBinpoint(['index', url(server), '--index', path, '--json'], asReader)
      expect(gap).toMatchObject({ status: 1, stderr: '' })
      expect(JSON.parse(gap.stdout)).toMatchObject({ outcome: 'resumed', gaps: [{ cause: expect.stringContaining('purged') }] })
    })
  })
}

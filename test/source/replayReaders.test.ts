/** Replay stands in for a server before readers that are not ours: both mysqlbinlogs, zongji with its own decoding, real replicas. */
import type { EventEmitter } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import ZongJi from '@vlasky/zongji'
import type { ConnectionOptions } from 'mysql2'
import { expect, test } from 'vitest'
import { startReplay } from '../../src/source/replay.ts'
import type { Replay } from '../../src/source/replay.ts'
import { fixtures, temporaryFolder } from '../cli/run.ts'
import { accounts, mysqlbinlog, replicaStatus, startServer, words } from '../support/servers/index.ts'
import type { Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { until } from './liveSupport.ts'

const AT_FLAGS = 4 + 17
const IN_USE = 1
const STOP = 3

/** Each reads what it knows: MySQL's refuses MariaDB's versions; MariaDB 10.11's those from MySQL 8 and MariaDB 11 on. */
const readers: readonly (readonly [ServerKind, readonly string[]])[] = [
  ['mysql-9.7', ['rollbar/active', 'grammar/mysql-5.6', 'grammar/mysql-5.6-gtids', 'grammar/mysql-9.7', 'crash/mysql-9.7']],
  [
    'mariadb-10.11',
    ['rollbar/active', 'grammar/mysql-5.6', 'grammar/mariadb-10.5', 'grammar/mariadb-10.11', 'crash/mariadb-10.11'],
  ],
  ['mariadb-11.8', ['grammar/mariadb-11.8', 'clock/mariadb-11.8']],
]

for (const [kind, logs] of readers) {
  describeWith(kind, `the mysqlbinlog of ${kind}`, () => {
    test.each(logs)('copies %s from replay, byte for byte', async (log) => {
      await using replay = await startReplay({ paths: [join(fixtures, log)] })
      const folder = temporaryFolder()
      const remote = ['--read-from-remote-server', `--host=${replay.host}`, `--port=${replay.port}`, '--user=anyone']
      const raw = ['--raw', `--result-file=${folder}/`, '--to-last-log', replay.files[0] ?? '']
      const { exitCode, stderr } = await mysqlbinlog(kind, [...remote, ...raw])
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('ERROR') })
      expect(readdirSync(folder).sort()).toEqual(replay.files)
      for (const name of replay.files) {
        const served = readFileSync(join(fixtures, log, name))
        // A server clears the mark of a file that is being written in what it sends, and so must replay.
        served[AT_FLAGS] = (served[AT_FLAGS] ?? 0) & ~IN_USE
        expect({ name, isSame: readFileSync(join(folder, name)).equals(served) }).toEqual({ name, isSame: true })
      }
    })

    test('lists from the middle of a file', async () => {
      const [log = ''] = logs
      await using replay = await startReplay({ paths: [join(fixtures, log)] })
      const [file = ''] = replay.files
      const local = await mysqlbinlog(kind, [join(fixtures, log, file)])
      const third = positionsIn(local.stdout)[3] ?? 0
      const remote = ['--read-from-remote-server', `--host=${replay.host}`, `--port=${replay.port}`, '--user=anyone']
      const { stdout, exitCode } = await mysqlbinlog(kind, [...remote, `--start-position=${third}`, file])
      expect(exitCode).toBe(0)
      // The FORMAT_DESCRIPTION of a start in mid-file is listed at the place of the event behind it.
      expect([...new Set(positionsIn(stdout))]).toEqual(positionsIn(local.stdout).filter((position) => position >= third))
    })
  })
}

const positionsIn = (listing: string): readonly number[] =>
  [...listing.matchAll(/^# at (\d+)$/gm)].map((match) => Number(match[1]))

describeWith('mysql-9.7', 'zongji, with its own decoding,', () => {
  test('reads the same rows from replay as from the server that wrote them', async () => {
    // With full metadata it needs no table definitions, which replay does not have.
    await using server = await startServer({ kind: 'mysql-9.7', options: ['--binlog-row-metadata=FULL'] })
    await server.run(
      'CREATE DATABASE d',
      'CREATE TABLE d.t (i INT PRIMARY KEY, v VARCHAR(100), n DECIMAL(10, 2), at DATETIME(6))',
      "INSERT INTO d.t VALUES (1, 'one', 1.5, '2014-04-10 21:06:12.345678'), (2, 'two', NULL, NULL)",
      "UPDATE d.t SET v = 'ünï ☃' WHERE i = 1",
      'FLUSH LOGS',
      'DELETE FROM d.t WHERE i = 2',
    )
    await using replay = await startReplay({ paths: [server.binlogDir] })
    const fromReplay = await decode({ host: replay.host, port: replay.port, user: 'anyone' })
    expect(fromReplay).toEqual(await decode({ host: server.host, port: server.port, ...accounts.admin }))
    expect(fromReplay.filter(({ rows }) => rows !== null)).toMatchObject([
      {
        type: 'WriteRows',
        rows: [
          { i: 1, v: 'one' },
          { i: 2, v: 'two', n: null },
        ],
      },
      { type: 'UpdateRows', rows: [{ before: { v: 'one' }, after: { v: 'ünï ☃' } }] },
      { type: 'DeleteRows', rows: [{ i: 2 }] },
    ])
    expect(fromReplay.filter(({ type }) => type === 'Gtid')).toHaveLength(5)
  })

  test('is told, not left waiting, that replay has no table definitions', async () => {
    await using replay = await startReplay({ paths: [join(fixtures, 'rollbar/active')] })
    await expect(decode({ host: replay.host, port: replay.port, user: 'anyone' })).rejects.toThrow('it has no tables')
  })
})

interface Decoded {
  readonly type: string
  readonly end: number
  readonly rows: unknown
}

/** The events of the whole log, as zongji sees them. */
async function decode(account: ConnectionOptions): Promise<readonly Decoded[]> {
  const zongji = new ZongJi(account)
  const events: Decoded[] = []
  try {
    await new Promise<void>((resolve, reject) => {
      // The end of a dump that does not stay.
      zongji.on('error', (error: Error) => (/Connection lost/.test(error.message) ? resolve() : reject(error)))
      zongji.on('binlog', (event) => {
        const type = event.getTypeName()
        events.push({ type, end: event.nextPosition, rows: 'rows' in event ? event.rows : null })
      })
      zongji.once('ready', () => {
        const command = (zongji as unknown as { connection: { _command: EventEmitter | null } }).connection
        setImmediate(() => command._command?.once('eof', resolve))
      })
      zongji.start({ serverId: 4711, filename: 'mysql-bin.000001', position: 4, nonBlock: true })
    })
  } finally {
    zongji.stop()
  }
  return events
}

const replicas: readonly (readonly [ServerKind, string])[] = [
  ['mysql-5.6', 'rollbar/active'],
  ['mariadb-10.11', 'rollbar/active'],
  ['mariadb-10.11', 'grammar/mariadb-10.11'],
  ['mariadb-11.8', 'grammar/mariadb-11.8'],
  ['mysql-9.7', 'grammar/mysql-9.7'],
]

for (const [kind, log] of replicas) {
  describeWith(kind, `a replica, ${kind},`, () => {
    test(`replicates ${log} from replay`, async () => {
      await using replay = await startReplay({ paths: [join(fixtures, log)] })
      await using server = await startServer({ kind, serverId: 77 })
      await follow(server, replay)
      const last = replay.files.at(-1) ?? ''
      const end = endOfExecution(join(fixtures, log, last))
      await until(`${last}:${end} is executed`, async () => {
        const status = await replicaStatus(server)
        if (status !== null && status.lastError !== '') throw new Error(status.lastError)
        return status?.executed.file === last && status.executed.position === end
      })
      expect(await replicaStatus(server)).toMatchObject({ receiverRunning: true, applierRunning: true, secondsBehind: 0 })
    })
  })
}

/** A replica does not count the STOP event at the end of a file. */
function endOfExecution(path: string): number {
  const bytes = readFileSync(path)
  let at = 4
  for (let size = bytes.readUInt32LE(at + 9); at + size < bytes.length; size = bytes.readUInt32LE(at + 9)) at += size
  return bytes[at + 4] === STOP ? at : bytes.length
}

async function follow(replica: Server, replay: Replay): Promise<void> {
  const { source, replica: word, modern } = words(replica)
  const options = [
    `${source}_HOST = '${replay.host}', ${source}_PORT = ${replay.port}, ${source}_USER = 'anyone', ${source}_SSL = 0`,
    `${source}_LOG_FILE = '${replay.files[0] ?? ''}', ${source}_LOG_POS = 4`,
    ...(replica.kind.startsWith('mariadb') ? ['MASTER_USE_GTID = no'] : []),
  ]
  await replica.run(`CHANGE ${modern ? 'REPLICATION SOURCE' : 'MASTER'} TO ${options.join(', ')}`, `START ${word}`)
}

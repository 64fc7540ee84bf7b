/** A stream that stays: what comes is given at once, what is in no file is not, and nobody else notices. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Coordinate } from '../../src/core/coordinate.ts'
import type { LogSource } from '../../src/core/ports.ts'
import { openFileSource } from '../../src/source/files.ts'
import { accounts, endOfLog, replicaStatus, settledEndOfLog, startPair, startServer } from '../support/servers/index.ts'
import type { ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { createNotingSink, dumpThreads, indexOf, openLive, until } from './liveSupport.ts'
import type { Call, NotingSink } from './liveSupport.ts'

const kinds: readonly ServerKind[] = ['mysql-5.6', 'mysql-9.7', 'mariadb-10.11', 'mariadb-11.8']

const FORMAT_DESCRIPTION = 15
const noEventsOfAFile = new Set([27, 41])

interface Following {
  readonly sink: NotingSink
  /** Ends it and gives what it said. */
  stop(): Promise<readonly Call[]>
  /** Settles when the read ends by itself. */
  readonly ended: Promise<unknown>
}

function follow(source: LogSource, from: Coordinate): Following {
  const aborted = new AbortController()
  const sink = createNotingSink()
  const ended = source.read({ from, follow: true, signal: aborted.signal }, sink).then(
    () => null,
    (error: unknown) => error,
  )
  return {
    sink,
    ended,
    stop: async () => {
      aborted.abort()
      expect(await ended).toBeNull()
      return sink.calls
    },
  }
}

const eventsIn = (calls: readonly Call[]): number => calls.filter((one) => one.call === 'take').length

for (const kind of kinds) {
  describeWith(kind, `following ${kind}`, () => {
    test('gives what the files hold, across silence, FLUSH LOGS and a change of checksums', async () => {
      await using server = await startServer({ kind, options: ['--binlog-checksum=CRC32'] })
      await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)', 'INSERT INTO d.t VALUES (1)')
      const from = await endOfLog(server)
      await using live = await openLive(server)
      const following = follow(live, from)
      // Mid-file with nothing to send: only the format, and heartbeats that are no events.
      await until('the format is there', () => eventsIn(following.sink.calls) === 1)
      await sleep(2500)
      expect(following.sink.calls).toEqual([
        { call: 'beginFile', name: from.file },
        expect.objectContaining({ type: FORMAT_DESCRIPTION, position: 4 }),
      ])
      await server.run('INSERT INTO d.t VALUES (2)', 'FLUSH LOGS', 'INSERT INTO d.t VALUES (3)')
      await server.run('SET GLOBAL binlog_checksum = NONE', 'INSERT INTO d.t VALUES (4)')
      await sleep(1500)
      await server.run('SET GLOBAL binlog_checksum = CRC32', 'INSERT INTO d.t VALUES (5)')
      const end = await settledEndOfLog(server)
      const last = (): number => {
        const call = following.sink.calls.at(-1)
        return call?.call === 'take' ? call.position + call.size : 0
      }
      await until(
        'all is there',
        () => following.sink.calls.some((one) => one.call === 'beginFile' && one.name === end.file) && last() === end.position,
      )
      const calls = await following.stop()

      const fromFiles = createNotingSink()
      await readEventByEvent(openFileSource('files', [server.binlogDir]), from, fromFiles)
      expect(calls).toEqual(fromFiles.calls)
      expect(calls.filter((one) => one.call === 'take' && noEventsOfAFile.has(one.type))).toEqual([])
      expect(calls.filter((one) => one.call === 'beginFile')).toHaveLength(4)
      // What came from a stream has a time of arrival, on a clock that nobody sets.
      const { arrivals } = following.sink
      expect(arrivals.length).toBeGreaterThan(0)
      for (const arrivedAtUs of arrivals) expect(Math.abs((arrivedAtUs ?? 0) / 1000 - performance.now())).toBeLessThan(60_000)

      // The same with the rows of an index, per-file checksums included.
      expect((await indexOf(live)).dump).toEqual((await indexOf(openFileSource('files', [server.binlogDir]))).dump)
    })

    test('leaves no dump thread behind on an idle source, with REPLICATION SLAVE alone', async () => {
      await using server = await startServer({ kind })
      await server.run("CREATE USER 'only'@'%' IDENTIFIED BY 'only-password'", "GRANT REPLICATION SLAVE ON *.* TO 'only'@'%'")
      const live = await openLive(server, { user: 'only', password: 'only-password' })
      const following = follow(live, { file: (await endOfLog(server)).file, position: 4 })
      await until('the dump runs', async () => (await dumpThreads(server)).length === 1)
      await until('events came', () => eventsIn(following.sink.calls) > 1)
      await following.stop()
      const left = await dumpThreads(server)
      await live[Symbol.asyncDispose]()
      // KILL is answered before the thread is gone, and the thread is gone before the next heartbeat would be.
      await until('no dump thread is left', async () => (await dumpThreads(server)).length === 0, 900)
      expect(left.length).toBeLessThanOrEqual(1)
      await until('no connection is left', async () => {
        const rows = await server.query('SHOW PROCESSLIST')
        return rows.every((row) => row['User'] !== 'only')
      })
    })

    test('outlives the wait_timeout of connections that say nothing', async () => {
      await using server = await startServer({ kind, options: ['--wait-timeout=2'] })
      await server.run('CREATE DATABASE d')
      await using live = await openLive(server)
      const following = follow(live, await endOfLog(server))
      await sleep(5000)
      await server.connect().then((other) => other.query('CREATE TABLE d.t (i INT)'))
      await until('the event came', () => eventsIn(following.sink.calls) >= 2)
      expect(eventsIn(await following.stop())).toBeGreaterThanOrEqual(2)
    })

    test('says that the stream is lost when the server goes, and has given all that came', async () => {
      await using server = await startServer({ kind })
      await server.run('CREATE DATABASE d')
      await using live = await openLive(server)
      const following = follow(live, { file: 'mysql-bin.000001', position: 4 })
      await until('events came', () => eventsIn(following.sink.calls) > 1)
      await server.kill()
      expect(await following.ended).toMatchObject({ code: 'STREAM_LOST', message: expect.stringContaining(`:${server.port}`) })
      await expect(live.listFiles()).rejects.toMatchObject({ code: 'STREAM_LOST' })
    })

    test('notices a peer that is there and silent', async () => {
      await using server = await startServer({ kind })
      await using live = await openLive(server)
      const quick = await openLive(server, {}, 2000)
      const following = follow(quick, { file: 'mysql-bin.000001', position: 4 })
      const patient = follow(live, { file: 'mysql-bin.000001', position: 4 })
      await until('events came', () => eventsIn(following.sink.calls) > 0)
      // Heartbeats keep a quiet stream alive.
      await sleep(3500)
      expect(await Promise.race([following.ended, sleep(1, 'still there')])).toBe('still there')
      process.kill(server.pid, 'SIGSTOP')
      const lost = await following.ended
      process.kill(server.pid, 'SIGCONT')
      expect(lost).toMatchObject({ code: 'STREAM_LOST', message: expect.stringContaining('nothing for 2 s') })
      await patient.stop()
      await quick[Symbol.asyncDispose]()
    })

    test('rejects with what the sink throws', async () => {
      await using server = await startServer({ kind })
      await using live = await openLive(server)
      const failing = createNotingSink()
      failing.endBatch = () => {
        throw new Error('the disk is full')
      }
      const from = { file: 'mysql-bin.000001', position: 4 }
      await expect(live.read({ from, follow: true }, failing)).rejects.toThrow(/^the disk is full$/)
      await until('no dump thread is left', async () => (await dumpThreads(server)).length === 0)
    })
  })

  describeWith(kind, `a replica of ${kind}`, () => {
    test('stays connected while the log is read beside it', async () => {
      await using pair = await startPair({ kind })
      const { active, passive } = pair
      await active.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)')
      await pair.caughtUp()
      const before = await dumpThreads(active)
      const readers = await Promise.all([openLive(active), openLive(active, accounts.admin)])
      const following = readers.map((reader) => follow(reader, { file: 'mysql-bin.000001', position: 4 }))
      await until('both read', () => following.every(({ sink }) => eventsIn(sink.calls) > 2))
      await active.run('INSERT INTO d.t VALUES (1)')
      await pair.caughtUp()
      for (const one of following) await one.stop()
      for (const reader of readers) await reader[Symbol.asyncDispose]()
      await active.run('INSERT INTO d.t VALUES (2)')
      await pair.caughtUp()
      expect(await replicaStatus(passive)).toMatchObject({ receiverRunning: true, applierRunning: true, lastError: '' })
      // The very same thread: it did not even reconnect.
      await until('only the replica is left', async () => (await dumpThreads(active)).length === before.length)
      expect(await dumpThreads(active)).toEqual(before)
    })
  })
}

/** Offers a file's events one by one, as a stream does. */
async function readEventByEvent(source: LogSource, from: Coordinate, sink: NotingSink): Promise<void> {
  await source.read(
    { from },
    {
      ...sink,
      done: false,
      take: (bytes, at, to, position) => {
        let event = at
        while (event + 19 <= to && event + bytes.readUInt32LE(event + 9) <= to) {
          const end = event + bytes.readUInt32LE(event + 9)
          sink.take(bytes, event, end, position + event - at)
          event = end
        }
        return event
      },
    },
  )
}

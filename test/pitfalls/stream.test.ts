/** Mistakes where one file ends and another begins, each on real servers, over the network and from their files. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/app/index.ts'
import type { IndexReport } from '../../src/app/index.ts'
import type { LogSource } from '../../src/core/ports.ts'
import { openStore } from '../../src/store/store.ts'
import { openLive, until } from '../source/liveSupport.ts'
import { endOfLog, settledEndOfLog, startServer } from '../support/servers/index.ts'
import type { ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { filesOf, indexedBy, starts, written } from './written.ts'

const servers: readonly ServerKind[] = ['mysql-5.6', 'mysql-9.7', 'mariadb-10.11', 'mariadb-11.8']

for (const kind of servers) {
  const reset = kind === 'mysql-9.7' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER'

  describeWith(kind, `on ${kind}`, () => {
    describe('what a server makes up for the stream is in no file; a real and an artificial ROTATE are one switch', () => {
      test('from the middle of a file, over heartbeats and FLUSH LOGS: the same as from the files', async () => {
        await using server = await startServer({ kind })
        await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)', 'INSERT INTO d.t VALUES (1)')
        const from = await endOfLog(server)
        await using live = await openLive(server)
        using store = openStore(':memory:')
        const stop = new AbortController()
        const running = buildIndex({ store, source: live, from, follow: true, signal: stop.signal })
        await sleep(2500) // two heartbeats, with the name of the file and a position in them
        const first = await written(server, 'INSERT INTO d.t VALUES (2)', 'FLUSH LOGS', 'INSERT INTO d.t VALUES (3)')
        const end = await endOfLog(server)
        await until('all is indexed', () => {
          const log = store.currentLog(live.name)
          const last = log === null ? undefined : store.files(log).at(-1)
          // MariaDB writes a BINLOG_CHECKPOINT some time after a file was begun.
          return last?.name === end.file && last.coveredEnd >= end.position
        })
        await sleep(1500) // for a heartbeat behind the last event, and its commit
        stop.abort()
        const { log, files, transactions } = await running
        expect(transactions).toBe(2)
        expect(files.map(({ name, coveredFrom, endedBy }) => [name, coveredFrom, endedBy])).toEqual([
          [from.file, from.position, 'rotate'],
          [end.file, 4, null],
        ])
        using other = openStore(':memory:')
        const fromFiles = await buildIndex({ store: other, source: filesOf(server), from })
        expect(store.dump(log)).toEqual(other.dump(fromFiles.log))
        const ticks = (store.dump(log) as Awaited<ReturnType<typeof indexedBy>>).ticks.map(({ start }) => start)
        expect(ticks).toEqual(starts(first))
      })
    })

    describe('a server that is shut down writes STOP and no ROTATE', () => {
      test('the next file follows all the same, in one run and in two', async () => {
        await using server = await startServer({ kind })
        await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)', 'INSERT INTO d.t VALUES (1)')
        const { file: first } = await endOfLog(server)
        using store = openStore(':memory:')
        await buildIndex({ store, source: filesOf(server) })
        await server.stop()
        await server.restart()
        await server.run('INSERT INTO d.t VALUES (2)')
        const second = await buildIndex({ store, source: filesOf(server) })
        expect(second).toMatchObject({ outcome: 'resumed', transactions: 1, gaps: [] })
        const { file: last } = await endOfLog(server)
        expect(second.files.map(({ name, endedBy, next }) => [name, endedBy, next])).toEqual([
          [first, 'stop', null],
          [last, null, null],
        ])
        const atOnce = await indexedBy(filesOf(server))
        expect(store.dump(second.log)).toEqual(atOnce)
        await using live = await openLive(server)
        expect(await indexedBy(live)).toEqual(atOnce)
      })
    })

    describe('each file has its own checksums', () => {
      test('switched off and on while it runs: every transaction is there, with all checksums verified', async () => {
        await using server = await startServer({ kind, options: ['--binlog-checksum=CRC32'] })
        const insert = (i: number): string => `INSERT INTO d.t VALUES (${i})`
        await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)', insert(1))
        await server.run('SET GLOBAL binlog_checksum = NONE', insert(2), insert(3))
        await server.run('SET GLOBAL binlog_checksum = CRC32', insert(4))
        await settledEndOfLog(server)
        const run = async (source: LogSource): Promise<[IndexReport, unknown]> => {
          using store = openStore(':memory:')
          const report = await buildIndex({ store, source, verifyChecksums: true })
          return [report, store.dump(report.log)]
        }
        const [report, fromFiles] = await run(filesOf(server))
        expect(report).toMatchObject({ transactions: 6, gaps: [] })
        expect(report.files.map(({ endedBy }) => endedBy)).toEqual(['rotate', 'rotate', null])
        await using live = await openLive(server)
        expect((await run(live))[1]).toEqual(fromFiles)
      })
    })

    describe(`after ${reset} the same names mean other bytes`, () => {
      test('what was indexed of the old log is no answer any more', async () => {
        await using server = await startServer({ kind })
        await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)', 'INSERT INTO d.t VALUES (1)', reset)
        await server.run('INSERT INTO d.t VALUES (2)')
        await using live = await openLive(server)
        const sources = [live, filesOf(server)]
        using store = openStore(':memory:')
        for (const source of sources)
          expect(await buildIndex({ store, source })).toMatchObject({ outcome: 'new', transactions: 1 })
        // A log of the same name, and longer than the old one was.
        await server.run(reset, 'INSERT INTO d.t VALUES (3)', 'INSERT INTO d.t VALUES (4)')
        for (const source of sources) {
          const report = await buildIndex({ store, source })
          expect(report).toMatchObject({
            outcome: 'replaced',
            transactions: 2,
            replacedBecause: expect.stringMatching(/mysql-bin\.0+1/),
          })
          expect(store.logs(source.name)).toHaveLength(2)
          expect(store.dump(report.log)).toEqual(await indexedBy(filesOf(server)))
        }
      })
    })
  })
}

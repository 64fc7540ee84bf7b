/** The log of a replica carries its source's stamps, here of a clock that is an hour wrong: the answer is by the replica's own. */
import { describe, expect, test } from 'vitest'
import { replicateFrom, startServer, waitForReplica, words } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { readServerLog } from './serverLog.ts'
import { openWitness, witnessOptions } from './witness.ts'

describe.concurrent.each(['mysql-5.6', 'mysql-9.7', 'mariadb-10.11', 'mariadb-11.8'] as const)('on %s', (kind) => {
  describeWith([kind, 'faketime'], 'a replica that logs what it applies', () => {
    test.each([3600, -3600])('from a source whose clock is %i s off, with a delay', async (offset) => {
      await using source = await startServer({ kind, clock: true, serverId: 9, options: witnessOptions(kind) })
      await using w = await openWitness(kind, {
        serverId: 2,
        options: ['--log-slave-updates=ON', '--max-binlog-size=4096'],
      })
      const { replica } = words(w.server)
      source.setClock(offset)
      await source.run('SET sql_log_bin = 0', 'CREATE DATABASE d')
      await source.run('CREATE TABLE d.t (tag VARCHAR(32) PRIMARY KEY, pad LONGTEXT)', 'SET sql_log_bin = 1')
      const write = (tag: string, pad = "''"): Promise<void> => source.run(`INSERT INTO d.t (tag, pad) SELECT '${tag}', ${pad}`)
      await w.rotate()
      await replicateFrom(w.server, source, { file: 'mysql-bin.000001', position: 4 })
      await w.nextSecond()
      await write('theirs-1')
      await source.run('CREATE TABLE d.other (i INT)')
      await waitForReplica(w.server, source)
      await w.write('own-1')
      await w.server.run(`STOP ${replica}`)
      await write('theirs-2')
      // The commit of this one begins a file, with a stamp of the other clock.
      await write('theirs-3', "REPEAT('x', 5000)")
      await source.run('CREATE TABLE d.third (i INT)')
      await write('theirs-4')
      await w.nextSecond()
      await w.write('own-2')
      await w.nextSecond()
      const delayed = await w.moment()
      await w.server.run(`START ${replica}`)
      await waitForReplica(w.server, source)
      await w.write('own-3')
      await w.settle()
      await w.nextSecond()
      const after = await w.moment()
      await w.write('own-4')
      await w.nextSecond()
      await w.write('own-5')
      const names = (await readServerLog(w.server)).map(({ name }) => name)
      expect(names.slice(names.indexOf('theirs-1')).filter((name) => name !== 'CREATE TABLE d.')).toEqual([
        'theirs-1',
        'own-1',
        'own-2',
        'theirs-2',
        'theirs-3',
        'theirs-4',
        'own-3',
        'own-4',
        'own-5',
      ])
      const answers = [await w.ask(delayed), await w.ask(after)]
      const exact = { reason: 'exact' }
      const expected = {
        'mysql-5.6': [{ safe: 'own-2' }, { safe: 'theirs-2' }],
        'mysql-9.7': [
          { safe: 'theirs-2', latest: 'theirs-2', ...exact },
          { safe: 'own-4', latest: 'own-4', ...exact },
        ],
        'mariadb-10.11': [{ safe: 'theirs-1' }, { safe: 'CREATE TABLE d.' }],
        'mariadb-11.8': [{ safe: 'theirs-1' }, { safe: 'CREATE TABLE d.' }],
      }
      expect(answers).toMatchObject(expected[kind])
      expect(answers.flatMap(({ codes }) => codes)).not.toContain('CLOCK_STEP')
      expect(answers[0]?.codes).toContain('FOREIGN_ORIGIN')
    })
  })
})

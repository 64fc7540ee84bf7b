/** Mistakes that MariaDB's logs invite, each on what a real server writes. */
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createRecorder } from '../../src/app/recorder.ts'
import { EventType } from '../../src/core/binlog/layout.ts'
import { openFileSource } from '../../src/source/files.ts'
import { createWire } from '../../src/source/wire.ts'
import { openStore } from '../../src/store/store.ts'
import { openLive } from '../source/liveSupport.ts'
import { endOfLog, startServer } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { fixtureLog, temporaryFolder } from '../support/logs.ts'
import { filesOf, indexedBy, kinds, starts, startsOf, written } from './written.ts'

describe('end_log_pos cannot be trusted: MariaDB >= 11.4 writes 0 inside transactions', () => {
  describeWith('mariadb-11.8', 'on mariadb-11.8', () => {
    test('every indexed position is where the server lists a GTID, none is 0', async () => {
      await using server = await startServer({ kind: 'mariadb-11.8' })
      await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)')
      const seen = await written(
        server,
        'BEGIN',
        'INSERT INTO d.t VALUES (1)',
        'INSERT INTO d.t VALUES (2)',
        'INSERT INTO d.t VALUES (3)',
        'COMMIT',
        'INSERT INTO d.t VALUES (4)',
      )
      expect(endLogPositions(join(server.binlogDir, 'mysql-bin.000001'))).toContain(0)
      expect(starts(seen)).toEqual(startsOf(seen, 'Gtid'))
      expect(seen.transactions.map((t) => t.tables[0]?.rows)).toEqual([3, 1])
      const gtids = (await server.query("SHOW BINLOG EVENTS IN 'mysql-bin.000001'")).filter((row) => row['Event_type'] === 'Gtid')
      const positions = new Set(gtids.map((row) => Number(row['Pos'])))
      const fromFiles = await indexedBy(filesOf(server))
      await using live = await openLive(server)
      const fromNetwork = await indexedBy(live)
      expect(fromFiles.ticks.filter(({ start }) => !positions.has(start))).toEqual([])
      expect(fromNetwork).toEqual(fromFiles)
    })
  })

  function endLogPositions(path: string): number[] {
    const bytes = readFileSync(path)
    const positions: number[] = []
    for (let at = 4; at + 19 <= bytes.length; at += bytes.readUInt32LE(at + 9)) positions.push(bytes.readUInt32LE(at + 13))
    return positions
  }
})

describe('positions cannot be summed up on the wire: without dump flag 2 MariaDB leaves ANNOTATE_ROWS out', () => {
  test.each(['mariadb-10.5', 'mariadb-10.11', 'mariadb-11.8'])('%s: the same index with them and without', (server) => {
    const { folder, files } = fixtureLog(`grammar/${server}`)
    const paths = files.map(({ file, path }) => ({ file, bytes: readFileSync(path) }))
    const whole = dumpOfStream(folder, paths, () => true)
    const without = dumpOfStream(folder, paths, (type) => type !== EventType.ANNOTATE_ROWS)
    expect(paths.some(({ bytes }) => eventsOf(bytes).some(({ type }) => type === EventType.ANNOTATE_ROWS))).toBe(true)
    expect(without).toEqual(whole)
  })

  interface EventOfFile {
    readonly type: number
    readonly from: number
    readonly to: number
  }

  function eventsOf(bytes: Buffer): EventOfFile[] {
    const events: EventOfFile[] = []
    for (let at = 4; at + 19 <= bytes.length; at += bytes.readUInt32LE(at + 9)) {
      events.push({ type: bytes[at + 4] ?? 0, from: at, to: at + bytes.readUInt32LE(at + 9) })
    }
    return events
  }

  /** As a server sends the files: an artificial ROTATE before each, then its events. */
  function dumpOfStream(
    source: string,
    files: readonly { file: string; bytes: Buffer }[],
    isSent: (type: number) => boolean,
  ): unknown {
    using store = openStore(':memory:')
    const log = store.beginLog({ source, fingerprint: '', serverUuid: null, serverId: 1 })
    const start = { file: files[0]?.file ?? '', position: 4 }
    const recorder = createRecorder({ store, log, start, checksums: 'all', decrypted: true, commitMs: 0, onCommit: undefined })
    const wire = createWire(recorder.sink, start, undefined)
    for (const { file, bytes } of files) {
      const rotate = fakeRotate(file)
      wire.event(rotate, 0, rotate.length)
      for (const { type, from, to } of eventsOf(bytes)) if (isSent(type)) wire.event(bytes, from, to)
      recorder.sink.endBatch()
    }
    wire.end()
    recorder.commit()
    return store.dump(recorder.log())
  }

  function fakeRotate(file: string): Buffer {
    const event = Buffer.alloc(27 + file.length)
    event.writeUInt8(EventType.ROTATE, 4)
    event.writeUInt32LE(1, 5)
    event.writeUInt32LE(event.length, 9)
    event.writeUInt16LE(0x20, 17)
    event.writeUInt32LE(4, 19)
    event.write(file, 27)
    return event
  }
})

describe('a file of a server that crashed stays marked as in use for ever', () => {
  describeWith('mariadb-10.11', 'on mariadb-10.11', () => {
    test('kill -9 and a restart: the file is closed in the index, without a gap, and the next one follows', async () => {
      await using server = await startServer({ kind: 'mariadb-10.11' })
      await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)', 'INSERT INTO d.t VALUES (1)')
      const { file: crashed } = await endOfLog(server)
      await server.kill()
      await server.restart()
      await server.run('INSERT INTO d.t VALUES (2)')
      // IN_USE, the first flag of the FORMAT_DESCRIPTION.
      expect(readFileSync(join(server.binlogDir, crashed)).readUInt16LE(4 + 17)).toBe(1)
      const fromFiles = await indexedBy(filesOf(server))
      expect(fromFiles.files.map(({ name, endedBy }) => [name, endedBy])).toEqual([
        [crashed, 'end'],
        [(await endOfLog(server)).file, null],
      ])
      expect(fromFiles).toMatchObject({ gaps: [] })
      await using live = await openLive(server)
      expect(await indexedBy(live)).toEqual(fromFiles)
    })
  })
})

describe('the server of a GTID is the one in the header, not the one that the file belongs to', () => {
  describeWith('mariadb-10.11', 'on mariadb-10.11', () => {
    test('a session with a server_id, a domain and a number of its own', async () => {
      await using server = await startServer({ kind: 'mariadb-10.11' })
      await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)')
      const seen = await written(
        server,
        'SET SESSION server_id = 999, SESSION gtid_domain_id = 5, SESSION gtid_seq_no = 500',
        'INSERT INTO d.t VALUES (1)',
        'INSERT INTO d.t VALUES (2)',
        'SET SESSION server_id = DEFAULT, SESSION gtid_domain_id = DEFAULT',
        'INSERT INTO d.t VALUES (3)',
      )
      expect(seen.transactions.map((t) => [t.gtid, t.serverId, t.marks.includes('foreign-origin')])).toEqual([
        ['5-999-500', 999, true],
        ['5-999-501', 999, true],
        ['0-1-3', 1, false],
      ])
      const listed = seen.events.filter(({ type }) => type === 'Gtid').map(({ info }) => /\d+-\d+-\d+/.exec(info)?.[0])
      expect(seen.transactions.map((t) => t.gtid)).toEqual(listed)
    })
  })
})

describe('a statement can be compressed', () => {
  describeWith(['mariadb-10.11', 'mariadb-11.8'], 'on mariadb-10.11 and mariadb-11.8', () => {
    test.each(['mariadb-10.11', 'mariadb-11.8'] as const)('%s: compressed DDL is DDL, compressed rows are rows', async (kind) => {
      await using server = await startServer({ kind, options: ['--log-bin-compress=ON', '--log-bin-compress-min-len=10'] })
      await server.run('CREATE DATABASE d')
      const seen = await written(
        server,
        'CREATE TABLE d.a_long_name_for_a_table (a_long_name_for_a_column INT, another_long_name_for_a_column VARCHAR(100))',
        "INSERT INTO d.a_long_name_for_a_table VALUES (1, REPEAT('x', 100)), (2, REPEAT('x', 100))",
        'TRUNCATE TABLE d.a_long_name_for_a_table',
      )
      expect(seen.events.map(({ type }) => type)).toContain('Query_compressed')
      expect(kinds(seen)).toEqual(['ddl', 'rows', 'ddl'])
      expect(seen.transactions[0]?.statements[0]?.text).toContain('CREATE TABLE d.a_long_name')
      expect(seen.transactions[1]?.tables).toMatchObject([{ table: 'a_long_name_for_a_table', rows: 2 }])
      expect(seen.transactions[2]?.statements).toMatchObject([{ kind: 'truncate' }])
      expect((await indexedBy(filesOf(server))).landmarks.filter((mark) => mark.kind === 'ddl')).toHaveLength(1)
    })
  })
})

describe('not every file with a number is a binlog', () => {
  describeWith('mariadb-11.8', 'the data directory of mariadb-11.8', () => {
    test('with its .idx, .index and .state files, Aria logs, relay logs and a folder named like a binlog', async () => {
      await using server = await startServer({ kind: 'mariadb-11.8' })
      await server.run(
        'CREATE DATABASE d',
        'CREATE TABLE d.t (i INT PRIMARY KEY)',
        'FLUSH LOGS',
        'CREATE DATABASE `backup.20240101`',
      )
      await server.stop()
      const inFolder = readdirSync(server.dataDir)
      expect(inFolder).toEqual(expect.arrayContaining(['mysql-bin.000001.idx', 'mysql-bin.index', 'aria_log.00000001']))
      const binlogs = inFolder.filter((name) => /^mysql-bin\.\d+$/.test(name)).sort()
      const listed = async (): Promise<string[]> => (await filesOf(server).listFiles()).map(({ name }) => name)
      expect(await listed()).toEqual(binlogs)

      // Without the index file the files themselves must tell.
      const folder = temporaryFolder()
      for (const name of inFolder.filter((one) => /^(mysql-bin\..*(\d|idx|state)|aria_log.*)$/.test(one))) {
        copyFileSync(join(server.dataDir, name), join(folder, name))
      }
      writeFileSync(join(folder, 'relay-bin.index'), './relay-bin.000001\n')
      writeFileSync(join(folder, 'notes.20240101'), 'no binlog')
      const source = openFileSource(folder, [folder])
      expect((await source.listFiles()).map(({ name }) => name)).toEqual(binlogs)
    })
  })
})

/**
 * The network says the same as the files: positions, transactions, files; whatever the server leaves out or adds on the wire.
 * And so does a replay of the files.
 */
import { expect, test } from 'vitest'
import { openFileSource } from '../../src/source/files.ts'
import { startReplay } from '../../src/source/replay.ts'
import { endOfLog, mysqlbinlog, startServer } from '../support/servers/index.ts'
import type { ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { writeGrammar } from './liveLoad.ts'
import { createNotingSink, dumpThreads, indexOf, openLive, openReplay, until, writeLoad } from './liveSupport.ts'

const kinds: readonly ServerKind[] = ['mysql-5.6', 'mysql-9.7', 'mariadb-10.5', 'mariadb-10.11', 'mariadb-11.8']

for (const kind of kinds) {
  describeWith(kind, `${kind} over the network`, () => {
    test('gives the same index as its files and a replay of them, and leaves no dump thread', async () => {
      await using server = await startServer({ kind })
      await writeLoad(server)
      await writeGrammar(server)
      // A clean shutdown writes STOP and no ROTATE.
      await server.restart()
      await server.run("INSERT INTO d.t (v) VALUES ('after the restart')")

      await using live = await openLive(server)
      const files = openFileSource('files', [server.binlogDir])
      const onDisk = (await files.listFiles()).map(({ name, size }) => ({ name, size }))
      expect(await live.listFiles()).toEqual(onDisk)
      const fromFiles = await indexOf(files)
      const fromNetwork = await indexOf(live)
      expect(fromNetwork.dump).toEqual(fromFiles.dump)
      expect(fromNetwork.report).toMatchObject({ transactions: fromFiles.report.transactions, gaps: [] })
      expect(fromNetwork.report.files.length).toBeGreaterThanOrEqual(7)
      expect(fromNetwork.report.transactions).toBeGreaterThan(50)

      await using replay = await startReplay({ paths: [server.binlogDir] })
      await using replayed = await openReplay(replay)
      expect(await replayed.listFiles()).toEqual(onDisk)
      const fromReplay = await indexOf(replayed, { verifyChecksums: true })
      expect(fromReplay.dump).toEqual(fromFiles.dump)
      expect(fromReplay.report).toMatchObject({ transactions: fromFiles.report.transactions, gaps: [] })
      await until('no dump thread is left', async () => (await dumpThreads(server)).length === 0)
    })

    test('from a middle of a file gives the rest of what the whole gives', async () => {
      await using server = await startServer({ kind })
      await writeLoad(server)
      await using live = await openLive(server)
      const [first] = await live.listFiles()
      const whole = createNotingSink()
      await live.read({ from: { file: first?.name ?? '', position: 4 } }, whole)
      const events = whole.calls.flatMap((one) => (one.call === 'take' ? [one] : []))
      expect(events.filter(({ type }) => type === 27 || type === 41)).toEqual([])
      const takes = whole.calls.slice(
        0,
        whole.calls.findIndex((one) => one.call === 'endFile'),
      )
      const middle = takes[Math.floor(takes.length / 2)]
      const start = middle?.call === 'take' ? middle.position : 0
      const rest = createNotingSink()
      await live.read({ from: { file: first?.name ?? '', position: start } }, rest)
      const [begin, format, ...others] = rest.calls
      expect(begin).toEqual({ call: 'beginFile', name: first?.name })
      expect(format).toMatchObject({ call: 'take', type: 15, position: 4 })
      const from = whole.calls.findIndex((one) => one.call === 'take' && one.position === start)
      expect(others).toEqual(whole.calls.slice(from))
    })

    test('stops before `until`, and where the sink wants no more', async () => {
      await using server = await startServer({ kind })
      await writeLoad(server)
      await using live = await openLive(server)
      const [first, second] = await live.listFiles()
      if (first === undefined || second === undefined) throw new Error('expected two files')
      const whole = createNotingSink()
      await live.read({ from: { file: first.name, position: 4 } }, whole)

      const toHead = createNotingSink()
      await live.read({ from: { file: first.name, position: 4 }, until: { file: second.name, position: 4 } }, toHead)
      expect(toHead.calls).toEqual(whole.calls.slice(0, toHead.calls.length))
      expect(toHead.calls.at(-1)).toEqual({ call: 'endFile', cause: 'end' })
      expect(toHead.calls.filter((one) => one.call === 'beginFile')).toEqual([{ call: 'beginFile', name: first.name }])

      const at = whole.calls.filter((one) => one.call === 'take')[7]?.position ?? 0
      const toMiddle = createNotingSink()
      // Also where nothing more is written: following ends by itself at `until`.
      await live.read(
        { from: { file: first.name, position: 4 }, until: { file: first.name, position: at }, follow: true },
        toMiddle,
      )
      expect(toMiddle.calls).toEqual([...whole.calls.slice(0, 8), { call: 'endFile', cause: 'end' }])
      const toEnd = createNotingSink()
      await live.read(
        { from: { file: second.name, position: 4 }, until: { file: second.name, position: second.size }, follow: true },
        toEnd,
      )
      expect(toEnd.calls).toEqual(
        whole.calls.slice(whole.calls.findIndex((one) => one.call === 'beginFile' && one.name === second.name)),
      )

      const done = createNotingSink(3)
      await live.read({ from: { file: first.name, position: 4 }, follow: true }, done)
      expect(done.calls).toEqual([...whole.calls.slice(0, 4), { call: 'endFile', cause: 'end' }])
      await until('no dump thread is left', async () => (await dumpThreads(server)).length === 0)
    })
  })
}

describeWith('mysql-9.7', 'a log that MySQL encrypts', () => {
  test('has sizes that are positions, and is read over the network though its files cannot be', async () => {
    await using server = await startServer({
      kind: 'mysql-9.7',
      options: ['--binlog-encryption=ON'],
      files: {
        'mysqld.my': '{"components": "file://component_keyring_file"}',
        'component_keyring_file.cnf': '{"path": "./keyring", "read_only": false}',
      },
    })
    await writeLoad(server)
    await using live = await openLive(server)
    const { file, position } = await endOfLog(server)
    expect((await live.listFiles()).at(-1)).toEqual({ name: file, size: position })
    const { report } = await indexOf(live, { verifyChecksums: true })
    expect(report.gaps).toEqual([])
    expect(report.files.at(-1)).toMatchObject({ name: file, coveredEnd: position })
    expect((await indexOf(openFileSource('files', [server.binlogDir]))).report.gaps).toHaveLength(2)
  })
})

const largest: readonly ServerKind[] = ['mysql-9.7', 'mariadb-10.11', 'mariadb-11.8']

for (const kind of largest) {
  describeWith(kind, `events of ${kind} that are larger than a packet`, () => {
    test('come whole, also one that ends where its packet does', async () => {
      const ownFile = kind === 'mariadb-11.8' ? ['--binlog-large-commit-threshold=10485760'] : []
      await using server = await startServer({ kind, options: ['--max-allowed-packet=64M', ...ownFile] })
      await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (v LONGBLOB) ENGINE=InnoDB')
      await using live = await openLive(server)
      const write = async (bytes: number): Promise<number> => {
        const { file, position } = await endOfLog(server)
        await server.run(`INSERT INTO d.t VALUES (REPEAT('x', ${bytes}))`)
        const sink = createNotingSink()
        await live.read({ from: { file, position } }, sink)
        return Math.max(...sink.calls.map((one) => (one.call === 'take' ? one.size : 0)))
      }
      const overhead = (await write(1000)) - 1000
      // A packet of 2^24 - 1 bytes is followed by another one, even an empty one. The first byte is the status.
      const full = 0xff_ffff - 1
      expect(await write(full - overhead)).toBe(full)
      expect(await write(full - overhead + 1)).toBe(full + 1)
      expect(await write(40_000_000)).toBe(40_000_000 + overhead)
      await server.run("INSERT INTO d.t VALUES ('small')")
      // MariaDB writes its checkpoints some time after a file was begun: not between one reading and the next.
      await server.restart()

      const files = openFileSource('files', [server.binlogDir])
      const fromFiles = await indexOf(files, { verifyChecksums: true })
      await using again = await openLive(server)
      expect((await indexOf(again, { verifyChecksums: true })).dump).toEqual(fromFiles.dump)
      await using replay = await startReplay({ paths: [server.binlogDir] })
      await using replayed = await openReplay(replay)
      expect((await indexOf(replayed, { verifyChecksums: true })).dump).toEqual(fromFiles.dump)
      expect(fromFiles.report).toMatchObject({ transactions: 7, gaps: [] })
    })
  })
}

describeWith('mysql-9.7', 'every position', () => {
  test('is one that mysqlbinlog prints', async () => {
    await using server = await startServer({ kind: 'mysql-9.7' })
    await writeLoad(server)
    await using live = await openLive(server)
    const [first] = await live.listFiles()
    const name = first?.name ?? ''
    const sink = createNotingSink()
    await live.read({ from: { file: name, position: 4 }, until: { file: name, position: first?.size ?? 0 } }, sink)
    const { stdout } = await mysqlbinlog('mysql-9.7', [`${server.binlogDir}/${name}`])
    const listed = [...stdout.matchAll(/^# at (\d+)$/gm)].map((match) => Number(match[1]))
    expect(sink.calls.flatMap((one) => (one.call === 'take' ? [one.position] : []))).toEqual(listed)
  })
})

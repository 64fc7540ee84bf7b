/** What is served from files gives the index that the files give; what cannot be served ends with a server's error. */
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { BinpointError } from '../../src/errors.ts'
import { openFileSource } from '../../src/source/files.ts'
import { startReplay } from '../../src/source/replay.ts'
import { fixtures, root, temporaryFolder } from '../cli/run.ts'
import { createNotingSink, indexOf, openReplay, until } from './liveSupport.ts'
import type { NotingSink } from './liveSupport.ts'

const logs = readdirSync(fixtures, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.index'))
  .map((entry) => entry.parentPath.slice(fixtures.length + 1))
  .sort()
const plain = logs.filter((log) => !log.startsWith('encrypted/'))

const sharedFolder = join(root, '../shared/binlogs')
const sharedBinlogs = existsSync(sharedFolder)
  ? readdirSync(sharedFolder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'MANIFEST.tsv')
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  : []

describe('the index made through replay', () => {
  test.each(plain)('equals the one made from the files: %s', async (log) => {
    const paths = [join(fixtures, log)]
    const fromFiles = await indexOf(openFileSource('files', paths), { verifyChecksums: true })
    await using replay = await startReplay({ paths })
    await using source = await openReplay(replay)
    expect((await indexOf(source, { verifyChecksums: true })).dump).toEqual(fromFiles.dump)
    expect(fromFiles.report.transactions).toBeGreaterThan(0)
  })

  test.skipIf(sharedBinlogs.length === 0)('equals the one made from the files: ../shared/binlogs, if it is there', async () => {
    let compared = 0
    const refused: { readonly path: string; readonly transactions: number }[] = []
    for (const path of sharedBinlogs) {
      // Cut together by hand: positions on the wire follow end_log_pos, which is not where its events are.
      if (!endsWhereItSays(path)) continue
      const fromFiles = await indexOf(openFileSource('files', [path]))
      try {
        await using replay = await startReplay({ paths: [path] })
        await using source = await openReplay(replay)
        expect({ path, dump: (await indexOf(source)).dump }).toEqual({ path, dump: fromFiles.dump })
        compared += 1
      } catch (error) {
        if (!(error instanceof BinpointError)) throw error
        // Not served: nothing of it can be read from the file either.
        refused.push({ path, transactions: fromFiles.report.transactions })
      }
    }
    expect(compared).toBeGreaterThan(90)
    expect(refused.length).toBeGreaterThan(2)
    expect(refused.filter(({ transactions }) => transactions > 0)).toEqual([])
  })
})

/** Whether each event ends where its header says (mod 2^32). */
function endsWhereItSays(path: string): boolean {
  const bytes = readFileSync(path)
  for (let at = 4; at + 19 <= bytes.length;) {
    const size = bytes.readUInt32LE(at + 9)
    const end = bytes.readUInt32LE(at + 13)
    if (size < 19 || (end !== 0 && end !== at + size)) return at + size > bytes.length
    at += size
  }
  return true
}

async function drain(...paths: readonly string[]): Promise<void> {
  await using replay = await startReplay({ paths })
  await using source = await openReplay(replay)
  const from = { file: replay.files[0] ?? '', position: 4 }
  await source.read({ from }, createNotingSink())
}

describe('what no server can send', () => {
  test.each([
    ['encrypted/mysql-9.7', { code: 'NOT_A_BINLOG' }],
    ['encrypted/mariadb-10.11', { code: 'SERVER_ERROR', cause: { errno: 1236 } }],
    ['encrypted/mariadb-11.8', { code: 'SERVER_ERROR', cause: { errno: 1236 } }],
  ])('%s', async (log, error) => {
    await expect(drain(join(fixtures, log))).rejects.toMatchObject({
      ...error,
      message: expect.stringContaining('encrypted'),
    })
  })

  test('an encrypted file after one that is not', async () => {
    const folder = temporaryFolder()
    copyFileSync(join(fixtures, 'grammar/mysql-9.7/mysql-bin.000001'), join(folder, 'mysql-bin.000001'))
    copyFileSync(join(fixtures, 'encrypted/mysql-9.7/mysql-bin.000002'), join(folder, 'mysql-bin.000002'))
    await using replay = await startReplay({ paths: [folder] })
    await using source = await openReplay(replay)
    const sink = createNotingSink()
    const reading = source.read({ from: { file: 'mysql-bin.000001', position: 4 } }, sink)
    await expect(reading).rejects.toMatchObject({ message: expect.stringContaining('encrypted'), cause: { errno: 1236 } })
    expect(sink.calls.slice(-2)).toEqual([
      { call: 'endFile', cause: 'end' },
      { call: 'beginFile', name: 'mysql-bin.000002' },
    ])
  })

  test.each([
    ['cut off in the middle of an event, and another file follows', (path: string) => truncateSync(path, 500)],
    ['with a header that says nothing', (path: string) => spoil(path)],
  ])('a file %s', async (_what, damage) => {
    const folder = temporaryFolder()
    for (const name of ['mysql-bin.000001', 'mysql-bin.000002']) {
      copyFileSync(join(fixtures, 'grammar/mysql-9.7', name), join(folder, name))
    }
    damage(join(folder, 'mysql-bin.000001'))
    await expect(drain(folder)).rejects.toMatchObject({ code: 'SERVER_ERROR', cause: { errno: 1236 } })
  })

  test.each([
    [1, 'position < 4'],
    [200, 'no event starts there'],
    [99_999_999, 'before mysql-bin.000001:99999999'],
  ])('position %i', async (position, said) => {
    await using replay = await startReplay({ paths: [join(fixtures, 'rollbar/active')] })
    await using source = await openReplay(replay)
    const reading = source.read({ from: { file: 'mysql-bin.000001', position } }, createNotingSink())
    await expect(reading).rejects.toMatchObject({ message: expect.stringContaining(said), cause: { errno: 1236 } })
  })
})

/** The second event says that it has 3 bytes. */
function spoil(path: string): void {
  const bytes = readFileSync(path)
  bytes.writeUInt32LE(3, 4 + bytes.readUInt32LE(4 + 9) + 9)
  writeFileSync(path, bytes)
}

describe('the server', () => {
  const paths = [join(fixtures, 'rollbar/active')]

  test('listens on loopback alone', async () => {
    await expect(startReplay({ paths, host: '0.0.0.0' })).rejects.toMatchObject({ code: 'USAGE' })
    await using replay = await startReplay({ paths })
    expect(replay.host).toBe('127.0.0.1')
  })

  test('says which port is taken', async () => {
    const taken = createServer()
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as AddressInfo).port))
    })
    try {
      await expect(startReplay({ paths, port })).rejects.toMatchObject({
        code: 'PORT_IN_USE',
        message: `port ${port} of 127.0.0.1 is taken`,
        hint: expect.stringContaining('--port'),
      })
    } finally {
      taken.close()
    }
  })

  test('ends the dumps that still run when it stops', async () => {
    const replay = await startReplay({ paths })
    const source = await openReplay(replay)
    const reading = source.read({ from: { file: 'mysql-bin.000001', position: 4 }, follow: true }, createNotingSink())
    const [ended] = await Promise.allSettled([reading, replay.stop()])
    expect(ended).toMatchObject({ status: 'rejected', reason: { code: 'STREAM_LOST' } })
    await source[Symbol.asyncDispose]()
  })

  test('gives up a file of which a reader has had enough', async () => {
    const folder = temporaryFolder()
    // One event of 8 MB, and more to come.
    const bytes = Buffer.concat([readFileSync(join(paths[0] ?? '', 'mysql-bin.000001')).subarray(0, 120), largeEvent(120)])
    writeFileSync(join(folder, 'mysql-bin.000001'), Buffer.concat([bytes, largeEvent(bytes.length)]))
    const replay = await startReplay({ paths: [folder] })
    const source = await openReplay(replay)
    await source.read({ from: { file: 'mysql-bin.000001', position: 4 } }, createNotingSink(1))
    await source[Symbol.asyncDispose]()
    // It waits until all dumps have ended.
    await expect(Promise.race([replay.stop().then(() => 'stopped'), sleep(5000, 'still busy')])).resolves.toBe('stopped')
  })

  test('sends what is added to the log while a reader stays, also in a new file', async () => {
    const folder = temporaryFolder()
    const names = ['mysql-bin.000001', 'mysql-bin.000002'] as const
    const copy = (name: string): void => copyFileSync(join(paths[0] ?? '', name), join(folder, name))
    copy(names[0])
    const whole = readFileSync(join(folder, names[0]))
    truncateSync(join(folder, names[0]), 200)
    await using replay = await startReplay({ paths: [folder] })
    await using source = await openReplay(replay)
    const stop = new AbortController()
    const sink = createNotingSink()
    const reading = source.read({ from: { file: names[0], position: 4 }, follow: true, signal: stop.signal }, sink)
    await until('the first events came', () => sink.calls.length > 1)
    writeFileSync(join(folder, names[0]), whole)
    await until('the rest came', () => bytesOf(sink) === whole.length - 4)
    copy(names[1])
    await until('the next file came', () => bytesOf(sink) === whole.length + sizeOf(folder, names[1]) - 8)
    stop.abort()
    await reading
    const fromFiles = createNotingSink()
    await source.read({ from: { file: names[0], position: 4 } }, fromFiles)
    expect(sink.calls).toEqual(fromFiles.calls)
  })
})

/** Of a type that is to be ignored. */
function largeEvent(start: number): Buffer {
  const event = Buffer.alloc(8_000_000)
  event[4] = 28
  event.writeUInt32LE(event.length, 9)
  event.writeUInt32LE(start + event.length, 13)
  event.writeUInt16LE(0x80, 17)
  return event
}

const bytesOf = (sink: NotingSink): number => sink.calls.reduce((sum, one) => sum + (one.call === 'take' ? one.size : 0), 0)
const sizeOf = (folder: string, name: string): number => statSync(join(folder, name)).size

/** What is used of the inside of zongji and mysql2, which they may change with any version: both are pinned, and this is watched. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import ZongJi from '@vlasky/zongji'
import { expect, onTestFinished, test } from 'vitest'
import { createPacketReader } from '../../src/source/packetReader.ts'
import { startReplay } from '../../src/source/replay.ts'
import { fixtures, root } from '../cli/run.ts'
import { until } from './liveSupport.ts'

interface Inside {
  readonly packetParser: { execute: (chunk: Buffer) => void }
  query: (sql: string, done: (error: Error | null, rows: unknown) => void) => void
  readonly stream: { readonly bytesRead: number }
}

test('the versions are those that this was written for', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  for (const [name, known] of [
    ['@vlasky/zongji', '0.9.0'],
    ['mysql2', '3.24.6'],
  ] as const) {
    // Exactly: no range.
    expect(dependencies[name]).toBe(known)
    const installed = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }
    expect(installed.version).toBe(known)
  }
  // One mysql2 for all: zongji's connections are of the class that is looked into here.
  const own = createRequire(join(root, 'package.json')).resolve('mysql2')
  expect(createRequire(join(root, 'node_modules/@vlasky/zongji/index.js')).resolve('mysql2')).toBe(own)
})

test('zongji asks for checksums in a method of its own, and says when it is ready', () => {
  const inside = ZongJi.prototype as unknown as Readonly<Record<string, unknown>>
  expect(inside['_isChecksumEnabled']).toBeTypeOf('function')
  expect((inside['_isChecksumEnabled'] as (next: unknown) => void).length).toBe(1)
})

test('statements queued on `ready` run before the dump, and each packet behind them is one event', async () => {
  await using replay = await startReplay({ paths: [join(fixtures, 'rollbar/active')] })
  const zongji = new ZongJi({ host: replay.host, port: replay.port, user: 'anyone' })
  onTestFinished(() => zongji.stop())
  const order: string[] = []
  const events = await new Promise<readonly Buffer[]>((resolve, reject) => {
    const seen: Buffer[] = []
    zongji.on('error', reject)
    zongji.once('ready', () => {
      const connection = zongji.connection as unknown as Inside
      const { packetParser } = connection
      expect(packetParser.execute).toBeTypeOf('function')
      expect(connection.stream.bytesRead).toBeGreaterThan(0)
      const reader = createPacketReader((bytes, from, to) => {
        order.push('event')
        // EOF of a dump that does not stay.
        if (bytes[from] === 0xfe) resolve(seen)
        else seen.push(Buffer.from(bytes.subarray(from, to)))
      })
      for (const name of ['first', 'second']) {
        connection.query(`SET @${name} = 1`, (error) => {
          if (error !== null) reject(error)
          order.push(name)
          if (name === 'second') queueMicrotask(() => (packetParser.execute = reader.take))
        })
      }
    })
    zongji.start({ serverId: 4711, filename: replay.files[0] ?? '', position: 4, nonBlock: true })
  })
  expect(order.slice(0, 3)).toEqual(['first', 'second', 'event'])
  // Status byte 0, and then an event of the size that it says.
  expect(events.filter((event) => event[0] !== 0 || event.readUInt32LE(1 + 9) !== event.length - 1)).toEqual([])
  const sent = events.filter((event) => event.readUInt32LE(1 + 13) !== 0)
  const bytes = replay.files.map((name) => readFileSync(join(fixtures, 'rollbar/active', name)))
  // All of the files but their first four bytes; the last packet is whole, though nothing was forwarded.
  expect(sent.reduce((sum, event) => sum + event.length - 1, 0)).toBe(bytes.reduce((sum, file) => sum + file.length - 4, 0))
})

test('stop() ends both connections and says so, also in the middle of a stream that was not forwarded', async () => {
  await using replay = await startReplay({ paths: [join(fixtures, 'rollbar/active')] })
  const zongji = new ZongJi({ host: replay.host, port: replay.port, user: 'anyone' })
  zongji.on('error', () => undefined)
  await new Promise<void>((resolve) => {
    zongji.once('ready', () => {
      const connection = zongji.connection as unknown as Inside
      connection.packetParser.execute = () => resolve()
    })
    zongji.start({ serverId: 4711, filename: replay.files[0] ?? '', position: 4 })
  })
  const control = zongji.ctrlConnection as unknown as { readonly stream: { readonly destroyed: boolean } }
  const dump = zongji.connection as unknown as typeof control
  await new Promise((resolve) => {
    zongji.once('stopped', resolve)
    zongji.stop()
  })
  await until('the other one is closed too', () => control.stream.destroyed)
  expect(dump.stream.destroyed).toBe(true)
})

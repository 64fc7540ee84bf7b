/** A window that is broken off, by a lost connection or on purpose, is applied again from its start, and the tables are equal. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { applyWindow } from '../../src/app/apply/applyWindow.ts'
import type { Applied } from '../../src/app/apply/sender.ts'
import type { Coordinate } from '../../src/core/coordinate.ts'
import { openFileSource } from '../../src/source/files.ts'
import { temporaryFolder } from '../support/logs.ts'
import { accounts, endOfLog, startServer } from '../support/servers/index.ts'
import type { Server } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { checksums, logOf, openSession } from './story.ts'

const tables = ['d.small', 'd.large'] as const

describeWith('mysql-9.7', 'a window that is broken off', () => {
  let source: Server
  let replica: Server
  let window: { readonly from: Coordinate; readonly until: Coordinate }

  beforeAll(async () => {
    source = await startServer({ kind: 'mysql-9.7' })
    replica = await startServer({ kind: 'mysql-9.7', serverId: 2 })
    const create = [
      'CREATE DATABASE d',
      'USE d',
      'CREATE TABLE d.small (id INT PRIMARY KEY, v INT)',
      'CREATE TABLE d.large (id INT PRIMARY KEY, note VARCHAR(300))',
    ]
    await source.run(...create)
    await replica.run(...create)
    const from = await endOfLog(source)
    for (let i = 0; i < 300; i++) await source.run(`INSERT INTO d.small VALUES (${i}, ${i})`)
    await source.run(
      'SET SESSION cte_max_recursion_depth = 100000',
      "INSERT INTO d.large WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 30000) SELECT i, REPEAT('x', 250) FROM n",
      'UPDATE d.small SET v = v + 1',
      'DELETE FROM d.large WHERE id % 3 = 0',
    )
    window = { from, until: await endOfLog(source) }
  })

  beforeEach(() => replica.run('TRUNCATE d.small', 'TRUNCATE d.large'))

  afterAll(async () => {
    await source[Symbol.asyncDispose]()
    await replica[Symbol.asyncDispose]()
  })

  async function apply(onProgress: (applied: Applied) => void = () => undefined, signal?: AbortSignal): Promise<Applied> {
    await using session = await openSession(replica)
    return await applyWindow({ source: logOf(source), ...window, choose: () => true, session, onProgress, signal })
  }

  async function killSession(): Promise<void> {
    const [row] = await replica.query(`SELECT id AS id FROM information_schema.PROCESSLIST WHERE user = '${accounts.admin.user}'`)
    await replica.run(`KILL ${String(row?.['id'])}`)
  }

  test('when its session is killed inside of a large transaction', async () => {
    let killing: Promise<void> | undefined
    const work = apply(({ transactions }) => {
      if (transactions === 300) killing ??= killSession()
    })
    await expect(work).rejects.toMatchObject({ code: 'STREAM_LOST' })
    await killing
    await expect.poll(async () => (await replica.query('SELECT COUNT(*) AS n FROM d.large'))[0]?.['n']).toBe(0)
    expect((await replica.query('SELECT COUNT(*) AS n FROM d.small'))[0]?.['n']).toBe(300)
    expect(await apply()).toMatchObject({ transactions: 303 })
    expect(await checksums(replica, tables)).toEqual(await checksums(source, tables))
  })

  test('when it is aborted inside of a large transaction, which is then rolled back', async () => {
    const abort = new AbortController()
    const work = apply(({ transactions }) => {
      if (transactions === 300) abort.abort(new Error('enough'))
    }, abort.signal)
    await expect(work).rejects.toThrow('enough')
    expect((await replica.query('SELECT COUNT(*) AS n FROM d.large'))[0]?.['n']).toBe(0)
    await apply()
    expect(await checksums(replica, tables)).toEqual(await checksums(source, tables))
  })

  test('when it ends inside of a transaction, which is then rolled back', async () => {
    const events = await source.query(`SHOW BINLOG EVENTS IN '${window.from.file}' FROM ${window.from.position}`)
    const rows = events.filter((event) => event['Event_type'] === 'Write_rows')
    const inside = { file: window.from.file, position: Number(rows.at(-5)?.['Pos']) }
    await using session = await openSession(replica)
    const work = applyWindow({ source: logOf(source), from: window.from, until: inside, choose: () => true, session })
    await expect(work).rejects.toMatchObject({
      code: 'LOG_DAMAGED',
      message: expect.stringContaining('inside of the transaction'),
    })
    expect((await replica.query('SELECT COUNT(*) AS n FROM d.large'))[0]?.['n']).toBe(0)
  })

  test('when the log ends before it does', async () => {
    await using session = await openSession(replica)
    const until = { ...window.until, position: window.until.position + 100_000 }
    const work = applyWindow({ source: logOf(source), from: window.from, until, choose: () => true, session })
    await expect(work).rejects.toMatchObject({
      code: 'LOG_DAMAGED',
      message: expect.stringContaining('before the end of the window'),
    })
  })

  test('when an event in it is damaged, which nothing but its checksum says', async () => {
    const folder = temporaryFolder()
    const bytes = readFileSync(join(source.binlogDir, window.from.file))
    const events = await source.query(`SHOW BINLOG EVENTS IN '${window.from.file}' FROM ${window.from.position}`)
    const [, , damaged] = events.filter((event) => event['Event_type'] === 'Write_rows')
    const last = Number(damaged?.['End_log_pos']) - 5
    bytes[last] = (bytes[last] ?? 0) ^ 1
    writeFileSync(join(folder, window.from.file), bytes)
    await using session = await openSession(replica)
    const work = applyWindow({ source: openFileSource('copy', [folder]), ...window, choose: () => true, session })
    await expect(work).rejects.toMatchObject({ code: 'LOG_DAMAGED', message: expect.stringContaining('fails its checksum') })
  })

  test('only what is chosen is written', async () => {
    await using session = await openSession(replica)
    let seen = 0
    const applied = await applyWindow({ source: logOf(source), ...window, choose: () => seen++ % 2 === 0, session })
    expect(seen).toBe(303)
    expect(applied.transactions).toBe(152)
    const ids = await replica.query('SELECT id FROM d.small ORDER BY id')
    expect(ids.map((row) => row['id'])).toEqual(Array.from({ length: 150 }, (_, i) => 2 * i))
  })
})

/** What `timeline` prints of real logs and of logs that go wrong, and what `ls` and `when` say of commits with an index at hand. */
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EventType } from '../../src/core/binlog/layout.ts'
import { addRows, beginLog, body, STAMP } from '../support/bytes.ts'
import { fixtureLogs } from '../support/logs.ts'
import type { Outcome } from './run.ts'
import { binpoint, fixtures, freshIndex, temporaryFolder } from './run.ts'
import { expectValid } from './schema.ts'
import { active, story } from './story.ts'

interface Bucket {
  readonly time: string
  readonly transactions: number
  readonly known: boolean
  readonly landmarks: readonly { readonly kind: string; readonly count: number }[]
}

const UTC = (second: number): string => new Date(second * 1000).toISOString().replace('.000Z', '.000000Z')

async function timeline(source: string, ...args: readonly string[]): Promise<Outcome> {
  return binpoint(['timeline', '--source', source, '--index', freshIndex(), ...args])
}

async function json(source: string, ...args: readonly string[]): Promise<ReturnType<typeof JSON.parse>> {
  const { stdout } = await timeline(source, '--json', ...args)
  const found = JSON.parse(stdout)
  expectValid('timeline', found)
  return found
}

const total = (buckets: readonly Bucket[]): number => buckets.reduce((sum, bucket) => sum + bucket.transactions, 0)

/** A folder with these files. */
function logOf(...files: readonly Buffer[]): string {
  const folder = temporaryFolder()
  for (const [i, bytes] of files.entries()) writeFileSync(join(folder, `mysql-bin.00000${i + 1}`), bytes)
  return folder
}

describe('timeline', () => {
  test('prints a line for each bucket', async () => {
    const { status, stdout, stderr } = await timeline(active, '--bucket', '15s')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.replaceAll(fixtures, 'fixtures')).toMatchSnapshot()
  })

  test('prints the zone that was asked for beside UTC', async () => {
    const { stdout } = await timeline(active, '--bucket', '1m', '--tz', 'America/Los_Angeles')
    expect(stdout).toMatch(/\n2026-11-24 16:00:00Z = 2026-11-24 08:00:00 America\/Los_Angeles \(-08:00\) {2}█+ {2}/)
    expect(stdout).toMatch(/\nserver start {2}2026-11-24 15:59:13Z = 2026-11-24 07:59:13 America\/Los_Angeles/)
  })

  test('of a range of times, of coordinates, and of whole files', async () => {
    const { divergence, lost } = story
    const place = (at: { file: string; position: number }): string => `${at.file}:${at.position}`
    const range = await json(active, '--from', place(divergence), '--to', place(lost.end))
    const whole = await json(active)
    const all = (await binpoint(['ls', '--source', active, '--index', freshIndex()])).stdout.trim().split('\n').length
    expect(total(whole.buckets)).toBe(all)
    // The ticks that hold the first lost one and begin before the end of the last one.
    expect(total(range.buckets)).toBeGreaterThanOrEqual(lost.transactions)
    expect(total(range.buckets)).toBeLessThan(lost.transactions + 20)
    const files = await json(active, '--from', 'mysql-bin.000002', '--to', 'mysql-bin.000003')
    expect(files.files.map((file: { name: string }) => file.name)).toEqual(['mysql-bin.000002', 'mysql-bin.000003'])
    const others = [await json(active, '--to', 'mysql-bin.000002'), await json(active, '--from', 'mysql-bin.000003')]
    expect([files, ...others].map(({ buckets }) => total(buckets)).reduce((a, b) => a + b)).toBe(all)
    const times = await json(active, '--from', divergence.time, '--to', '2026-11-24T16:01:00Z', '--bucket', '7s')
    expect(times).toMatchObject({ from: divergence.time.replace('Z', '.000000Z'), to: '2026-11-24T16:01:00.000000Z' })
    const listed = await binpoint(
      ['ls', '--from', divergence.time, '--to', '2026-11-24T16:01:00Z', '--source', active].concat(['--index', freshIndex()]),
    )
    expect(total(times.buckets)).toBe(listed.stdout.trim().split('\n').length)
  })

  test.each([
    [['--bucket', '0'], 'one at least'],
    [['--bucket', '1500ms'], 'whole seconds'],
    [['--bucket', 'often'], 'is not a duration'],
    [['--from', '2026-11-24 16:00:00'], 'names no time zone'],
    [['--from', '@1', '--to', '@4000000000', '--bucket', '1s'], 'at most 100000'],
    [['--from', '@1764000000', '--to', '@1763000000'], '--to lies before --from'],
    [['--from', 'mysql-bin.000002:500', '--to', 'mysql-bin.000002:400'], '--to lies before --from'],
    [['--to', 'mysql-bin.000077'], 'the index has no file mysql-bin.000077'],
  ])('%j: exit 64', async (args, why) => {
    const outcome = await timeline(active, ...args)
    expect(outcome).toMatchObject({ status: 64, stdout: '', stderr: expect.stringContaining(why) })
  })

  test('answers from the index alone with --offline, and does not look at the source', async () => {
    const index = freshIndex()
    const folder = join(temporaryFolder(), 'log')
    cpSync(active, folder, { recursive: true })
    const first = await binpoint(['timeline', '--source', folder, '--index', index, '--json'])
    rmSync(join(folder, 'mysql-bin.000003'))
    const second = await binpoint(['timeline', '--source', folder, '--index', index, '--json', '--offline'])
    expect(second).toEqual({ status: 0, stderr: '', stdout: first.stdout })
    const none = await timeline(active, '--offline')
    expect(none).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('[INDEX_UNKNOWN_SOURCE]') })
  })

  test('reads no more than a range of times needs', async () => {
    const index = freshIndex()
    await binpoint(['timeline', '--source', active, '--index', index, '--from', story.divergence.time])
    const { stdout } = await binpoint(['status', '--index', index, '--json'])
    expect(JSON.parse(stdout).logs[0].files[0].name).toBe(story.divergence.file)
  })
})

describe('timeline of a log', () => {
  test('with a hole: exits 1, and knows nothing of that time', async () => {
    const folder = join(temporaryFolder(), 'log')
    cpSync(active, folder, { recursive: true })
    rmSync(join(folder, 'mysql-bin.000002'))
    expect((await timeline(folder)).stdout).toMatch(/\ngap +unknown from .* to .*, from mysql-bin\.000001:\d+ on: /)
    expect((await timeline(folder)).status).toBe(1)
    expect((await timeline(folder, '--exit-zero')).status).toBe(0)
    const { buckets, gaps } = await json(folder, '--bucket', '1s')
    expect(gaps).toHaveLength(1)
    for (const bucket of buckets as Bucket[]) {
      expect([bucket.time, bucket.known]).toEqual([bucket.time, bucket.time < gaps[0].from || bucket.time > gaps[0].to])
    }
    expect(buckets.filter((bucket: Bucket) => !bucket.known).length).toBeGreaterThan(50)
  })

  test('whose clock went back: both times are shown, and the step', async () => {
    const before = beginLog({ created: STAMP })
    addRows(before, 1, { stamp: STAMP + 10 })
    before.add(EventType.STOP, body.stop(), { stamp: STAMP + 20 })
    const behind = beginLog({ created: STAMP - 7200, stamp: STAMP - 7200 })
    const first = addRows(behind, 2, { stamp: STAMP - 7190 })
    behind.add(EventType.STOP, body.stop(), { stamp: STAMP - 7100 })
    const folder = logOf(before.bytes(), behind.bytes())
    const { buckets, clockSteps, serverStarts, files } = await json(folder, '--bucket', '10s')
    const place = { file: 'mysql-bin.000002', position: 4 }
    expect(clockSteps).toEqual([{ ...place, from: UTC(STAMP + 20), to: UTC(STAMP - 7200) }])
    expect(serverStarts).toEqual([
      { file: 'mysql-bin.000001', position: 4, time: UTC(STAMP) },
      { ...place, time: UTC(STAMP - 7200) },
    ])
    expect(files.map((file: { time: string }) => file.time)).toEqual([UTC(STAMP), UTC(STAMP - 7200)])
    const isActive = buckets.filter((bucket: Bucket) => bucket.transactions > 0)
    expect(isActive).toMatchObject([
      { time: UTC(STAMP - 7190), first: { file: 'mysql-bin.000002', position: first.start } },
      { time: UTC(STAMP + 10), first: { file: 'mysql-bin.000001' } },
    ])
    expect((await timeline(folder)).stdout).toContain('clock step    from 2023-11-14 22:13:40Z back to 2023-11-14 20:13:20Z')
  })

  test('with a stamp of the future: nothing is shown there, and what was moved is said', async () => {
    const log = beginLog({ version: '10.11.6-MariaDB-log', created: STAMP })
    const write = (sequence: number, stamp: number): number => {
      const start = log.add(EventType.MARIADB_GTID, body.mariaDbGtid(sequence), { stamp })
      log.add(EventType.TABLE_MAP, body.tableMap('d', 't'), { stamp })
      log.add(EventType.WRITE_ROWS, body.writeRows(sequence), { stamp })
      log.add(EventType.XID, body.xid(sequence), { stamp })
      return start
    }
    write(1, STAMP + 1)
    const forged = write(2, 2_000_000_000)
    write(3, STAMP + 3)
    log.add(EventType.STOP, body.stop(), { stamp: STAMP + 9 })
    const { buckets, landmarks } = await json(logOf(log.bytes()))
    expect(buckets.map((bucket: Bucket) => bucket.transactions)).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 2])
    expect(buckets.at(-1)).toMatchObject({ time: UTC(STAMP + 9), landmarks: [{ kind: 'future-time', count: 2 }] })
    const at = { file: 'mysql-bin.000001', position: forged }
    expect(landmarks).toContainEqual({ kind: 'future-time', count: 2, first: at, last: at })
  })

  test('that holds nothing has no buckets', async () => {
    const folder = logOf(beginLog({ stamp: STAMP }).bytes())
    expect(await json(folder)).toMatchObject({ from: null, to: null, buckets: [], landmarks: [], gaps: [] })
    expect((await timeline(folder)).stdout).toContain('holds   nothing in this range\n')
    const asked = await json(folder, '--from', `@${STAMP - 60}`, '--to', `@${STAMP + 120}`, '--bucket', '1m')
    expect(asked.buckets.map((bucket: Bucket) => bucket.known)).toEqual([false, false, false, false])
  })

  test.each(fixtureLogs.map((log) => [log.name, log.folder] as const))('%s: JSON as the schema says', async (_name, folder) => {
    const index = freshIndex()
    const indexed = JSON.parse((await binpoint(['index', folder, '--index', index, '--json'])).stdout)
    const { status, stdout } = await binpoint(['timeline', '--source', folder, '--index', index, '--json'])
    const found = JSON.parse(stdout)
    expectValid('timeline', found)
    expect(total(found.buckets)).toBe(indexed.transactions)
    expect({ status, gaps: found.gaps.length }).toEqual({ status: indexed.gaps.length === 0 ? 0 : 1, gaps: indexed.gaps.length })
  })
})

describe('commit times with an index', () => {
  const clock = (name: string): string => join(fixtures, 'clock', name)
  const lines = (stdout: string): ReturnType<typeof JSON.parse>[] =>
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  const list = async (source: string, index: string, ...args: readonly string[]): Promise<ReturnType<typeof lines>> =>
    lines((await binpoint(['ls', '--source', source, '--index', index, '--json', ...args])).stdout)

  test.each(['mysql-5.6', 'mariadb-10.5', 'mariadb-10.11', 'mariadb-11.8'])(
    '%s: bounded on both sides, stamps of 2033 gone',
    async (name) => {
      const index = freshIndex()
      const bare = await list(clock(name), index)
      expect(bare.map((t) => t.commit.notAfter)).toEqual(bare.map(() => null))
      expect(bare.filter((t) => (t.commit.notBefore ?? '') > '2030')).toEqual([])
      await binpoint(['index', clock(name), '--index', index])
      const known = await list(clock(name), index)
      expect(known.map((t) => ({ ...t, commit: null }))).toEqual(bare.map((t) => ({ ...t, commit: null })))
      for (const { commit } of known) {
        expect(commit.notAfter).toMatch(/^2026-/)
        expect((commit.notBefore ?? '') < commit.notAfter).toBe(true)
      }
      // What ends later is not known to have been committed by an earlier time.
      const bounds: readonly number[] = known.map((t) => Date.parse(t.commit.notAfter))
      expect(bounds).toEqual(bounds.toSorted((a, b) => a - b))
      const forged = known.filter((t) => t.time > '2030')
      expect(forged).toHaveLength(2)
      const { stdout } = await binpoint([
        'when',
        `${forged[0].file}:${forged[0].start}`,
        '--source',
        clock(name),
        '--index',
        index,
        '--json',
      ])
      expect(JSON.parse(stdout).transaction).toEqual(forged[0])
      const text = await binpoint([
        'ls',
        '--source',
        clock(name),
        '--index',
        index,
        '--from',
        `${forged[0].file}:${forged[0].start}`,
        '--limit',
        '1',
      ])
      expect(text.stdout).toMatch(/ 2033-05-18 03:33:20Z {2}rows {2}.* {2}committed (before )?2026-[^\n]* clock\.t\(1\)\n$/)
    },
  )

  test('by its GTID: the same', async () => {
    const index = freshIndex()
    await binpoint(['index', clock('mariadb-10.11'), '--index', index])
    const [first] = await list(clock('mariadb-10.11'), index, '--limit', '1')
    const { stdout } = await binpoint(['when', first.gtid, '--source', clock('mariadb-10.11'), '--index', index, '--json'])
    expect(JSON.parse(stdout).transaction).toEqual(first)
    expect(first.commit.notAfter).not.toBeNull()
  })

  test('exact ones stay as they are', async () => {
    const index = freshIndex()
    await binpoint(['index', clock('mysql-9.7'), '--index', index])
    for (const { commit, time } of await list(clock('mysql-9.7'), index))
      expect(commit).toEqual({ notBefore: time, notAfter: time })
  })

  test('of another file of that name: the index says nothing', async () => {
    const index = freshIndex()
    const write = (stamp: number): Buffer => {
      const log = beginLog({ created: stamp, stamp })
      addRows(log, 1, { stamp: stamp + 1 })
      log.add(EventType.STOP, body.stop(), { stamp: stamp + 5 })
      return log.bytes()
    }
    const folder = logOf(write(STAMP))
    await binpoint(['index', folder, '--index', index])
    expect((await list(folder, index))[0].commit).toEqual({ notBefore: UTC(STAMP + 1), notAfter: UTC(STAMP + 6) })
    writeFileSync(join(folder, 'mysql-bin.000001'), write(STAMP + 100))
    expect((await list(folder, index))[0].commit).toEqual({ notBefore: UTC(STAMP + 101), notAfter: null })
  })

  test('marks name what stamps show of themselves', async () => {
    const marks = async (name: string): Promise<string[][]> => (await list(clock(name), freshIndex())).map((t) => t.marks)
    // In 2000, in 2033, and a transaction that began in 2033: by the exec_time of their BEGIN, which MariaDB does not write.
    for (const name of ['mysql-5.6', 'mysql-9.7']) {
      expect((await marks(name)).slice(8)).toEqual([['set-timestamp'], ['set-timestamp'], ['set-timestamp'], []])
    }
    for (const name of ['mariadb-10.11', 'mariadb-11.8']) expect((await marks(name)).slice(8)).toEqual([[], [], [], []])
    const log = beginLog({ serverId: 1 })
    addRows(log, 1)
    addRows(log, 2, { serverId: 77 })
    expect((await list(logOf(log.bytes()), freshIndex())).map((t) => t.marks)).toEqual([[], ['foreign-origin']])
  })
})

describe('ls by times without an index', () => {
  test('reads from the file that holds the first one', async () => {
    const index = freshIndex()
    const range = ['--from', story.divergence.time, '--to', story.lost.lastTime]
    const { status, stdout } = await binpoint(['ls', ...range, '--source', active, '--index', index, '--json'])
    expect(status).toBe(0)
    const listed = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(listed[0]).toMatchObject({ file: story.divergence.file, start: story.divergence.position })
    // The index that this made bounds them too.
    expect(listed.map((t) => t.commit.notAfter)).not.toContain(null)
    const { logs } = JSON.parse((await binpoint(['status', '--index', index, '--json'])).stdout)
    expect(logs[0].files[0]).toMatchObject({ name: story.divergence.file, from: 4 })
  })
})

describe('ls by a time that no transaction claims', () => {
  test('lists all that may have been committed then', async () => {
    const log = beginLog({ serverId: 1, created: STAMP })
    // Of another server, whose clock is an hour behind, but for one that says nothing of the time.
    addRows(log, 1, { serverId: 77, stamp: STAMP - 3600 })
    addRows(log, 2, { serverId: 77, stamp: STAMP - 3590 })
    log.add(EventType.STOP, body.stop(), { stamp: STAMP + 100 })
    const folder = logOf(log.bytes())
    const listed = async (...args: readonly string[]): Promise<Outcome> =>
      binpoint(['ls', '--source', folder, '--index', freshIndex(), ...args])
    const all = await listed()
    expect(await listed('--from', `@${STAMP + 50}`)).toEqual({ ...all, status: 0, stderr: '' })
    expect(await listed('--to', `@${STAMP + 50}`)).toEqual(all)
  })
})

/** The same names, other bytes: a log that was reset, a tail that was cut off or written anew, files that are gone or cannot be read. */
import { copyFileSync, cpSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { at } from '../../src/app/at.ts'
import { buildIndex } from '../../src/app/index.ts'
import type { IndexReport } from '../../src/app/index.ts'
import type { AtAnswer } from '../../src/core/answer.ts'
import { EventType } from '../../src/core/binlog/layout.ts'
import type { IndexStore } from '../../src/core/evidence/port.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import { addRows, beginLog, body, STAMP } from '../support/bytes.ts'
import type { LogOptions } from '../support/bytes.ts'
import { fixtureLog, temporaryFolder } from '../support/logs.ts'

const index = (store: IndexStore, folder: string): Promise<IndexReport> =>
  buildIndex({ store, source: openFileSource(folder, [folder]) })

function askedAt(store: IndexStore, folder: string, { log }: IndexReport, second: number): Promise<AtAnswer> {
  return at({
    store,
    log,
    source: openFileSource(folder, [folder]),
    timeUs: second * 1_000_000,
    marginUs: null,
    skewUs: 0,
    nowUs: Date.now() * 1000,
  })
}

function copyOf(name: string): string {
  const folder = temporaryFolder()
  cpSync(fixtureLog(name).folder, folder, { recursive: true })
  return folder
}

/** What a rebuild says. */
async function rebuilt(folder: string): Promise<unknown> {
  using store = openStore(':memory:')
  return store.dump((await index(store, folder)).log)
}

describe('a log that is another one now', () => {
  test('under the same names (RESET MASTER, a failover): a new log is begun, the old one kept with its reason', async () => {
    const folder = copyOf('grammar/mysql-5.6')
    using store = openStore(':memory:')
    await index(store, folder)
    cpSync(fixtureLog('grammar/mysql-9.7').folder, folder, { recursive: true })
    const report = await index(store, folder)
    expect(report).toMatchObject({ outcome: 'replaced', replacedBecause: 'mysql-bin.000006 was written anew' })
    expect(store.logs(folder).map((log) => log.endedBy)).toEqual(['mysql-bin.000006 was written anew', null])
    expect(store.dump(report.log)).toEqual(await rebuilt(folder))
  })

  test('with fewer files: a new log is begun', async () => {
    const folder = copyOf('grammar/mysql-5.6')
    using store = openStore(':memory:')
    await index(store, folder)
    rmSync(folder, { recursive: true })
    cpSync(fixtureLog('crash/mysql-5.6').folder, folder, { recursive: true })
    const report = await index(store, folder)
    expect(report).toMatchObject({ outcome: 'replaced', replacedBecause: 'mysql-bin.000006 is gone, and older files are there' })
    expect(store.dump(report.log)).toEqual(await rebuilt(folder))
  })

  test.each<[string, LogOptions]>([
    ['with checksums', {}],
    ['without checksums', { checksums: false }],
    ['of MySQL 5.5', { version: '5.5.62-log', checksums: false }],
  ])('a tail that a crash recovery wrote anew, %s: seen by its last event', async (_name, options) => {
    const folder = temporaryFolder()
    const write = (values: readonly number[], stamp: number): number => {
      const log = beginLog(options)
      addRows(log, 1)
      for (const value of values) addRows(log, value, { stamp })
      writeFileSync(join(folder, 'mysql-bin.000001'), log.bytes())
      return log.position
    }
    using store = openStore(':memory:')
    const before = write([2, 3], STAMP + 1)
    await index(store, folder)
    // As long as it was, and one transaction more; the last number but one is used again.
    expect(write([2, 4, 5], STAMP + 2)).toBeGreaterThan(before)
    const report = await index(store, folder)
    expect(report).toMatchObject({ outcome: 'replaced', replacedBecause: expect.stringMatching(/holds another event at \d+/) })
    expect(store.dump(report.log)).toEqual(await rebuilt(folder))
  })

  test('a tail that was cut off', async () => {
    const folder = copyOf('crash/mysql-5.6')
    using store = openStore(':memory:')
    await index(store, folder)
    truncateSync(join(folder, 'mysql-bin.000003'), 300)
    expect(await index(store, folder)).toMatchObject({ outcome: 'replaced', replacedBecause: expect.stringContaining('shorter') })
  })
})

describe('a file that is not there', () => {
  test.each(['by the index file', 'by the numbers'])('in the middle, %s: a gap; no answer for a time inside it', async (how) => {
    const folder = copyOf('rollbar/active')
    rmSync(join(folder, 'mysql-bin.000002'))
    if (how === 'by the numbers') rmSync(join(folder, 'mysql-bin.index'))
    using store = openStore(':memory:')
    const report = await index(store, folder)
    expect(report.gaps).toEqual([{ file: 0, position: expect.any(Number), cause: 'missing: mysql-bin.000002' }])
    const story = JSON.parse(readFileSync(join(fixtureLog('rollbar/active').folder, '../story.json'), 'utf8'))
    const lost = Date.parse(story.divergence.time) / 1000
    expect(await askedAt(store, folder, report, lost)).toMatchObject({ outcome: 'gap', safe: null, latest: null })
    const [first] = report.files
    expect(await askedAt(store, folder, report, (first?.stampSeconds ?? 0) + 2)).toMatchObject({ outcome: 'located' })
  })

  test('after a run that had indexed what is before it', async () => {
    const folder = copyOf('grammar/mariadb-10.11')
    const later = temporaryFolder()
    for (const n of [4, 5, 6, 7]) renameSync(join(folder, `mysql-bin.00000${n}`), join(later, `mysql-bin.00000${n}`))
    using store = openStore(':memory:')
    await index(store, folder)
    for (const n of [5, 6, 7]) copyFileSync(join(later, `mysql-bin.00000${n}`), join(folder, `mysql-bin.00000${n}`))
    const report = await index(store, folder)
    expect(report).toMatchObject({ outcome: 'resumed', gaps: [{ file: 2, cause: 'missing: mysql-bin.000004' }] })
  })

  test('all that was indexed is purged: a gap, unless the very next file is there', async () => {
    const folder = copyOf('grammar/mariadb-10.11')
    const later = temporaryFolder()
    for (const n of [4, 5, 6, 7]) renameSync(join(folder, `mysql-bin.00000${n}`), join(later, `mysql-bin.00000${n}`))
    using store = openStore(':memory:')
    await index(store, folder)
    for (const n of [1, 2, 3]) rmSync(join(folder, `mysql-bin.00000${n}`))
    copyFileSync(join(later, 'mysql-bin.000004'), join(folder, 'mysql-bin.000004'))
    expect(await index(store, folder)).toMatchObject({ outcome: 'resumed', gaps: [] })
    rmSync(join(folder, 'mysql-bin.000004'))
    for (const n of [6, 7]) copyFileSync(join(later, `mysql-bin.00000${n}`), join(folder, `mysql-bin.00000${n}`))
    expect(await index(store, folder)).toMatchObject({
      outcome: 'resumed',
      gaps: [{ file: 3, cause: 'missing: mysql-bin.000005' }],
    })
  })

  test('a file that was still being written when it was last read, and is purged: a gap', async () => {
    const folder = copyOf('grammar/mysql-5.6')
    const whole = readFileSync(join(folder, 'mysql-bin.000002'))
    const rest = temporaryFolder()
    for (const n of [3, 4, 5, 6]) renameSync(join(folder, `mysql-bin.00000${n}`), join(rest, `mysql-bin.00000${n}`))
    writeFileSync(join(folder, 'mysql-bin.000002'), whole.subarray(0, 600))
    using store = openStore(':memory:')
    await index(store, folder)
    for (const n of [1, 2]) rmSync(join(folder, `mysql-bin.00000${n}`))
    for (const n of [3, 4]) copyFileSync(join(rest, `mysql-bin.00000${n}`), join(folder, `mysql-bin.00000${n}`))
    const { gaps } = await index(store, folder)
    expect(gaps).toEqual([
      { file: 1, position: expect.any(Number), cause: 'purged before it was indexed: up to mysql-bin.000003' },
    ])
  })
})

describe('a file that cannot be read', () => {
  test('in the middle: a gap, and the files behind it are indexed', async () => {
    const folder = copyOf('rollbar/active')
    writeFileSync(join(folder, 'mysql-bin.000002'), 'no binlog at all')
    using store = openStore(':memory:')
    const report = await index(store, folder)
    expect(report.gaps).toEqual([{ file: 1, position: 4, cause: 'not-a-binlog' }])
    expect(report.files.map((file) => file.endedBy)).toEqual(['rotate', 'not-a-binlog', expect.anything()])
  })

  test('the last one, and later it can: the gap is closed', async () => {
    const folder = copyOf('rollbar/active')
    const path = join(folder, 'mysql-bin.000003')
    const whole = readFileSync(path)
    writeFileSync(path, 'no binlog at all')
    using store = openStore(':memory:')
    expect((await index(store, folder)).gaps).toHaveLength(1)
    writeFileSync(path, whole)
    const report = await index(store, folder)
    expect(report).toMatchObject({ outcome: 'resumed', gaps: [] })
    expect(store.dump(report.log)).toEqual(await rebuilt(folder))
  })

  test('damaged in the middle, then the rest of the log: nothing across the hole', async () => {
    const folder = copyOf('grammar/mysql-5.6')
    const path = join(folder, 'mysql-bin.000003')
    const bytes = readFileSync(path)
    bytes.writeUInt32LE(7, 4 + bytes.readUInt32LE(4 + 9) + 9) // the size of the second event
    writeFileSync(path, bytes)
    using store = openStore(':memory:')
    const report = await index(store, folder)
    expect(report.gaps).toMatchObject([{ file: 2, cause: expect.stringMatching(/^damaged: /) }])
    expect(await index(store, folder)).toMatchObject({ gaps: report.gaps, transactions: 0 })
  })

  test('a part of a copy, in a file that its server had closed: a gap', async () => {
    const folder = copyOf('rollbar/active')
    truncateSync(join(folder, 'mysql-bin.000002'), 5000)
    using store = openStore(':memory:')
    const { gaps } = await index(store, folder)
    expect(gaps).toMatchObject([{ file: 1, cause: expect.stringMatching(/^(truncated|incomplete): .* another file follows$/) }])
  })

  test('that has no event at all, with another behind it: a gap', async () => {
    const folder = copyOf('rollbar/active')
    truncateSync(join(folder, 'mysql-bin.000002'), 0)
    using store = openStore(':memory:')
    expect((await index(store, folder)).gaps).toMatchObject([{ file: 1, position: 4, cause: expect.stringMatching(/^empty: /) }])
  })
})

describe('a run that begins in the middle', () => {
  test('of a transaction is refused: what lies there is no boundary', async () => {
    const folder = temporaryFolder()
    const log = beginLog({ version: '5.6.51-log' })
    const { start } = addRows(log, 1)
    log.add(EventType.STOP, body.stop())
    writeFileSync(join(folder, 'mysql-bin.000001'), log.bytes())
    using store = openStore(':memory:')
    const source = openFileSource(folder, [folder])
    const from = { file: 'mysql-bin.000001', position: start + 44 }
    await expect(buildIndex({ store, source, from })).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining(`:${start}`),
    })
    const report = await buildIndex({ store, source, from: { file: 'mysql-bin.000001', position: start } })
    expect(report.transactions).toBe(1)
  })
})

/** What can be wrong with an index file: each has its code, names the file, and says what to do; and it is its owner's alone. */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { beforeAll, describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/app/index.ts'
import type { IndexStore } from '../../src/core/evidence/port.ts'
import { BinpointError } from '../../src/errors.ts'
import { openFileSource } from '../../src/source/files.ts'
import { guarded } from '../../src/store/open.ts'
import { migrations } from '../../src/store/schema.ts'
import { openStore } from '../../src/store/store.ts'
import { fixtureLog, temporaryFolder } from '../support/logs.ts'
import { writeLargeLog } from '../support/largeLog.ts'
import { dumpOf, runCommand, runLimited } from './children.ts'

const isRoot = userInfo().uid === 0
const { folder: log } = fixtureLog('grammar/mysql-5.6')

function failureOf(operation: () => unknown): { code: string; message: string; hint: string | undefined } {
  try {
    operation()
  } catch (error) {
    if (error instanceof BinpointError) return { code: error.code, message: error.message, hint: error.hint }
    throw error
  }
  throw new Error('it did not fail')
}

function indexPath(): string {
  return join(temporaryFolder(), 'index.sqlite')
}

describe('an index file', () => {
  test('of a newer schema is refused, and left as it is', () => {
    const path = indexPath()
    openStore(path)[Symbol.dispose]()
    const db = new Database(path)
    db.pragma(`user_version = ${migrations.length + 1}`)
    db.close()
    const before = readFileSync(path)
    expect(failureOf(() => openStore(path))).toMatchObject({ code: 'INDEX_NEWER', message: expect.stringContaining(path) })
    expect(readFileSync(path)).toEqual(before)
  })

  test('that is no SQLite file is refused, and left as it is', () => {
    const path = indexPath()
    writeFileSync(path, 'not an index, but somebody’s notes\n'.repeat(100))
    const before = readFileSync(path)
    expect(failureOf(() => openStore(path))).toMatchObject({ code: 'INDEX_CORRUPT', message: expect.stringContaining(path) })
    expect(readFileSync(path)).toEqual(before)
  })

  test('with damaged pages says so when it is used', async () => {
    const path = indexPath()
    await index(path)
    const bytes = readFileSync(path)
    bytes.fill(0xee, 4096)
    writeFileSync(path, bytes)
    await expect(index(path)).rejects.toMatchObject({ code: 'INDEX_CORRUPT', hint: expect.stringContaining('rebuilt') })
  })

  test.each([0, 1, 77])('of another program, whose schema has the number %i, is not written into', (version) => {
    const path = indexPath()
    const db = new Database(path)
    db.exec('CREATE TABLE log (notes TEXT)')
    db.pragma(`user_version = ${version}`)
    db.close()
    chmodSync(path, 0o644)
    const before = readFileSync(path)
    expect(failureOf(() => openStore(path))).toMatchObject({ code: 'INDEX_CORRUPT', message: expect.stringContaining(path) })
    expect(readFileSync(path)).toEqual(before)
    expect(statSync(path).mode & 0o777).toBe(0o644)
  })

  test('that cannot be made names its path', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'file'), '')
    mkdirSync(join(folder, 'folder'))
    for (const path of [
      join(folder, 'file', 'index.sqlite'),
      join(folder, 'folder'),
      '/dev/null/index.sqlite',
      '/proc/index.sqlite',
    ]) {
      expect(failureOf(() => openStore(path))).toMatchObject({ code: 'INDEX_UNWRITABLE', message: expect.stringContaining(path) })
    }
  })

  test('that may not be written is refused to others than its owner: exit 2', async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o755)
    const path = join(folder, 'index.sqlite')
    await index(path)
    chmodSync(path, 0o444)
    chmodSync(folder, 0o555)
    // Permissions do not bind root, so another user tries.
    const { status, stderr } = await runCommand(['index', log, '--index', path], isRoot ? { uid: 65_534 } : {})
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('INDEX_UNWRITABLE') })
    expect(stderr).toContain(path)
    chmodSync(folder, 0o755)
  })

  test.each(['SQLITE_IOERR', 'SQLITE_IOERR_FSYNC', 'SQLITE_IOERR_READ'])('on a disk that fails (%s) names itself', (code) => {
    const fail = (): never => {
      throw Object.assign(new Error('disk I/O error'), { code })
    }
    expect(failureOf(() => guarded('/an/index.sqlite', fail))).toMatchObject({
      code: 'INDEX_UNWRITABLE',
      message: 'the index /an/index.sqlite cannot be read or written (disk I/O error)',
    })
  })

  test('and its -wal and -shm are readable by their owner alone, whatever the umask', async () => {
    const before = process.umask(0)
    try {
      const path = join(temporaryFolder(), 'made', 'index.sqlite')
      using store = openStore(path)
      await fill(store)
      const modes = ['', '-wal', '-shm'].map((suffix) => (statSync(path + suffix).mode & 0o777).toString(8))
      expect(modes).toEqual(['600', '600', '600'])
      expect((statSync(join(path, '..')).mode & 0o777).toString(8)).toBe('700')
    } finally {
      process.umask(before)
    }
  })

  async function index(path: string): Promise<void> {
    using store = openStore(path)
    await fill(store)
  }

  function fill(store: IndexStore): Promise<unknown> {
    return buildIndex({ store, source: openFileSource(log, [log]) })
  }
})

describe('a disk that is full', () => {
  let large = ''

  beforeAll(() => {
    large = mkdtempSync(join(tmpdir(), 'binpoint-test-'))
    writeLargeLog(large, 4, 12_000)
    return () => rmSync(large, { recursive: true, force: true })
  })

  test('ends with exit 2 and INDEX_FULL; what was committed is kept, and it goes on when there is room', async () => {
    const path = indexPath()
    expect(await runCommand(['index', join(large, 'mysql-bin.000001'), '--index', path])).toMatchObject({ status: 0 })
    const kept = dumpOf(path, join(large, 'mysql-bin.000001'))
    const kilobytes = Math.ceil(statSync(path).size / 1024) + 40
    const full = await runLimited(kilobytes, ['index', large, '--index', path])
    expect(full).toMatchObject({ status: 2, stderr: expect.stringContaining('[INDEX_FULL]') })
    expect(full.stderr).toContain(path)
    expect(dumpOf(path, join(large, 'mysql-bin.000001'))).toEqual(kept)
    expect(await runCommand(['index', large, '--index', path])).toMatchObject({ status: 0 })
    const clean = indexPath()
    expect(await runCommand(['index', large, '--index', clean])).toMatchObject({ status: 0 })
    expect(dumpOf(path, large)).toEqual(dumpOf(clean, large))
  })

  test('from the first byte on: INDEX_FULL, and no half-made index in the way', async () => {
    const path = indexPath()
    expect(await runLimited(8, ['index', large, '--index', path])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('[INDEX_FULL]'),
    })
    expect(await runCommand(['index', large, '--index', path])).toMatchObject({ status: 0 })
  })

  test.skipIf(!canMount())('a real one, where a small file system can be mounted (root)', async () => {
    const disk = temporaryFolder()
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', disk]).status).toBe(0)
    try {
      const path = join(disk, 'index.sqlite')
      const full = await runCommand(['index', large, '--index', path])
      expect(full).toMatchObject({ status: 2, stderr: expect.stringContaining('[INDEX_FULL]') })
      spawnSync('mount', ['-o', 'remount,size=64m', disk])
      expect(await runCommand(['index', large, '--index', path])).toMatchObject({ status: 0 })
      const clean = indexPath()
      expect(await runCommand(['index', large, '--index', clean])).toMatchObject({ status: 0 })
      expect(dumpOf(path, large)).toEqual(dumpOf(clean, large))
    } finally {
      spawnSync('umount', [disk])
    }
  })
})

function canMount(): boolean {
  if (!isRoot || !existsSync('/proc/mounts')) return false
  const probe = mkdtempSync(join(tmpdir(), 'binpoint-test-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe]).status === 0
  if (mounted) spawnSync('umount', [probe])
  rmSync(probe, { recursive: true, force: true })
  return mounted
}

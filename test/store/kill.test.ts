/** Processes that die, and processes that do the same at once: the index goes on without a hole and without a double. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { beforeAll, describe, expect, test } from 'vitest'
import { beginLog } from '../support/bytes.ts'
import { temporaryFolder } from '../support/logs.ts'
import { writeLargeLog } from '../support/largeLog.ts'
import { dumpOf, startChild } from './children.ts'

const BLOCK = 10_000
/** Bytes before the first transaction of each file, and of the ROTATE at its end. */
const HEAD = beginLog({ version: '5.6.51-log' }).position
const ROTATE = 47

let log = ''
let expected: unknown = null

beforeAll(async () => {
  log = mkdtempSync(join(tmpdir(), 'binpoint-test-'))
  writeLargeLog(log, 6, 6000)
  const index = join(log, 'clean.sqlite')
  await startChild(log, index, BLOCK).ended
  expected = dumpOf(index, log)
  return () => rmSync(log, { recursive: true, force: true })
})

function isWhole(index: string): boolean {
  const db = new Database(index)
  try {
    return db.pragma('integrity_check', { simple: true }) === 'ok'
  } finally {
    db.close()
  }
}

describe('kill -9 while indexing', () => {
  test('at random moments, until it is done: the index is that of one run', async () => {
    const index = join(temporaryFolder(), 'index.sqlite')
    let kills = 0
    for (let limitMs = 8; ; limitMs *= 1.4) {
      const child = startChild(log, index, BLOCK)
      await child.reading
      await Promise.race([child.ended, sleep(Math.random() * limitMs)])
      child.process.kill('SIGKILL')
      const { status, signal } = await child.ended
      expect(isWhole(index)).toBe(true)
      if (signal === 'SIGKILL') kills++
      if (status === 0) break
    }
    expect(kills).toBeGreaterThan(3)
    expect(dumpOf(index, log)).toEqual(expected)
  })

  test('never leaves a part of a commit: what is covered and what is counted agree after every kill', async () => {
    const index = join(temporaryFolder(), 'index.sqlite')
    const seen: unknown[] = []
    for (let n = 0; n < 6; n++) {
      const child = startChild(log, index, BLOCK)
      await child.reading
      await Promise.race([child.ended, sleep(20 + Math.random() * 60)])
      child.process.kill('SIGKILL')
      await child.ended
      seen.push(coverageOf(index))
    }
    expect(seen).toEqual(seen.map(() => ({ uncounted: 0 })))
  })

  /** Every byte between head and coverage belongs to a counted transaction; the ROTATE is no transaction. */
  function coverageOf(index: string): unknown {
    const db = new Database(index, { readonly: true })
    try {
      const sum = `SELECT coalesce((SELECT sum(covered_end - ? - CASE WHEN ended_by = 'rotate' THEN ? ELSE 0 END) FROM file WHERE covered_end > 4), 0)
        - coalesce((SELECT sum(bytes) FROM tick), 0) AS uncounted`
      return db.prepare(sum).get(HEAD, ROTATE)
    } finally {
      db.close()
    }
  }
})

describe('two processes that index the same log into one index', () => {
  test('both are done, or one says INDEX_BUSY; the index is that of one run', async () => {
    for (let round = 0; round < 3; round++) {
      const index = join(temporaryFolder(), 'index.sqlite')
      const children = [startChild(log, index, BLOCK), startChild(log, index, BLOCK)]
      const ended = await Promise.all(children.map((child) => child.ended))
      expect(ended.map(({ status, stderr }) => `${status} ${stderr}`)).toSatisfy((seen: string[]) =>
        seen.every((one) => one === '0 ' || one === '2 INDEX_BUSY'),
      )
      expect((await startChild(log, index, BLOCK).ended).status).toBe(0)
      expect(dumpOf(index, log)).toEqual(expected)
    }
  })

  test('and two logs at once: both are whole', async () => {
    const other = temporaryFolder()
    writeLargeLog(other, 2, 6000)
    const index = join(temporaryFolder(), 'index.sqlite')
    const ended = await Promise.all([startChild(log, index, BLOCK).ended, startChild(other, index, BLOCK).ended])
    expect(ended).toMatchObject([
      { status: 0, stderr: '' },
      { status: 0, stderr: '' },
    ])
    expect(dumpOf(index, log)).toEqual(expected)
  })
})

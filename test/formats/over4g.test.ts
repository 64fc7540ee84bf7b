/** Files of more than 4 GiB: end_log_pos wraps, and every way in goes on counting. The file is sparse: it takes no such room. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { buildIndex } from '../../src/app/index.ts'
import { readTransactions } from '../../src/app/window.ts'
import { placeOf } from '../../src/app/boundary.ts'
import { MAX_RESTART_POSITION } from '../../src/core/coordinate.ts'
import { positionFinding } from '../../src/core/plan/findings.ts'
import { openFileSource } from '../../src/source/files.ts'
import { startReplay } from '../../src/source/replay.ts'
import { openStore } from '../../src/store/store.ts'
import { binpoint } from '../cli/run.ts'
import { openReplay } from '../source/liveSupport.ts'
import type { HugeLog } from './hugeLog.ts'
import { writeHugeLog } from './hugeLog.ts'

const FOUR_GIB = 2 ** 32
const ROWS = 257
const FILE = 'mysql-bin.000001'

let folder: string
let log: HugeLog

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'binpoint-test-'))
  log = writeHugeLog(folder, ROWS, 16 << 20)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('a log with a transaction across 4 GiB and others behind it', () => {
  test('from files: listed, indexed and found with positions of 64 bits', async () => {
    const [, huge, behind] = log.transactions
    expect(huge).toSatisfy(({ start, end }: { start: number; end: number }) => start < FOUR_GIB && end > FOUR_GIB)
    const source = openFileSource(folder, [folder])
    const seen = await readTransactions({ source, from: { file: FILE, position: 4 } })
    expect(seen.slice(0, 4).map(({ start, end }) => ({ start, end }))).toEqual(log.transactions)
    expect(seen.map(({ tables }) => tables[0]?.rows)).toEqual([1, ROWS, 1, 1, 1])
    // From beyond, without reading what is before.
    const from = { file: FILE, position: behind?.start ?? 0 }
    expect((await readTransactions({ source, from })).map(({ start }) => start)).toEqual(seen.slice(2).map(({ start }) => start))
    expect(await placeOf(source, from)).toEqual({ kind: 'boundary', boundary: from })
    expect(await placeOf(source, { file: FILE, position: FOUR_GIB })).toEqual({
      kind: 'inside',
      boundary: { file: FILE, position: huge?.start },
    })
  })

  test('from a server: the same index', async () => {
    using store = openStore(':memory:')
    const fromFiles = await buildIndex({ store, source: openFileSource(folder, [folder]) })
    await using replay = await startReplay({ paths: [folder] })
    await using live = await openReplay(replay)
    const streamed = await buildIndex({ store, source: live })
    expect(store.dump(streamed.log)).toEqual(store.dump(fromFiles.log))
  })

  test('the command line gives no such coordinate for a restart', async () => {
    const common = ['--source', folder, '--index', ':memory:', '--json']
    const when = await binpoint(['when', `${FILE}:${log.transactions[3]?.start}`, ...common])
    expect(JSON.parse(when.stdout)).toMatchObject({ outcome: 'boundary', transaction: { start: log.transactions[3]?.start } })
    const repair = await binpoint([
      'repair',
      '--from',
      `${FILE}:${log.transactions[3]?.start}`,
      '--dialect',
      'mysql-9.7',
      ...common,
    ])
    const { plan, findings } = JSON.parse(repair.stdout) as {
      plan: { restart: { position: number } }
      findings: { code: string; severity: string }[]
    }
    expect(plan.restart).toEqual({ file: FILE, position: log.transactions[1]?.start })
    expect(findings.find(({ code }) => code === 'POSITION_OVER_4G')).toMatchObject({ severity: 'warning' })
  })
})

test('which coordinates a replica can be sent to', () => {
  expect(positionFinding({ file: FILE, position: MAX_RESTART_POSITION })).toBeNull()
  expect(positionFinding({ file: FILE, position: FOUR_GIB })).toMatchObject({
    code: 'POSITION_OVER_4G',
    severity: 'blocking',
    message: expect.stringContaining('next file'),
    evidence: { file: FILE, position: FOUR_GIB },
  })
})

/** A transaction of 2 GB, in the log as it is or compressed, takes no more memory than any other. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EventType } from '../../src/core/binlog/layout.ts'
import { startReplay } from '../../src/source/replay.ts'
import { runBinpoint } from '../cli/child.ts'
import { beginLog, body, STAMP } from '../support/bytes.ts'
import { temporaryFolder } from '../support/logs.ts'
import { largePayload, writeHugeLog } from './hugeLog.ts'

/** 200 MB, and what it costs to run from the sources: types are taken out of them as they are loaded. */
const MOST_KIB = (200 + 20) * 1024

const commands: readonly (readonly string[])[] = [
  ['ls', '--json'],
  ['at', `@${STAMP + 15}`, '--json', '--exit-zero'],
  ['when', 'mysql-bin.000001:1000', '--json'],
]

describe('a transaction of 2 GB of rows', () => {
  test('is indexed, listed and found within the limit', async () => {
    const folder = temporaryFolder()
    const { rows, transactions } = writeHugeLog(folder, 8192, 256 << 10)
    const index = join(temporaryFolder(), 'index.sqlite')
    expect(await measured(['index', folder], index)).toMatchObject({ status: 0, fits: true })
    const [list, at, when] = await inTurn(folder, index)
    expect([list, at, when]).toMatchObject([{ fits: true }, { fits: true }, { fits: true }])
    const lines = linesOf(list?.stdout)
    expect(lines.slice(0, 4).map(({ start, end }) => ({ start, end }))).toEqual(transactions)
    expect(lines[1]).toMatchObject({ kind: 'rows', tables: [{ schema: 'd', table: 'b', rows }] })
    expect(linesOf(when?.stdout)[0]).toMatchObject({ outcome: 'inside', transaction: { start: transactions[1]?.start } })
  })
})

describe('a transaction of 2 GB of rows from a server', () => {
  test('is listed within the limit', async () => {
    const folder = temporaryFolder()
    const { rows } = writeHugeLog(folder, 8192, 256 << 10)
    await using replay = await startReplay({ paths: [folder] })
    const list = await measured(['ls', '--json', '--source', `mysql://anyone@${replay.host}:${replay.port}`], ':memory:')
    expect(list).toMatchObject({ status: 0, fits: true })
    expect(linesOf(list.stdout)[1]).toMatchObject({ kind: 'rows', tables: [{ table: 'b', rows }] })
  })
})

describe('a compressed transaction that expands to 2 GB', () => {
  test('in one frame, as a server writes it', async () => {
    const folder = temporaryFolder()
    const rows = 262_144
    const log = beginLog({ version: '9.7.4' })
    const start = log.add(EventType.ANONYMOUS_GTID, body.gtid('00000000-0000-0000-0000-000000000000', 0))
    log.add(EventType.TRANSACTION_PAYLOAD, await largePayload(rows, 8000))
    writeFileSync(join(folder, 'mysql-bin.000001'), log.bytes())
    const list = await measured(['ls', '--json', '--source', folder], ':memory:')
    expect(list).toMatchObject({ status: 0, fits: true })
    expect(linesOf(list.stdout)).toMatchObject([
      { start, end: log.position, kind: 'rows', marks: ['compressed'], tables: [{ table: 'b', rows, inserts: rows }] },
    ])
  })
})

interface Measured {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
  readonly fits: boolean
}

async function measured(args: readonly string[], index: string): Promise<Measured> {
  const env = { NODE_OPTIONS: `--import=${join(import.meta.dirname, 'child.ts')}` }
  const outcome = await runBinpoint([...args, '--index', index, '--no-progress'], env)
  const most = Number(/^at most (\d+) KiB$/m.exec(outcome.stderr)?.[1])
  return { ...outcome, fits: most < MOST_KIB }
}

async function inTurn(folder: string, index: string): Promise<Measured[]> {
  const outcomes: Measured[] = []
  for (const command of commands) outcomes.push(await measured([...command, '--source', folder], index))
  return outcomes
}

function linesOf(text = ''): Record<string, unknown>[] {
  return text.trim().startsWith('{\n')
    ? [JSON.parse(text) as Record<string, unknown>]
    : text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
}

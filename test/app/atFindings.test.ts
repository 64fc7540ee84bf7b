/** What an answer says beside its coordinates, on logs made for it; those of real servers are in test/clocks. */
import { describe, expect, test } from 'vitest'
import { at } from '../../src/app/at.ts'
import { buildIndex } from '../../src/app/index.ts'
import type { AtAnswer } from '../../src/core/answer.ts'
import { EventType } from '../../src/core/binlog/layout.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import type { LogInMaking } from '../support/bytes.ts'
import { beginLog, body, STAMP } from '../support/bytes.ts'
import { fixtureLog } from '../support/logs.ts'
import { openMemory } from '../support/memory.ts'

const SECOND = 1_000_000

interface Write {
  readonly second: number
  readonly thread?: number
  readonly exec?: number
  readonly serverId?: number
}

/** A transaction of MySQL 5.7; returns where it starts. */
function add(log: LogInMaking, { second, thread = 7, exec = 0, serverId = 1 }: Write): number {
  const header = { stamp: STAMP + second, serverId }
  const start = log.add(EventType.QUERY, body.query('BEGIN', { thread, execTime: exec >>> 0 }), header)
  log.add(EventType.TABLE_MAP, body.tableMap('d', 't'), header)
  log.add(EventType.WRITE_ROWS, body.writeRows(1), header)
  log.add(EventType.XID, body.xid(1), header)
  return start
}

async function asked(logs: readonly LogInMaking[], second: number, marginUs: number | null = null): Promise<AtAnswer> {
  await using source = openMemory(
    logs.map((log, i) => ({ name: `mysql-bin.${String(i + 1).padStart(6, '0')}`, bytes: log.bytes() })),
  )
  using store = openStore(':memory:')
  const { log } = await buildIndex({ store, source })
  const timeUs = (STAMP + second) * SECOND
  return await at({ store, log, source, timeUs, marginUs, skewUs: 0, nowUs: (STAMP + 100_000) * SECOND })
}

const codes = ({ findings }: AtAnswer): string[] => findings.map(({ code }) => code)

describe('a log whose first file was made by a rotation', () => {
  const log = beginLog({ stamp: STAMP })
  const starts = [0, 10, 20, 30].map((second) => add(log, { second }))

  test('proves nothing before its first session went on', async () => {
    const answer = await asked([log], 10)
    expect(answer).toMatchObject({ outcome: 'before-first', safe: null, findings: [{ code: 'UNPROVEN', severity: 'blocking' }] })
    expect(await asked([log], -1)).toMatchObject({ outcome: 'before-first', findings: [] })
    expect(await asked([log], 11)).toMatchObject({ outcome: 'located', safe: { position: starts[1] } })
  })

  test('is answered from its head on with a margin, which is said', async () => {
    const answer = await asked([log], 10, 5 * SECOND)
    expect(answer).toMatchObject({
      safe: { position: starts[1] },
      latest: { position: starts[1] },
      distance: { transactions: 0 },
    })
    expect(await asked([log], 10, 10 * SECOND)).toMatchObject({ outcome: 'before-first' })
  })
})

test('a time before the start of the server, in the same second, lies before the log, and that is all', async () => {
  const log = beginLog({ stamp: STAMP, created: STAMP })
  add(log, { second: 0 })
  expect(await asked([log], 0)).toMatchObject({ outcome: 'before-first', findings: [] })
  expect(await asked([log], 1)).toMatchObject({ outcome: 'after-last' })
})

describe('a log of whose transactions one lies', () => {
  const write = (of: Write): { log: LogInMaking; starts: number[] } => {
    const log = beginLog({ stamp: STAMP, created: STAMP })
    const starts = [{ second: 10 }, of, { second: 20 }, { second: 30 }, { second: 40 }].map((one) => add(log, one))
    return { log, starts }
  }

  test('of SET TIMESTAMP: named where it stands near the answer', async () => {
    const { log, starts } = write({ second: -900_000, exec: 900_015 })
    const answer = await asked([log], 18)
    expect(answer).toMatchObject({ safe: { position: starts[1] }, latest: { position: starts[2] } })
    expect(codes(answer)).toEqual(['TIME_STATEMENT_START', 'SET_TIMESTAMP'])
    expect(answer.findings[1]).toMatchObject({
      severity: 'note',
      evidence: { at: `mysql-bin.000001:${starts[1]}`, transactions: 1 },
    })
  })

  test('of another server, an hour ahead: its stamp is not looked at, what it wrote when is', async () => {
    const { log, starts } = write({ second: 3615, exec: -3600, serverId: 9, thread: 8 })
    const answer = await asked([log], 18)
    expect(answer).toMatchObject({ safe: { position: starts[0] }, latest: { position: starts[2] } })
    expect(codes(answer)).toEqual(['TIME_STATEMENT_START', 'SET_TIMESTAMP', 'FOREIGN_ORIGIN'])
  })
})

test('a stamp of the future that only what follows refutes does not count, and is named', async () => {
  const log = beginLog({ version: '10.11.6-MariaDB-log', stamp: STAMP, created: STAMP })
  const addMariaDb = (second: number, number: number): number => {
    const header = { stamp: STAMP + second }
    const start = log.add(EventType.MARIADB_GTID, body.mariaDbGtid(number), header)
    log.add(EventType.XID, body.xid(number), header)
    return start
  }
  const starts = [10, 50_000, 20, 30].map(addMariaDb)
  log.add(EventType.STOP, body.stop(), { stamp: STAMP + 40 })
  const answer = await asked([log], 25)
  expect(answer).toMatchObject({ safe: { position: starts[0] }, latest: { position: starts[3], gtid: '0-1-3' } })
  expect(codes(answer)).toEqual(['TIME_STATEMENT_START', 'FUTURE_TIME'])
  expect(answer.findings[1]).toMatchObject({
    evidence: { at: `mysql-bin.000001:${starts[1]}`, stamp: STAMP + 50_000, transactions: 1 },
  })
  // With a margin it does not count either.
  expect(await asked([log], 25, 3 * SECOND)).toMatchObject({ safe: { position: starts[3] }, latest: { position: starts[3] } })
})

test('where no transaction says anything of this clock, there is no latest one, and what is proven counts', async () => {
  const first = beginLog({ version: '10.11.6-MariaDB-log', stamp: STAMP, created: STAMP })
  const header = { stamp: STAMP - 4000, serverId: 9 }
  const start = first.add(EventType.MARIADB_GTID, body.mariaDbGtid(1), header)
  first.add(EventType.XID, body.xid(1), header)
  first.add(EventType.STOP, body.stop(), { stamp: STAMP + 40 })
  const answer = await asked([first], 20)
  expect(answer).toMatchObject({ outcome: 'located', safe: { position: start }, latest: null })
  expect(answer.safe).toMatchObject({ notBeforeUs: null, notAfterUs: (STAMP + 41) * SECOND })
  expect(codes(answer)).toEqual(['TIME_STATEMENT_START', 'FOREIGN_ORIGIN'])
  expect((await asked([first], 20, SECOND)).safe).toMatchObject({ position: start })
})

test('a time in an encrypted file has no answer, and the way around it is said', async () => {
  const { folder } = fixtureLog('encrypted/mysql-9.7')
  await using source = openFileSource(folder, [folder])
  using store = openStore(':memory:')
  const { log } = await buildIndex({ store, source })
  const answer = await at({ store, log, source, timeUs: 4e15, marginUs: null, skewUs: 0, nowUs: 4e15 })
  expect(answer.outcome).toBe('gap')
  expect(codes(answer)).toContain('ENCRYPTED_FILE')
  expect(answer.findings.find(({ code }) => code === 'ENCRYPTED_FILE')?.message).toContain('mysql://')
})

/** Small logs that once led an answer astray: what their clocks did is known to the byte. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { at } from '../../src/app/at.ts'
import { buildIndex } from '../../src/app/index.ts'
import type { AtAnswer } from '../../src/core/answer.ts'
import { EventType } from '../../src/core/binlog/layout.ts'
import { openStore } from '../../src/store/store.ts'
import type { LogInMaking } from '../support/bytes.ts'
import { beginLog, body, STAMP } from '../support/bytes.ts'
import type { MemoryFile } from '../support/memory.ts'
import { openMemory } from '../support/memory.ts'

const SECOND = 1_000_000
const nameOf = (number: number): string => `mysql-bin.${String(number).padStart(6, '0')}`

async function ask(files: readonly MemoryFile[], seconds: number, marginUs: number | null = null): Promise<AtAnswer> {
  const source = openMemory(files)
  using store = openStore(':memory:')
  const { log } = await buildIndex({ store, source })
  const timeUs = STAMP * SECOND + Math.round(seconds * SECOND)
  return await at({ store, log, source, timeUs, marginUs, skewUs: 0, nowUs: (STAMP + 86_400) * SECOND })
}

describe('exact stamps', () => {
  function commit(log: LogInMaking, seconds: number): number {
    const header = { stamp: STAMP + Math.floor(seconds) }
    const start = log.add(
      EventType.ANONYMOUS_GTID,
      body.gtid('0'.repeat(32), 0, STAMP * SECOND + Math.round(seconds * SECOND)),
      header,
    )
    log.add(EventType.QUERY, body.query('BEGIN'), header)
    log.add(EventType.XID, body.xid(1), header)
    return start
  }

  test('of a clock that goes back within a second, between two files, lose nothing', async () => {
    const one = beginLog({ version: '8.4.3', created: STAMP })
    commit(one, 0)
    const late = commit(one, 0.9)
    one.add(EventType.ROTATE, body.rotate(nameOf(2)))
    const two = beginLog({ version: '8.4.3' })
    for (const seconds of [0.1, 0.3, 5]) commit(two, seconds)
    const files = [one, two].map((log, i) => ({ name: nameOf(i + 1), bytes: log.bytes() }))
    expect(await ask(files, 0.5)).toMatchObject({ safe: { file: nameOf(1), position: late } })
  })

  test('of a clock that goes back often, by little, lose nothing', async () => {
    const one = fc.record({ afterUs: fc.integer({ min: -1_200_000, max: 1_500_000 }), rotates: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(
        fc.array(one, { minLength: 2, maxLength: 15 }),
        fc.nat(),
        fc.integer({ min: -1, max: 1 }),
        async (list, n, us) => {
          let log = beginLog({ version: '8.4.3', created: STAMP })
          const logs = [log]
          const commits: { seconds: number; file: string; start: number }[] = []
          let atUs = 500_000
          for (const { afterUs, rotates } of list) {
            atUs = Math.max(0, atUs + afterUs)
            if (rotates) {
              log.add(EventType.ROTATE, body.rotate(nameOf(logs.length + 1)))
              logs.push((log = beginLog({ version: '8.4.3' })))
            }
            commits.push({ seconds: atUs / SECOND, file: nameOf(logs.length), start: commit(log, atUs / SECOND) })
          }
          const seconds = (commits[n % commits.length]?.seconds ?? 0) + us / SECOND
          const { safe } = await ask(
            logs.map((each, i) => ({ name: nameOf(i + 1), bytes: each.bytes() })),
            seconds,
          )
          const lost = commits.filter(
            ({ seconds: own, file, start }) =>
              safe !== null && own >= seconds && (file < safe.file || (file === safe.file && start < safe.position)),
          )
          expect(lost).toEqual([])
        },
      ),
      { numRuns: 300 },
    )
  })

  test('behind the head of the oldest file: for a time in between, it is said what is missing', async () => {
    const log = beginLog({ version: '8.4.3' })
    const start = commit(log, 1800)
    const files = [{ name: nameOf(7), bytes: log.bytes() }]
    expect(await ask(files, 900)).toMatchObject({ outcome: 'before-first', safe: null, findings: [{ code: 'UNPROVEN' }] })
    expect(await ask(files, 900, 60 * SECOND)).toMatchObject({ outcome: 'located', safe: { position: start } })
    expect(await ask(files, -1)).toMatchObject({ outcome: 'before-first', safe: null, findings: [] })
  })
})

describe('the head of the oldest file', () => {
  /** Of a replica: its applier's commit begins the file, with the origin's time. */
  function replicasFile(isForeign: boolean): MemoryFile[] {
    const log = beginLog({ version: '10.11.6-MariaDB-log', stamp: STAMP })
    const header = { stamp: STAMP + 5000, serverId: isForeign ? 9 : 1 }
    log.add(EventType.MARIADB_GTID, body.mariaDbGtid(1), header)
    log.add(EventType.XID, body.xid(1), header)
    return [{ name: nameOf(7), bytes: log.bytes() }]
  }

  test('bounds what lies ahead by a margin, but not where an applier may have begun it', async () => {
    expect(await ask(replicasFile(false), 900, 60 * SECOND)).toMatchObject({ outcome: 'located', safe: { file: nameOf(7) } })
    expect(await ask(replicasFile(true), 900, 60 * SECOND)).toMatchObject({ safe: null, findings: [{ code: 'UNPROVEN' }] })
  })

  test('of a server that was started is not said to be of a statement', async () => {
    const log = beginLog({ version: '10.11.6-MariaDB-log', created: STAMP })
    for (const thread of [1, 1]) {
      log.add(EventType.MARIADB_GTID, body.mariaDbGtid(thread, { flags: 1 }))
      log.add(EventType.QUERY, body.query('CREATE DATABASE d', { thread }))
    }
    const answer = await ask([{ name: nameOf(1), bytes: log.bytes() }], 0)
    expect(answer).toMatchObject({ outcome: 'before-first', findings: [] })
  })
})

describe('sessions of MySQL 5.7', () => {
  /** Written at a second, by one statement; `end`: how the transaction ends. */
  function write(log: LogInMaking, seconds: number, thread: number, end: 'XID' | 'COMMIT'): number {
    const header = { stamp: STAMP + seconds }
    const start = log.add(EventType.QUERY, body.query('BEGIN', { thread }), header)
    log.add(EventType.TABLE_MAP, body.tableMap('d', 't'), header)
    log.add(EventType.WRITE_ROWS, body.writeRows(1), header)
    if (end === 'XID') log.add(EventType.XID, body.xid(1), header)
    else log.add(EventType.QUERY, body.query('COMMIT', { thread }), header)
    return start
  }

  test('that write to MyISAM inside of transactions show no step of the clock', async () => {
    const log = beginLog({ created: STAMP })
    write(log, 1, 5, 'XID')
    write(log, 100, 5, 'COMMIT') // at once, from inside of the next one
    write(log, 10, 5, 'XID')
    const safe = write(log, 200, 5, 'XID')
    write(log, 300, 5, 'XID')
    const answer = await ask([{ name: nameOf(1), bytes: log.bytes() }], 250)
    expect(answer).toMatchObject({ safe: { position: safe }, distance: { reason: 'unproven' } })
    expect(answer.findings.map(({ code }) => code)).not.toContain('CLOCK_STEP')
  })

  test('that write to nothing but MyISAM are evidence of each other', async () => {
    const log = beginLog({ created: STAMP })
    for (const seconds of [1, 100]) write(log, seconds, 5, 'COMMIT')
    const third = write(log, 200, 5, 'COMMIT')
    const last = write(log, 300, 5, 'COMMIT')
    const files = [{ name: nameOf(1), bytes: log.bytes() }]
    expect(await ask(files, 250)).toMatchObject({ safe: { position: third } })
    expect(await ask(files, 301)).toMatchObject({ safe: { position: last } })
  })
})

/** What this version does not know, or cannot look into, in the window of a repair: named, and no plan is made of it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { EventType } from '../../src/core/binlog/layout.ts'
import { binpoint } from '../cli/run.ts'
import type { LogInMaking } from '../support/bytes.ts'
import { addRows, beginLog, body } from '../support/bytes.ts'
import { temporaryFolder } from '../support/logs.ts'
import { payloadOf, rowsTransaction } from './payloads.ts'

const anonymous = body.gtid('00000000-0000-0000-0000-000000000000', 0)

interface Planned {
  readonly status: number
  readonly steps: number | undefined
  readonly findings: readonly { readonly code: string; readonly severity: string; readonly message: string }[]
}

/** A plan from the head of a log: a transaction, what `add` adds, and another one. */
async function planned(dialect: string, version: string, add: (log: LogInMaking) => void): Promise<Planned> {
  const folder = temporaryFolder()
  const log = beginLog({ version })
  addRows(log, 1)
  add(log)
  addRows(log, 2)
  writeFileSync(join(folder, 'mysql-bin.000001'), log.bytes())
  const where = ['--from', 'mysql-bin.000001:4', '--source', folder, '--dialect', dialect]
  const { status, stdout } = await binpoint(['repair', ...where, '--index', ':memory:', '--json'])
  const { plan, findings } = JSON.parse(stdout) as { plan: { steps: unknown[] } | null; findings: Planned['findings'] }
  return { status, steps: plan?.steps.length, findings: findings.filter(({ code }) => code === 'UNKNOWN_EVENT') }
}

describe('UNKNOWN_EVENT', () => {
  test('an event that may be skipped, inside a transaction', async () => {
    const { status, steps, findings } = await planned('mysql-9.7', '9.7.4', (log) => {
      log.add(EventType.ANONYMOUS_GTID, anonymous)
      log.add(EventType.QUERY, body.query('BEGIN'))
      log.add(99, Buffer.alloc(10), { flags: 0x80 })
      log.add(EventType.XID, body.xid())
    })
    expect({ status, steps }).toEqual({ status: 1, steps: 0 })
    expect(findings).toMatchObject([{ severity: 'blocking', message: expect.stringContaining('1 transaction') }])
  })

  test('an event that no reader may skip: what is behind it is not known', async () => {
    const { status, findings } = await planned('mysql-9.7', '9.7.4', (log) => {
      log.add(EventType.ANONYMOUS_GTID, anonymous)
      log.add(99, Buffer.alloc(10))
    })
    expect(status).toBe(1)
    expect(findings).toMatchObject([{ severity: 'blocking', message: expect.stringContaining('type 99') }])
  })

  test('a part of a rows event (MariaDB 12.3): whose rows, it does not say', async () => {
    const { status, steps, findings } = await planned('mariadb-10.11', '12.3.1-MariaDB', (log) => {
      log.add(EventType.MARIADB_GTID, body.mariaDbGtid(1))
      log.add(EventType.PARTIAL_ROW_DATA, Buffer.alloc(30))
      log.add(EventType.XID, body.xid())
    })
    expect({ status, steps }).toEqual({ status: 1, steps: 0 })
    expect(findings).toMatchObject([{ severity: 'blocking' }])
  })

  test.each([
    ['that is damaged', (bytes: Buffer) => bytes.subarray(0, -9), 'blocking'],
    ['that is whole', (bytes: Buffer) => bytes, undefined],
  ])('a compressed transaction %s', async (_name, cut, severity) => {
    const { findings } = await planned('mysql-9.7', '9.7.4', (log) => {
      log.add(EventType.ANONYMOUS_GTID, anonymous)
      log.add(EventType.TRANSACTION_PAYLOAD, payloadOf(cut(zstdCompressSync(rowsTransaction([1, 2])))))
    })
    expect(findings[0]?.severity).toBe(severity)
  })
})

/** A transaction of 512 MB, in the log as it is or compressed, is sent out of batches that hold a few megabytes of it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EventType } from '../../src/core/binlog/layout.ts'
import { largePayload, writeHugeLog } from '../formats/hugeLog.ts'
import { beginLog, body } from '../support/bytes.ts'
import { temporaryFolder } from '../support/logs.ts'
import { run } from '../support/servers/run.ts'

/** Half of what goes through: the process itself, and what the garbage collector leaves for a while. */
const MOST_KIB = 256 * 1024
const BATCH = 4 << 20

interface Drained {
  readonly rowsEvents: number
  /** Bytes of the largest batch. */
  readonly largest: number
  readonly fits: boolean
}

async function drain(folder: string): Promise<Drained> {
  const child = join(import.meta.dirname, '../formats/child.ts')
  const { stdout, stderr } = await run(process.execPath, [`--import=${child}`, join(import.meta.dirname, 'child.ts'), folder])
  const said = JSON.parse(stdout) as Omit<Drained, 'fits'>
  return { ...said, fits: Number(/^at most (\d+) KiB$/m.exec(stderr)?.[1]) < MOST_KIB }
}

describe('the batches of a transaction of 512 MB', () => {
  test('in the log as it is', async () => {
    const folder = temporaryFolder()
    const { rows } = writeHugeLog(folder, 2048, 256 << 10)
    const { rowsEvents, largest, fits } = await drain(folder)
    expect({ rowsEvents, fits }).toEqual({ rowsEvents: rows + 4, fits: true })
    expect(largest).toBeLessThan(BATCH + (1 << 20))
  })

  test('compressed', async () => {
    const folder = temporaryFolder()
    const rows = 65_536
    const log = beginLog({ version: '9.7.4' })
    log.add(EventType.ANONYMOUS_GTID, body.gtid('00000000-0000-0000-0000-000000000000', 0))
    log.add(EventType.TRANSACTION_PAYLOAD, await largePayload(rows, 8000))
    writeFileSync(join(folder, 'mysql-bin.000001'), log.bytes())
    const { rowsEvents, largest, fits } = await drain(folder)
    expect({ rowsEvents, fits }).toEqual({ rowsEvents: rows, fits: true })
    expect(largest).toBeLessThan(BATCH + (1 << 20))
  })
})

/** Compressed as it is made: the whole is never in memory. */

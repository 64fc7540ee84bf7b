/** The short way for usual events is only shorter: with a listener for events, every event goes the long way. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { executedText } from '../../../src/core/scan/executed.ts'
import type { ScanListener } from '../../../src/core/scan/scan.ts'
import { createScan } from '../../../src/core/scan/scan.ts'
import { fixtureFiles } from '../../support/logs.ts'

describe('the short way', () => {
  test.each(fixtureFiles.map((file) => [file.name, file.path] as const))('%s says what the long way says', (_name, path) => {
    const bytes = readFileSync(path)
    const long = scan(bytes, { onEvent: () => true })
    expect(scan(bytes, {})).toEqual(long)
  })
})
/** All that a scan says, in the order in which it says it. */
function scan(bytes: Buffer, more: Pick<ScanListener, 'onEvent'>): { transactions: unknown[]; others: unknown[] } {
  const transactions: unknown[] = []
  const others: unknown[] = []
  const one = createScan({
    ...more,
    onTransaction: (t) => transactions.push({ ...t }),
    onAbandoned: (start) => others.push(start),
    onFileEnd: (ending, file) => others.push(ending, { ...file }),
  })
  one.beginFile('mysql-bin.000001')
  one.take(bytes, 4, bytes.length, 4)
  const { readEnd, coveredEnd, lastEventStart, lastEventCrc, isInTransaction, executed } = one
  others.push({ readEnd, coveredEnd, lastEventStart, lastEventCrc, isInTransaction, executed: executedText(executed) })
  one.endFile('end')
  return { transactions, others }
}

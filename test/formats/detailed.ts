/** The transactions of one file's bytes in full. */
import { createDetailCollector } from '../../src/core/scan/detail.ts'
import { createScan } from '../../src/core/scan/scan.ts'
import type { Transaction } from '../../src/core/transaction.ts'

export function detailsOf(file: Buffer): Transaction[] {
  const transactions: Transaction[] = []
  const collector = createDetailCollector()
  const scan = createScan(
    {
      onEvent: (event) => {
        if (scan.file !== null) collector.event(event, !scan.isInTransaction, scan.file)
        return true
      },
      onTransaction: (t, of) => transactions.push(collector.finish(t, of, true)),
    },
    { checksums: 'all' },
  )
  scan.beginFile('mysql-bin.000001')
  scan.take(file, 4, file.length, 4)
  scan.endFile('end')
  return transactions
}

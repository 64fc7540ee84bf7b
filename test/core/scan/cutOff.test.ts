/** A transaction that a crash cut off leaves nothing to the one behind it. */
import { expect, test } from 'vitest'
import { EventType } from '../../../src/core/binlog/layout.ts'
import { createDetailCollector } from '../../../src/core/scan/detail.ts'
import { createScan } from '../../../src/core/scan/scan.ts'
import type { Transaction } from '../../../src/core/transaction.ts'
import { addRows, beginLog, body } from '../../support/bytes.ts'

const UUID = '01234567-89ab-cdef-0123-456789abcdef'

test('neither its GTID nor its tables', () => {
  const log = beginLog()
  log.add(EventType.GTID, body.gtid(UUID, 5))
  log.add(EventType.QUERY, body.query('BEGIN'))
  log.add(EventType.TABLE_MAP, body.tableMap('d', 'cut'))
  log.add(EventType.WRITE_ROWS, body.writeRows(1))
  const { start, end } = addRows(log, 2)
  const transactions: Transaction[] = []
  const collector = createDetailCollector()
  const scan = createScan({
    onEvent: (event) => {
      if (scan.file !== null) collector.event(event, !scan.isInTransaction, scan.file)
      return true
    },
    onTransaction: (t, file) => transactions.push(collector.finish(t, file, true)),
  })
  const bytes = log.bytes()
  scan.beginFile('mysql-bin.000001')
  scan.take(bytes, 4, bytes.length, 4)
  scan.endFile('end')
  expect(transactions).toMatchObject([{ start, end, gtid: null, tables: [{ schema: 'd', table: 't', rows: 1 }] }])
})

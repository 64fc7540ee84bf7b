/** One file's bytes read in every way in which the project reads them. */
import type { FileEnding } from '../src/core/scan/ending.ts'
import { createDetailCollector } from '../src/core/scan/detail.ts'
import { executedText } from '../src/core/scan/executed.ts'
import type { ScannedTransaction } from '../src/core/scan/grammar.ts'
import type { ScanOptions } from '../src/core/scan/scan.ts'
import { createScan } from '../src/core/scan/scan.ts'
import type { Transaction } from '../src/core/transaction.ts'
import { scanBytes } from '../test/support/scanned.ts'
import { AT_SIZE } from './frame.ts'

export interface Reading {
  readonly transactions: readonly ScannedTransaction[]
  readonly abandoned: readonly number[]
  readonly ending: FileEnding
  readonly executed: string | null
}

/** As the index reads: nothing of the bodies. */
export function readForIndex(bytes: Buffer, options: ScanOptions, cuts?: readonly number[]): Reading {
  const { transactions, abandoned, ending, executed } = scanBytes(bytes, cuts, options)
  return { transactions, abandoned, ending, executed }
}

export interface DetailedReading {
  readonly reading: Reading
  readonly checksumLength: number
  /** Executed before this file, where it says so. */
  readonly previousGtids: string | null
  /** In full, those that never end too. */
  readonly details: readonly Transaction[]
  readonly unfinished: readonly Transaction[]
}

/** As answers read: every body; in one piece, with nothing behind the last byte. */
export function readInDetail(bytes: Buffer, options: ScanOptions): DetailedReading {
  const collector = createDetailCollector()
  const transactions: ScannedTransaction[] = []
  const abandoned: number[] = []
  const details: Transaction[] = []
  const unfinished: Transaction[] = []
  let ending: FileEnding | null = null
  let checksumLength = 0
  let previousGtids: string | null = null
  const scan = createScan(
    {
      onEvent: (event) => {
        if (scan.file !== null) collector.event(event, !scan.isInTransaction, scan.file)
        return true
      },
      onTransaction: (t, file) => {
        transactions.push({ ...t })
        details.push(collector.finish(t, file, true))
      },
      onAbandoned: (start, file) => {
        abandoned.push(start)
        unfinished.push(collector.finish({ ...scan.transaction, end: scan.readEnd }, file, false))
      },
      onFileEnd: (end, file) => {
        ending = end
        checksumLength = file.format?.checksumLength ?? 0
        ;({ previousGtids } = file)
      },
    },
    options,
  )
  scan.beginFile('mysql-bin.000001')
  const exact = Buffer.from(new Uint8Array(bytes.subarray(4)).buffer)
  if (exact.length > 0) scan.take(exact, 0, exact.length, 4)
  const executed = executedText(scan.executed)
  scan.endFile('end')
  if (ending === null) throw new Error('the file has no ending')
  return { reading: { transactions, abandoned, ending, executed }, checksumLength, previousGtids, details, unfinished }
}

/** As a run that goes on at `from`: the FORMAT_DESCRIPTION first. */
export function readFrom(bytes: Buffer, from: number, options: ScanOptions): Omit<Reading, 'executed'> {
  const transactions: ScannedTransaction[] = []
  const abandoned: number[] = []
  let ending: FileEnding | null = null
  const scan = createScan(
    {
      onTransaction: (t) => transactions.push({ ...t }),
      onAbandoned: (start) => abandoned.push(start),
      onFileEnd: (end) => {
        ending = end
      },
    },
    options,
  )
  scan.beginFile('mysql-bin.000001')
  scan.take(bytes, 4, 4 + bytes.readUInt32LE(4 + AT_SIZE), 4)
  scan.take(bytes, from, bytes.length, from)
  scan.endFile('end')
  if (ending === null) throw new Error('the file has no ending')
  return { transactions, abandoned, ending }
}

/** The project's own reading of one file, as the index makes it and as `ls` does. */
import { createDetailCollector } from '../../src/core/scan/detail.ts'
import type { ScannedTransaction } from '../../src/core/scan/grammar.ts'
import { executedText } from '../../src/core/scan/executed.ts'
import { decodeMysqlGtid } from '../../src/core/binlog/gtid.ts'
import { EventType } from '../../src/core/binlog/layout.ts'
import type { FileEnding } from '../../src/core/scan/ending.ts'
import type { RawEvent, ScanListener, ScannedFile } from '../../src/core/scan/scan.ts'
import { createScan } from '../../src/core/scan/scan.ts'
import { openFileSource } from '../../src/source/files.ts'

export interface Scanned {
  readonly transactions: readonly ScannedTransaction[]
  /** Starts of transactions that never end. */
  readonly abandoned: readonly number[]
  readonly ending: FileEnding
  readonly file: ScannedFile
  /** After the last transaction. */
  readonly executed: string | null
}

export interface Detailed extends Scanned {
  /** GTID of each transaction. */
  readonly gtids: readonly (string | null)[]
  /** transaction_length of the GTID event that starts at a position. */
  readonly lengths: ReadonlyMap<number, number>
}

/** As the index reads: the structure only, and nothing of the bodies. */
export function scanForIndex(path: string): Promise<Scanned> {
  return scanFile(path, {}, 'structure')
}

/** As answers read: every checksum, and every body. */
export async function scanInDetail(path: string): Promise<Detailed> {
  const collector = createDetailCollector()
  const gtids: (string | null)[] = []
  const lengths = new Map<number, number>()
  const scanned = await scanFile(
    path,
    {
      onEvent: (event, startsAnew, file) => {
        collector.event(event, startsAnew, file)
        if (!gtidTypes.has(event.type)) return
        lengths.set(event.position, decodeMysqlGtid(event.bytes, event.from, event.bodyEnd)?.transactionLength ?? 0)
      },
      onTransaction: (transaction, file) => gtids.push(collector.finish(transaction, file, true).gtid),
    },
    'all',
  )
  return { ...scanned, gtids, lengths }
}

const gtidTypes = new Set<number>([EventType.GTID, EventType.ANONYMOUS_GTID, EventType.GTID_TAGGED])

interface Also {
  readonly onEvent?: (event: RawEvent, startsAnew: boolean, file: ScannedFile) => void
  readonly onTransaction?: (transaction: ScannedTransaction, file: ScannedFile) => void
}

async function scanFile(path: string, also: Also, checksums: 'structure' | 'all'): Promise<Scanned> {
  const transactions: ScannedTransaction[] = []
  const abandoned: number[] = []
  let ended: { readonly ending: FileEnding; readonly file: ScannedFile } | null = null
  const listener: ScanListener = {
    onTransaction: (transaction, file) => {
      transactions.push({ ...transaction })
      also.onTransaction?.(transaction, file)
    },
    onAbandoned: (start) => abandoned.push(start),
    onFileEnd: (ending, file) => {
      ended = { ending, file: { ...file } }
    },
  }
  const { onEvent } = also
  const scan = createScan(
    onEvent === undefined
      ? listener
      : {
          ...listener,
          onEvent: (event) => {
            if (scan.file !== null) onEvent(event, !scan.isInTransaction, scan.file)
            return true
          },
        },
    { checksums },
  )
  await using source = openFileSource(path, [path])
  const [file] = await source.listFiles()
  if (file === undefined) throw new Error(`${path} is not listed`)
  await source.read({ from: { file: file.name, position: 4 }, until: undefined }, scan)
  if (ended === null) throw new Error(`${path} ended in silence`)
  return {
    ...(ended as { ending: FileEnding; file: ScannedFile }),
    transactions,
    abandoned,
    executed: executedText(scan.executed),
  }
}

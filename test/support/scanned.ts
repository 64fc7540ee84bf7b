/** What the scan says of one file's bytes, however they are cut into calls. */
import { executedText } from '../../src/core/scan/executed.ts'
import type { ScannedTransaction } from '../../src/core/scan/grammar.ts'
import type { FileEnding } from '../../src/core/scan/ending.ts'
import type { Scan, ScanOptions } from '../../src/core/scan/scan.ts'
import { createScan } from '../../src/core/scan/scan.ts'

export interface Scanned {
  readonly transactions: readonly ScannedTransaction[]
  readonly abandoned: readonly number[]
  readonly ending: FileEnding
  readonly executed: string | null
  readonly fingerprint: string
  readonly coveredEnds: readonly number[]
}

/** `cuts`: sizes of the pieces in which the bytes come, again and again; what is not taken is offered again with the next piece. */
export function scanBytes(file: Buffer, cuts: readonly number[] = [file.length], options: ScanOptions = {}): Scanned {
  const transactions: ScannedTransaction[] = []
  const abandoned: number[] = []
  const coveredEnds: number[] = []
  let ending: FileEnding | null = null
  let fingerprint = ''
  const scan = createScan(
    {
      onTransaction: (t) => transactions.push({ ...t }),
      onAbandoned: (start) => abandoned.push(start),
      onFileEnd: (end, seen) => {
        ending = end
        fingerprint = seen.fingerprint
      },
    },
    options,
  )
  scan.beginFile('mysql-bin.000001')
  offer(scan, file, cuts, () => coveredEnds.push(scan.coveredEnd))
  const executed = executedText(scan.executed)
  scan.endFile('end')
  if (ending === null) throw new Error('the file has no ending')
  return { transactions, abandoned, ending, executed, fingerprint, coveredEnds }
}

function offer(scan: Scan, file: Buffer, cuts: readonly number[], afterEach: () => void): void {
  let filled = 4
  let taken = 4
  for (let piece = 0; filled < file.length && !scan.done && !scan.fileDone; piece++) {
    filled = Math.min(file.length, filled + Math.max(1, cuts[piece % cuts.length] ?? 1))
    // A copy, at an odd place of a larger buffer, as in a way in that reuses its block.
    const block = Buffer.concat([Buffer.alloc(piece % 5), file.subarray(taken, filled)])
    const from = piece % 5
    const next = scan.take(block, from, block.length, taken)
    if (next < from || next > block.length) throw new Error(`take returned ${next} of ${from} to ${block.length}`)
    taken += next - from
    afterEach()
  }
}

/**
 * From a time to the first transaction that has it, exactly: the index names the tick, the log is read again for the rest.
 * Invariant: what is returned was read from the log now, with its checksums, and agrees with the index in every boundary.
 */
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { FileRow, TickRow } from '../core/evidence/rows.ts'
import type { LogSource } from '../core/ports.ts'
import type { Transaction } from '../core/transaction.ts'
import { BinpointError } from '../errors.ts'
import { readTransactions } from './window.ts'

export interface Found {
  readonly tick: TickRow
  /** All transactions of the tick, and the index of the one that was looked for. */
  readonly transactions: readonly Transaction[]
  readonly index: number
  readonly transaction: Transaction
}

export interface Locator {
  /** The first transaction in log order whose own time is `timeUs` or later; null when there is none. */
  readonly firstAtOrAfter: (timeUs: number) => Promise<Found | null>
  /** The first transaction that starts at or behind a position; null when there is none. */
  readonly firstFrom: (file: number, position: number) => Promise<Found | null>
  /**
   * The first transaction behind the last one ahead of `found` that is what is looked for; `found` where that is the one before it.
   * Undefined: there is none behind `end`. Null as `found`, and as an answer: the end of the log.
   */
  readonly firstBehind: (
    found: Found | null,
    isIt: (t: Transaction, tick: TickRow) => boolean,
    end: { readonly file: number; readonly end: number } | null,
  ) => Promise<Found | null | undefined>
}

export function createLocator(store: IndexStore, log: LogRow, source: LogSource): Locator {
  const files = new Map<number, FileRow>(store.files(log).map((file) => [file.ordinal, file]))
  const cache = new Map<string, Promise<readonly Transaction[]>>()

  function read(tick: TickRow): Promise<readonly Transaction[]> {
    const key = `${tick.file}:${tick.start}`
    const known = cache.get(key) ?? readTick(source, tick, files.get(tick.file))
    cache.set(key, known)
    return known
  }

  async function search(
    from: TickRow | null,
    isIt: (t: Transaction) => boolean,
    mayHold: (tick: TickRow) => boolean,
  ): Promise<Found | null> {
    for (let tick = from; tick !== null; tick = store.tickAfter(log, tick)) {
      if (!mayHold(tick)) continue
      const transactions = await read(tick)
      const index = transactions.findIndex(isIt)
      const transaction = transactions[index]
      if (transaction !== undefined) return { tick, transactions, index, transaction }
    }
    return null
  }

  return {
    firstAtOrAfter(timeUs) {
      const second = Math.floor(timeUs / 1_000_000)
      return search(
        store.tickAtOrAfter(log, second),
        (t) => (t.immediateCommitUs === null ? t.lastStampSeconds >= second : t.immediateCommitUs >= timeUs),
        (tick) => tick.maxUs === null || tick.maxUs >= timeUs,
      )
    },
    firstFrom(file, position) {
      const name = files.get(file)?.name
      return search(
        store.tickContaining(log, file, position),
        (t) => t.file !== name || t.start >= position,
        () => true,
      )
    },
    async firstBehind(found, isIt, end) {
      let first = found
      let tick = found?.tick ?? store.lastTick(log)
      for (; tick !== null && !endsBy(tick, end); tick = store.tickBefore(log, tick)) {
        // Not kept: this may go back over most of a file.
        const isFirst = tick === found?.tick
        const transactions = isFirst ? found.transactions : await readTick(source, tick, files.get(tick.file))
        const ahead = isFirst ? found.index : transactions.length
        for (let index = ahead - 1; index >= 0; index--) {
          const transaction = transactions[index]
          if (transaction === undefined || isIt(transaction, tick)) return first
          first = { tick, transactions, index, transaction }
        }
      }
      return undefined
    },
  }
}

function endsBy(tick: TickRow, end: { readonly file: number; readonly end: number } | null): boolean {
  return end !== null && (tick.file < end.file || (tick.file === end.file && tick.end <= end.end))
}

async function readTick(source: LogSource, tick: TickRow, file: FileRow | undefined): Promise<readonly Transaction[]> {
  if (file === undefined) throw new Error(`the index has a tick in file ${tick.file}, which it does not list`)
  const transactions = await readTransactions({
    source,
    from: { file: file.name, position: tick.start },
    until: { file: file.name, position: tick.end },
    format: file.format,
  })
  if (
    transactions.length !== tick.transactions ||
    transactions[0]?.start !== tick.start ||
    transactions.at(-1)?.end !== tick.end
  ) {
    throw new BinpointError(
      'LOG_IDENTITY',
      `${source.name} holds other transactions in ${file.name}:${tick.start}-${tick.end} than when it was indexed`,
      {
        hint: 'the file was replaced or damaged: index again with another --index file, and compare',
      },
    )
  }
  return transactions
}

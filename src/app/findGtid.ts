/**
 * The transaction that has a GTID. File heads say which file it is in: by halving, about log2 of all files are looked at, and one is
 * read, or 64 MiB of it where an index has checkpoints. An index only says where to look first; nothing rests on it.
 *
 * A "no" needs more than a "yes". MySQL logs a GTID once, and its heads grow: a file is left out where the heads around it agree. MariaDB
 * without strict mode may log a number again, or a lower one later, so that no head shows what is not in a file: all are read.
 */
import { GtidPosition, GtidSet } from '../core/binlog/gtidSet.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { Finding } from '../core/findings.ts'
import type { Gtid } from '../core/gtid.ts'
import { formatGtid } from '../core/gtid.ts'
import type { LogFile, LogSource } from '../core/ports.ts'
import { hasCommitted } from '../core/scan/executed.ts'
import { isHole } from '../core/scan/ending.ts'
import { createScan } from '../core/scan/scan.ts'
import type { Transaction } from '../core/transaction.ts'
import type { ErrorCode } from '../errors.ts'
import { BinpointError } from '../errors.ts'
import type { GtidHead } from './gtidHead.ts'
import { readGtidHead, sayBefore } from './gtidHead.ts'
import type { IndexProgress } from './index.ts'
import { damaged, readTransactions } from './window.ts'

export interface FindGtidRequest {
  readonly source: LogSource
  readonly gtid: Gtid
  /** Of the source, as fresh or old as it may be. */
  readonly index?: { readonly store: IndexStore; readonly log: LogRow } | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: IndexProgress) => void) | undefined
}

export interface FoundGtid {
  readonly transaction: Transaction | null
  readonly findings: readonly Finding[]
}

/** Throws NO_BINLOGS, LOG_DAMAGED and LOG_ENCRYPTED where it may lie behind what can be read, and what the source throws. */
export async function findGtid(request: FindGtidRequest): Promise<FoundGtid> {
  const files = await request.source.listFiles()
  if (files.length === 0) {
    throw new BinpointError('NO_BINLOGS', `${request.source.name} has no binlog files`, {
      hint: 'is binary logging on (log_bin)?',
    })
  }
  const heads = createHeads(request, files)
  const search = createSearch(request)
  const likely = await likelyFile(request, files, heads)
  /** The first file that cannot be read to its end: it may hold the transaction, unless another one does. */
  let failure: BinpointError | null = null
  const order = [...files.keys()].sort((a, b) => Number(b === likely) - Number(a === likely))
  for (const i of order) {
    const file = files[i]
    if (file === undefined || (await heads.excludes(i))) continue
    try {
      const from = i === likely ? checkpointIn(request, file, await heads.head(i)) : FIRST_POSITION
      const transaction =
        (await search(file, from, Number.MAX_SAFE_INTEGER)) ??
        (from > FIRST_POSITION ? await search(file, FIRST_POSITION, from) : null)
      if (transaction !== null) return { transaction, findings: [] }
    } catch (error) {
      if (!isHoleError(error)) throw error
      failure ??= error
    }
  }
  if (failure !== null) throw failure
  return { transaction: null, findings: await absence(request, files, likely, heads) }
}

const holeCodes: ReadonlySet<ErrorCode> = new Set(['LOG_DAMAGED', 'LOG_ENCRYPTED', 'LOG_UNKNOWN_EVENT'])

function isHoleError(error: unknown): error is BinpointError {
  return error instanceof BinpointError && holeCodes.has(error.code)
}

interface Heads {
  readonly head: (index: number) => Promise<GtidHead>
  /** False also where the head does not say. */
  readonly sayBefore: (index: number) => Promise<boolean>
  /** Whether the heads show that the GTID is not in this file. */
  readonly excludes: (index: number) => Promise<boolean>
}

function createHeads({ source, gtid }: FindGtidRequest, files: readonly LogFile[]): Heads {
  const known = new Map<number, Promise<GtidHead>>()
  function head(index: number): Promise<GtidHead> {
    const read = known.get(index) ?? readGtidHead(source, files[index]?.name ?? '')
    known.set(index, read)
    return read
  }
  return {
    head,
    sayBefore: async (index) => sayBefore(await head(index), gtid) === true,
    async excludes(index) {
      const { file, previous } = await head(index)
      if (file?.format != null && file.format.family !== gtid.family) return true
      if (gtid.family === 'mariadb' || !(previous instanceof GtidSet)) return false
      if (previous.contains(gtid.sid, gtid.number)) return true
      if (index + 1 >= files.length) return false
      const next = (await head(index + 1)).previous
      return next instanceof GtidSet && next.includes(previous) && !next.contains(gtid.sid, gtid.number)
    },
  }
}

/** The newest file that does not say that the GTID came before it; -1: all say so. */
async function likelyFile(request: FindGtidRequest, files: readonly LogFile[], heads: Heads): Promise<number> {
  const guess = await fileByIndex(request, files)
  const isNewest = guess + 1 === files.length
  if (guess >= 0 && !(await heads.sayBefore(guess)) && (isNewest || (await heads.sayBefore(guess + 1)))) return guess
  return lastBefore(files.length, heads.sayBefore)
}

/** The last of `count` for which it is not so, if once it is so it stays so; -1: there is none. */
async function lastBefore(count: number, isSo: (index: number) => Promise<boolean> | boolean): Promise<number> {
  let before = -1
  let after = count
  while (after - before > 1) {
    const middle = (before + after) >> 1
    if (await isSo(middle)) after = middle
    else before = middle
  }
  return before
}

/** By the checkpoints that the index has at the heads of files; -1: it knows nothing. */
async function fileByIndex({ index, gtid }: FindGtidRequest, files: readonly LogFile[]): Promise<number> {
  if (index === undefined) return -1
  const { store, log } = index
  const rows = store.files(log)
  const likely = await lastBefore(rows.length, (i) => {
    const ordinal = rows[i]?.ordinal ?? -1
    const checkpoint = store.checkpointBefore(log, ordinal, FIRST_POSITION)
    return checkpoint?.file === ordinal && holds(checkpoint.gtidSet, gtid)
  })
  return files.findIndex((file) => file.name === rows[likely]?.name)
}

/** The last place in a file that the GTID lies behind, as far as the index has looked at the file that is there now. */
function checkpointIn({ index, gtid }: FindGtidRequest, { name, size }: LogFile, { file }: GtidHead): number {
  const row = index?.store.files(index.log).find((known) => known.name === name && known.fingerprint === file?.fingerprint)
  if (index === undefined || row === undefined) return FIRST_POSITION
  for (let at = size; ;) {
    const checkpoint = index.store.checkpointBefore(index.log, row.ordinal, at)
    if (checkpoint?.file !== row.ordinal || checkpoint.start <= FIRST_POSITION) return FIRST_POSITION
    if (!holds(checkpoint.gtidSet, gtid)) return checkpoint.start
    at = checkpoint.start - 1
  }
}

/** Of MariaDB's GTIDs, the text has each domain's last one only. */
function holds(executed: string, gtid: Gtid): boolean {
  if (gtid.family === 'mysql') return GtidSet.parse(executed)?.contains(gtid.sid, gtid.number) === true
  return (GtidPosition.parse(executed)?.get(gtid.domain)?.sequence ?? 0) >= gtid.sequence
}

/** Reads [from, until) of a file, up to the transaction. */
type Search = (file: LogFile, from: number, until: number) => Promise<Transaction | null>

function createSearch({ source, gtid, signal, onProgress }: FindGtidRequest): Search {
  let transactions = 0
  let bytesBefore = 0
  return async ({ name, size }, from, until) => {
    let found: { start: number; end: number } | null = null
    const scan = createScan(
      {
        onTransaction: ({ start, end }) => {
          transactions++
          if (found !== null || !hasCommitted(scan.executed, gtid)) return
          found = { start, end }
          scan.stop()
        },
        onFileEnd: (ending) => {
          if (found === null && isHole(ending.kind)) throw damaged(source, { file: name, position: ending.coveredEnd }, ending)
        },
        onBatchEnd: () => {
          const bytesDone = bytesBefore + Math.max(0, scan.readEnd - from)
          onProgress?.({
            at: { file: name, position: scan.readEnd },
            transactions,
            bytesDone,
            bytesTotal: bytesBefore + size - from,
          })
        },
      },
      { decrypted: source.kind === 'server' },
    )
    await source.read({ from: { file: name, position: from }, until: { file: name, position: until }, signal }, scan)
    signal?.throwIfAborted()
    bytesBefore += Math.max(0, Math.min(size, until) - from)
    return found === null ? null : readFound(source, name, found, gtid)
  }
}

/** In full, with its checksums verified. */
async function readFound(source: LogSource, file: string, at: { start: number; end: number }, gtid: Gtid): Promise<Transaction> {
  const [transaction] = await readTransactions({
    source,
    from: { file, position: at.start },
    until: { file, position: at.end },
  })
  if (transaction?.gtid === formatGtid(gtid)) return transaction
  throw new BinpointError('LOG_IDENTITY', `${source.name} holds another transaction at ${file}:${at.start} than a moment ago`, {
    hint: 'the file was replaced while it was read: ask again',
  })
}

/** What the heads say of a GTID that no file holds. */
async function absence(
  { source, gtid }: FindGtidRequest,
  files: readonly LogFile[],
  likely: number,
  heads: Heads,
): Promise<Finding[]> {
  const oldest = files[0]?.name ?? ''
  const text = formatGtid(gtid)
  const purged = (message: string, since: string): Finding[] => [
    { code: 'PURGED', severity: 'warning', message, evidence: { gtid: text, oldest, executedBefore: since } },
  ]
  if (await heads.sayBefore(0)) {
    return purged(
      `${text} was executed before ${oldest}, the oldest file that ${source.name} has: its file has been purged`,
      oldest,
    )
  }
  // MariaDB's numbers may leave gaps: a later one says nothing of an earlier one.
  const next = files[likely + 1]?.name
  if (gtid.family === 'mariadb' || next === undefined) return []
  return purged(
    `${text} counts as executed before ${next}, and no file holds it: it was purged elsewhere and put into gtid_purged here, or never logged`,
    next,
  )
}

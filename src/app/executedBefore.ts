/**
 * What had been executed before a boundary, from the log alone: what the file says at its head, or a checkpoint of the index
 * nearer to the boundary, and the transactions from there on, read again with their checksums. MySQL's text is gtid_executed as it
 * was then, without what never was in the log (put into gtid_purged by hand, or applied by a replica that does not log it); MariaDB's
 * is the position to put into gtid_slave_pos.
 */
import { GtidPosition, GtidSet } from '../core/binlog/gtidSet.ts'
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION, formatCoordinate } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { LogSource } from '../core/ports.ts'
import { executedText, resetExecuted } from '../core/scan/executed.ts'
import type { FileEnding } from '../core/scan/ending.ts'
import { isHole } from '../core/scan/ending.ts'
import type { ScannedFile } from '../core/scan/scan.ts'
import { createScan } from '../core/scan/scan.ts'
import { BinpointError } from '../errors.ts'
import { readGtidHead } from './gtidHead.ts'
import { damaged, readWindow } from './window.ts'

export interface ExecutedRequest {
  readonly store: IndexStore
  readonly log: LogRow
  readonly source: LogSource
}

/**
 * Null: the log has no GTIDs, or the file does not say what came before it. Empty: nothing came before. `boundary` must be one:
 * throws LOG_IDENTITY where the log that is there now has none, LOG_DAMAGED, and what the source throws.
 */
export async function executedBefore(request: ExecutedRequest, boundary: Coordinate): Promise<string | null> {
  const { source } = request
  const { file, previous } = await readGtidHead(source, boundary.file)
  if (file === null || previous === null || file.previousGtids === null) return null
  const family = previous instanceof GtidSet ? 'mysql' : 'mariadb'
  const from = checkpointOf(request, file, boundary) ?? { position: FIRST_POSITION, gtids: file.previousGtids }
  const executed = await readOn(source, file, { family, ...from }, boundary)
  // Without a GTID so far, it takes a transaction to know whether this log has any. MariaDB's all have one.
  return executed === '' && family === 'mysql' && !(await beginsWithGtid(source, file.name)) ? null : executed
}

interface Known {
  readonly position: number
  /** Executed before it. */
  readonly gtids: string
}

/** What the index knows nearest to the boundary, if it is of the file that is there now. */
function checkpointOf({ store, log }: ExecutedRequest, file: ScannedFile, at: Coordinate): Known | null {
  const row = store.files(log).find(({ name, fingerprint }) => name === file.name && fingerprint === file.fingerprint)
  if (row === undefined) return null
  const checkpoint = store.checkpointBefore(log, row.ordinal, at.position)
  return checkpoint?.file === row.ordinal ? { position: checkpoint.start, gtids: checkpoint.gtidSet } : null
}

async function readOn(
  source: LogSource,
  { name, format }: ScannedFile,
  known: Known & { readonly family: 'mysql' | 'mariadb' },
  boundary: Coordinate,
): Promise<string | null> {
  if (known.position === boundary.position) return known.gtids
  let ending: FileEnding | null = null
  let isSame = true
  const scan = createScan(
    {
      onFile: (file) => {
        isSame = file.format?.fingerprint === format?.fingerprint
      },
      onTransaction: () => undefined,
      onFileEnd: (end) => {
        ending ??= end
      },
    },
    { checksums: 'all', decrypted: source.kind === 'server' },
  )
  resetExecuted(scan.executed, known.family === 'mysql' ? GtidSet.parse(known.gtids) : GtidPosition.parse(known.gtids))
  await source.read({ from: { file: name, position: known.position }, until: boundary }, scan)
  const end = ending as FileEnding | null
  if (end !== null && isHole(end.kind)) throw damaged(source, { file: name, position: end.coveredEnd }, end)
  if (!isSame || end?.coveredEnd !== boundary.position) {
    throw new BinpointError('LOG_IDENTITY', `${source.name} has no boundary at ${formatCoordinate(boundary)} (any more)`, {
      hint: 'the file was replaced or its tail was cut off: run binpoint index, and ask again',
    })
  }
  return executedText(scan.executed)
}

async function beginsWithGtid(source: LogSource, file: string): Promise<boolean> {
  let gtid: string | null = null
  await readWindow({
    source,
    from: { file, position: FIRST_POSITION },
    until: { file, position: Number.MAX_SAFE_INTEGER },
    onTransaction: (transaction) => {
      gtid = transaction.gtid
      return false
    },
  })
  return gtid !== null
}

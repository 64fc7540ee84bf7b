/**
 * The listener of an index run: the scan's transactions become evidence, and evidence goes into the index at batch ends.
 * Coverage only ever moves to the end of an event outside of a transaction, in the same commit as the rows before it.
 */
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import { createEvidence } from '../core/evidence/accumulate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { ArrivalRow, FileRow, GapRow } from '../core/evidence/rows.ts'
import type { EventSink } from '../core/ports.ts'
import type { FileEnding, ScannedFile } from '../core/scan/scan.ts'
import { createScan, isHole } from '../core/scan/scan.ts'

export interface RecordedTo {
  readonly at: Coordinate
  readonly transactions: number
}

export interface Recorder {
  readonly sink: EventSink
  /** Writes what is known so far. */
  commit(): void
  log(): LogRow
  transactions(): number
  /** The end of what is known. */
  end(): Coordinate
}

export interface RecorderRequest {
  readonly store: IndexStore
  readonly log: LogRow
  /** Where this run begins to read. */
  readonly start: Coordinate
  readonly checksums: 'structure' | 'all'
  /** Streams come in the clear even from an encrypted log. */
  readonly decrypted: boolean
  readonly onCommit: ((to: RecordedTo) => void) | undefined
}

/** A commit at most this often while there is more to read (milliseconds). */
const COMMIT_MS = 500
/** Arrivals are sampled this often (microseconds). */
const ARRIVAL_US = 1_000_000

export function createRecorder(request: RecorderRequest): Recorder {
  const { store } = request
  let log = request.log
  /** The file at hand, or the last one of the index. */
  let row: FileRow | null = store.files(log).at(-1) ?? null
  let changed = new Map<number, FileRow>()
  let gaps: GapRow[] = []
  let arrivals: ArrivalRow[] = []
  let arrivedAtUs = 0
  let transactions = 0
  /** How the file at hand ended without being closed: for good only if another file follows. */
  let openEnding: FileEnding | null = null
  let committedAtMs = Date.now()

  const scan = createScan(
    {
      onFile: fileBegins,
      onTransaction: (t) => {
        transactions++
        evidence.transaction(t)
      },
      onAbandoned: (start) => evidence.abandoned(start),
      onFileEnd: fileEnds,
      onBatchEnd: batchEnds,
    },
    { checksums: request.checksums, decrypted: request.decrypted },
  )
  const evidence = createEvidence(scan.executed, log.state)

  function put(next: FileRow): void {
    row = next
    changed.set(next.ordinal, next)
  }

  function fileBegins(file: ScannedFile): void {
    if (row?.name === file.name) {
      evidence.file(file, row.ordinal, false)
      return
    }
    if (row !== null && openEnding !== null) put({ ...row, endedBy: openEnding.kind })
    openEnding = null
    const from = file.name === request.start.file ? request.start.position : FIRST_POSITION
    const ordinal = (row?.ordinal ?? -1) + 1
    put({
      ordinal,
      name: file.name,
      format: file.format?.fingerprint ?? '',
      fingerprint: file.fingerprint,
      serverVersion: file.format?.serverVersion ?? '',
      serverId: file.format?.serverId ?? 0,
      stampSeconds: file.format?.stampSeconds ?? 0,
      coveredFrom: from,
      coveredEnd: from,
      anchorStart: 0,
      anchorCrc: 0,
      endedBy: null,
      next: null,
    })
    evidence.file(file, ordinal, from === FIRST_POSITION)
  }

  function noteCoverage(): void {
    if (row === null || scan.file?.name !== row.name || scan.coveredEnd <= row.coveredEnd) return
    put({ ...row, coveredEnd: scan.coveredEnd, anchorStart: scan.lastEventStart, anchorCrc: scan.lastEventCrc })
  }

  function fileEnds(ending: FileEnding): void {
    noteCoverage()
    if (row === null) return
    evidence.fileEnd(ending)
    const hole = isHole(ending.kind)
    if (!hole && ending.kind !== 'rotate' && ending.kind !== 'stop') {
      openEnding = ending
      return
    }
    put({ ...row, endedBy: ending.kind, next: ending.next })
    if (hole) gaps.push({ file: row.ordinal, position: row.coveredEnd, cause: causeOf(ending) })
  }

  function batchEnds(atUs: number | undefined): void {
    noteCoverage()
    if (atUs !== undefined && row !== null && atUs - arrivedAtUs >= ARRIVAL_US) {
      arrivals.push({ file: row.ordinal, end: row.coveredEnd, atUs })
      arrivedAtUs = atUs
    }
    if (Date.now() - committedAtMs >= COMMIT_MS) commit()
  }

  function end(): Coordinate {
    return row === null ? request.start : { file: row.name, position: row.coveredEnd }
  }

  function commit(): void {
    noteCoverage()
    committedAtMs = Date.now()
    if (changed.size === 0 && gaps.length === 0 && arrivals.length === 0) return
    log = store.commit(log, { files: [...changed.values()], rows: evidence.drain(), arrivals, gaps, state: evidence.state() })
    changed = new Map()
    gaps = []
    arrivals = []
    request.onCommit?.({ at: end(), transactions })
  }

  return { sink: scan, commit, log: () => log, transactions: () => transactions, end }
}

function causeOf(ending: FileEnding): string {
  return ending.detail === '' ? ending.kind : `${ending.kind}: ${ending.detail}`
}

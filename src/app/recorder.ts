/**
 * The listener of an index run: the scan's transactions become evidence, and evidence goes into the index at batch ends.
 * Coverage only ever moves to the end of an event outside of a transaction, in the same commit as the rows before it. What is not
 * final yet (a file's last event may be followed by more when it is read again) is held back until it is.
 */
import type { OpenEnding } from '../core/evidence/continuity.ts'
import { holeBetween } from '../core/evidence/continuity.ts'
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { Measurement } from '../core/clock/offset.ts'
import { createEvidence } from '../core/evidence/accumulate.ts'
import { createArrivals } from '../core/evidence/arrivals.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { FileRow, GapRow } from '../core/evidence/rows.ts'
import type { EventSink } from '../core/ports.ts'
import type { FileEnding } from '../core/scan/ending.ts'
import { isHole } from '../core/scan/ending.ts'
import type { ScannedFile } from '../core/scan/scan.ts'
import { createScan } from '../core/scan/scan.ts'

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
  /** The source's clock was looked at: what has arrived since it was before can be dated, if the clock did not step in between. */
  measured(measurement: Measurement): void
  /** Whether it was stopped by `passedUs`. */
  hasPassed(): boolean
}

export interface RecorderRequest {
  readonly store: IndexStore
  readonly log: LogRow
  /** Where this run begins to read. */
  readonly start: Coordinate
  readonly checksums: 'structure' | 'all'
  /** Streams come in the clear even from an encrypted log. */
  readonly decrypted: boolean
  /** A commit at most this often while there is more to read (milliseconds). */
  readonly commitMs: number
  /** Read no further than the source's clock has shown to have passed this time, by transactions (Unix microseconds). */
  readonly passedUs?: number | undefined
  readonly onCommit: ((to: RecordedTo) => void) | undefined
}

export function createRecorder(request: RecorderRequest): Recorder {
  const { store } = request
  let log = request.log
  /** The file at hand, or the last one of the index. */
  let row: FileRow | null = store.files(log).at(-1) ?? null
  let changed = new Map<number, FileRow>()
  let gaps: GapRow[] = []
  const arrivals = createArrivals(store.lastArrival(log))
  let hasPassed = false
  let transactions = 0
  /** How the file at hand ended without being closed: for good only if another file follows. */
  let openEnding: OpenEnding | null = null
  /** Starts of transactions behind the coverage that never end: for good when the coverage moves behind them. */
  let unfinished: number[] = []
  /** The head of the file at hand is known, and `row` is that file. */
  let isBegun = false
  let isBroken = false
  let committedAtMs = Date.now()

  const scan = createScan(
    {
      onFile: fileBegins,
      onTransaction: (t) => {
        transactions++
        if (unfinished.length > 0) noteUnfinished()
        evidence.transaction(t)
      },
      onAbandoned: (start) => void unfinished.push(start),
      onFileEnd: fileEnds,
      onBatchEnd: batchEnds,
      onCheckpoint: (stampSeconds, name, position) => evidence.checkpoint(stampSeconds, name, position),
    },
    { checksums: request.checksums, decrypted: request.decrypted },
  )
  const evidence = createEvidence(scan.executed, log.state)

  function put(next: FileRow): void {
    row = next
    changed.set(next.ordinal, next)
  }

  function noteUnfinished(): void {
    for (const start of unfinished) evidence.abandoned(start)
    unfinished = []
  }

  function fileBegins(file: ScannedFile): void {
    isBegun = true
    if (row?.name === file.name) {
      goOn(row, file)
      return
    }
    if (row !== null) leave(row, file)
    begin((row?.ordinal ?? -1) + 1, file)
  }

  /** More of a file that the index has. */
  function goOn(known: FileRow, file: ScannedFile): void {
    openEnding = null
    unfinished = []
    if (isHeadOnly(known)) {
      begin(known.ordinal, file)
      return
    }
    if (isHole(known.endedBy)) put({ ...known, endedBy: null, next: null })
    evidence.file(file, known.ordinal, false)
  }

  /** Another file follows: what is known of the end of `last` is final. */
  function leave(last: FileRow, next: ScannedFile): void {
    const hole = holeBetween(last, openEnding, next.name)
    if (hole !== null) gaps.push({ file: last.ordinal, position: last.coveredEnd, cause: hole })
    if (openEnding !== null) put({ ...last, endedBy: openEnding.kind })
    noteUnfinished()
    openEnding = null
  }

  function begin(ordinal: number, file: ScannedFile): void {
    const from = file.name === request.start.file ? request.start.position : FIRST_POSITION
    evidence.file(file, ordinal, from === FIRST_POSITION)
    put({
      ordinal,
      name: file.name,
      format: file.format?.fingerprint ?? '',
      fingerprint: file.fingerprint,
      serverVersion: file.format?.serverVersion ?? '',
      serverId: file.format?.serverId ?? 0,
      stampSeconds: file.format?.stampSeconds ?? 0,
      shownSeconds: evidence.clock().shownSeconds,
      coveredFrom: from,
      coveredEnd: from,
      anchorStart: 0,
      anchorCrc: 0,
      endedBy: null,
      next: null,
    })
  }

  function noteCoverage(coveredEnd: number): void {
    if (row === null || !isBegun || coveredEnd <= row.coveredEnd) return
    const isNew = scan.lastEventStart >= row.coveredEnd // else it is the head, which was read to read on
    put({ ...row, coveredEnd, ...(isNew ? { anchorStart: scan.lastEventStart, anchorCrc: scan.lastEventCrc } : {}) })
  }

  function fileEnds(ending: FileEnding, file: ScannedFile): void {
    noteCoverage(ending.coveredEnd)
    isBegun = false
    if (row === null) return
    const hole = isHole(ending.kind)
    if (!hole && ending.kind !== 'rotate' && ending.kind !== 'stop') {
      // A closed file that was read again from its end on stays closed.
      if (row.endedBy === null) openEnding = { ...ending, isCut: isCut(ending, file, request.decrypted) }
      return
    }
    put({ ...row, endedBy: ending.kind, next: ending.next })
    if (hole) {
      unfinished = [] // the hole begins before them
      gaps.push({ file: row.ordinal, position: row.coveredEnd, cause: causeOf(ending) })
      return
    }
    noteUnfinished()
    evidence.fileEnd(ending)
  }

  function batchEnds(atUs: number | undefined): void {
    noteCoverage(scan.coveredEnd)
    // Where commits have stamps, arrivals prove nothing that these do not.
    if (atUs !== undefined && row !== null && !evidence.isExact())
      arrivals.arrived({ file: row.ordinal, end: row.coveredEnd }, atUs, evidence.clock())
    if (request.passedUs !== undefined && evidence.hasPassed(request.passedUs)) {
      hasPassed = true
      scan.stop()
    }
    if (Date.now() - committedAtMs >= request.commitMs) commit()
  }

  function end(): Coordinate {
    return row === null ? request.start : endOf(row)
  }

  function commit(): void {
    // A commit that failed took the rows with it: whatever came after them would hide that they are missing.
    if (isBroken) return
    noteCoverage(scan.coveredEnd)
    committedAtMs = Date.now()
    if (changed.size === 0 && gaps.length === 0 && !arrivals.hasRows()) return
    isBroken = true
    log = store.commit(log, {
      files: [...changed.values()],
      rows: evidence.drain(),
      arrivals: arrivals.drain(),
      gaps,
      state: evidence.state(),
    })
    isBroken = false
    changed = new Map()
    gaps = []
    request.onCommit?.({ at: end(), transactions })
  }

  return {
    sink: scan,
    commit,
    log: () => log,
    transactions: () => transactions,
    end,
    measured: arrivals.measured,
    hasPassed: () => hasPassed,
  }
}

/** Where to read on in a file. */
export function endOf(row: FileRow): Coordinate {
  return { file: row.name, position: isHeadOnly(row) ? FIRST_POSITION : row.coveredEnd }
}

/** Of the file nothing but (at most) the FORMAT_DESCRIPTION was there: what it says of GTIDs may have come since, unless it was closed. */
export function isHeadOnly(row: FileRow): boolean {
  const isClosed = row.endedBy === 'rotate' || row.endedBy === 'stop'
  return row.coveredFrom === FIRST_POSITION && row.anchorStart <= FIRST_POSITION && !isClosed
}

/**
 * No server leaves a file that is marked as closed and ends inside an event or a transaction: a part of a copy is missing. (A stream
 * never shows the mark.)
 */
function isCut(ending: FileEnding, file: ScannedFile, isStream: boolean): boolean {
  return !isStream && !file.inUse && (ending.kind === 'truncated' || ending.kind === 'incomplete' || ending.kind === 'empty')
}

function causeOf(ending: FileEnding): string {
  return ending.detail === '' ? ending.kind : `${ending.kind}: ${ending.detail}`
}

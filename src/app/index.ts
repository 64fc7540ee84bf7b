/**
 * Builds and refreshes the index of a source: goes on where the last commit ended, if what lies there is still the same log,
 * and reads to the end. Invariant: a log in the index never mixes two logs of a source. When the file that was read last is
 * another one now (RESET MASTER, a failover behind the same name, a tail that a crash recovery rewrote), a new log is begun.
 */
import { BinpointError } from '../errors.ts'
import type { Coordinate } from '../core/coordinate.ts'
import { compareBinlogNames, FIRST_POSITION } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { FileRow, GapRow } from '../core/evidence/rows.ts'
import type { LogFile, LogSource, SourceIdentity } from '../core/ports.ts'
import { readEventCrc, readHead } from './head.ts'
import type { RecordedTo, Recorder } from './recorder.ts'
import { createRecorder, endOf, isHeadOnly } from './recorder.ts'
import type { FileOfTime } from './fileOfTime.ts'
import type { StartFrom, StartPlace } from './startFrom.ts'
import { startFrom } from './startFrom.ts'

export interface IndexRequest {
  readonly store: IndexStore
  readonly source: LogSource
  /** Where a new index begins; one that exists goes on from its end. Default 'oldest'. */
  readonly from?: StartFrom | undefined
  /** Gives the known log up and begins a new one, and why. */
  readonly anewBecause?: string | undefined
  /** Read no further than the source's clock has shown to have passed this time (Unix microseconds). Default: to the end. */
  readonly passedUs?: number | undefined
  /** Stay and keep the index fresh until aborted. */
  readonly follow?: boolean | undefined
  /** Check the CRC of every event that is read, not only of those whose place is in doubt. */
  readonly verifyChecksums?: boolean | undefined
  /** How often what was read is committed while there is more. Default 500. */
  readonly commitMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: IndexProgress) => void) | undefined
}

export interface IndexProgress extends RecordedTo {
  /** Bytes before `at`, and in all, counted over the files that the run is to read. */
  readonly bytesDone: number
  readonly bytesTotal: number
}

export interface IndexReport {
  readonly source: string
  /** A log that was not known; more of a known one; a new log because the known one is gone (and why). */
  readonly outcome: 'new' | 'resumed' | 'replaced'
  readonly replacedBecause: string | null
  readonly log: LogRow
  /** Where a new index began, and why, if a time decided it. */
  readonly chosen: FileOfTime | null
  /** False: there is more of the log, which was not asked for. */
  readonly isWhole: boolean
  /** Transactions that this run added. */
  readonly transactions: number
  readonly files: readonly FileRow[]
  readonly gaps: readonly GapRow[]
}

/** How often a directory is looked at again, and what has arrived is committed, while following (milliseconds). */
const FOLLOW_MS = 500
const COMMIT_MS = 500
/** How often the source's clock is looked at while following: as long can what has arrived wait to be dated (milliseconds). */
const MEASURE_MS = 5000

/** Throws NO_BINLOGS, INDEX_*, and what the source throws; what was committed before stays. */
export async function buildIndex(request: IndexRequest): Promise<IndexReport> {
  const { store, source } = request
  const files = await source.listFiles()
  if (files.length === 0) {
    throw new BinpointError('NO_BINLOGS', `${source.name} has no binlog files`, { hint: 'is binary logging on (log_bin)?' })
  }
  const identity = await source.identity()
  const known = store.currentLog(source.name)
  const from = request.from ?? 'oldest'
  const resumed = known === null ? null : (request.anewBecause ?? (await resume(store, source, known, files, identity, from)))
  if (known !== null && typeof resumed === 'string') store.endLog(known, resumed)
  const start = resumed === null || typeof resumed === 'string' ? await begin(store, source, files, identity, from) : resumed

  const ahead = files.slice(
    Math.max(
      0,
      files.findIndex(({ name }) => name === start.at.file),
    ),
  )
  // A time is mostly passed in the file that was chosen for it, or in the next one.
  const toRead = request.passedUs === undefined ? ahead : ahead.slice(0, 2)

  const recorder = createRecorder({
    ...start,
    store,
    start: start.at,
    checksums: request.verifyChecksums === true ? 'all' : 'structure',
    decrypted: source.kind === 'server',
    commitMs: request.commitMs ?? COMMIT_MS,
    passedUs: request.passedUs,
    onCommit: (to) => request.onProgress?.({ ...to, ...progressOf(toRead, to.at) }),
  })
  if (!hasAlreadyPassed(start.log, request.passedUs)) await readOn(request, recorder, start.at)
  const log = recorder.log()
  return {
    source: source.name,
    outcome: known === null ? 'new' : typeof resumed === 'string' ? 'replaced' : 'resumed',
    replacedBecause: typeof resumed === 'string' ? resumed : null,
    log,
    chosen: start.chosen,
    isWhole: !recorder.hasPassed() && !hasAlreadyPassed(start.log, request.passedUs),
    transactions: recorder.transactions(),
    files: store.files(log),
    gaps: store.gaps(log),
  }
}

/** What is known reaches behind that time. */
function hasAlreadyPassed({ state }: LogRow, passedUs: number | undefined): boolean {
  if (passedUs === undefined || state?.tick == null) return false
  return Math.min(state.tick.second, state.clock.shownSeconds) * 1_000_000 > passedUs
}

async function readOn(
  { source, follow: isFollowing, signal }: IndexRequest,
  recorder: Recorder,
  from: Coordinate,
): Promise<void> {
  const read = (at: Coordinate, aborted: AbortSignal | undefined): Promise<void> =>
    source.read({ from: at, follow: isFollowing, signal: aborted }, recorder.sink)
  try {
    await measure(source, recorder)
    if (isFollowing === true) await follow(source, recorder, read, from, signal)
    else await read(from, signal)
    await measure(source, recorder)
  } finally {
    recorder.commit()
  }
}

/** A clock that cannot be looked at dates nothing; what is wrong with the server, the stream says. */
async function measure(source: LogSource, recorder: Recorder): Promise<void> {
  const measurement = await source.measureClock().catch(() => null)
  if (measurement !== null) recorder.measured(measurement)
}

/** Reads until aborted, and commits while nothing comes too. A commit that fails ends the reading. */
async function follow(
  source: LogSource,
  recorder: Recorder,
  read: (from: Coordinate, signal: AbortSignal) => Promise<void>,
  from: Coordinate,
  aborted: AbortSignal | undefined,
): Promise<void> {
  const failed = new AbortController()
  const signal = aborted === undefined ? failed.signal : AbortSignal.any([aborted, failed.signal])
  const timer = setInterval(() => {
    try {
      recorder.commit()
    } catch (error) {
      failed.abort(error)
    }
  }, FOLLOW_MS)
  const measuring = setInterval(() => void measure(source, recorder), MEASURE_MS)
  try {
    await read(from, signal)
    while (source.kind === 'files' && !signal.aborted) {
      await sleep(FOLLOW_MS, signal)
      await read(recorder.end(), signal)
    }
  } finally {
    clearInterval(timer)
    clearInterval(measuring)
  }
  if (failed.signal.aborted) throw failed.signal.reason
}

interface Start extends StartPlace {
  readonly log: LogRow
}

async function begin(
  store: IndexStore,
  source: LogSource,
  files: readonly LogFile[],
  identity: SourceIdentity | null,
  from: StartFrom,
): Promise<Start> {
  const start = await startFrom(source, files, from)
  const { at } = start
  const head = await readHead(source, at.file)
  const log = store.beginLog({
    source: source.name,
    fingerprint: head?.fingerprint ?? '',
    serverUuid: identity?.serverUuid ?? null,
    serverId: identity?.serverId ?? head?.format?.serverId ?? 0,
  })
  return { log, ...start }
}

/** Where to go on in a known log, or why the source has another log now. */
async function resume(
  store: IndexStore,
  source: LogSource,
  log: LogRow,
  files: readonly LogFile[],
  identity: SourceIdentity | null,
  from: StartFrom,
): Promise<Start | string> {
  if (identity !== null && log.serverUuid !== null && identity.serverUuid !== log.serverUuid) {
    return `the server is another one: its server_uuid is ${identity.serverUuid}, not ${log.serverUuid}`
  }
  const last = store.files(log).at(-1)
  const oldest = files[0]
  // A run that was ended before its first commit.
  if (last === undefined || oldest === undefined) return { log, ...(await startFrom(source, files, from)) }
  const listed = files.findIndex((file) => file.name === last.name)
  if (listed === -1) return resumeBehindPurge(log, last, oldest)
  const different = await differenceAt(source, last, files[listed]?.size ?? 0)
  if (different !== null) return different
  const next = files[listed + 1]
  const isClosed = last.endedBy !== null && next !== undefined
  return { log, at: isClosed ? { file: next.name, position: FIRST_POSITION } : endOf(last), chosen: null }
}

/** What shows that the file is not the one that was indexed, or null. */
async function differenceAt(source: LogSource, last: FileRow, size: number): Promise<string | null> {
  if (last.format === '') return null // could not be read then: nothing to compare
  const head = await readHead(source, last.name)
  const same =
    last.coveredFrom === FIRST_POSITION && !isHeadOnly(last)
      ? head?.fingerprint === last.fingerprint
      : head?.format?.fingerprint === last.format
  if (!same) return `${last.name} was written anew`
  if (last.coveredEnd > size) return `${last.name} is shorter than what was indexed of it: its tail was cut off`
  if (last.anchorStart <= FIRST_POSITION) return null
  const crc = await readEventCrc(source, { file: last.name, position: last.anchorStart })
  return crc === last.anchorCrc ? null : `${last.name} holds another event at ${last.anchorStart} than when it was indexed`
}

/** Everything that was indexed has been purged: go on at the oldest file, behind a gap unless it is the very next one (the recorder sees it). */
function resumeBehindPurge(log: LogRow, last: FileRow, oldest: LogFile): Start | string {
  if (compareBinlogNames(oldest.name, last.name) <= 0) return `${last.name} is gone, and older files are there`
  return { log, at: { file: oldest.name, position: FIRST_POSITION }, chosen: null }
}

function progressOf(files: readonly LogFile[], at: Coordinate): { bytesDone: number; bytesTotal: number } {
  const bytesTotal = files.reduce((sum, file) => sum + file.size, 0)
  const before = files.slice(
    0,
    Math.max(
      0,
      files.findIndex((file) => file.name === at.file),
    ),
  )
  return {
    bytesDone: Math.min(
      bytesTotal,
      before.reduce((sum, file) => sum + file.size, at.position),
    ),
    bytesTotal,
  }
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/**
 * The ports: what the core asks of the outside, and what the outside is given. No implementation lives here.
 * The path of the bytes is synchronous: a way in fills batches and says where each event starts; the sink takes whole events.
 */
import type { Measurement } from './clock/offset.ts'
import type { Coordinate } from './coordinate.ts'

/** A server and how to log in. `tls` undefined: PREFERRED as in the mysql client. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
  readonly socketPath?: string | undefined
  readonly user: string
  readonly password?: string | undefined
  readonly tls?: TlsMode | undefined
}

export interface TlsMode {
  readonly mode: 'DISABLED' | 'PREFERRED' | 'REQUIRED' | 'VERIFY_CA' | 'VERIFY_IDENTITY'
  /** PEM file paths. */
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** A binlog file that a source has now. */
export interface LogFile {
  readonly name: string
  /** Bytes that can be read now (positions go from 4 to this). */
  readonly size: number
  /** Where it lies, of a log of files. */
  readonly path?: string | undefined
}

/** Why no more bytes of a file come. 'end': all that is there now has been given. */
export type FileEndCause = 'end' | 'not-a-binlog' | 'encrypted' | 'missing' | 'unreadable'

/**
 * Takes the events of a log. All calls are synchronous and in log order; buffers are only valid during the call.
 * For each file: beginFile, then take with the file's FORMAT_DESCRIPTION (position 4) first, even where the read began in
 * the middle of the file, then the events; then endFile when the way in moves on or stops.
 */
export interface EventSink {
  /** True when the sink wants no more (it stopped on purpose or at damage): the way in stops as soon as it can. */
  readonly done: boolean
  /** True when the sink wants no more of the file at hand (it cannot be read on): the way in goes to the next one, if it can. */
  readonly fileDone: boolean
  beginFile(name: string): void
  /**
   * Offers bytes[from, to): events back to back, the first one at offset `position` of the file.
   * Returns the index of the first byte that was not taken: less than `to` when a partial event stands at the end
   * (a way in that cuts events must offer it again with more bytes) or when the sink is done.
   * On the wire each call offers exactly one whole event.
   */
  take(bytes: Buffer, from: number, to: number, position: number): number
  /** The way in leaves this file. */
  endFile(cause: FileEndCause): void
  /**
   * A batch is over: the sink may commit here. `arrivedAtUs`: local time (monotonic, microseconds) when the batch came from a
   * live stream; undefined for files.
   */
  endBatch(arrivedAtUs?: number): void
}

export interface ReadRequest {
  /** A position at which an event starts (not necessarily a boundary). */
  readonly from: Coordinate
  /** Read no event that starts at or after this coordinate. Undefined: to the end of the last file. */
  readonly until?: Coordinate | undefined
  /** Live sources: stay at the end and go on as the source writes, until aborted. */
  readonly follow?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** A log that can be read: files on disk, or a live server. */
export interface LogSource extends AsyncDisposable {
  readonly kind: 'files' | 'server'
  /** Canonical name without secrets: `mysql://host:port` or an absolute path. Keys the index. */
  readonly name: string
  /** The files that the source has now, oldest first (index order). Throws NO_BINLOGS, ACCESS_DENIED, MISSING_PRIVILEGE, CONNECT_FAILED. */
  listFiles(): Promise<readonly LogFile[]>
  /** Reads events into the sink. Returns when the end, `until`, or the abort is reached or the sink is done; throws on failure. */
  read(request: ReadRequest, sink: EventSink): Promise<void>
  /** What a live server says of itself; null for files. */
  identity(): Promise<SourceIdentity | null>
  /** Looks at a live server's clock; null for files. */
  measureClock(): Promise<Measurement | null>
}

export interface SourceIdentity {
  /** `version()` as the server gives it. */
  readonly version: string
  /** server_uuid (MySQL >= 5.6), null elsewhere. */
  readonly serverUuid: string | null
  readonly serverId: number
}

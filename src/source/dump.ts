/**
 * One dump of a server's log, through zongji: it makes the connections, agrees on checksums and MariaDB's capabilities, sends
 * the dump command, and ends the dump thread. The events themselves are taken at the packet, before zongji would decode them:
 * mysql2's `connection.packetParser` is replaced when zongji is ready, and from the dump command on every packet is consumed
 * there. (zongji 0.9.0, mysql2 3.24: both pinned, as this seam is theirs; test/source/liveSeam.test.ts watches it.)
 */
import { randomUUID } from 'node:crypto'
import ZongJi from '@vlasky/zongji'
import type { ConnectionOptions } from 'mysql2/promise'
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { EventSink, ServerAddress } from '../core/ports.ts'
import { BinpointError } from '../errors.ts'
import { addressText } from '../server/address.ts'
import { WAIT_TIMEOUT_SECONDS } from '../server/connection.ts'
import { numberOf, serverError } from '../server/serverError.ts'
import { localTimeUs } from './localTime.ts'
import { createPacketReader } from './packetReader.ts'
import { createWire } from './wire.ts'

export interface DumpRequest {
  readonly address: ServerAddress
  readonly options: ConnectionOptions
  readonly serverId: number
  readonly from: Coordinate
  readonly until: Coordinate | undefined
  readonly follow: boolean
  readonly signal: AbortSignal | undefined
  /** A stream that is silent for longer is lost (milliseconds); heartbeats come every second. */
  readonly timeoutMs: number
}

/** Takes the payload of a packet: bytes[from, to). */
type Take = (bytes: Buffer, from: number, to: number) => void

/** What is used of mysql2's connections beyond their public face. */
interface RawConnection {
  readonly packetParser: { execute: (chunk: Buffer) => void }
  query: (sql: string, done: (error: Error | null) => void) => void
  readonly stream: { readonly bytesRead: number }
}

const ER_UNKNOWN_SYSTEM_VARIABLE = 1193
const STATUS_EOF = 0xfe
const STATUS_ERROR = 0xff
const HEARTBEAT_NS = 1_000_000_000
/** A dump command has 32 bits for the position. */
const MAX_DUMP_POSITION = 0xffff_ffff

/** zongji asks for a variable that MySQL 5.5 does not have; checksums are agreed on in takeOver, and this opens the connection. */
class Stream extends ZongJi {
  _isChecksumEnabled(next: (error: Error | null, isEnabled: boolean) => void): void {
    rawOf(this.connection)?.query('SELECT 1', (error) => next(error, false))
  }
}

/** Resolves at the end of the log, at `until`, when the sink is done, or when aborted. */
export async function dump(request: DumpRequest, sink: EventSink): Promise<void> {
  const { signal, from } = request
  if (signal?.aborted === true) return
  const zongji = new Stream(request.options)
  const wire = createWire(sink, from, request.until)
  const stopped = new Promise<void>((resolve) => zongji.once('stopped', resolve))
  let watch: NodeJS.Timeout | undefined
  let abort: (() => void) | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      let isOver = false
      let isBatchOpen = false
      const finish = (error?: unknown): void => {
        if (isOver) return
        isOver = true
        if (error === undefined) resolve()
        else reject(serverError(error, request.address))
      }
      // What the sink throws is no failure of the server.
      const attempt = (work: () => void): void => {
        if (isOver) return
        try {
          work()
        } catch (error) {
          isOver = true
          reject(error)
        }
      }
      const endBatch = (): void => {
        isBatchOpen = false
        attempt(() => sink.endBatch(localTimeUs()))
      }
      const takePacket: Take = (bytes, at, to) => {
        attempt(() => {
          const status = bytes[at] ?? 0
          if (status === STATUS_ERROR) finish(errorOf(bytes, at, to))
          else if (status === STATUS_EOF) finish(request.follow ? endedByServer(request.address) : undefined)
          else if (!wire.event(bytes, at + 1, to)) finish()
        })
        if (isBatchOpen || isOver) return
        isBatchOpen = true
        setImmediate(endBatch)
      }
      abort = () => finish()
      signal?.addEventListener('abort', abort)
      watch = watchForSilence(zongji, request, finish)
      zongji.on('error', finish)
      zongji.once('ready', () => attempt(() => takeOver(zongji, takePacket, finish)))
      zongji.start({
        serverId: request.serverId,
        filename: from.file,
        position: from.position > MAX_DUMP_POSITION ? FIRST_POSITION : from.position,
        nonBlock: !request.follow,
        requestAnnotateRows: true,
      })
    })
  } finally {
    clearInterval(watch)
    if (abort !== undefined) signal?.removeEventListener('abort', abort)
    zongji.removeAllListeners('error')
    zongji.on('error', () => undefined)
    zongji.stop()
    await stopped
  }
  wire.end()
  sink.endBatch(localTimeUs())
}

/** Sets up the session, and from the answer to the last statement on takes every packet: the dump command is next. */
function takeOver(zongji: ZongJi, take: Take, fail: (error: Error) => void): void {
  const connection = rawOf(zongji.connection)
  if (typeof connection?.packetParser?.execute !== 'function') {
    throw new Error('mysql2 has no packetParser.execute: its inside has changed')
  }
  const { packetParser } = connection
  // Behind the answer at hand, with which mysql2's own is still busy; nothing of the dump can have come before.
  const replaceParser = (): void => {
    packetParser.execute = createPacketReader(take).take
  }
  const uuid = randomUUID()
  const setUp = [
    // Both names: the old one and that of MySQL >= 8.0.26. A server before 5.6 has no such variable, and no checksums.
    'SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum',
    `SET @master_heartbeat_period = ${HEARTBEAT_NS}, @source_heartbeat_period = ${HEARTBEAT_NS}, @slave_uuid = '${uuid}', @replica_uuid = '${uuid}'`,
  ]
  for (const [i, sql] of setUp.entries()) {
    connection.query(sql, (error) => {
      if (error !== null && numberOf(error) !== ER_UNKNOWN_SYSTEM_VARIABLE) fail(error)
      if (i === setUp.length - 1) queueMicrotask(replaceParser)
    })
  }
  // The connection beside the dump says nothing as long as the dump runs.
  rawOf(zongji.ctrlConnection)?.query(`SET SESSION wait_timeout = ${WAIT_TIMEOUT_SECONDS}`, (error) => {
    if (error !== null) fail(error)
  })
}

/** Counts bytes, not packets: a large event takes its time on a slow line. */
function watchForSilence(zongji: ZongJi, { address, timeoutMs }: DumpRequest, fail: (error: Error) => void): NodeJS.Timeout {
  let bytes = 0
  let heardMs = Date.now()
  return setInterval(
    () => {
      const bytesRead = rawOf(zongji.connection)?.stream.bytesRead ?? 0
      if (bytesRead !== bytes) heardMs = Date.now()
      bytes = bytesRead
      if (Date.now() - heardMs <= timeoutMs) return
      fail(
        new BinpointError('STREAM_LOST', `${addressText(address)} has sent nothing for ${timeoutMs / 1000} s`, {
          hint: 'see whether the server and the network between are up, then run it again: what was read is kept',
        }),
      )
    },
    Math.min(1000, timeoutMs / 2),
  )
}

/** MySQL ends the dumps with an EOF when it is shut down, as if a log that is followed had an end. */
function endedByServer(address: ServerAddress): BinpointError {
  return new BinpointError('STREAM_LOST', `${addressText(address)} ended the stream, as a server does that is shut down`, {
    hint: 'run it again when the server is up: what was read is kept',
  })
}

function rawOf(connection: unknown): RawConnection | null {
  return connection as RawConnection | null
}

/** ERR packet: marker, number u16, then `#` and five characters of state, then the text. */
function errorOf(bytes: Buffer, from: number, to: number): Error {
  const text = bytes.toString('utf8', from + 3, to)
  const error = new Error(text.startsWith('#') ? text.slice(6) : text)
  return Object.assign(error, { errno: bytes.readUInt16LE(from + 1) })
}

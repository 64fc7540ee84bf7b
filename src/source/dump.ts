/**
 * One dump of a server's log, through zongji: it makes the connections, agrees on checksums and MariaDB's capabilities, sends
 * the dump command, and ends the dump thread. The events themselves are taken at the packet, before zongji would decode them:
 * mysql2's `connection.handlePacket` is wrapped when zongji is ready, and from the dump command on every packet is consumed
 * there. (zongji 0.9.0, mysql2 3.24: both pinned, as this seam is theirs; test/source/seam.test.ts watches it.)
 */
import { randomUUID } from 'node:crypto'
import ZongJi from '@vlasky/zongji'
import type { ConnectionOptions } from 'mysql2/promise'
import type { Coordinate } from '../core/coordinate.ts'
import type { EventSink, ServerAddress } from '../core/ports.ts'
import { BinpointError } from '../errors.ts'
import { addressText } from '../server/connection.ts'
import { serverError } from '../server/serverError.ts'
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

/** What is used of mysql2's packet: the bytes, and where its body begins and ends. */
interface Packet {
  readonly buffer: Buffer
  readonly offset: number
  readonly end: number
}

/** What is used of mysql2's connection beyond its public face. */
interface RawConnection {
  handlePacket: (packet: Packet | null) => void
  query: (sql: string, done: (error: Error | null) => void) => void
}

const STATUS_EOF = 0xfe
const STATUS_ERROR = 0xff
const HEARTBEAT_NS = 1_000_000_000

/** Resolves at the end of the log, at `until`, when the sink is done, or when aborted. */
export async function dump(request: DumpRequest, sink: EventSink): Promise<void> {
  const { address, signal } = request
  if (signal?.aborted === true) return
  const zongji = new ZongJi(request.options)
  const wire = createWire(sink, request.from, request.until)
  const stopped = new Promise<void>((resolve) => zongji.once('stopped', resolve))
  let timer: NodeJS.Timeout | undefined
  let abort: (() => void) | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      let isOver = false
      let isBatchOpen = false
      let lastPacketMs = Date.now()
      const finish = (error?: unknown): void => {
        if (isOver) return
        isOver = true
        if (error === undefined) resolve()
        else reject(serverError(error, address))
      }
      const endBatch = (): void => {
        isBatchOpen = false
        attempt(() => sink.endBatch(Date.now() * 1000))
      }
      const attempt = (work: () => void): void => {
        try {
          work()
        } catch (error) {
          finish(error)
        }
      }
      const packetOfDump = (packet: Packet): void => {
        if (isOver) return
        lastPacketMs = Date.now()
        const status = packet.buffer[packet.offset] ?? 0
        if (status === STATUS_ERROR) {
          finish(errorOf(packet))
          return
        }
        if (status === STATUS_EOF && packet.end - packet.offset < 9) {
          finish()
          return
        }
        attempt(() => {
          if (!wire.event(packet.buffer, packet.offset + 1, packet.end)) finish()
        })
        if (isBatchOpen) return
        isBatchOpen = true
        setImmediate(endBatch)
      }
      abort = () => finish()
      signal?.addEventListener('abort', abort)
      timer = setInterval(() => {
        if (Date.now() - lastPacketMs <= request.timeoutMs) return
        finish(
          new BinpointError('STREAM_LOST', `${addressText(address)} has sent nothing for ${request.timeoutMs / 1000} s`, {
            hint: 'run it again: what was read is kept',
          }),
        )
      }, 1000)
      zongji.on('error', finish)
      zongji.once('ready', () => {
        attempt(() => takeOver(zongji, packetOfDump, finish))
      })
      zongji.start({
        serverId: request.serverId,
        filename: request.from.file,
        position: request.from.position,
        nonBlock: !request.follow,
      })
    })
  } finally {
    clearInterval(timer)
    if (abort !== undefined) signal?.removeEventListener('abort', abort)
    zongji.removeAllListeners('error')
    zongji.on('error', () => undefined)
    zongji.stop()
    await stopped
  }
  wire.end()
  sink.endBatch()
}

/** Sets up the session, and from the answer to the last statement on takes every packet: the dump command is next. */
function takeOver(zongji: ZongJi, take: (packet: Packet) => void, fail: (error: Error) => void): void {
  const connection = zongji.connection as unknown as RawConnection
  if (typeof connection?.handlePacket !== 'function') throw new Error('mysql2 has no handlePacket: its inside has changed')
  let isDump = false
  const forward = connection.handlePacket
  connection.handlePacket = function handle(packet) {
    if (isDump && packet !== null) take(packet)
    else forward.call(connection, packet)
  }
  const uuid = randomUUID()
  const setUp = [
    // Both names: the old one and that of MySQL >= 8.0.26. A server before 5.6 has no such variable, and no checksums.
    'SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum',
    `SET @master_heartbeat_period = ${HEARTBEAT_NS}, @source_heartbeat_period = ${HEARTBEAT_NS}, @slave_uuid = '${uuid}', @replica_uuid = '${uuid}'`,
  ]
  for (const [i, sql] of setUp.entries()) {
    connection.query(sql, (error) => {
      if (error !== null && i === setUp.length - 1) fail(error)
      isDump = i === setUp.length - 1
    })
  }
}

/** ERR packet: marker, number u16, then `#` and five characters of state, then the text. */
function errorOf(packet: Packet): Error {
  const { buffer, offset, end } = packet
  const text = buffer.toString('utf8', offset + 3, end)
  const error = new Error(text.startsWith('#') ? text.slice(6) : text)
  return Object.assign(error, { errno: buffer.readUInt16LE(offset + 1) })
}

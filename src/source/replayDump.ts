/**
 * Answers a dump command as a server does: an artificial ROTATE before each file, its FORMAT_DESCRIPTION, and the events as
 * they stand in the file, in packets. Many packets go into one write. An event that is not whole yet is not sent.
 */
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { u32 } from '../core/binlog/bytes.ts'
import type { LogFormat } from '../core/binlog/format.ts'
import { AT_SIZE, HEADER_LENGTH } from '../core/binlog/layout.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { BinlogFileOnDisk } from './directory.ts'
import { fakeRotate, formatFor, heartbeat } from './replayEvents.ts'
import { readFormat } from './replayFormat.ts'
import type { Served } from './replayFormat.ts'

export interface DumpCommand {
  /** Empty: the oldest file. */
  readonly file: string
  readonly position: number
  /** Stay at the end of the log. */
  readonly isBlocking: boolean
  readonly heartbeatMs: number
  readonly checksum: 'CRC32' | 'NONE'
}

export interface DumpError {
  readonly code: number
  readonly message: string
  readonly sequenceId: number
}

type Socket = NodeJS.WritableStream & { readonly destroyed: boolean }

const ER_FATAL_READING_BINLOG = 1236
const BLOCK = 4 << 20
const MAX_PACKET = 0xff_ffff
const POLL_MS = 100
const EOF_PACKET = Buffer.from([0xfe, 0, 0, 2, 0])

/** Returns null when the dump ended as asked (or the reader left), else what to tell it. */
export async function streamDump(socket: Socket, served: Served, command: DumpCommand): Promise<DumpError | null> {
  const out = createPacketWriter(socket)
  const fail = (message: string): DumpError => ({ code: ER_FATAL_READING_BINLOG, message, sequenceId: out.sequenceId() })
  const files = await served.list()
  let file = command.file === '' ? files[0] : files.find((candidate) => candidate.name === command.file)
  if (file === undefined) return fail('Could not find first log file name in binary log index file')
  if (command.position < FIRST_POSITION) return fail('Client requested source to start replication from position < 4')
  if (command.position > file.size) return fail('Client requested source to start replication from position > file size')
  let position = command.position
  // An artificial ROTATE is signed as the events before it are; the first one as the reader has asked for.
  let isSigned = command.checksum === 'CRC32'
  while (!socket.destroyed) {
    const format = await readFormat(file.path)
    if (format === null) return fail(`${file.name} does not begin with a FORMAT_DESCRIPTION`)
    out.event(fakeRotate(file.name, position, format, isSigned))
    isSigned = format.checksumLength > 0
    const next = await sendFile(file, position, format, served, command, out)
    if (next === 'damaged') return fail(`event read from ${file.name} cannot be framed`)
    if (next === null) break
    file = next
    position = FIRST_POSITION
  }
  if (!socket.destroyed) {
    out.packet(EOF_PACKET)
    await out.flush()
  }
  return null
}

/** Sends a file from `position` on; returns the file to go on with, or null at the end of a dump that does not stay. */
async function sendFile(
  file: BinlogFileOnDisk,
  position: number,
  format: LogFormat,
  served: Served,
  command: DumpCommand,
  out: PacketWriter,
): Promise<BinlogFileOnDisk | null | 'damaged'> {
  const handle = await open(file.path, 'r')
  try {
    let at = position
    if (position > FIRST_POSITION) out.event(formatFor(await readEvent(handle, FIRST_POSITION), format))
    let idleMs = 0
    for (;;) {
      const sent = await sendEvents(handle, at, out)
      if (sent === 'damaged') return 'damaged'
      at = sent
      const files = await served.list()
      const next = files[files.findIndex((candidate) => candidate.name === file.name) + 1]
      if (next !== undefined && (await handle.stat()).size <= at) return next
      if (!command.isBlocking) return next ?? null
      await out.flush()
      if (out.isClosed()) return null
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      idleMs += POLL_MS
      if (command.heartbeatMs > 0 && idleMs >= command.heartbeatMs) {
        out.event(heartbeat(file.name, at, format))
        idleMs = 0
      }
    }
  } finally {
    await handle.close()
  }
}

/** Sends all whole events from a position on; returns the position behind the last one. */
async function sendEvents(handle: FileHandle, from: number, out: PacketWriter): Promise<number | 'damaged'> {
  let block = Buffer.allocUnsafe(BLOCK)
  let position = from
  for (;;) {
    const { bytesRead } = await handle.read(block, 0, block.length, position)
    let at = 0
    while (at + HEADER_LENGTH <= bytesRead) {
      const size = u32(block, at + AT_SIZE)
      if (size < HEADER_LENGTH) return 'damaged'
      if (at + size > bytesRead) break
      const event = block.subarray(at, at + size)
      // The server clears IN_USE in what it sends; the checksum is computed without it.
      if (position + at === FIRST_POSITION) event[17] = (event[17] ?? 0) & ~1
      out.event(event)
      at += size
    }
    await out.flush()
    if (out.isClosed()) return position
    position += at
    if (at > 0) continue
    const needed = bytesRead >= HEADER_LENGTH ? u32(block, AT_SIZE) : 0
    if (needed <= block.length || position + needed > (await handle.stat()).size) return position
    block = Buffer.allocUnsafe(needed)
  }
}

async function readEvent(handle: FileHandle, position: number): Promise<Buffer> {
  const head = Buffer.alloc(HEADER_LENGTH)
  await handle.read(head, 0, HEADER_LENGTH, position)
  const event = Buffer.alloc(u32(head, AT_SIZE))
  await handle.read(event, 0, event.length, position)
  return event
}

interface PacketWriter {
  /** An event behind its status byte. */
  readonly event: (event: Buffer) => void
  readonly packet: (payload: Buffer) => void
  /** Waits while the reader is slow. */
  readonly flush: () => Promise<void>
  readonly sequenceId: () => number
  readonly isClosed: () => boolean
}

const STATUS_OK = Buffer.from([0])

function createPacketWriter(socket: Socket): PacketWriter {
  let sequence = 1
  let parts: Buffer[] = []

  function header(length: number): Buffer {
    const bytes = Buffer.from([length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff, sequence])
    sequence = (sequence + 1) & 0xff
    return bytes
  }

  function packet(payload: Buffer): void {
    let at = 0
    // A payload that fills its last packet is followed by an empty one.
    for (;;) {
      const chunk = payload.subarray(at, at + MAX_PACKET)
      parts.push(header(chunk.length), chunk)
      at += chunk.length
      if (chunk.length < MAX_PACKET) return
    }
  }

  return {
    event(event) {
      if (event.length + 1 >= MAX_PACKET) packet(Buffer.concat([STATUS_OK, event]))
      else parts.push(header(event.length + 1), STATUS_OK, event)
    },
    packet,
    async flush() {
      if (parts.length === 0 || socket.destroyed) return
      const bytes = Buffer.concat(parts)
      parts = []
      if (!socket.write(bytes)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined)
    },
    sequenceId: () => sequence,
    isClosed: () => socket.destroyed,
  }
}

/**
 * One binlog file on its way to a reader: whole events, straight from the disk in large blocks, from a position on. It may
 * grow meanwhile. What cannot be cut into events is a fault and ends the dump; an event that is not whole yet is not sent.
 */
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { u16, u32 } from '../core/binlog/bytes.ts'
import type { LogFormat } from '../core/binlog/format.ts'
import { decodeFormat } from '../core/binlog/format.ts'
import { AT_FLAGS, AT_SIZE, AT_TYPE, EventType, Flag, HEADER_LENGTH } from '../core/binlog/layout.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { PacketWriter } from './packets.ts'
import { isOfRelayLog, startsEncryption } from './packets.ts'

/** What a server says (error 1236) of a log that it cannot read on. */
export interface Fault {
  readonly message: string
}

/** A file's first event, and what it says. */
export interface Head {
  readonly event: Buffer
  readonly format: LogFormat
}

export interface OpenLog {
  readonly name: string
  readonly handle: FileHandle
}

export interface Sent {
  /** Behind the last whole event. */
  readonly position: number
  /** Bytes of the file that were seen: when it is larger, there is more to read. */
  readonly seen: number
  readonly fault: Fault | null
}

/** Bytes read at once. */
export const BLOCK: number = 2 << 20
const MAGIC = 0x6e69_62fe
const MAGIC_ENCRYPTED = 0x6e69_62fd

/** Null: the file is empty or shorter than its first event says, as a file is that was begun a moment ago. */
export async function readHead(handle: FileHandle): Promise<Head | Fault | null> {
  const head = Buffer.alloc(4096)
  const { bytesRead } = await handle.read(head, 0, head.length, 0)
  if (bytesRead < FIRST_POSITION) return null
  if (u32(head, 0) === MAGIC_ENCRYPTED) return { message: 'the file is encrypted, and replay has no keys' }
  if (u32(head, 0) !== MAGIC) {
    return { message: "Binlog has bad magic number;  It's not a binary log file that can be used by this version of MySQL" }
  }
  if (bytesRead < FIRST_POSITION + HEADER_LENGTH) return null
  const size = u32(head, FIRST_POSITION + AT_SIZE)
  const none = { message: 'the file does not begin with a FORMAT_DESCRIPTION' }
  if (head[FIRST_POSITION + AT_TYPE] !== EventType.FORMAT_DESCRIPTION || size > head.length - FIRST_POSITION) return none
  if (FIRST_POSITION + size > bytesRead) return null
  const event = head.subarray(FIRST_POSITION, FIRST_POSITION + size)
  if ((u16(event, AT_FLAGS) & Flag.RELAY_LOG) !== 0) return { message: 'the file is a relay log, which no server sends' }
  const format = decodeFormat(event, 0, size)
  return format === null ? none : { event, format }
}

/** The format of a file on disk, or why it has none that can be read. */
export async function readFormat(path: string): Promise<LogFormat | Fault> {
  const handle = await open(path, 'r')
  try {
    const head = await readHead(handle)
    if (head === null) return { message: 'the file is shorter than its first event' }
    return 'message' in head ? head : head.format
  } finally {
    await handle.close()
  }
}

/** Whether an event starts, or the log ends, at a position: walks there from the file's first event. */
export async function isEventStart(handle: FileHandle, position: number): Promise<boolean> {
  const block = Buffer.allocUnsafe(BLOCK)
  let at = FIRST_POSITION
  while (at < position) {
    const { bytesRead } = await handle.read(block, 0, BLOCK, at)
    let inBlock = 0
    while (inBlock + HEADER_LENGTH <= bytesRead && at + inBlock < position) {
      const size = u32(block, inBlock + AT_SIZE)
      if (size < HEADER_LENGTH) return false
      inBlock += size
    }
    if (inBlock === 0) return false
    at += inBlock
  }
  return at === position
}

/** Sends all whole events from a position to the end of the file as it is now. Waits while the reader is slow. */
export async function sendEvents(log: OpenLog, from: number, out: PacketWriter): Promise<Sent> {
  let position = from
  for (;;) {
    await out.flush()
    const block = out.block()
    const { bytesRead } = await log.handle.read(block, 0, BLOCK, position)
    if (position === FIRST_POSITION && bytesRead >= HEADER_LENGTH) clearInUse(block)
    const taken = out.events(bytesRead)
    const start = position
    position += taken
    const fault = faultAt(log.name, block, taken, bytesRead, position)
    if (fault !== null) return { position, seen: position, fault }
    if (bytesRead < BLOCK || out.isClosed()) return { position, seen: start + bytesRead, fault: null }
    if (taken > 0) continue
    // A block without a whole event: one that is larger, or of which the file does not have all.
    const size = u32(block, AT_SIZE)
    const fileSize = (await log.handle.stat()).size
    if (position + size > fileSize) return { position, seen: fileSize, fault: null }
    await sendLarge(log.handle, position, size, out)
    position += size
  }
}

function faultAt(file: string, block: Buffer, at: number, to: number, position: number): Fault | null {
  if (to - at < HEADER_LENGTH) return null
  const size = u32(block, at + AT_SIZE)
  if (size < HEADER_LENGTH) {
    return {
      message: `bogus data in log event; the last event read from '${file}' at ${position} says that it has ${size} bytes`,
    }
  }
  if (isOfRelayLog(block, at)) return { message: `'${file}' is a relay log, which no server sends` }
  if (!startsEncryption(block[at + AT_TYPE] ?? 0)) return null
  return { message: `'${file}' is encrypted from ${position} on, and replay has no keys` }
}

async function sendLarge(handle: FileHandle, from: number, size: number, out: PacketWriter): Promise<void> {
  const block = Buffer.allocUnsafe(BLOCK)
  const event = out.largeEvent(size)
  let done = 0
  while (done < size && !out.isClosed()) {
    const { bytesRead } = await handle.read(block, 0, Math.min(block.length, size - done), from + done)
    if (bytesRead === 0) throw new Error(`the file became shorter than ${from + size} bytes while it was read`)
    await event.write(block.subarray(0, bytesRead))
    done += bytesRead
  }
  await event.end()
}

/** A server takes the flag out of what it sends; the CRC of a FORMAT_DESCRIPTION is that of the event without it. */
function clearInUse(event: Buffer): void {
  event[AT_FLAGS] = (event[AT_FLAGS] ?? 0) & ~Flag.BINLOG_IN_USE
}

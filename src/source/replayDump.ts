/**
 * Answers a dump command as a server does: before each file an artificial ROTATE, then the file's events as they stand, and
 * at the end of the log an EOF, or heartbeats while it waits for more. What no server can send ends it with error 1236.
 */
import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { BinlogFileOnDisk } from './directory.ts'
import type { PacketWriter } from './packets.ts'
import { fakeRotate, formatForMiddle, heartbeat } from './replayEvents.ts'
import type { Fault, Head, OpenLog } from './replayFile.ts'
import { isEventStart, readHead, sendEvents } from './replayFile.ts'
import type { Served } from './replayFormat.ts'

export interface DumpCommand {
  /** Empty: the oldest file. */
  readonly file: string
  readonly position: number
  /** Stay at the end of the log. */
  readonly isBlocking: boolean
  /** Silence after which a heartbeat is sent (milliseconds); 0: never. */
  readonly heartbeatMs: number
  /** What the reader says it understands, in @master_binlog_checksum; null: nothing, as before MySQL 5.6. */
  readonly checksum: 'CRC32' | 'NONE' | null
}

export interface Dump {
  readonly command: DumpCommand
  readonly served: Served
  readonly out: PacketWriter
  /** Aborted when the reader has left. */
  readonly signal: AbortSignal
}

const POLL_MS = 200
const EOF = Buffer.from([0xfe, 0, 0, 2, 0])
const STATUS_OK = Buffer.from([0])

/** Resolves when the dump ended as asked or the reader left (null), or with what is wrong. */
export async function sendLog(dump: Dump): Promise<Fault | null> {
  const { command, out, signal } = dump
  const files = await dump.served.list()
  const first = command.file === '' ? files[0] : files.find((candidate) => candidate.name === command.file)
  if (first === undefined) return { message: 'Could not find first log file name in binary log index file' }
  let file: BinlogFileOnDisk | null = first
  let position = command.position
  // Until it has a file's own word, a reader takes what it asked for itself.
  let hasCrc = command.checksum === 'CRC32'
  while (file !== null && !signal.aborted) {
    const sent: FileSent | Fault = await sendFile(dump, file, position, hasCrc)
    if ('message' in sent) return sent
    ;({ next: file, hasCrc } = sent)
    position = FIRST_POSITION
  }
  if (signal.aborted) return null
  await out.packet(EOF)
  await out.flush()
  return null
}

interface FileSent {
  /** Null: the log ends here. */
  readonly next: BinlogFileOnDisk | null
  /** Whether the artificial ROTATE to the next file bears a CRC: as the events before it did. */
  readonly hasCrc: boolean
}

async function sendFile(dump: Dump, file: BinlogFileOnDisk, from: number, rotateHasCrc: boolean): Promise<FileSent | Fault> {
  const { served, out, command } = dump
  const handle = await open(file.path, 'r')
  const log = { name: file.name, handle }
  let hasCrc = rotateHasCrc
  try {
    const refusal = await refusalOf(log, from, served.family)
    if (refusal !== null) return refusal
    await sendEvent(out, fakeRotate(file.name, from, { serverId: served.serverId, checksumLength: hasCrc ? 4 : 0 }))
    let position = from
    let seen = from
    let head: Head | null = null
    for (;;) {
      if (head === null) {
        const { size } = await handle.stat()
        const found = await readHead(handle)
        if (found !== null && 'message' in found) return found
        if (found !== null && found.format.checksumLength > 0 && command.checksum === null) return checksumFault
        if (found !== null) hasCrc = found.format.checksumLength > 0
        if (found !== null && from > FIRST_POSITION) await sendEvent(out, formatForMiddle(found.event, hasCrc))
        head = found
        seen = size
      }
      if (head !== null) {
        const sent = await sendEvents(log, position, out)
        if (sent.fault !== null) return sent.fault
        ;({ position, seen } = sent)
      }
      const next = await waitForMore(dump, log, { position, seen, hasCrc })
      if (next === null || 'path' in next) return { next, hasCrc }
      if ('message' in next) return next
    }
  } finally {
    await handle.close()
  }
}

const checksumFault: Fault = {
  message: 'Replica can not handle replication events with the checksum that source is configured to log',
}

async function refusalOf({ handle, name }: OpenLog, from: number, family: Served['family']): Promise<Fault | null> {
  if (from === FIRST_POSITION) return null
  const source = family === 'mariadb' ? 'master' : 'source'
  if (from < FIRST_POSITION) return { message: `Client requested ${source} to start replication from position < 4` }
  if (from > (await handle.stat()).size) {
    return { message: `Client requested ${source} to start replication from position > file size` }
  }
  if (await isEventStart(handle, from)) return null
  return { message: `bogus data in log event; the first event '${name}' at ${from}: no event starts there` }
}

const isMore = { kind: 'more' } as const

/** At the end of what is there: more of this file, the file to go on with, null where the dump ends, or what is wrong. */
async function waitForMore(
  { served, command, out, signal }: Dump,
  { name, handle }: OpenLog,
  at: { readonly position: number; readonly seen: number; readonly hasCrc: boolean },
): Promise<typeof isMore | BinlogFileOnDisk | Fault | null> {
  let silentMs = 0
  for (;;) {
    // What a reader did not wait for is still there to be sent.
    if (signal.aborted || out.isClosed()) return null
    // The list first: a file is complete once the next one is there.
    const files = await served.list()
    if ((await handle.stat()).size > at.seen) return isMore
    const index = files.findIndex((file) => file.name === name)
    if (index === -1) return { message: `could not find next log; ${name} is no longer in the list of binary logs` }
    const next = files[index + 1]
    if (next !== undefined && at.position < at.seen) return cutOffFault(name, at.position)
    if (next !== undefined) return next
    await out.flush()
    if (!command.isBlocking) return null
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined)
    silentMs += POLL_MS
    if (command.heartbeatMs === 0 || silentMs < command.heartbeatMs) continue
    await sendEvent(out, heartbeat(name, at.position, { serverId: served.serverId, checksumLength: at.hasCrc ? 4 : 0 }))
    await out.flush()
    silentMs = 0
  }
}

function cutOffFault(file: string, position: number): Fault {
  return { message: `binlog truncated in the middle of event; '${file}' has no whole event at ${position}` }
}

async function sendEvent(out: PacketWriter, event: Buffer): Promise<void> {
  await out.packet(Buffer.concat([STATUS_OK, event]))
}

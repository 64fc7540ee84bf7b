/**
 * Binlog files on disk as a source. Reads whole blocks into one buffer and counts positions itself; an event that is cut by
 * the end of a block is offered again with the next one. Memory: the block, or the largest event. Files may grow while they
 * are read: what was there when a file was opened is read, no more.
 */
import { readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { BinpointError } from '../errors.ts'
import { u32 } from '../core/binlog/bytes.ts'
import { AT_SIZE, HEADER_LENGTH } from '../core/binlog/layout.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { EventSink, FileEndCause, LogFile, LogSource, ReadRequest } from '../core/ports.ts'
import type { BinlogFileOnDisk } from './directory.ts'
import { listBinlogFiles } from './directory.ts'

/** Small enough to stay in the processor's cache between being read and being scanned. */
const BLOCK_SIZE = 1 << 20
/** Blocks that are read before others (signals, timers) get a turn: some milliseconds. */
const BLOCKS_PER_TURN = 16

/** `paths`: one directory, one `.index` file, or binlog files. `name`: what keys the index. */
export function openFileSource(name: string, paths: readonly string[]): LogSource {
  const list = (): Promise<readonly BinlogFileOnDisk[]> => listBinlogFiles(paths)
  return {
    kind: 'files',
    name,
    listFiles: async (): Promise<readonly LogFile[]> => (await list()).map((file) => ({ name: file.name, size: file.size })),
    identity: () => Promise.resolve(null),
    read: async (request, sink) => readFiles(await list(), request, sink),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function readFiles(files: readonly BinlogFileOnDisk[], request: ReadRequest, sink: EventSink): Promise<void> {
  const first = files.findIndex((file) => file.name === request.from.file)
  if (first === -1) {
    throw new BinpointError('SOURCE_NOT_FOUND', `the binlog file ${request.from.file} is not there (any more)`, {
      hint: `the files that are: ${files[0]?.name ?? 'none'} to ${files.at(-1)?.name ?? 'none'}`,
    })
  }
  const buffer = { bytes: Buffer.allocUnsafe(BLOCK_SIZE) }
  for (const file of files.slice(first)) {
    if (sink.done || request.signal?.aborted === true) return
    const from = file.name === request.from.file ? request.from.position : FIRST_POSITION
    const until = request.until !== undefined && file.name === request.until.file ? request.until.position : undefined
    if (until !== undefined && until <= FIRST_POSITION) return
    await readFile(file, from, until, request.signal, sink, buffer)
    if (until !== undefined) return
  }
}

async function readFile(
  file: BinlogFileOnDisk,
  from: number,
  until: number | undefined,
  signal: AbortSignal | undefined,
  sink: EventSink,
  buffer: { bytes: Buffer },
): Promise<void> {
  sink.beginFile(file.name)
  let handle: FileHandle
  try {
    handle = await open(file.path, 'r')
  } catch (error) {
    sink.endFile(isMissing(error) ? 'missing' : 'unreadable')
    return
  }
  try {
    sink.endFile(await readHandle(handle, { from, until, signal }, sink, buffer))
  } finally {
    await handle.close()
  }
}

interface Range {
  readonly from: number
  readonly until: number | undefined
  readonly signal: AbortSignal | undefined
}

async function readHandle(handle: FileHandle, range: Range, sink: EventSink, buffer: { bytes: Buffer }): Promise<FileEndCause> {
  const { size } = await handle.stat()
  const end = Math.min(size, range.until ?? size)
  const cause = await magicCause(handle, size)
  if (cause !== null) return cause
  let position = FIRST_POSITION
  if (range.from > FIRST_POSITION) {
    await offerFormat(handle, size, sink, buffer)
    position = range.from
  }
  let filled = 0
  let blocks = 0
  while (position + filled < end && !sink.done && !sink.fileDone && range.signal?.aborted !== true) {
    const room = Math.min(buffer.bytes.length - filled, end - position - filled)
    // Synchronous, as the scan has nothing else to do meanwhile: a trip through the thread pool costs more than the read of a cached block.
    const bytesRead = readSync(handle.fd, buffer.bytes, filled, room, position + filled)
    if (bytesRead === 0) break
    if (++blocks % BLOCKS_PER_TURN === 0) await nextTurn()
    filled += bytesRead
    const taken = sink.take(buffer.bytes, 0, filled, position)
    buffer.bytes.copyWithin(0, taken, filled)
    filled -= taken
    position += taken
    sink.endBatch()
    if (taken === 0 && filled === buffer.bytes.length && !grow(buffer, end - position)) break
  }
  return 'end'
}

/** Makes room for the event that stands at the start of the buffer. False: it cannot be whole, so more bytes are of no use. */
function grow(buffer: { bytes: Buffer }, remaining: number): boolean {
  const needed = u32(buffer.bytes, AT_SIZE)
  if (needed > remaining || needed <= buffer.bytes.length) return false
  const larger = Buffer.allocUnsafe(needed)
  buffer.bytes.copy(larger)
  buffer.bytes = larger
  return true
}

/** The FORMAT_DESCRIPTION at the file's head: a read from the middle needs it first, as a server sends it. */
async function offerFormat(handle: FileHandle, size: number, sink: EventSink, buffer: { bytes: Buffer }): Promise<void> {
  const head = Math.min(size - FIRST_POSITION, 4096)
  const { bytesRead } = await handle.read(buffer.bytes, 0, head, FIRST_POSITION)
  const length = bytesRead >= HEADER_LENGTH ? u32(buffer.bytes, AT_SIZE) : bytesRead
  sink.take(buffer.bytes, 0, Math.min(length, bytesRead), FIRST_POSITION)
}

const MAGIC = 0x6e69_62fe
const MAGIC_BYTES = Buffer.from('fe62696e', 'hex')
const MAGIC_ENCRYPTED = 0x6e69_62fd

async function magicCause(handle: FileHandle, size: number): Promise<FileEndCause | null> {
  if (size === 0) return 'end'
  const magic = Buffer.alloc(FIRST_POSITION)
  const { bytesRead } = await handle.read(magic, 0, FIRST_POSITION, 0)
  // As much as was written, or copied, of it so far.
  if (bytesRead < FIRST_POSITION) return magic.compare(MAGIC_BYTES, 0, bytesRead, 0, bytesRead) === 0 ? 'end' : 'not-a-binlog'
  if (u32(magic, 0) === MAGIC_ENCRYPTED) return 'encrypted'
  return u32(magic, 0) === MAGIC ? null : 'not-a-binlog'
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/**
 * Binlog files on disk as a source. Counts positions itself. Files may grow while they are read: what was there when a file was
 * opened is read, no more.
 */
import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { BinpointError } from '../errors.ts'
import { u32 } from '../core/binlog/bytes.ts'
import { AT_SIZE, HEADER_LENGTH } from '../core/binlog/layout.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { EventSink, FileEndCause, LogFile, LogSource, ReadRequest } from '../core/ports.ts'
import type { BinlogFileOnDisk } from './directory.ts'
import { listBinlogFiles } from './directory.ts'
import type { Buffers } from './readAhead.ts'
import { createReadAhead, makeBuffers } from './readAhead.ts'

/** `paths`: one directory, one `.index` file, or binlog files. `name`: what keys the index. */
export function openFileSource(name: string, paths: readonly string[]): LogSource {
  let known = new Map<string, BinlogFileOnDisk>()
  async function list(): Promise<readonly BinlogFileOnDisk[]> {
    const files = await listBinlogFiles(paths)
    known = new Map(files.map((file) => [file.name, file]))
    return files
  }
  /** A short read of one file, as many answers take several of, does without looking at all the others again. */
  async function filesFor({ from, until }: ReadRequest): Promise<readonly BinlogFileOnDisk[]> {
    const only = until?.file === from.file ? known.get(from.file) : undefined
    return only !== undefined && (await isThere(only.path)) ? [only] : list()
  }
  return {
    kind: 'files',
    name,
    listFiles: async (): Promise<readonly LogFile[]> =>
      (await list()).map(({ name: file, size, path }) => ({ name: file, size, path })),
    identity: () => Promise.resolve(null),
    measureClock: () => Promise.resolve(null),
    read: async (request, sink) => readFiles(await filesFor(request), request, sink),
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
  const buffers = makeBuffers()
  for (const file of files.slice(first)) {
    if (sink.done || request.signal?.aborted === true) return
    const from = file.name === request.from.file ? request.from.position : FIRST_POSITION
    const until = request.until !== undefined && file.name === request.until.file ? request.until.position : undefined
    if (until !== undefined && until <= FIRST_POSITION) return
    await readFile(file, from, until, request.signal, sink, buffers)
    if (until !== undefined) return
  }
}

async function readFile(
  file: BinlogFileOnDisk,
  from: number,
  until: number | undefined,
  signal: AbortSignal | undefined,
  sink: EventSink,
  buffers: Buffers,
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
    sink.endFile(await readHandle(handle, { from, until, signal }, sink, buffers))
  } finally {
    await handle.close()
  }
}

interface Range {
  readonly from: number
  readonly until: number | undefined
  readonly signal: AbortSignal | undefined
}

async function readHandle(handle: FileHandle, range: Range, sink: EventSink, buffers: Buffers): Promise<FileEndCause> {
  const { size } = await handle.stat()
  const end = Math.min(size, range.until ?? size)
  const cause = await magicCause(handle, size)
  if (cause !== null) return cause
  let position = FIRST_POSITION
  if (range.from > FIRST_POSITION) {
    await offerFormat(handle, size, sink)
    position = range.from
  }
  const ahead = createReadAhead(handle.fd, position, end, buffers)
  try {
    let left: Buffer = NOTHING
    while (range.signal?.aborted !== true) {
      const block = await ahead.next(left)
      if (block === null) break
      const taken = sink.take(block.bytes, block.from, block.to, position)
      position += taken - block.from
      sink.endBatch()
      if (sink.done || sink.fileDone) break
      left = block.bytes.subarray(taken, block.to)
    }
  } finally {
    await ahead.settle()
  }
  return 'end'
}

const NOTHING: Buffer = Buffer.alloc(0)

/** The FORMAT_DESCRIPTION at the file's head: a read from the middle needs it first, as a server sends it. */
async function offerFormat(handle: FileHandle, size: number, sink: EventSink): Promise<void> {
  const bytes = Buffer.alloc(Math.min(size - FIRST_POSITION, 4096))
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, FIRST_POSITION)
  const length = bytesRead >= HEADER_LENGTH ? u32(bytes, AT_SIZE) : bytesRead
  sink.take(bytes, 0, Math.min(length, bytesRead), FIRST_POSITION)
}

const MAGIC = 0x6e69_62fe
const MAGIC_BYTES = ['fe62696e', 'fd62696e'].map((hex) => Buffer.from(hex, 'hex'))
const MAGIC_ENCRYPTED = 0x6e69_62fd

async function magicCause(handle: FileHandle, size: number): Promise<FileEndCause | null> {
  if (size === 0) return 'end'
  const magic = Buffer.alloc(FIRST_POSITION)
  const { bytesRead } = await handle.read(magic, 0, FIRST_POSITION, 0)
  // As much as was written, or copied, of it so far.
  if (bytesRead < FIRST_POSITION) {
    return MAGIC_BYTES.some((whole) => magic.compare(whole, 0, bytesRead, 0, bytesRead) === 0) ? 'end' : 'not-a-binlog'
  }
  if (u32(magic, 0) === MAGIC_ENCRYPTED) return 'encrypted'
  return u32(magic, 0) === MAGIC ? null : 'not-a-binlog'
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

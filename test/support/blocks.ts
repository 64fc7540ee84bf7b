/**
 * The files of a folder as a source that gives its bytes in small blocks and ends when told: as a stream that is lost, a run that is
 * interrupted, a process that is killed. It reads what is there when a file's turn comes, as the real way in does.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EventSink, LogSource, ReadRequest } from '../../src/core/ports.ts'

export interface Blocks {
  readonly size: number
  /** After so many blocks the reading ends; undefined: not before the end. */
  readonly stopAfter?: number | undefined
  /** `return`: as after an abort. `throw`: as when the connection is lost. */
  readonly stopBy?: 'return' | 'throw'
}

export class Lost extends Error {}

export function openBlocks(folder: string, blocks: Blocks): LogSource {
  const list = (): { name: string; bytes: Buffer }[] =>
    readdirSync(folder)
      .filter((name) => /^mysql-bin\.\d+$/.test(name))
      .sort()
      .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }))
  let left = blocks.stopAfter ?? Number.POSITIVE_INFINITY
  return {
    kind: 'files',
    name: folder,
    listFiles: () => Promise.resolve(list().map(({ name, bytes }) => ({ name, size: bytes.length }))),
    identity: () => Promise.resolve(null),
    measureClock: () => Promise.resolve(null),
    read: (request, sink) => {
      // Short reads (heads, anchors) are not what is interrupted.
      const isLong = request.signal !== undefined
      const files = list()
      for (const file of files.slice(files.findIndex(({ name }) => name === request.from.file))) {
        const from = file.name === request.from.file ? request.from.position : 4
        if (sink.done || !readFile(file, from, request, sink, isLong)) break
      }
      return Promise.resolve()
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }

  function readFile(
    file: { name: string; bytes: Buffer },
    from: number,
    { until }: ReadRequest,
    sink: EventSink,
    isLong: boolean,
  ): boolean {
    const { bytes } = file
    sink.beginFile(file.name)
    if (bytes.length < 4) {
      sink.endFile('end')
      return true
    }
    const magic = bytes.readUInt32LE(0)
    if (magic !== 0x6e69_62fe) {
      sink.endFile(magic === 0x6e69_62fd ? 'encrypted' : 'not-a-binlog')
      return true
    }
    if (from > 4) sink.take(bytes, 4, 4 + bytes.readUInt32LE(4 + 9), 4)
    const end = until?.file === file.name ? Math.min(bytes.length, until.position) : bytes.length
    let taken = from
    let filled = from
    while (filled < end && !sink.done && !sink.fileDone) {
      if (isLong && left-- <= 0) {
        if (blocks.stopBy === 'throw') throw new Lost('as told')
        sink.endFile('end')
        return false
      }
      filled = Math.min(end, filled + blocks.size)
      const block = Buffer.from(bytes.subarray(taken, filled))
      taken += sink.take(block, 0, block.length, taken)
      sink.endBatch()
    }
    sink.endFile('end')
    return until?.file !== file.name
  }
}

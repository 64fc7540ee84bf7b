/** A log in memory as a source: for properties that make thousands of logs, and for counting what is read. */
import type { LogSource } from '../../src/core/ports.ts'

export interface MemoryFile {
  readonly name: string
  readonly bytes: Buffer
}

export interface MemorySource extends LogSource {
  /** Names of the files from which was read, in order, each as often as it was, with how far at most. */
  readonly reads: { file: string; until: number | undefined }[]
}

export function openMemory(files: readonly MemoryFile[]): MemorySource {
  const reads: { file: string; until: number | undefined }[] = []
  return {
    kind: 'files',
    name: 'memory',
    reads,
    listFiles: () => Promise.resolve(files.map(({ name, bytes }) => ({ name, size: bytes.length }))),
    identity: () => Promise.resolve(null),
    measureClock: () => Promise.resolve(null),
    read: ({ from, until }, sink) => {
      for (const { name, bytes } of files.slice(files.findIndex((file) => file.name === from.file))) {
        const isLast = until?.file === name
        const end = isLast ? Math.min(bytes.length, until.position) : bytes.length
        reads.push({ file: name, until: isLast ? until.position : undefined })
        sink.beginFile(name)
        let start = 4
        if (name === from.file && from.position > 4) {
          sink.take(bytes, 4, 4 + bytes.readUInt32LE(4 + 9), 4)
          start = from.position
        }
        sink.take(bytes, start, Math.max(start, end), start)
        sink.endBatch()
        sink.endFile('end')
        if (isLast || sink.done) break
      }
      return Promise.resolve()
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/**
 * A log with a transaction of gigabytes that takes hardly any disk: the large values are zeros, and stand in holes of a sparse
 * file. Without checksums, as a server with binlog_checksum=NONE writes it.
 */
import { once } from 'node:events'
import { constants, createZstdCompress } from 'node:zlib'
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { EventType } from '../../src/core/binlog/layout.ts'
import { addRows, beginLog, body, STAMP } from '../support/bytes.ts'
import { eventOf, payloadOf } from './payloads.ts'

export interface HugeLog {
  /** What begins and ends where in mysql-bin.000001: a small transaction, the huge one, and two small ones behind it. */
  readonly transactions: readonly { readonly start: number; readonly end: number }[]
  /** Rows of the huge one. */
  readonly rows: number
}

/** `rows`: how many the huge transaction has, each in an event of its own with a value of `valueLength` bytes. Two files and an index. */
export function writeHugeLog(folder: string, rows: number, valueLength: number): HugeLog {
  const log = beginLog({ version: '9.7.4', checksums: false, created: STAMP })
  const fd = openSync(join(folder, 'mysql-bin.000001'), 'w')
  let written = 0
  let writtenTo = 0
  /** What was added since, at its place. */
  const flush = (): void => {
    const bytes = log.bytes().subarray(written)
    writeSync(fd, bytes, 0, bytes.length, writtenTo)
    written += bytes.length
    writtenTo = log.position
  }
  const small = (value: number, stamp: number): { start: number; end: number } => {
    const start = log.add(EventType.ANONYMOUS_GTID, anonymous, { stamp })
    return { start, end: addRows(log, value, { stamp }).end }
  }
  const first = small(1, STAMP)
  const start = log.add(EventType.ANONYMOUS_GTID, anonymous, { stamp: STAMP + 10 })
  log.add(EventType.QUERY, body.query('BEGIN'), { stamp: STAMP + 10 })
  log.add(EventType.TABLE_MAP, blobTable, { stamp: STAMP + 10 })
  flush()
  const head = eventHead(valueLength)
  for (let row = 0; row < rows; row++) {
    head.writeUInt32LE((writtenTo + head.length + valueLength) % 2 ** 32, 13)
    writeSync(fd, head, 0, head.length, writtenTo)
    writtenTo += head.length + valueLength
  }
  ftruncateSync(fd, writtenTo)
  log.skipTo(writtenTo)
  log.add(EventType.XID, body.xid(), { stamp: STAMP + 20 })
  const huge = { start, end: log.position }
  const behind = [small(2, STAMP + 30), small(3, STAMP + 40)]
  log.add(EventType.ROTATE, body.rotate('mysql-bin.000002'), { stamp: STAMP + 50 })
  flush()
  closeSync(fd)
  const next = beginLog({ version: '9.7.4', checksums: false, stamp: STAMP + 50 })
  next.add(EventType.ANONYMOUS_GTID, anonymous, { stamp: STAMP + 60 })
  addRows(next, 4, { stamp: STAMP + 60 })
  writeFileSync(join(folder, 'mysql-bin.000002'), next.bytes())
  writeFileSync(join(folder, 'mysql-bin.index'), './mysql-bin.000001\n./mysql-bin.000002\n')
  return { transactions: [first, huge, ...behind], rows }
}

const anonymous = body.gtid('00000000-0000-0000-0000-000000000000', 0)

/** d.b with one LONGBLOB. */
export const blobTable: Buffer = Buffer.concat([
  Buffer.of(98, 0, 0, 0, 0, 0, 1, 0),
  ...['d', 'b'].map((name) => Buffer.concat([Buffer.of(name.length), Buffer.from(name), Buffer.of(0)])),
  Buffer.of(1, 252, 1, 4, 1),
])

/** WRITE_ROWS of one row of d.b up to its value: one of many of a statement. */
export function eventHead(valueLength: number): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(valueLength)
  const bytes = Buffer.concat([Buffer.alloc(19), Buffer.of(98, 0, 0, 0, 0, 0, 0, 0, 2, 0), Buffer.of(1, 1, 0), length])
  bytes.writeUInt32LE(STAMP + 10, 0)
  bytes.writeUInt8(EventType.WRITE_ROWS, 4)
  bytes.writeUInt32LE(1, 5)
  bytes.writeUInt32LE(bytes.length + valueLength, 9)
  return bytes
}

/** Compressed as it is made: the whole is never in memory. */
export async function largePayload(rows: number, valueLength: number): Promise<Buffer> {
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } })
  const parts: Buffer[] = []
  compress.on('data', (part: Buffer) => parts.push(part))
  let size = 0
  const write = async (bytes: Buffer): Promise<void> => {
    size += bytes.length
    if (!compress.write(bytes)) await once(compress, 'drain')
  }
  await write(eventOf(EventType.QUERY, body.query('BEGIN')))
  await write(eventOf(EventType.TABLE_MAP, blobTable))
  const many = Buffer.concat(
    Array.from({ length: 1024 }, () => Buffer.concat([eventHead(valueLength), Buffer.alloc(valueLength)])),
  )
  for (let written = 0; written < rows; written += 1024) await write(many)
  await write(eventOf(EventType.XID, body.xid()))
  compress.end()
  await once(compress, 'end')
  return payloadOf(Buffer.concat(parts), { size })
}

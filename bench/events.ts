/**
 * Logs that no server needs to write: events of a measured log, and made-up ones, put into other files with other places, stamps
 * and GTIDs. Each has the end_log_pos and the CRC that a server would have given it there.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { EventType } from '../src/core/binlog/layout.ts'
import type { MeasuredLog } from './log.ts'

const HEADER = 19
const CRC = 4
const MAGIC = Buffer.from('fe62696e', 'hex')
const BLOCK = 8 << 20
const zeros = Buffer.alloc(BLOCK)

/** Writes a file, event by event. An event that is added ends with four bytes for its CRC. */
export class LogWriter implements Disposable {
  readonly #file: number
  readonly #block: Buffer = Buffer.alloc(BLOCK)
  #filled: number = MAGIC.copy(this.#block)
  #written: number = 0
  /** Where the next event starts. */
  position: number = MAGIC.length

  constructor(path: string) {
    this.#file = openSync(path, 'wx')
  }

  add(event: Buffer): void {
    if (this.#filled + event.length > BLOCK) this.#flush()
    const at = this.#filled
    this.#filled += event.copy(this.#block, at)
    this.position += event.length
    this.#block.writeUInt32LE(this.position % 2 ** 32, at + 13)
    this.#block.writeUInt32LE(crc32(this.#block.subarray(at, this.#filled - CRC)), this.#filled - CRC)
  }

  /** An event that is `event`, CRC not counted, and `count` zeros, for which the disk needs no room. */
  addWithHole(event: Buffer, count: number): void {
    this.#flush()
    const size = event.length + count
    this.position += size
    this.#filled = event.copy(this.#block, 0, 0, event.length - CRC)
    this.#block.writeUInt32LE(size, 9)
    this.#block.writeUInt32LE(this.position % 2 ** 32, 13)
    let crc = crc32(this.#block.subarray(0, this.#filled))
    for (let left = count; left > 0; left -= BLOCK) crc = crc32(zeros.subarray(0, left), crc)
    this.#flush()
    this.#written += count
    this.#filled = this.#block.writeUInt32LE(crc, 0)
  }

  [Symbol.dispose](): void {
    this.#flush()
    closeSync(this.#file)
  }

  #flush(): void {
    writeSync(this.#file, this.#block, 0, this.#filled, this.#written)
    this.#written += this.#filled
    this.#filled = 0
  }
}

/** The beginning of a log that a server wrote: a sample of what it writes. */
export interface Sample {
  readonly family: 'mysql' | 'mariadb'
  readonly bytes: Buffer
  readonly format: Buffer
  /** Where its first transaction starts. */
  readonly first: number
  /** A transaction that changes one row: its GTID, and its other events up to the XID. */
  readonly gtid: Buffer
  readonly others: readonly Buffer[]
}

export function sampleOf(log: MeasuredLog, length: number): Sample {
  const bytes = Buffer.alloc(length)
  const file = openSync(log.path, 'r')
  const read = readSync(file, bytes, 0, length, 0)
  closeSync(file)
  if (read < length) throw new Error(`${log.path} has only ${read} bytes`)
  const format = eventAt(bytes, MAGIC.length)
  let first = MAGIC.length
  while (!startsTransaction(bytes, first)) first += sizeAt(bytes, first)
  let gtid = eventAt(bytes, first)
  const others: Buffer[] = []
  for (let at = first; typeOf(others.at(-1)) !== EventType.XID; at += sizeAt(bytes, at)) {
    if (startsTransaction(bytes, at)) {
      gtid = eventAt(bytes, at)
      others.length = 0
    } else others.push(eventAt(bytes, at))
  }
  return { family: log.kind.startsWith('mysql') ? 'mysql' : 'mariadb', bytes, format, first, gtid, others }
}

export function startsTransaction(bytes: Buffer, at: number): boolean {
  return isGtid(bytes[at + 4])
}

export function isGtid(type: number | undefined): boolean {
  return type === EventType.GTID || type === EventType.MARIADB_GTID
}

export function sizeAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 9)
}

export function eventAt(bytes: Buffer, at: number): Buffer {
  return bytes.subarray(at, at + sizeAt(bytes, at))
}

export function typeOf(event: Buffer | undefined): number | undefined {
  return event?.[4]
}

export function stampOf(event: Buffer): number {
  return event.readUInt32LE(0)
}

/** An event of the server that wrote `like`, with room for its CRC. */
export function eventOf(type: number, body: Buffer, like: Buffer, stamp: number = stampOf(like)): Buffer {
  const event = Buffer.alloc(HEADER + body.length + CRC)
  like.copy(event, 0, 0, HEADER)
  event.writeUInt32LE(stamp, 0)
  event.writeUInt8(type, 4)
  event.writeUInt32LE(event.length, 9)
  event.writeUInt16LE(0, 17)
  body.copy(event, HEADER)
  return event
}

/** A copy that begins at another second; a FORMAT_DESCRIPTION as after a rotation. */
export function restamped(event: Buffer, stamp: number): Buffer {
  const copy = Buffer.from(event)
  copy.writeUInt32LE(stamp, 0)
  if (typeOf(copy) === EventType.FORMAT_DESCRIPTION) copy.writeUInt32LE(0, HEADER + 52)
  // The exact commit stamp: microseconds in seven bytes.
  if (typeOf(copy) === EventType.GTID) writeLittleEndian(copy, stamp * 1_000_000, HEADER + 42, 7)
  return copy
}

/** Gives a GTID event its number; for MySQL also the length of its transaction, where that is another. */
export function numbered(event: Buffer, number: number, transactionLength?: number): Buffer {
  const isMysql = typeOf(event) === EventType.GTID
  const copy = Buffer.from(event)
  writeLittleEndian(copy, number, HEADER + (isMysql ? 17 : 0), 8)
  return isMysql && transactionLength !== undefined ? withLength(copy, transactionLength) : copy
}

export function numberOf(event: Buffer): number {
  return Number(event.readBigUInt64LE(HEADER + (typeOf(event) === EventType.GTID ? 17 : 0)))
}

/** The length stands behind the commit stamp, as a length-encoded integer. */
function withLength(event: Buffer, length: number): Buffer {
  const at = HEADER + 49
  const old = ({ 0xfc: 3, 0xfd: 4, 0xfe: 9 } as Record<number, number>)[event[at] ?? 0] ?? 1
  const encoded = Buffer.alloc(9, 0xfe)
  writeLittleEndian(encoded, length, 1, 8)
  const longer = Buffer.concat([event.subarray(0, at), encoded, event.subarray(at + old)])
  longer.writeUInt32LE(longer.length, 9)
  return longer
}

function writeLittleEndian(bytes: Buffer, value: number, at: number, length: number): void {
  bytes.writeUIntLE(value % 2 ** 48, at, 6)
  bytes.fill(0, at + 6, at + length).writeUInt8(Math.floor(value / 2 ** 48), at + 6)
}

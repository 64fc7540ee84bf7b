/**
 * A directory of 200 files of 100 MB that need 0.3 GB of the disk and some ten seconds to make. Three in a row are all real: a
 * measured log, cut in three, each file with a head and a ROTATE of its own. The others are whole logs too, as any tool reads them,
 * with real heads and stamps and GTIDs in order; but most of each is one row event whose rows are zeros, and a hole on the disk.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventType } from '../src/core/binlog/layout.ts'
import { body } from '../test/support/bytes.ts'
import type { Sample } from './events.ts'
import {
  eventAt,
  eventOf,
  isGtid,
  LogWriter,
  numbered,
  numberOf,
  restamped,
  sampleOf,
  sizeAt,
  stampOf,
  startsTransaction,
  typeOf,
} from './events.ts'
import type { MeasuredLog } from './log.ts'

const FILES = 200
const FILE_BYTES = 100_000_000
const REAL = 3
/** The files before the real ones. */
const EARLIER = 137
/** Transactions of a file that is not real, before its large one. */
const SMALL = 20

export interface MadeDirectory {
  readonly folder: string
  /** The second in the middle of the second real file, and two files that hold what led to it. */
  readonly second: number
  readonly around: readonly string[]
}

export function makeDirectory(log: MeasuredLog, folder: string): MadeDirectory {
  mkdirSync(folder)
  const sample = sampleOf(log, (REAL + 0.1) * FILE_BYTES)
  const cuts = cutsOf(sample)
  const seconds = cuts.map((at) => stampOf(eventAt(sample.bytes, at)))
  const [start = 0, second = 0, third = 0, end = 0] = seconds
  const step = Math.max(1, Math.ceil((end - start) / REAL))
  const firstNumber = EARLIER * (SMALL + 1) + 1
  const shift = firstNumber - numberOf(eventAt(sample.bytes, sample.first))
  let number = 1
  for (let i = 0; i < FILES; i++) {
    using file = new LogWriter(join(folder, nameOf(i)))
    const real = i - EARLIER
    const isReal = real >= 0 && real < REAL
    const stamp = isReal ? (seconds[real] ?? 0) : real < 0 ? start + real * step : end + (real - REAL) * step
    for (const event of headOf(sample, stamp, number, i)) file.add(event)
    if (isReal) number = addReal(file, sample, cuts[real] ?? 0, cuts[real + 1] ?? 0, shift)
    else number = addMadeUp(file, sample, stamp, step, number)
    const isLast = i === FILES - 1
    const ending = isLast
      ? eventOf(EventType.STOP, body.stop(), sample.format)
      : eventOf(EventType.ROTATE, body.rotate(nameOf(i + 1)), sample.format)
    file.add(restamped(ending, isReal ? (seconds[real + 1] ?? 0) : stamp + step))
  }
  writeFileSync(join(folder, 'mysql-bin.index'), Array.from({ length: FILES }, (_unused, i) => `./${nameOf(i)}\n`).join(''))
  return { folder, second: Math.floor((second + third) / 2), around: [nameOf(EARLIER), nameOf(EARLIER + 1)] }
}

function nameOf(i: number): string {
  return `mysql-bin.${String(i + 1).padStart(6, '0')}`
}

/** The first transactions of the real files, and the one after them. */
function cutsOf({ bytes, first }: Sample): number[] {
  const cuts = [first]
  for (let at = first; cuts.length <= REAL; at += sizeAt(bytes, at)) {
    if (at - (cuts.at(-1) ?? 0) >= FILE_BYTES && startsTransaction(bytes, at)) cuts.push(at)
  }
  return cuts
}

/** What a server writes before the first transaction; `next`: the number of that one. */
export function headOf({ family, format, gtid }: Sample, stamp: number, next: number, file: number): Buffer[] {
  const begin = restamped(format, stamp)
  const add = (type: number, content: Buffer): Buffer => eventOf(type, content, format, stamp)
  if (family === 'mysql') {
    const uuid = gtid.toString('hex', 20, 36)
    return [begin, add(EventType.PREVIOUS_GTIDS, next === 1 ? Buffer.alloc(8) : body.previousGtids(uuid, next - 1))]
  }
  // One entry: domain, server, sequence. The server says at once which file a crash needs, and again when that is this one.
  const list = Buffer.alloc(next === 1 ? 4 : 20)
  if (next > 1) {
    list.writeUInt32LE(1, 0)
    format.copy(list, 8, 5, 9)
    list.writeUInt32LE(next - 1, 12)
  }
  const checkpoint = (name: string): Buffer =>
    add(EventType.BINLOG_CHECKPOINT, Buffer.concat([Buffer.of(name.length, 0, 0, 0), Buffer.from(name)]))
  return [begin, add(EventType.GTID_LIST, list), checkpoint(nameOf(Math.max(0, file - 1))), checkpoint(nameOf(file))]
}

/** What stands in the sample from one place to another. Returns the next number. */
function addReal(file: LogWriter, { bytes }: Sample, from: number, to: number, shift: number): number {
  let next = 0
  for (let at = from; at < to; at += sizeAt(bytes, at)) {
    const event = eventAt(bytes, at)
    if (isGtid(typeOf(event))) {
      next = numberOf(event) + shift + 1
      file.add(numbered(event, next - 1))
    } else file.add(event)
  }
  return next
}

/** A few small transactions, spread over the seconds, and a large one. Returns the next number. */
function addMadeUp(file: LogWriter, { gtid, others }: Sample, stamp: number, seconds: number, first: number): number {
  for (let i = 0; i < SMALL; i++) {
    const at = stamp + Math.floor((i * seconds) / SMALL)
    file.add(numbered(restamped(gtid, at), first + i))
    for (const event of others) file.add(restamped(event, at))
  }
  const last = stamp + seconds - 1
  const before = others.filter((event) => typeOf(event) === EventType.QUERY).map((event) => restamped(event, last))
  const map = eventOf(EventType.TABLE_MAP, body.tableMap('bench', 'zero'), gtid, last)
  const rows = eventOf(EventType.WRITE_ROWS, body.writeRows(0), gtid, last)
  const after = others.slice(-1).map((event) => restamped(event, last))
  // A row is a byte of null bits and an INT.
  const zeros = Math.floor((FILE_BYTES - file.position) / 5) * 5
  const inside = [...before, map, rows, ...after].reduce((sum, event) => sum + event.length, zeros)
  const begin = numbered(restamped(gtid, last), first + SMALL, numbered(gtid, 0, inside).length + inside)
  for (const event of [begin, ...before, map]) file.add(event)
  file.addWithHole(rows, zeros)
  for (const event of after) file.add(event)
  return first + SMALL + 1
}

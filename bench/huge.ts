/**
 * A file with one transaction of 2 GB among small ones: TABLE_MAPs and row events of 8 kB, as binlog_row_event_max_size makes them, of
 * the rows of a measured log. All of it is on the disk while it is measured: a hole could stand for a few large events only.
 */
import { EventType } from '../src/core/binlog/layout.ts'
import { body } from '../test/support/bytes.ts'
import { headOf } from './directory.ts'
import type { Sample } from './events.ts'
import { eventOf, LogWriter, numbered, restamped, sampleOf, stampOf, typeOf } from './events.ts'
import type { MeasuredLog } from './log.ts'

const BYTES = 2_000_000_000
const ROWS_BYTES = 8192
const SMALL = 20

/** Returns the second of the large transaction. */
export function makeHuge(log: MeasuredLog, path: string): number {
  const sample = sampleOf(log, 1_000_000)
  const start = stampOf(sample.format)
  using file = new LogWriter(path)
  for (const event of headOf(sample, start, 1, 0)) file.add(event)
  addSmall(file, sample, start, 1)
  addLarge(file, sample, start + 60, SMALL + 1)
  addSmall(file, sample, start + 120, SMALL + 2)
  file.add(eventOf(EventType.STOP, body.stop(), sample.format, start + 180))
  return start + 60
}

function addSmall(file: LogWriter, { gtid, others }: Sample, stamp: number, first: number): void {
  for (let i = 0; i < SMALL; i++) {
    file.add(numbered(restamped(gtid, stamp), first + i))
    for (const event of others) file.add(restamped(event, stamp))
  }
}

function addLarge(file: LogWriter, sample: Sample, stamp: number, number: number): void {
  const gtid = restamped(sample.gtid, stamp)
  const others = sample.others.map((event) => restamped(event, stamp))
  const mapAt = others.findIndex((event) => typeOf(event) === EventType.TABLE_MAP)
  const [map, xid] = [others[mapAt], others.at(-1)]
  if (map === undefined || xid === undefined) throw new Error('the log does not begin with a row event')
  const rows = manyRows(others)
  const before = others.slice(0, mapAt)
  const pairs = Math.ceil(BYTES / (map.length + rows.length))
  const inside = [...before, xid].reduce((sum, event) => sum + event.length, pairs * (map.length + rows.length))
  file.add(numbered(gtid, number, numbered(gtid, 0, inside).length + inside))
  for (const event of before) file.add(event)
  for (let i = 0; i < pairs; i++) {
    file.add(map)
    file.add(rows)
  }
  file.add(xid)
}

/** The WRITE_ROWS event, with its rows over and over. */
function manyRows(events: readonly Buffer[]): Buffer {
  const event = events.find((one) => typeOf(one) === EventType.WRITE_ROWS || typeOf(one) === EventType.WRITE_ROWS_V1)
  if (event === undefined) throw new Error('the log does not begin with a WRITE_ROWS event')
  // Table id and flags; in version 2 what more there is, by its length; the number of columns and a bit for each.
  let at = 19 + 8
  if (typeOf(event) === EventType.WRITE_ROWS) at += event.readUInt16LE(at)
  at += 1 + Math.ceil((event[at] ?? 0) / 8)
  const image = event.subarray(at, -4)
  const images = Array.from({ length: Math.floor(ROWS_BYTES / image.length) }, () => image)
  return eventOf(event[4] ?? 0, Buffer.concat([event.subarray(19, at), ...images]), event)
}

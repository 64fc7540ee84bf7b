/** What must hold for the bytes of any file, however it was made. Each check throws an error that says what does not hold. */
import type { FileEndingKind } from '../src/core/scan/ending.ts'
import { GtidPosition, GtidSet } from '../src/core/binlog/gtidSet.ts'
import { EventType } from '../src/core/binlog/layout.ts'
import type { Transaction } from '../src/core/transaction.ts'
import { AT_TYPE, frame } from './frame.ts'
import { tell } from './grammar.ts'
import type { ScanOptions } from '../src/core/scan/scan.ts'
import type { Reading } from './readings.ts'
import { readForIndex, readFrom, readInDetail } from './readings.ts'

const all = { checksums: 'all' } as const
const structure = { checksums: 'structure' } as const

/**
 * `cuts`: sizes of the pieces in which the file comes. `choice` picks the byte where it is cut off, the boundary where a run goes on, and
 * which way of reading it is compared with which other one.
 */
export function checkFile(bytes: Buffer, cuts: readonly number[], choice: number): void {
  const found = readForIndex(bytes, structure)
  const verified = readForIndex(bytes, all)
  equal(
    'with checksums verified, transactions are',
    verified.transactions,
    found.transactions.slice(0, verified.transactions.length),
  )
  const isOdd = choice % 2 === 1
  equal('in pieces, the file is', readForIndex(bytes, isOdd ? structure : all, cuts), isOdd ? found : verified)
  checkDetails(bytes, isOdd ? all : structure, isOdd ? verified : found)
  checkOrder(bytes, found)
  checkOrder(bytes, verified)
  if ((choice & 2) === 0) checkCut(bytes, found, choice >> 2)
  else checkGoingOn(bytes, verified, choice >> 2)
}

/** Reading in full says the same, and it is what the naive grammar says. */
function checkDetails(bytes: Buffer, options: ScanOptions, found: Reading): void {
  const { reading, checksumLength, previousGtids, details, unfinished } = readInDetail(bytes, options)
  equal('with bodies, the file is', reading, found)
  const boundaries = found.transactions.map(({ start, end }) => [start, end] as const)
  equal(
    'in full, transactions are',
    details.map(({ start, end }) => [start, end]),
    boundaries,
  )
  // Values that JSON cannot hold would be an exception, or null, on the way out.
  const printed = JSON.stringify([details, unfinished])
  if (/:-\d/.test(printed)) throw new Error(`a number is negative: ${printed}`)
  const told = tell(bytes, found.ending.readEnd, checksumLength)
  equal('boundaries are', boundaries, told.transactions)
  equal('unfinished transactions are', found.abandoned, told.unfinished)
  checkExecuted(bytes, found, previousGtids, details)
  const isClosed = found.ending.kind === 'rotate' || found.ending.kind === 'stop'
  equal('the coverage is', found.ending.coveredEnd, isClosed ? told.closed : told.covered)
}

/** What was executed is what the head says and the transactions that are whole, and no other. */
function checkExecuted(bytes: Buffer, found: Reading, previousGtids: string | null, details: readonly Transaction[]): void {
  if (previousGtids === null || found.executed === null) return
  const { starts } = frame(bytes)
  const heads = starts.filter((at) => at < found.ending.readEnd && saysWhatWasExecuted.has(bytes[at + AT_TYPE] ?? 0))
  // In the middle of a file it would be a second beginning.
  if (heads.length !== 1 || (heads[0] ?? 0) > (found.transactions[0]?.start ?? 0)) return
  const set = GtidSet.parse(previousGtids)
  const position = GtidPosition.parse(previousGtids)
  for (const { gtid } of details) {
    const mysql = /^(.*):(\d+)$/.exec(gtid ?? '')
    const mariaDb = /^(\d+)-(\d+)-(\d+)$/.exec(gtid ?? '')
    if (mysql !== null) set?.add(mysql[1] ?? '', Number(mysql[2]))
    if (mariaDb !== null) position?.set(Number(mariaDb[1]), Number(mariaDb[2]), Number(mariaDb[3]))
  }
  const isMariaDb = bytes[(heads[0] ?? 0) + AT_TYPE] === EventType.GTID_LIST
  const known = isMariaDb ? position : set
  // A head that no server writes may hold what cannot be read again from its text.
  if (known !== null) equal('executed is', found.executed, known.toString())
}

const saysWhatWasExecuted = new Set<number>([EventType.PREVIOUS_GTIDS, EventType.GTID_LIST])

/** Endings that need no explanation. */
const plain = new Set<FileEndingKind>(['rotate', 'stop', 'end', 'empty'])

function checkOrder(bytes: Buffer, { transactions, ending }: Reading): void {
  const { starts, end } = frame(bytes)
  let last = 4
  for (const t of transactions) {
    if (t.start < last || t.end <= t.start) throw new Error(`the transaction at ${t.start} to ${t.end} follows ${last}`)
    last = t.end
  }
  const { kind, readEnd, coveredEnd, detail } = ending
  if (coveredEnd < last || readEnd < coveredEnd) throw new Error(`covered to ${coveredEnd}, read to ${readEnd}, after ${last}`)
  if (readEnd !== 4 && readEnd !== end && !starts.includes(readEnd)) throw new Error(`no event starts at ${readEnd}`)
  if ((detail === '') !== plain.has(kind)) throw new Error(`the ending ${kind} is explained by '${detail}'`)
  if (kind === 'end' && (coveredEnd !== bytes.length || readEnd !== bytes.length)) throw new Error(`ends well at ${coveredEnd}`)
}

/** A file that ends anywhere has the transactions that are whole, and no other. */
function checkCut(bytes: Buffer, whole: Reading, choice: number): void {
  const size = 4 + (choice % Math.max(1, bytes.length - 3))
  const { transactions, ending } = readForIndex(bytes.subarray(0, size), structure)
  equal(
    `of the first ${size} bytes, transactions are`,
    transactions,
    whole.transactions.filter((t) => t.end <= size),
  )
  if (size < whole.ending.readEnd && ending.kind === 'end' && ending.coveredEnd !== size) throw new Error('a cut was not seen')
}

/** Reading that goes on at a boundary finds what one run finds. */
function checkGoingOn(bytes: Buffer, whole: Reading, choice: number): void {
  const i = choice % Math.max(1, whole.transactions.length)
  const start = whole.transactions[i]?.start
  if (start === undefined) return
  const { executed: _unused, ...rest } = whole
  equal(`from ${start} on, the file is`, readFrom(bytes, start, all), {
    ...rest,
    transactions: rest.transactions.slice(i),
    abandoned: rest.abandoned.filter((at) => at >= start),
  })
}

/** `changed` differs from `original`, where every checksum holds, in bytes but not in length: nothing behind the first one of them counts. */
export function checkChecksums(original: Buffer, changed: Buffer): void {
  const at = original.findIndex((byte, i) => byte !== changed[i])
  const before = readForIndex(original, all)
  const after = readForIndex(changed, all)
  equal(
    `with a byte changed at ${at}, transactions are`,
    after.transactions,
    before.transactions.filter(({ end }) => end <= at),
  )
  if (after.ending.readEnd > at) throw new Error(`the change at ${at} was not seen: read to ${after.ending.readEnd}`)
}

export function equal(what: string, actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== b) throw new Error(`${what}\n  ${a}\nand not\n  ${b}`)
}

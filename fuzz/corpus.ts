/**
 * What inputs are made from: the fixtures, the binlogs of ../shared where that folder is present, and logs made by hand. Real files are
 * taken apart: their heads, a few transactions behind one, and single events, each shape once. Read once, held in memory.
 */
import { readFileSync } from 'node:fs'
import { EventType } from '../src/core/binlog/layout.ts'
import { fixtureLogs, sharedLogs } from '../test/secondOpinion/files.ts'
import { beginLog } from '../test/support/bytes.ts'
import { AT_FLAGS, AT_TYPE, checksumLengthOf, frame, HEADER, mendChecksums, mendPositions } from './frame.ts'
import { tell } from './grammar.ts'
import { madeGroups } from './made.ts'

/** An event without its size, place and checksum. */
export interface Piece {
  readonly type: number
  readonly body: Buffer
  readonly stamp: number
  readonly serverId: number
  readonly flags: number
  /** It says where it ends. */
  readonly isPlaced: boolean
}

export interface Corpus {
  /** Small whole files. */
  readonly files: readonly Buffer[]
  /** Beginnings of files: magic, FORMAT_DESCRIPTION, and what stands before the first transaction. */
  readonly heads: readonly Buffer[]
  /** Whole transactions. */
  readonly groups: readonly (readonly Piece[])[]
  readonly pieces: readonly Piece[]
}

/** Bytes of a file in the corpus, about. */
const FILE_BYTES = 1500
/** Of files that are looked at, and of single transactions: what is larger makes the fuzzing slow. */
const LONGEST_READ = 400_000
const LONGEST_GROUP = 3000

export const versions = [
  '5.0.96-log',
  '5.1.73-log',
  '5.5.62-log',
  '5.6.51-log',
  '5.7.44-log',
  '8.0.46',
  '9.7.4',
  '10.0.38-MariaDB-log',
  '10.11.19-MariaDB-log',
  '11.8.6-MariaDB-log',
] as const

export function readCorpus(): Corpus {
  const files = new Map<string, Buffer>()
  const heads = new Map<string, Buffer>()
  const groups = new Map<string, readonly Piece[]>()
  const pieces = new Map<string, Piece>()
  for (const version of versions) {
    for (const checksums of /^5\.[0-5]\./.test(version) ? [false] : [true, false]) {
      const head = beginLog({ version, checksums, created: 1, inUse: !checksums }).bytes()
      heads.set(`${version} ${checksums}`, head)
    }
  }
  for (const [name, group] of madeGroups()) {
    groups.set(name, group)
    for (const piece of group) pieces.set(shapeOf(piece), piece)
  }
  for (const { path } of [...fixtureLogs, ...sharedLogs]) {
    const bytes = readFileSync(path).subarray(0, LONGEST_READ)
    const { starts } = frame(bytes)
    // As it is: whatever it is.
    files.set(`${path} as it is`, Buffer.from(bytes.subarray(0, FILE_BYTES)))
    if (bytes[4 + AT_TYPE] !== EventType.FORMAT_DESCRIPTION || starts.length < 2) continue
    takeApart(bytes)
  }
  return { files: [...files.values()], heads: [...heads.values()], groups: [...groups.values()], pieces: [...pieces.values()] }

  function takeApart(bytes: Buffer): void {
    const checksumLength = checksumLengthOf(bytes)
    const told = tellOrNot(bytes, checksumLength)
    const first = told[0]?.[0]
    if (first === undefined) return
    const head = Buffer.from(bytes.subarray(0, first))
    const version = head.toString('latin1', 4 + HEADER + 2, 4 + HEADER + 12)
    if (head.length < FILE_BYTES) heads.set(`${version} ${head.length} ${checksumLength}`, head)
    let parts: Buffer[] = [head]
    let length = 0
    let shape = version
    const finish = (): void => {
      const file = Buffer.concat(parts)
      mendPositions(file)
      mendChecksums(file)
      files.set(shape, file)
      parts = [head]
      length = 0
      shape = version
    }
    for (const [start, end] of told) {
      if (end - start > LONGEST_GROUP) continue
      const group = frame(Buffer.concat([Buffer.alloc(4), bytes.subarray(start, end)])).starts.map((at, i, all) =>
        pieceOf(bytes.subarray(start + at - 4, start + (all[i + 1] ?? end - start + 4) - 4), checksumLength),
      )
      groups.set(group.map(shapeOf).join(' '), group)
      for (const piece of group) pieces.set(shapeOf(piece), piece)
      parts.push(bytes.subarray(start, end))
      length += end - start
      shape += ` ${group.map(({ type }) => type).join(' ')}`
      if (length > FILE_BYTES - head.length) finish()
    }
    if (length > 0) finish()
  }
}

/** A log that holds what no reader accepts (encrypted, relayed) is only taken as it is. */
function tellOrNot(bytes: Buffer, checksumLength: number): readonly (readonly [number, number])[] {
  try {
    return tell(bytes, bytes.length, checksumLength).transactions
  } catch {
    return []
  }
}

function pieceOf(event: Buffer, checksumLength: number): Piece {
  return {
    stamp: event.readUInt32LE(0),
    type: event[AT_TYPE] ?? 0,
    serverId: event.readUInt32LE(5),
    flags: event.readUInt16LE(AT_FLAGS),
    isPlaced: event.readUInt32LE(13) !== 0,
    body: Buffer.from(event.subarray(HEADER, event.length - checksumLength)),
  }
}

/** Events of one type and nearly one size are much alike. */
function shapeOf({ type, body, flags }: Piece): string {
  return `${type}/${body.length >> 3}/${flags}`
}

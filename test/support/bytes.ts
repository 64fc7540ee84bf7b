/**
 * Binlogs made by hand, byte by byte to the documented layout (mysql-server libs/mysql/binlog/event, MariaDB sql/log_event.h): for what no
 * server here writes, and for what none should. Shares no code with the decoder but the numbers of the event types.
 */
import { deflateSync, crc32 } from 'node:zlib'
import { EventType } from '../../src/core/binlog/layout.ts'

export interface LogOptions {
  /** `5.7.44-log` unless given; decides whether the FORMAT_DESCRIPTION names a checksum algorithm. */
  readonly version?: string
  readonly checksums?: boolean
  readonly serverId?: number
  readonly stamp?: number
  /** Non-zero: the first file after a start of the server. */
  readonly created?: number
  readonly inUse?: boolean
}

export interface Header {
  readonly stamp: number
  readonly serverId: number
  readonly flags: number
  /** MariaDB >= 11.4 writes 0 inside transactions. */
  readonly endLogPos: number
}

export interface LogInMaking {
  /** Where the next event will start. */
  readonly position: number
  /** Appends an event and returns where it starts. */
  add(type: number, body: Buffer, header?: Partial<Header>): number
  /** What follows is at `position`: as in a file with other events between. */
  skipTo(position: number): void
  /** The whole file, magic first; without what was skipped. */
  bytes(): Buffer
}

export const STAMP = 1_700_000_000
const MAGIC = Buffer.from('fe62696e', 'hex')

export function beginLog(options: LogOptions = {}): LogInMaking {
  const { version = '5.7.44-log', checksums = true, serverId = 1, stamp = STAMP, created = 0, inUse = false } = options
  const parts: Buffer[] = [MAGIC]
  let position = MAGIC.length
  const log: LogInMaking = {
    get position() {
      return position
    },
    add(type, body, header = {}) {
      const start = position
      const isFormat = type === EventType.FORMAT_DESCRIPTION
      const checksumLength = checksums || (isFormat && namesAlgorithm(version)) ? 4 : 0
      const event = Buffer.alloc(19 + body.length + checksumLength)
      event.writeUInt32LE(header.stamp ?? stamp, 0)
      event.writeUInt8(type, 4)
      event.writeUInt32LE(header.serverId ?? serverId, 5)
      event.writeUInt32LE(event.length, 9)
      event.writeUInt32LE((header.endLogPos ?? start + event.length) % 2 ** 32, 13)
      event.writeUInt16LE(header.flags ?? 0, 17)
      body.copy(event, 19)
      if (checksumLength > 0) event.writeUInt32LE(crc32(event.subarray(0, -4)), event.length - 4)
      parts.push(event)
      position += event.length
      return start
    },
    skipTo(next) {
      position = next
    },
    bytes: () => Buffer.concat(parts),
  }
  log.add(EventType.FORMAT_DESCRIPTION, formatDescription(version, checksums, created))
  if (inUse) parts[1]?.writeUInt16LE(1, 17) // as a server sets it: the checksum is that of the event without the flag
  return log
}

/** MySQL >= 5.6.1 and MariaDB >= 5.3.0. */
function namesAlgorithm(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return version.includes('MariaDB') || major > 5 || (major === 5 && minor >= 6)
}

function formatDescription(version: string, checksums: boolean, created: number): Buffer {
  const fixed = Buffer.alloc(57)
  fixed.writeUInt16LE(4, 0)
  fixed.write(version, 2, 'latin1')
  fixed.writeUInt32LE(created, 52)
  fixed.writeUInt8(19, 56)
  const lengths = Buffer.alloc(version.includes('MariaDB') ? 171 : namesAlgorithm(version) ? 42 : 27)
  for (const [type, length] of postHeaders) if (type <= lengths.length) lengths.writeUInt8(length, type - 1)
  return Buffer.concat([fixed, lengths, namesAlgorithm(version) ? Buffer.of(checksums ? 1 : 0) : Buffer.alloc(0)])
}

const postHeaders: readonly (readonly [number, number])[] = [
  [EventType.QUERY, 13],
  [EventType.ROTATE, 8],
  [EventType.TABLE_MAP, 8],
  [EventType.WRITE_ROWS_V1, 8],
  [EventType.WRITE_ROWS, 10],
  [EventType.UPDATE_ROWS, 10],
  [EventType.DELETE_ROWS, 10],
  [EventType.GTID, 42],
  [EventType.ANONYMOUS_GTID, 42],
  [EventType.MARIADB_GTID, 19],
  [EventType.GTID_LIST, 4],
]

/** Bodies of events, without header and checksum. */
export const body = {
  query(text: string, of: { thread?: number; execTime?: number; schema?: string } = {}): Buffer {
    const schema = Buffer.from(of.schema ?? '')
    const fixed = Buffer.alloc(13)
    fixed.writeUInt32LE(of.thread ?? 7, 0)
    fixed.writeUInt32LE(of.execTime ?? 0, 4)
    fixed.writeUInt8(schema.length, 8)
    return Buffer.concat([fixed, schema, Buffer.of(0), Buffer.from(text)])
  },
  /** MariaDB's QUERY_COMPRESSED: only the text is compressed. */
  compressedQuery(text: string): Buffer {
    const plain = body.query('')
    const original = Buffer.from(text)
    return Buffer.concat([plain, Buffer.of(0x82, original.length >> 8, original.length & 0xff), deflateSync(original)])
  },
  xid(number: number = 1): Buffer {
    return u64(number)
  },
  xaPrepare(isOnePhase: boolean): Buffer {
    const fixed = Buffer.alloc(13)
    fixed.writeUInt8(isOnePhase ? 1 : 0, 0)
    fixed.writeUInt32LE(1, 1)
    fixed.writeUInt32LE(1, 5)
    return Buffer.concat([fixed, Buffer.from('x')])
  },
  /** MySQL 5.7's form; with `commitUs` that of 8.0.1 and later. */
  gtid(uuid: string, number: number, commitUs?: number): Buffer {
    const sid = Buffer.from(uuid.replaceAll('-', ''), 'hex')
    const logical = Buffer.alloc(17)
    logical.writeUInt8(2, 0)
    return Buffer.concat([Buffer.of(1), sid, u64(number), logical, commitUs === undefined ? Buffer.alloc(0) : exact(commitUs)])
  },
  /** A set of one UUID's first `last` transactions. */
  previousGtids(uuid: string, last: number): Buffer {
    return Buffer.concat([u64(1), Buffer.from(uuid.replaceAll('-', ''), 'hex'), u64(1), u64(1), u64(last + 1)])
  },
  mariaDbGtid(sequence: number, of: { domain?: number; flags?: number; more?: Buffer; size?: number } = {}): Buffer {
    const fixed = Buffer.alloc(13)
    fixed.writeBigUInt64LE(BigInt(sequence), 0)
    fixed.writeUInt32LE(of.domain ?? 0, 8)
    fixed.writeUInt8(of.flags ?? 0, 12)
    const whole = Buffer.concat([fixed, of.more ?? Buffer.alloc(0)])
    return Buffer.concat([whole, Buffer.alloc(Math.max(0, (of.size ?? 19) - whole.length))])
  },
  tableMap(schema: string, table: string): Buffer {
    const id = Buffer.alloc(8)
    id.writeUInt8(99, 0)
    const name = (text: string): Buffer => Buffer.concat([Buffer.of(text.length), Buffer.from(text), Buffer.of(0)])
    return Buffer.concat([id, name(schema), name(table), Buffer.of(1, 3, 0, 1)])
  },
  /** WRITE_ROWS (version 2) of one row of one INT. */
  writeRows(value: number, endsStatement: boolean = true): Buffer {
    const fixed = Buffer.alloc(10)
    fixed.writeUInt8(99, 0)
    fixed.writeUInt16LE(endsStatement ? 1 : 0, 6)
    fixed.writeUInt16LE(2, 8)
    const row = Buffer.alloc(4)
    row.writeInt32LE(value)
    return Buffer.concat([fixed, Buffer.of(1, 1, 0), row])
  },
  userVariable(name: string): Buffer {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(name.length)
    return Buffer.concat([length, Buffer.from(name), Buffer.of(1)])
  },
  rotate(next: string): Buffer {
    return Buffer.concat([u64(4), Buffer.from(next)])
  },
  stop(): Buffer {
    return Buffer.alloc(0)
  },
} as const

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

/** Commit stamp of seven bytes, transaction length, server version. */
function exact(commitUs: number): Buffer {
  const stamp = u64(commitUs).subarray(0, 7)
  const version = Buffer.alloc(4)
  version.writeUInt32LE(80_400)
  return Buffer.concat([stamp, Buffer.of(0), version])
}

/** A MySQL 5.6 transaction: BEGIN, TABLE_MAP, rows, XID. Returns where it starts and ends. */
export function addRows(log: LogInMaking, value: number, header: Partial<Header> = {}): { start: number; end: number } {
  const start = log.add(EventType.QUERY, body.query('BEGIN'), header)
  log.add(EventType.TABLE_MAP, body.tableMap('d', 't'), header)
  log.add(EventType.WRITE_ROWS, body.writeRows(value), header)
  log.add(EventType.XID, body.xid(value), header)
  return { start, end: log.position }
}

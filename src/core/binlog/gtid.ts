/**
 * The GTID events of MySQL: GTID and ANONYMOUS_GTID (fixed fields that grew with the versions) and GTID_TAGGED (a
 * self-describing message, since 8.3). Stamps exist since 8.0.1; transaction_length since 8.0.2.
 */
import { lengthEncoded, u56, u64, uuid, viewOf } from './bytes.ts'
import { isTag } from './gtidSet.ts'
import { AT_TYPE, EventType, HEADER_LENGTH } from './layout.ts'

export interface MysqlGtid {
  readonly kind: 'anonymous' | 'gtid'
  /** `uuid:gno` or `uuid:tag:gno`; null when anonymous. */
  readonly gtid: string | null
  readonly uuid: string
  readonly tag: string
  readonly gno: number
  /** Exact commit time on the server whose log this is, and on the origin (Unix microseconds; 0: not known). */
  readonly immediateCommitUs: number
  readonly originalCommitUs: number
  /** Bytes of the whole transaction in the file, this event included; 0: not written. */
  readonly transactionLength: number
}

const AT_SID = HEADER_LENGTH + 1
const AT_GNO = HEADER_LENGTH + 17
const AT_LOGICAL_TYPE = HEADER_LENGTH + 25
const AT_IMMEDIATE = HEADER_LENGTH + 42

export const AT_MYSQL_SID: number = AT_SID
export const AT_MYSQL_GNO: number = AT_GNO
/** Length of what every GTID and ANONYMOUS_GTID event has: up to gno. */
export const MYSQL_GTID_LENGTH: number = AT_GNO + 8

/** Exact commit stamp in microseconds of a GTID or ANONYMOUS_GTID event that ends (without CRC) at `end`; 0 when it has none. */
export function immediateCommitUs(view: DataView, from: number, end: number): number {
  if (from + AT_IMMEDIATE + 7 > end || view.getUint8(from + AT_LOGICAL_TYPE) !== 2) return 0
  const at = from + AT_IMMEDIATE
  // Seven bytes, the topmost bit of which says that the origin's stamp follows: the last four of them less their low byte.
  return view.getUint32(at, true) + ((view.getUint32(at + 3, true) >>> 8) & 0x7f_ffff) * 0x1_0000_0000
}

/** Decodes the event bytes[from, end), `end` without CRC. Null: not of a known form. */
export function decodeMysqlGtid(bytes: Buffer, from: number, end: number): MysqlGtid | null {
  const type = bytes[from + AT_TYPE]
  if (type === EventType.GTID_TAGGED) return decodeTagged(bytes, from + HEADER_LENGTH, end)
  if (from + AT_LOGICAL_TYPE > end) return null
  const immediate = immediateCommitUs(viewOf(bytes), from, end)
  let at = from + AT_IMMEDIATE + 7
  let original = immediate
  let transactionLength = 0
  if (immediate !== 0 || (at <= end && bytes[from + AT_LOGICAL_TYPE] === 2)) {
    if (((bytes[at - 1] ?? 0) & 0x80) !== 0) {
      original = u56(bytes, at)
      at += 7
    }
    if (at < end) transactionLength = lengthEncoded(bytes, at).value
  }
  const sid = uuid(bytes, from + AT_SID)
  const gno = u64(bytes, from + AT_GNO)
  const anonymous = type === EventType.ANONYMOUS_GTID
  return {
    kind: anonymous ? 'anonymous' : 'gtid',
    gtid: anonymous ? null : `${sid}:${gno}`,
    uuid: sid,
    tag: '',
    gno,
    immediateCommitUs: immediate,
    originalCommitUs: original,
    transactionLength,
  }
}

/** Field numbers of the tagged event (control_events.h, Gtid_event::define_fields). */
const Field = { UUID: 1, GNO: 2, TAG: 3, IMMEDIATE: 6, ORIGINAL: 7, LENGTH: 8 } as const
const signedFields = new Set<number>([Field.GNO, 4, 5])

function decodeTagged(bytes: Buffer, from: number, end: number): MysqlGtid | null {
  let at = from
  const next = (): number => {
    const first = bytes[at] ?? 0
    const extra = trailingOnes(first)
    let value = 0n
    if (extra >= 8) {
      for (let i = 8; i >= 1; i--) value = (value << 8n) | BigInt(bytes[at + i] ?? 0)
      at += 9
      return Number(value)
    }
    for (let i = extra; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] ?? 0)
    at += extra + 1
    return Number(value >> BigInt(extra + 1))
  }
  if (next() > 1) return null // serialization version: an unsigned varint, 1 in the servers that were seen
  const messageEnd = Math.min(end, from + next())
  next() // last field that may not be ignored
  const numbers = new Map<number, number>()
  const sid = Buffer.alloc(16)
  let tag = ''
  while (at < messageEnd) {
    const field = next()
    if (field === Field.UUID) {
      for (let i = 0; i < 16; i++) sid[i] = next()
    } else if (field === Field.TAG) {
      const length = next()
      tag = bytes.toString('latin1', at, at + length)
      at += length
    } else {
      const raw = next()
      numbers.set(field, signedFields.has(field) ? (raw % 2 === 1 ? -((raw + 1) / 2) : raw / 2) : raw)
    }
  }
  const gno = numbers.get(Field.GNO)
  if (gno === undefined || gno < 1 || (tag !== '' && !isTag(tag)) || at > end) return null
  const immediate = numbers.get(Field.IMMEDIATE) ?? 0
  const id = uuid(sid, 0)
  return {
    kind: 'gtid',
    gtid: `${id}:${tag === '' ? '' : `${tag}:`}${gno}`,
    uuid: id,
    tag,
    gno,
    immediateCommitUs: immediate,
    originalCommitUs: numbers.get(Field.ORIGINAL) ?? immediate,
    transactionLength: numbers.get(Field.LENGTH) ?? 0,
  }
}

function trailingOnes(byte: number): number {
  let n = 0
  while (n < 8 && ((byte >> n) & 1) === 1) n++
  return n
}

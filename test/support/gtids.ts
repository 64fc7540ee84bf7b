/**
 * The bodies of events that carry GTIDs, made by hand to the documented layout (mysql-server libs/mysql/binlog/event/control_events.h,
 * gtids/gtid.h; MariaDB sql/log_event.h), tags included. Shares no code with the decoder.
 */

/** PREVIOUS_GTIDS of a set as text, `uuid:1-5:7:tag:1,...`; in the form with tags only where it has one, as a server does. */
export function previousGtids(set: string): Buffer {
  const entries = set === '' ? [] : set.split(',').flatMap(entriesOf)
  const isTagged = entries.some(({ tag }) => tag !== '')
  const count = u64(entries.length)
  return Buffer.concat([
    isTagged ? Buffer.concat([Buffer.of(1), count.subarray(0, 6), Buffer.of(1)]) : count,
    ...entries.map(({ uuid, tag, intervals }) =>
      Buffer.concat([
        uuidBytes(uuid),
        isTagged ? Buffer.concat([Buffer.of(tag.length << 1), Buffer.from(tag)]) : Buffer.alloc(0),
        u64(intervals.length),
        ...intervals.map(([first, last]) => Buffer.concat([u64(first), u64(last + 1)])),
      ]),
    ),
  ])
}

interface Entry {
  readonly uuid: string
  readonly tag: string
  readonly intervals: (readonly [first: number, last: number])[]
}

function entriesOf(text: string): Entry[] {
  const [uuid = '', ...parts] = text.split(':')
  const entries: Entry[] = []
  let entry: Entry | null = null
  for (const part of parts) {
    const [first = 0, last = first] = part.split('-').map(Number)
    if (Number.isNaN(first)) entry = null
    if (entry === null) entries.push((entry = { uuid, tag: Number.isNaN(first) ? part : '', intervals: [] }))
    if (!Number.isNaN(first)) entry.intervals.push([first, last])
  }
  return entries
}

/** GTID_TAGGED: fields by number, each a varint; 0 flags, 1 UUID (16 of them), 2 number, 3 tag. */
export function taggedGtid(uuid: string, tag: string, number: number): Buffer {
  const fields = Buffer.concat([
    Buffer.concat([varint(0), varint(1)]),
    Buffer.concat([varint(1), ...[...uuidBytes(uuid)].map(varint)]),
    Buffer.concat([varint(2), varint(number * 2)]),
    Buffer.concat([varint(3), varint(tag.length), Buffer.from(tag)]),
  ])
  // Version, size of the whole, last field that may not be ignored: a byte each.
  const size = 3 + fields.length
  if (size > 127) throw new Error(`a message of ${size} bytes has a longer head`)
  return Buffer.concat([varint(1), varint(size), varint(4), fields])
}

function varint(value: number): Buffer {
  let extra = 0
  while (value >= 2 ** (7 * (extra + 1))) extra++
  const bytes = Buffer.alloc(extra + 1)
  let rest = BigInt(value) * 2n ** BigInt(extra + 1) + (2n ** BigInt(extra) - 1n)
  for (let i = 0; i <= extra; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return bytes
}

export interface ListEntry {
  readonly domain: number
  readonly serverId: number
  readonly sequence: number
}

export function gtidList(entries: readonly ListEntry[]): Buffer {
  const count = Buffer.alloc(4)
  count.writeUInt32LE(entries.length)
  return Buffer.concat([
    count,
    ...entries.map(({ domain, serverId, sequence }) => {
      const ids = Buffer.alloc(8)
      ids.writeUInt32LE(domain, 0)
      ids.writeUInt32LE(serverId, 4)
      return Buffer.concat([ids, u64(sequence)])
    }),
  ])
}

function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

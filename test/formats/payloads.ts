/** Events without checksums, as they stand in a TRANSACTION_PAYLOAD, and its body around them. */
import { EventType } from '../../src/core/binlog/layout.ts'
import { body } from '../support/bytes.ts'

export function eventOf(type: number, bytes: Buffer): Buffer {
  const event = Buffer.alloc(19 + bytes.length)
  event.writeUInt8(type, 4)
  event.writeUInt32LE(event.length, 9)
  bytes.copy(event, 19)
  return event
}

/** `size`: what it says the payload expands to; nothing unless given. */
export function payloadOf(bytes: Buffer, says: { size?: number; payloadSize?: number; algorithm?: number } = {}): Buffer {
  const { size, payloadSize = bytes.length, algorithm = 0 } = says
  return Buffer.concat([
    field(2, algorithm),
    ...(size === undefined ? [] : [field(3, size)]),
    field(1, payloadSize),
    Buffer.of(0),
    bytes,
  ])
}

function field(type: number, value: number): Buffer {
  const number = Buffer.alloc(9)
  number[0] = 0xfe
  number.writeBigUInt64LE(BigInt(value), 1)
  const short = value < 251 ? Buffer.of(value) : number
  return Buffer.concat([Buffer.of(type, short.length), short])
}

/** BEGIN, TABLE_MAP, a rows event for each value, XID. */
export function rowsTransaction(values: readonly number[]): Buffer {
  return Buffer.concat([
    eventOf(EventType.QUERY, body.query('BEGIN')),
    eventOf(EventType.TABLE_MAP, body.tableMap('d', 't')),
    ...values.map((value, i) => eventOf(EventType.WRITE_ROWS, body.writeRows(value, i === values.length - 1))),
    eventOf(EventType.XID, body.xid()),
  ])
}

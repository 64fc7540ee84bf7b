/**
 * Inputs as a server sends them: the events of a made file as packets, from its head or from a boundary in it, at any position up to far
 * beyond 4 GiB, with what servers put in between and leave out. Some streams are hostile: packets changed, lost, doubled or out of order.
 */
import * as fc from 'fast-check'
import { crc32 } from 'node:zlib'
import { EventType } from '../src/core/binlog/layout.ts'
import type { ScannedTransaction } from '../src/core/scan/grammar.ts'
import type { ScannedFile } from '../src/core/scan/scan.ts'
import { createScan } from '../src/core/scan/scan.ts'
import { createWire } from '../src/source/wire.ts'
import { edge, place } from './bytes.ts'
import type { Corpus } from './corpus.ts'
import { AT_FLAGS, AT_POSITION, AT_SIZE, AT_TYPE, checksumLengthOf, frame, HEADER } from './frame.ts'
import { equal } from './properties.ts'
import { readFrom } from './readings.ts'
import type { MadeFile } from './structure.ts'
import { madeFile, makeFile } from './structure.ts'

interface Between {
  readonly kind: 'heartbeat' | 'heartbeat of version 2' | 'the name again' | 'an artificial event'
  /** Before this packet. */
  readonly before: number
}

interface Fault {
  readonly kind: 'lose' | 'double' | 'move' | 'byte' | 'word' | 'size' | 'position' | 'shorten'
  readonly packet: number
  readonly at: number
  readonly value: number
}

export interface Stream {
  readonly made: MadeFile
  /** Picks the boundary where it begins; of a file without one, the head. */
  readonly from: number
  /** Added to the positions of everything behind the head, where the stream begins at a boundary. */
  readonly shift: number
  /** The server is asked from the head on all the same. */
  readonly isWhole: boolean
  readonly between: readonly Between[]
  /** None: as a server sends it. */
  readonly faults: readonly Fault[]
}

const FILE = 'mysql-bin.000001'
const ARTIFICIAL = 0x20
const CREATED = HEADER + 52

export const stream: fc.Arbitrary<Stream> = fc.record({
  made: madeFile,
  from: place,
  shift: fc.oneof(
    fc.constant(0),
    fc.nat(0xffff_ffff),
    fc.maxSafeNat().map((n) => n % 2 ** 42),
  ),
  isWhole: fc.boolean(),
  between: fc.array(
    fc.record({
      kind: fc.constantFrom(...(['heartbeat', 'heartbeat of version 2', 'the name again', 'an artificial event'] as const)),
      before: fc.nat(20),
    }),
    { maxLength: 4 },
  ),
  faults: fc.oneof(
    fc.constant([]),
    fc.array(
      fc.record({
        kind: fc.constantFrom(...(['lose', 'double', 'move', 'byte', 'word', 'size', 'position', 'shorten'] as const)),
        packet: place,
        at: place,
        value: edge,
      }),
      { maxLength: 3 },
    ),
  ),
})

export function checkStream(corpus: Corpus, input: Stream): void {
  const file = makeFile(corpus, input.made)
  const boundaries = readFrom(file, 4 + file.readUInt32LE(4 + AT_SIZE), { decrypted: true }).transactions.map(
    ({ start }) => start,
  )
  const start = boundaries[input.from % Math.max(1, boundaries.length)] ?? 4
  const shift = input.isWhole || start === 4 ? 0 : input.shift
  const packets = packetsOf(file, input.isWhole ? 4 : start, shift)
  putBetween(packets, input.between, start + shift)
  for (const fault of input.faults) spoil(packets, fault)
  const seen = receive(packets, start + shift)
  checkOrder(seen)
  if (input.faults.length > 0 || !isAsServersWrite(file)) return
  const expected = readFrom(file, start === 4 ? 4 + file.readUInt32LE(4 + AT_SIZE) : start, { decrypted: true })
  equal(
    'from a server, transactions are',
    seen.map((t) => [t.start, t.end, t.serverId, t.maxStampSeconds, t.marks, t.events]),
    expected.transactions.map((t) => [t.start + shift, t.end + shift, t.serverId, t.maxStampSeconds, t.marks, t.events]),
  )
}

function packetsOf(file: Buffer, start: number, shift: number): Buffer[] {
  const checksumLength = checksumLengthOf(file)
  const { starts, end } = frame(file)
  const packets = [fakeRotate(start + shift)]
  for (const [i, at] of starts.entries()) {
    if (i > 0 && at < start) continue
    const event = Buffer.from(file.subarray(at, starts[i + 1] ?? end))
    const position = event.readUInt32LE(AT_POSITION)
    if (i === 0 && start > 4) {
      event.writeUInt32LE(0, AT_POSITION)
      event.writeUInt32LE(0, CREATED)
    } else if (position !== 0) event.writeUInt32LE((position + shift) % 2 ** 32, AT_POSITION)
    if (event.length >= HEADER + checksumLength) writeChecksum(event, checksumLength)
    packets.push(event)
  }
  return packets
}

function writeChecksum(event: Buffer, checksumLength: number): void {
  if (checksumLength > 0) event.writeUInt32LE(crc32(event.subarray(0, -4)), event.length - 4)
}

function made(type: number, position: number, flags: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER)
  header.writeUInt8(type, AT_TYPE)
  header.writeUInt32LE(HEADER + body.length, AT_SIZE)
  header.writeUInt32LE(position % 2 ** 32, AT_POSITION)
  header.writeUInt16LE(flags, AT_FLAGS)
  return Buffer.concat([header, body])
}

function fakeRotate(position: number): Buffer {
  const at = Buffer.alloc(8)
  at.writeBigUInt64LE(BigInt(position))
  return made(EventType.ROTATE, 0, ARTIFICIAL, Buffer.concat([at, Buffer.from(FILE)]))
}

function putBetween(packets: Buffer[], between: readonly Between[], position: number): void {
  for (const { kind, before } of between) {
    // The file's name and FORMAT_DESCRIPTION come first.
    const at = Math.min(packets.length, 2 + before)
    if (kind === 'heartbeat') packets.splice(at, 0, made(EventType.HEARTBEAT, position, 0, Buffer.from(FILE)))
    else if (kind === 'heartbeat of version 2') packets.splice(at, 0, made(EventType.HEARTBEAT_V2, 0, 0, Buffer.of(0)))
    else if (kind === 'the name again') packets.splice(at, 0, fakeRotate(position))
    else packets.splice(at, 0, made(EventType.GTID_LIST, position, ARTIFICIAL, Buffer.alloc(4)))
  }
}

function spoil(packets: Buffer[], { kind, packet, at, value }: Fault): void {
  const i = packet % Math.max(1, packets.length)
  const bytes = packets[i]
  if (bytes === undefined || bytes.length < HEADER) return
  if (kind === 'lose') packets.splice(i, 1)
  else if (kind === 'double') packets.splice(i, 0, bytes)
  else if (kind === 'move') packets.splice(at % packets.length, 0, ...packets.splice(i, 1))
  else if (kind === 'byte') bytes[at % bytes.length] = value & 0xff
  else if (kind === 'word') bytes.writeUInt32LE(value, at % (bytes.length - 3))
  else if (kind === 'size') bytes.writeUInt32LE(value, AT_SIZE)
  else if (kind === 'position') bytes.writeUInt32LE(value, AT_POSITION)
  else packets[i] = bytes.subarray(0, at % (bytes.length + 1))
}

interface Seen extends ScannedTransaction {
  readonly of: ScannedFile
}

function receive(packets: readonly Buffer[], from: number): Seen[] {
  const seen: Seen[] = []
  const scan = createScan({ onTransaction: (t, of) => void seen.push({ ...t, of }) }, { decrypted: true })
  const wire = createWire(scan, { file: FILE, position: from }, undefined)
  for (const packet of packets) {
    // As mysql2 has it: somewhere in a larger buffer, behind a status byte.
    const whole = Buffer.concat([Buffer.of(0), packet])
    if (!wire.event(whole, 1, whole.length)) break
  }
  wire.end()
  return seen
}

function checkOrder(seen: readonly Seen[]): void {
  for (const [i, { of, start, end }] of seen.entries()) {
    const before = seen[i - 1]
    const least = before?.of === of ? before.end : 4
    if (start < least || end <= start || !Number.isSafeInteger(end))
      throw new Error(`the transaction at ${start} to ${end} follows ${least}`)
  }
}

/** Nothing in it that a server only sends, and every end of a file says where it stands. */
function isAsServersWrite(file: Buffer): boolean {
  return frame(file).starts.every((at, i, starts) => {
    const type = file[at + AT_TYPE] ?? 0
    const position = file.readUInt32LE(at + AT_POSITION)
    const isSent = type === EventType.HEARTBEAT || type === EventType.HEARTBEAT_V2
    return (
      !isSent &&
      (file.readUInt16LE(at + AT_FLAGS) & ARTIFICIAL) === 0 &&
      (position === (starts[i + 1] ?? file.length) || (position === 0 && type !== EventType.ROTATE && type !== EventType.STOP))
    )
  })
}

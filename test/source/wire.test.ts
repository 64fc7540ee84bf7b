/** Packets that no server sends, and a log that its server had damaged on disk: what was lost is a hole, never a coordinate. */
import { describe, expect, test } from 'vitest'
import { EventType } from '../../src/core/binlog/layout.ts'
import type { FileEnding } from '../../src/core/scan/ending.ts'
import { createScan } from '../../src/core/scan/scan.ts'
import { createWire } from '../../src/source/wire.ts'
import { addRows, beginLog, body } from '../support/bytes.ts'
import { walk } from '../secondOpinion/walk.ts'

const AT_SIZE = 9
const AT_END_LOG_POS = 13
const log = beginLog()
const transactions = [1, 2, 3].map((value) => addRows(log, value))
const file = log.bytes()
const { starts, end } = walk(file)
const packets = starts.map((at, i) => file.subarray(at, starts[i + 1] ?? end))
const [first, second] = transactions
/** The XID of the second transaction. */
const terminator = starts.indexOf(transactions[2]?.start ?? 0) - 1

interface Received {
  readonly boundaries: readonly { readonly start: number; readonly end: number }[]
  readonly endings: readonly FileEnding[]
}

function receive(change: (packet: Buffer) => Buffer): Received {
  const boundaries: { start: number; end: number }[] = []
  const endings: FileEnding[] = []
  const scan = createScan(
    { onTransaction: (t) => boundaries.push({ start: t.start, end: t.end }), onFileEnd: (ending) => endings.push(ending) },
    { decrypted: true },
  )
  const wire = createWire(scan, { file: 'mysql-bin.000001', position: 4 }, undefined)
  const rotate = beginLog({ checksums: false })
  const at = rotate.add(EventType.ROTATE, body.rotate('mysql-bin.000001'), { stamp: 0, flags: 0x20, endLogPos: 0 })
  const offer = (packet: Buffer): boolean => wire.event(packet, 0, packet.length)
  offer(rotate.bytes().subarray(at))
  packets.every((packet, i) => offer(i === terminator ? change(Buffer.from(packet)) : packet))
  wire.end()
  return { boundaries, endings }
}

test('an ordinary stream is read to its end', () => {
  expect(receive((packet) => packet)).toMatchObject({
    boundaries: transactions,
    endings: [{ kind: 'end', coveredEnd: file.length }],
  })
})

describe('an event', () => {
  test.each([
    ['whose size is another than that of its packet', (packet: Buffer) => withWord(packet, AT_SIZE, 1000)],
    ['that is cut short', (packet: Buffer) => packet.subarray(0, 20)],
    ['that is shorter than a header', (packet: Buffer) => packet.subarray(0, 10)],
  ])('%s is a hole', (_what, change) => {
    expect(receive(change)).toMatchObject({ boundaries: [first], endings: [{ kind: 'unreadable', coveredEnd: first?.end }] })
  })

  test.each([
    ['far ahead', 2_000_000],
    ['behind what came before it', 100],
  ])('that says that it ends %s, with a checksum that does not hold, ends the file', (_where, position) => {
    const { boundaries, endings } = receive((packet) => withWord(packet, AT_END_LOG_POS, position))
    expect(boundaries).toEqual([first])
    expect(endings).toMatchObject([{ kind: 'damaged', coveredEnd: second?.start }])
  })
})

function withWord(packet: Buffer, at: number, value: number): Buffer {
  packet.writeUInt32LE(value, at)
  return packet
}

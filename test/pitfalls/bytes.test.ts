/** Mistakes that need no server: on bytes made by hand to the documented layout, and on fixtures. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/app/index.ts'
import { at } from '../../src/app/at.ts'
import { EventType } from '../../src/core/binlog/layout.ts'
import { restartFindings } from '../../src/core/plan/windowFindings.ts'
import type { ScannedTransaction } from '../../src/core/scan/grammar.ts'
import { createScan } from '../../src/core/scan/scan.ts'
import { openFileSource } from '../../src/source/files.ts'
import { createWire } from '../../src/source/wire.ts'
import { openStore } from '../../src/store/store.ts'
import { addRows, beginLog, body } from '../support/bytes.ts'
import { fixtureFiles, fixtureLog, temporaryFolder } from '../support/logs.ts'
import { scanBytes } from '../support/scanned.ts'

const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
const FOUR_GIB = 2 ** 32

describe('positions beyond 4 GiB: end_log_pos wraps, and no replica can be told of them', () => {
  /** The head, and from just below 4 GiB on three transactions: before, across and behind. */
  function largeFile(): { head: Buffer; tail: Buffer; from: number; expected: { start: number; end: number }[] } {
    const log = beginLog()
    const head = log.bytes()
    const from = FOUR_GIB - 250
    log.skipTo(from)
    const expected = [1, 2, 3].map((value) => addRows(log, value))
    log.add(EventType.ROTATE, body.rotate('mysql-bin.000002'))
    return { head, tail: log.bytes().subarray(head.length), from, expected }
  }

  test('in a file, and on the wire: starts have 64 bits', () => {
    const { head, tail, from, expected } = largeFile()
    expect(expected[1]).toSatisfy(({ start, end }: { start: number; end: number }) => start < FOUR_GIB && end > FOUR_GIB)
    for (const checksums of ['all', 'structure'] as const) {
      const inFile: ScannedTransaction[] = []
      const scan = createScan({ onTransaction: (t) => inFile.push({ ...t }) }, { checksums })
      scan.beginFile('mysql-bin.000001')
      scan.take(head, 4, head.length, 4)
      expect(scan.take(tail, 0, tail.length, from)).toBe(tail.length)
      scan.endFile('end')
      expect(inFile.map(({ start, end }) => ({ start, end }))).toEqual(expected)
    }

    const onWire: ScannedTransaction[] = []
    const sink = createScan({ onTransaction: (t) => onWire.push({ ...t }) }, { decrypted: true })
    const wire = createWire(sink, { file: 'mysql-bin.000001', position: from }, undefined)
    const rotate = beginLog({ checksums: false })
    rotate.skipTo(from)
    const [before, event] = [rotate.bytes().length, body.rotate('mysql-bin.000001')]
    event.writeBigUInt64LE(BigInt(from))
    rotate.add(EventType.ROTATE, event, { stamp: 0, endLogPos: 0, flags: 0x20 })
    const fake = rotate.bytes().subarray(before)
    wire.event(fake, 0, fake.length)
    const format = Buffer.from(head.subarray(4))
    format.writeUInt32LE(0, 13) // as servers send it when a stream begins in the middle
    wire.event(format, 0, format.length)
    for (let start = 0; start < tail.length; start += tail.readUInt32LE(start + 9)) {
      wire.event(tail, start, start + tail.readUInt32LE(start + 9))
    }
    wire.end()
    expect(onWire.map(({ start, end }) => ({ start, end }))).toEqual(expected)
  })

  test('a restart there is refused', () => {
    const { expected } = largeFile()
    const codes = (position: number): string[] => restartFindings({ file: 'mysql-bin.000001', position }).map(({ code }) => code)
    expect(codes(FOUR_GIB - 1)).toEqual([])
    expect(codes(FOUR_GIB)).toEqual(['POSITION_OVER_4G'])
    expect(codes(expected[2]?.start ?? 0)).toEqual(['POSITION_OVER_4G'])
  })
})

describe('a torn tail', () => {
  test.each(['mysql-5.6', 'mysql-9.7', 'mariadb-11.8'])(
    'of %s: the last row is the last whole transaction, and the ending says so',
    (server) => {
      const whole = readFileSync(join(fixtureLog(`crash/${server}`).folder, 'mysql-bin.000003'))
      const torn = readFileSync(join(fixtureLog(`crash/${server}-torn`).folder, 'mysql-bin.000003'))
      const seen = scanBytes(torn)
      expect(seen.ending.kind).toBe('truncated')
      expect(seen.transactions.length).toBe(scanBytes(whole).transactions.length - 1)
      expect(seen.ending.coveredEnd).toBe(seen.transactions.at(-1)?.end)
    },
  )

  test('is no end of the log for good: the same file, whole later, goes on where it was torn', async () => {
    const folder = temporaryFolder()
    const log = beginLog()
    addRows(log, 1)
    addRows(log, 2)
    const path = join(folder, 'mysql-bin.000001')
    const source = openFileSource(folder, [folder])
    using store = openStore(':memory:')
    writeFileSync(path, log.bytes().subarray(0, -10))
    expect(await buildIndex({ store, source })).toMatchObject({ transactions: 1, gaps: [] })
    writeFileSync(path, log.bytes())
    expect(await buildIndex({ store, source })).toMatchObject({ outcome: 'resumed', transactions: 1 })
  })
})

describe('a file that cannot be read is refused, not guessed at', () => {
  test.each(fixtureFiles.filter(({ name }) => name.startsWith('encrypted/')))('$name: encrypted', ({ path }) => {
    const { transactions, ending } = readOne(path)
    expect(transactions).toEqual([])
    expect(ending).toBe('encrypted')
  })

  test('the whole of an encrypted log is a gap, and a time in it has no answer', async () => {
    const { folder } = fixtureLog('encrypted/mariadb-10.11')
    using store = openStore(':memory:')
    const source = openFileSource(folder, [folder])
    const { log, gaps, files } = await buildIndex({ store, source })
    expect(gaps.map(({ cause }) => cause)).toEqual([expect.stringMatching(/^encrypted/), expect.stringMatching(/^encrypted/)])
    const timeUs = ((files[0]?.stampSeconds ?? 0) + 1) * 1_000_000
    expect(await at({ store, log, source, timeUs, marginUs: null, skewUs: 0, nowUs: Date.now() * 1000 })).toMatchObject({
      outcome: 'gap',
      safe: null,
    })
  })

  test('an InnoDB binlog of MariaDB 12.3 (.ibb)', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'binlog-000000.ibb'), Buffer.concat([Buffer.from('fefe0c01', 'hex'), Buffer.alloc(16_384)]))
    await expect(openFileSource(folder, [folder]).listFiles()).rejects.toMatchObject({ code: 'UNSUPPORTED_SERVER' })
    const one = join(folder, 'binlog-000000.ibb')
    expect(readOne(one)).toEqual({ transactions: [], ending: 'not-a-binlog' })
  })

  test('a type that is not known and may not be skipped ends the file before its transaction', () => {
    const log = beginLog({ version: '12.3.1-MariaDB' })
    log.add(EventType.MARIADB_GTID, body.mariaDbGtid(1))
    log.add(EventType.XID, body.xid())
    const { position } = log
    log.add(EventType.MARIADB_GTID, body.mariaDbGtid(2))
    log.add(199, Buffer.alloc(20))
    log.add(EventType.XID, body.xid())
    const { transactions, ending } = scanBytes(log.bytes())
    expect(transactions).toHaveLength(1)
    expect(ending).toMatchObject({ kind: 'unknown-event', coveredEnd: position, detail: expect.stringContaining('199') })
  })

  test('one that may be skipped is skipped', () => {
    const log = beginLog({ version: '12.3.1-MariaDB' })
    log.add(199, Buffer.alloc(20), { flags: 0x80 })
    const start = log.add(EventType.MARIADB_GTID, body.mariaDbGtid(2))
    log.add(EventType.XID, body.xid())
    expect(scanBytes(log.bytes())).toMatchObject({ transactions: [{ start }], ending: { kind: 'end' } })
  })

  function readOne(path: string): { transactions: number[]; ending: string } {
    const bytes = readFileSync(path)
    if (bytes.readUInt32LE(0) !== 0x6e69_62fe) {
      return { transactions: [], ending: bytes.readUInt32LE(0) === 0x6e69_62fd ? 'encrypted' : 'not-a-binlog' }
    }
    const { transactions, ending } = scanBytes(bytes)
    return { transactions: transactions.map((t) => t.start), ending: ending.kind }
  }
})

describe('forms that no server here writes, made by hand', () => {
  test('MariaDB >= 11.7: a large transaction in a file of its own, with a GTID event of 3,760 bytes', () => {
    const log = beginLog({ version: '11.8.6-MariaDB' })
    const start = log.add(EventType.MARIADB_GTID, body.mariaDbGtid(9, { flags: 4, size: 3737 }))
    log.add(EventType.TABLE_MAP, body.tableMap('d', 't'), { endLogPos: 0 })
    log.add(EventType.WRITE_ROWS_V1, Buffer.alloc(30), { endLogPos: 0 })
    log.add(EventType.XID, body.xid())
    expect(scanBytes(log.bytes()).transactions).toMatchObject([{ start, end: log.position, events: 4 }])
  })

  test('MySQL 5.7: GTIDs without an exact stamp, and the set that they make', () => {
    const log = beginLog()
    log.add(EventType.PREVIOUS_GTIDS, body.previousGtids(UUID, 4))
    const begins = [5, 6, 8].map((number) => {
      const start = log.add(EventType.GTID, body.gtid(UUID, number))
      addRows(log, number)
      return start
    })
    const { transactions, executed } = scanBytes(log.bytes())
    expect(transactions.map((t) => t.start)).toEqual(begins)
    expect(transactions.every((t) => t.commitUs === 0)).toBe(true)
    expect(executed).toBe(`${UUID}:1-6:8`)
  })

  test('MySQL >= 8.0.1: the exact stamp is the one in the GTID, whatever the headers say', () => {
    const log = beginLog({ version: '8.0.46' })
    log.add(EventType.GTID, body.gtid(UUID, 1, 1_700_000_123_456_789), { stamp: 5 })
    addRows(log, 1, { stamp: 5 })
    expect(scanBytes(log.bytes()).transactions).toMatchObject([{ commitUs: 1_700_000_123_456_789, maxStampSeconds: 5 }])
  })

  test('XA in one phase and in two: each ends with XA_PREPARE', () => {
    const log = beginLog()
    const group = (isOnePhase: boolean): number => {
      const start = log.add(EventType.ANONYMOUS_GTID, body.gtid('00000000-0000-0000-0000-000000000000', 0))
      log.add(EventType.QUERY, body.query("XA START X'78',X'',1"))
      log.add(EventType.TABLE_MAP, body.tableMap('d', 't'))
      log.add(EventType.WRITE_ROWS, body.writeRows(1))
      log.add(EventType.QUERY, body.query("XA END X'78',X'',1"))
      log.add(EventType.XA_PREPARE, body.xaPrepare(isOnePhase))
      return start
    }
    const begins = [group(true), group(false)]
    const { transactions } = scanBytes(log.bytes())
    expect(transactions.map((t) => t.start)).toEqual(begins)
    expect(transactions[0]?.marks).not.toBe(transactions[1]?.marks)
  })

  test('MySQL 5.6: a variable before a statement that has no BEGIN', () => {
    const log = beginLog({ version: '5.6.24-log' })
    const start = log.add(EventType.USER_VAR, body.userVariable('u'))
    log.add(EventType.QUERY, body.query('CREATE TABLE t SELECT @u'))
    const second = addRows(log, 1)
    expect(scanBytes(log.bytes()).transactions.map((t) => t.start)).toEqual([start, second.start])
  })

  test('MariaDB: compressed DDL is DDL', () => {
    const log = beginLog({ version: '10.11.18-MariaDB' })
    const flags = 1
    log.add(EventType.MARIADB_GTID, body.mariaDbGtid(1, { flags }))
    log.add(EventType.QUERY_COMPRESSED, body.compressedQuery('CREATE TABLE t (i INT)'))
    log.add(EventType.MARIADB_GTID, body.mariaDbGtid(2, { flags }))
    log.add(EventType.QUERY_COMPRESSED, body.compressedQuery("INSERT INTO t VALUES ('CREATE TABLE')"))
    const [ddl, dml] = scanBytes(log.bytes()).transactions
    expect(ddl?.marks).not.toBe(dml?.marks)
  })
})

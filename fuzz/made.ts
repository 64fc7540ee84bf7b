/** Transactions, and single events, made by hand: for what no log of the corpus holds, and for what none should. */
import { zstdCompressSync } from 'node:zlib'
import { EventType } from '../src/core/binlog/layout.ts'
import { body, STAMP } from '../test/support/bytes.ts'
import type { Piece } from './corpus.ts'
import { AT_SIZE, AT_TYPE, HEADER } from './frame.ts'

const T = EventType
const UUID = '01234567-89ab-cdef-0123-456789abcdef'
const NO_UUID = '00000000-0000-0000-0000-000000000000'
const XID = "X'61',X'',1"

export function piece(type: number, bytes: Buffer, flags: number = 0): Piece {
  return { type, body: bytes, stamp: STAMP, serverId: 1, flags, isPlaced: true }
}

/** A TRANSACTION_PAYLOAD that holds these events. */
export function payload(events: readonly Piece[], isCompressed: boolean): Piece {
  const inner = Buffer.concat(
    events.map((event) => {
      const header = Buffer.alloc(HEADER)
      header.writeUInt32LE(event.stamp, 0)
      header.writeUInt8(event.type, AT_TYPE)
      header.writeUInt32LE(event.serverId, 5)
      header.writeUInt32LE(HEADER + event.body.length, AT_SIZE)
      return Buffer.concat([header, event.body])
    }),
  )
  const algorithm = isCompressed ? Buffer.of(2, 1, 0) : Buffer.of(2, 3, 0xfc, 255, 0)
  return piece(T.TRANSACTION_PAYLOAD, Buffer.concat([algorithm, Buffer.of(0), isCompressed ? zstdCompressSync(inner) : inner]))
}

export function madeGroups(): ReadonlyMap<string, readonly Piece[]> {
  const query = (text: string): Piece => piece(T.QUERY, body.query(text))
  const map = piece(T.TABLE_MAP, body.tableMap('d', 't'))
  const write = piece(T.WRITE_ROWS, body.writeRows(1))
  const rows = [map, write]
  const begin = query('BEGIN')
  const commit = query('COMMIT')
  const insert = query('INSERT INTO t VALUES (1)')
  const xid = piece(T.XID, body.xid(9))
  const anonymous = piece(T.ANONYMOUS_GTID, body.gtid(NO_UUID, 0))
  const gtid = piece(T.GTID, body.gtid(UUID, 5, STAMP * 1_000_000))
  const mariaDb = (flags: number, size?: number): Piece =>
    piece(T.MARIADB_GTID, body.mariaDbGtid(7, size === undefined ? { flags } : { flags, size }))
  const numbered = (type: number, file: number): Piece => piece(type, Buffer.of(file, 0, 0, 0, 0x61, 0x62))
  return new Map<string, readonly Piece[]>([
    ['rows', [begin, ...rows, xid]],
    ['rows, anonymous', [anonymous, begin, ...rows, xid]],
    ['rows, with a GTID', [gtid, begin, ...rows, ...rows, xid]],
    ['rows, without BEGIN', rows],
    ['a statement', [anonymous, begin, insert, xid]],
    ['a statement that is not transactional', [begin, insert, commit]],
    ['a statement without BEGIN', [piece(T.INTVAR, Buffer.of(2, 1, 0, 0, 0, 0, 0, 0, 0)), insert]],
    ['a statement with a variable', [piece(T.USER_VAR, body.userVariable('u')), query('CREATE TABLE t SELECT @u')]],
    ['rolled back', [begin, insert, query('SAVEPOINT s'), query('ROLLBACK TO s'), insert, query('ROLLBACK')]],
    ['DDL', [gtid, query('DROP TABLE t')]],
    ['DDL, compressed', [mariaDb(1 | 32), piece(T.QUERY_COMPRESSED, body.compressedQuery('DROP TABLE t'))]],
    ['XA', [gtid, query(`XA START ${XID}`), ...rows, query(`XA END ${XID}`), piece(T.XA_PREPARE, body.xaPrepare(false))]],
    ['XA in one phase', [gtid, query(`XA START ${XID}`), ...rows, piece(T.XA_PREPARE, body.xaPrepare(true))]],
    ['XA COMMIT', [gtid, query(`XA COMMIT ${XID}`)]],
    ['XA ROLLBACK', [gtid, query(`XA ROLLBACK ${XID}`)]],
    ['MariaDB', [mariaDb(0), piece(T.ANNOTATE_ROWS, Buffer.from('INSERT')), ...rows, xid]],
    ['MariaDB, not transactional', [mariaDb(0), insert, query('BEGIN'), commit]],
    ['MariaDB, of one statement', [mariaDb(1), insert]],
    ['MariaDB, large', [mariaDb(0, 400), ...rows, xid]],
    ['MariaDB, XA', [mariaDb(64), ...rows, query(`XA END ${XID}`), piece(T.XA_PREPARE, body.xaPrepare(false))]],
    ['MariaDB, XA COMMIT', [mariaDb(128 | 1), query(`XA COMMIT ${XID}`)]],
    ['compressed', [gtid, payload([begin, ...rows, xid], true)]],
    ['as it is in a payload', [gtid, payload([begin, ...rows, xid], false)]],
    ['LOAD DATA', [numbered(T.BEGIN_LOAD_QUERY, 1), numbered(T.APPEND_BLOCK, 1), loaded(1)]],
    ['half of a LOAD DATA', [numbered(T.BEGIN_LOAD_QUERY, 2)]],
    ['the other half', [loaded(2)]],
    ['LOAD DATA that failed', [numbered(T.BEGIN_LOAD_QUERY, 3), numbered(T.DELETE_FILE, 3)]],
    ['LOAD DATA of old', [created(4), numbered(T.APPEND_BLOCK, 4), numbered(T.EXEC_LOAD, 4)]],
    ['LOAD DATA in a transaction', [gtid, begin, numbered(T.BEGIN_LOAD_QUERY, 1), loaded(1), xid]],
    ['an incident', [gtid, piece(T.INCIDENT, Buffer.of(1, 0, 1, 0x61))]],
    ['what may be skipped', [piece(43, Buffer.of(1, 2, 3), 0x80)]],
    ['what may be skipped, inside', [begin, piece(200, Buffer.of(1, 2, 3), 0x80), xid]],
    ['what may not be skipped', [piece(200, Buffer.of(1, 2, 3))]],
    ['a checkpoint', [piece(T.BINLOG_CHECKPOINT, Buffer.from('\x08\0\0\0file.001'))]],
    ['previous GTIDs', [piece(T.PREVIOUS_GTIDS, body.previousGtids(UUID, 4), 0x80)]],
    ['a list of GTIDs', [piece(T.GTID_LIST, Buffer.concat([Buffer.of(1, 0, 0, 0), Buffer.alloc(16, 1)]))]],
    ['a rotation', [piece(T.ROTATE, body.rotate('mysql-bin.000002'))]],
    ['a stop', [piece(T.STOP, body.stop())]],
  ])
}

/** EXECUTE_LOAD_QUERY: QUERY's post-header, and a file, two offsets and a mode, before the schema and the text. */
function loaded(file: number): Piece {
  const plain = body.query('LOAD DATA INFILE')
  return piece(
    T.EXECUTE_LOAD_QUERY,
    Buffer.concat([plain.subarray(0, 13), Buffer.of(file, 0, 0, 0), Buffer.alloc(9), plain.subarray(13)]),
  )
}

/** CREATE_FILE: LOAD's post-header of 18 bytes, then the file. */
function created(file: number): Piece {
  return piece(T.CREATE_FILE, Buffer.concat([Buffer.alloc(18), Buffer.of(file, 0, 0, 0), Buffer.from('t\0d\0f\0')]))
}

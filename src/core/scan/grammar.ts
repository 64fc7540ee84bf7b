/**
 * The transaction machine: which events belong together. It is given the events of one file in order, and says when a
 * transaction is complete. Invariant: between two transactions nothing is open, and `start` of the next one is a place where
 * replication may begin. It never looks ahead, and it does not frame, check or skip events: the scan does.
 *
 * Hot path: one mutable record for the transaction at hand, reused for every one; the listener copies what it keeps. And
 * functions on a record, not closures, as the engine inlines these, and reads the record's fields unboxed.
 */
import { u32, viewOf } from '../binlog/bytes.ts'
import { decodeMysqlGtid, immediateCommitUs, MYSQL_GTID_LENGTH } from '../binlog/gtid.ts'
import { AT_FLAGS, AT_SERVER_ID, AT_STAMP, EventRole, EventType, Flag, HEADER_LENGTH } from '../binlog/layout.ts'
import {
  AT_MARIADB_DOMAIN,
  AT_MARIADB_FLAGS,
  AT_MARIADB_SEQUENCE,
  decodeMariaDbTail,
  MariaDbGtidFlag,
} from '../binlog/mariadbGtid.ts'
import { queryExecSeconds, queryStatement, queryTextStart, queryThreadId } from '../binlog/query.ts'
import type { StatementKind } from '../binlog/statement.ts'
import { classifyStatement } from '../binlog/statement.ts'
import type { Executed } from './executed.ts'
import { beginMariaDb, beginMysql, beginTagged, commitExecuted, forgetExecuted } from './executed.ts'
import { MarkBit } from './marks.ts'

/** Nobody's statement runs for so long, from its stamp to its writing (seconds): then the stamp is forged. */
export const LONGEST_STATEMENT = 86_400

/** What is known of one transaction after its last event. Reused: copy what you keep. */
export interface ScannedTransaction {
  start: number
  end: number
  /** The origin: server_id of its first event. */
  serverId: number
  firstStampSeconds: number
  maxStampSeconds: number
  /** Largest stamp + exec_time of its QUERY events (modulo 2^32), 0 without one: true also where the stamp is forged. */
  writtenSeconds: number
  /** Exact commit stamp (Unix microseconds), 0 without one. */
  commitUs: number
  /** Session that ran it on its origin; 0 where the log does not say. */
  threadId: number
  /** Stamp + exec_time of the first QUERY: when that session had begun this transaction at the latest. */
  begunSeconds: number
  /** Bits of MarkBit. */
  marks: number
  events: number
  rowsEvents: number
  statements: number
}

export interface Grammar {
  readonly current: ScannedTransaction
  readonly executed: Executed
  readonly onTransaction: (transaction: ScannedTransaction) => void
  readonly onAbandoned: (start: number) => void
  /** The batch that the events stand in, and the same for reading numbers. */
  bytes: Buffer
  view: DataView
  /** CLOSED, ONE_STATEMENT or UNTIL_TERMINATOR. */
  state: number
  isMariaDbGroup: boolean
  /** Files of LOAD DATA statements outside of transactions (MySQL 5.0, 5.1): other sessions' events may stand between their blocks. */
  readonly loads: Set<number>
}

/** Nothing open; one statement will end it; only a terminator will. */
const CLOSED = 0
const ONE_STATEMENT = 1
const UNTIL_TERMINATOR = 2

export function createGrammar(
  executed: Executed,
  onTransaction: (transaction: ScannedTransaction) => void,
  onAbandoned: (start: number) => void,
): Grammar {
  const current: ScannedTransaction = {
    start: 0,
    end: 0,
    serverId: 0,
    firstStampSeconds: 0,
    maxStampSeconds: 0,
    writtenSeconds: 0,
    commitUs: 0,
    threadId: 0,
    begunSeconds: 0,
    marks: 0,
    events: 0,
    rowsEvents: 0,
    statements: 0,
  }
  const bytes = Buffer.alloc(0)
  return {
    current,
    executed,
    onTransaction,
    onAbandoned,
    bytes,
    view: viewOf(bytes),
    state: CLOSED,
    isMariaDbGroup: false,
    loads: new Set(),
  }
}

/** Events are in `bytes` from now on. */
export function offer(g: Grammar, bytes: Buffer): void {
  if (g.bytes === bytes) return
  g.bytes = bytes
  g.view = viewOf(bytes)
}

/** True between the first and the last event of a transaction. */
export function isOpen(g: Grammar): boolean {
  return g.state !== CLOSED
}

/** True when the events of bodySizeOfType change nothing but counts and stamps. */
export function isOpenUntilTerminator(g: Grammar): boolean {
  return g.state === UNTIL_TERMINATOR
}

/** Drops what is open (the file ends inside it, or another transaction begins): it never committed here. */
export function abandon(g: Grammar): void {
  if (g.state === CLOSED) return
  g.state = CLOSED
  g.loads.clear()
  forgetExecuted(g.executed)
  g.onAbandoned(g.current.start)
}

/** Takes one whole event [from, bodyEnd + CRC) of the batch, at [position, end) of the file. */
export function takeEvent(
  g: Grammar,
  role: number,
  type: number,
  from: number,
  bodyEnd: number,
  position: number,
  end: number,
): void {
  const t = g.current
  switch (role) {
    case EventRole.QUERY:
      query(g, from, bodyEnd, position, end, type)
      return
    case EventRole.GTID:
      takeGtid(g, from, bodyEnd, position, type)
      return
    case EventRole.MARIADB_GTID:
      takeMariaDbGtid(g, from, bodyEnd, position)
      return
    case EventRole.TERMINATOR:
      takeTerminator(g, from, position, end, type)
      return
    default:
  }
  if (g.state === CLOSED) open(g, from, position, ONE_STATEMENT)
  count(g, from)
  switch (role) {
    case EventRole.ROWS:
      t.rowsEvents++
      // Rows outside of BEGIN (early 5.1): the event that ends the statement ends the transaction.
      if (g.state === ONE_STATEMENT && (g.view.getUint16(from + HEADER_LENGTH + 6, true) & ROWS_STATEMENT_END) !== 0)
        close(g, end)
      return
    case EventRole.PAYLOAD:
      t.marks |= MarkBit.compressed
      close(g, end)
      return
    case EventRole.LOAD_BLOCK:
    case EventRole.LOAD_STATEMENT:
      load(g, role, type, from, end)
      return
    case EventRole.INCIDENT:
      t.marks |= MarkBit.incident
      if (g.state === ONE_STATEMENT) close(g, end)
      return
    case EventRole.UNKNOWN:
      t.marks |= MarkBit['unknown-event']
      return
    default:
  }
}

/** GTID, ANONYMOUS_GTID, GTID_TAGGED. */
export function takeGtid(g: Grammar, from: number, bodyEnd: number, position: number, type: number): void {
  abandon(g)
  open(g, from, position, ONE_STATEMENT)
  count(g, from)
  if (type === EventType.GTID_TAGGED) {
    const gtid = decodeMysqlGtid(g.bytes, from, bodyEnd)
    if (gtid === null) return
    g.current.commitUs = gtid.immediateCommitUs
    beginTagged(g.executed, gtid.tag === '' ? gtid.uuid : `${gtid.uuid}:${gtid.tag}`, gtid.gno)
    return
  }
  g.current.commitUs = immediateCommitUs(g.view, from, bodyEnd)
  if (type === EventType.GTID && from + MYSQL_GTID_LENGTH <= bodyEnd) beginMysql(g.executed, g.bytes, g.view, from)
}

export function takeMariaDbGtid(g: Grammar, from: number, bodyEnd: number, position: number): void {
  abandon(g)
  const { current: t, view } = g
  const flags = view.getUint8(from + AT_MARIADB_FLAGS)
  open(g, from, position, (flags & MariaDbGtidFlag.STANDALONE) === 0 ? UNTIL_TERMINATOR : ONE_STATEMENT)
  count(g, from)
  g.isMariaDbGroup = true
  if ((flags & MariaDbGtidFlag.DDL) !== 0) t.marks |= MarkBit.ddl
  if ((flags & MariaDbGtidFlag.PREPARED_XA) !== 0) t.marks |= MarkBit['xa-prepare']
  if ((flags & MariaDbGtidFlag.COMPLETED_XA) !== 0) t.marks |= MarkBit['xa-end']
  // The fields behind the flags are padding to 19 bytes of body in most events of servers before 11.8.
  const tail = decodeMariaDbTail(g.bytes, from, bodyEnd, flags)
  if (tail.twoPhaseAlter !== 'none') t.marks |= MarkBit['two-phase-alter']
  if (tail.threadId !== null) t.threadId = tail.threadId
  const sequence =
    view.getUint32(from + AT_MARIADB_SEQUENCE, true) + view.getUint32(from + AT_MARIADB_SEQUENCE + 4, true) * 0x1_0000_0000
  beginMariaDb(g.executed, view.getUint32(from + AT_MARIADB_DOMAIN, true), t.serverId, sequence)
}

/** Takes a QUERY outside of BEGIN if it is BEGIN. False: it is another, and was not taken. */
export function takeBegin(g: Grammar, from: number, bodyEnd: number, position: number): boolean {
  if (!isBegin(g, from, bodyEnd)) return false
  if (g.state === CLOSED) open(g, from, position, ONE_STATEMENT)
  countQuery(g, from)
  g.state = UNTIL_TERMINATOR
  return true
}

/** XID, XA_PREPARE (with ONE PHASE it is a commit). */
export function takeTerminator(g: Grammar, from: number, position: number, end: number, type: number): void {
  if (g.state === CLOSED) open(g, from, position, ONE_STATEMENT)
  count(g, from)
  if (type === EventType.XA_PREPARE && g.view.getUint8(from + HEADER_LENGTH) === 0) g.current.marks |= MarkBit['xa-prepare']
  close(g, end)
}

function count(g: Grammar, from: number): void {
  const t = g.current
  t.events++
  const stamp = g.view.getUint32(from + AT_STAMP, true)
  if (stamp > t.maxStampSeconds) t.maxStampSeconds = stamp
}

function open(g: Grammar, from: number, position: number, as: number): void {
  const t = g.current
  g.state = as
  g.isMariaDbGroup = false
  t.start = position
  t.serverId = g.view.getUint32(from + AT_SERVER_ID, true)
  const stamp = g.view.getUint32(from + AT_STAMP, true)
  t.firstStampSeconds = stamp
  t.maxStampSeconds = stamp
  t.writtenSeconds = 0
  t.commitUs = 0
  t.threadId = 0
  t.begunSeconds = 0
  t.marks = (g.view.getUint16(from + AT_FLAGS, true) & Flag.SKIP_REPLICATION) === 0 ? 0 : MarkBit['skip-replication']
  t.events = 0
  t.rowsEvents = 0
  t.statements = 0
}

function close(g: Grammar, end: number): void {
  if (g.loads.size > 0) {
    g.state = ONE_STATEMENT
    return
  }
  g.state = CLOSED
  g.current.end = end
  commitExecuted(g.executed)
  g.onTransaction(g.current)
}

function query(g: Grammar, from: number, bodyEnd: number, position: number, end: number, type: number): void {
  const kind = statementKind(g, from, bodyEnd, type)
  // BEGIN inside a transaction: the one before it was cut short by a crash. (MariaDB's groups have no BEGIN of their own.)
  if (kind === 'begin' && g.state === UNTIL_TERMINATOR && !g.isMariaDbGroup) abandon(g)
  if (g.state === CLOSED) open(g, from, position, ONE_STATEMENT)
  countQuery(g, from)
  statement(g, kind, end)
}

function countQuery(g: Grammar, from: number): void {
  const t = g.current
  count(g, from)
  const execSeconds = queryExecSeconds(g.view, from)
  // Of a stamp from the future it is negative, modulo 2^32.
  if (execSeconds > LONGEST_STATEMENT) t.marks |= MarkBit['set-timestamp']
  const written = (g.view.getUint32(from + AT_STAMP, true) + execSeconds) >>> 0
  if (written > t.writtenSeconds) t.writtenSeconds = written
  if (t.threadId === 0) t.threadId = queryThreadId(g.view, from)
  if (t.begunSeconds === 0) t.begunSeconds = written
  if ((g.view.getUint16(from + AT_FLAGS, true) & Flag.THREAD_SPECIFIC) !== 0) t.marks |= MarkBit['temporary-table']
}

function statement(g: Grammar, kind: StatementKind, end: number): void {
  const t = g.current
  switch (kind) {
    case 'begin':
    case 'xa-start':
      g.state = UNTIL_TERMINATOR
      return
    case 'commit':
      if (t.rowsEvents > 0 || t.statements > 0) t.marks |= MarkBit['non-transactional']
      close(g, end)
      return
    case 'rollback':
      t.marks |= MarkBit['rolled-back']
      close(g, end)
      return
    case 'xa-rollback':
      t.marks |= MarkBit['xa-end']
      close(g, end)
      return
    case 'xa-commit':
      t.marks |= MarkBit['xa-end']
      break
    case 'dml':
      t.marks |= MarkBit.statement
      t.statements++
      break
    case 'truncate':
    case 'ddl':
      t.marks |= MarkBit.ddl
      t.statements++
      break
    case 'savepoint':
    case 'xa-end':
    case 'other':
      break
    default:
      kind satisfies never
  }
  if (g.state === ONE_STATEMENT) close(g, end)
}

function load(g: Grammar, role: number, type: number, from: number, end: number): void {
  const t = g.current
  t.marks |= MarkBit['load-data'] | MarkBit.statement
  if (g.state === UNTIL_TERMINATOR) {
    if (role === EventRole.LOAD_STATEMENT) t.statements++
    return
  }
  const file = u32(g.bytes, from + loadFileOffset(type))
  if (role === EventRole.LOAD_BLOCK) {
    g.loads.add(file)
    return
  }
  g.loads.delete(file)
  t.statements++
  close(g, end)
}

/** Rows event flag STMT_END_F, behind the table id of six bytes. */
const ROWS_STATEMENT_END = 1

function statementKind(g: Grammar, from: number, bodyEnd: number, type: number): StatementKind {
  const { bytes } = g
  if (type === EventType.QUERY_COMPRESSED) {
    const whole = queryStatement(bytes, from, bodyEnd)
    return whole === null ? 'ddl' : classifyStatement(whole, 0, whole.length)
  }
  return classifyStatement(bytes, queryTextStart(bytes, from, bodyEnd), bodyEnd)
}

/** What nearly every transaction begins with is told by its bytes, without making text of them. */
function isBegin({ bytes, view }: Grammar, from: number, bodyEnd: number): boolean {
  const start = queryTextStart(bytes, from, bodyEnd)
  return bodyEnd - start === 5 && view.getUint32(start, true) === BEGI && bytes[start + 4] === 0x4e
}

const BEGI = 0x49_47_45_42

/** The file id stands first in all but CREATE_FILE (behind LOAD's post-header of 18) and EXECUTE_LOAD_QUERY (behind QUERY's of 13). */
function loadFileOffset(type: number): number {
  if (type === EventType.CREATE_FILE || type === EventType.LOAD || type === EventType.NEW_LOAD) return HEADER_LENGTH + 18
  return type === EventType.EXECUTE_LOAD_QUERY ? HEADER_LENGTH + 13 : HEADER_LENGTH
}

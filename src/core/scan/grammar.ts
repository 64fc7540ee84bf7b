/**
 * The transaction machine: which events belong together. It is given the events of one file in order, and says when a
 * transaction is complete. Invariant: between two transactions nothing is open, and `start` of the next one is a place where
 * replication may begin. It never looks ahead, and it does not frame, check or skip events: the scan does.
 *
 * Hot path: one mutable record for the transaction at hand, reused for every one; the listener copies what it keeps.
 */
import { u16, u32 } from '../binlog/bytes.ts'
import { decodeMysqlGtid, immediateCommitUs } from '../binlog/gtid.ts'
import { AT_FLAGS, AT_SERVER_ID, AT_STAMP, EventRole, EventType, Flag, HEADER_LENGTH } from '../binlog/layout.ts'
import { AT_MARIADB_FLAGS, decodeMariaDbGtid, MariaDbGtidFlag } from '../binlog/mariadbGtid.ts'
import { queryExecSeconds, queryStatement, queryTextStart, queryThreadId } from '../binlog/query.ts'
import type { StatementKind } from '../binlog/statement.ts'
import { classifyStatement } from '../binlog/statement.ts'
import type { ExecutedTracker } from './executed.ts'
import { MarkBit } from './marks.ts'

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
  /** True between the first and the last event of a transaction. */
  readonly isOpen: () => boolean
  /** One whole event bytes[from, bodyEnd + CRC) at [position, end) of the file. */
  readonly event: (
    role: number,
    type: number,
    bytes: Buffer,
    from: number,
    bodyEnd: number,
    position: number,
    end: number,
  ) => void
  /** Drops what is open (the file ends inside it, or another transaction begins): it never committed here. */
  readonly abandon: () => void
}

/** Nothing open; one statement will end it; only a terminator will. */
const CLOSED = 0
const ONE_STATEMENT = 1
const UNTIL_TERMINATOR = 2

export function createGrammar(
  executed: ExecutedTracker,
  onTransaction: (transaction: ScannedTransaction) => void,
  onAbandoned: (start: number) => void,
): Grammar {
  const t: ScannedTransaction = {
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
  let state = CLOSED
  let isMariaDbGroup = false
  /** Files of LOAD DATA statements outside of transactions (MySQL 5.0, 5.1): other sessions' events may stand between their blocks. */
  const loads = new Set<number>()

  function open(bytes: Buffer, from: number, position: number, as: number): void {
    state = as
    isMariaDbGroup = false
    t.start = position
    t.serverId = u32(bytes, from + AT_SERVER_ID)
    const stamp = u32(bytes, from + AT_STAMP)
    t.firstStampSeconds = stamp
    t.maxStampSeconds = stamp
    t.writtenSeconds = 0
    t.commitUs = 0
    t.threadId = 0
    t.begunSeconds = 0
    t.marks = (u16(bytes, from + AT_FLAGS) & Flag.SKIP_REPLICATION) === 0 ? 0 : MarkBit['skip-replication']
    t.events = 0
    t.rowsEvents = 0
    t.statements = 0
  }

  function abandon(): void {
    if (state === CLOSED) return
    state = CLOSED
    loads.clear()
    executed.forget()
    onAbandoned(t.start)
  }

  function close(end: number): void {
    if (loads.size > 0) {
      state = ONE_STATEMENT
      return
    }
    state = CLOSED
    t.end = end
    executed.commit()
    onTransaction(t)
  }

  function statement(kind: StatementKind, end: number): void {
    switch (kind) {
      case 'begin':
      case 'xa-start':
        state = UNTIL_TERMINATOR
        return
      case 'commit':
        if (t.rowsEvents > 0 || t.statements > 0) t.marks |= MarkBit['non-transactional']
        close(end)
        return
      case 'rollback':
        t.marks |= MarkBit['rolled-back']
        close(end)
        return
      case 'xa-rollback':
        t.marks |= MarkBit['xa-end']
        close(end)
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
    if (state === ONE_STATEMENT) close(end)
  }

  function query(bytes: Buffer, from: number, bodyEnd: number, position: number, end: number, type: number): void {
    const stamp = u32(bytes, from + AT_STAMP)
    const written = (stamp + queryExecSeconds(bytes, from)) >>> 0
    const kind = statementKind(bytes, from, bodyEnd, type)
    // BEGIN inside a transaction: the one before it was cut short by a crash. (MariaDB's groups have no BEGIN of their own.)
    if (kind === 'begin' && state === UNTIL_TERMINATOR && !isMariaDbGroup) abandon()
    if (state === CLOSED) open(bytes, from, position, ONE_STATEMENT)
    t.events++
    if (stamp > t.maxStampSeconds) t.maxStampSeconds = stamp
    if (written > t.writtenSeconds) t.writtenSeconds = written
    if (t.threadId === 0) t.threadId = queryThreadId(bytes, from)
    if (t.begunSeconds === 0) t.begunSeconds = written
    if ((u16(bytes, from + AT_FLAGS) & Flag.THREAD_SPECIFIC) !== 0) t.marks |= MarkBit['temporary-table']
    statement(kind, end)
  }

  function mariaDbGtid(bytes: Buffer, from: number, bodyEnd: number, position: number): void {
    abandon()
    const flags = bytes[from + AT_MARIADB_FLAGS] ?? 0
    open(bytes, from, position, (flags & MariaDbGtidFlag.STANDALONE) === 0 ? UNTIL_TERMINATOR : ONE_STATEMENT)
    isMariaDbGroup = true
    if ((flags & MariaDbGtidFlag.DDL) !== 0) t.marks |= MarkBit.ddl
    if ((flags & MariaDbGtidFlag.PREPARED_XA) !== 0) t.marks |= MarkBit['xa-prepare']
    if ((flags & MariaDbGtidFlag.COMPLETED_XA) !== 0) t.marks |= MarkBit['xa-end']
    // The fields behind the flags are padding to 19 bytes of body in most events of servers before 11.8.
    const gtid = decodeMariaDbGtid(bytes, from, bodyEnd)
    if (gtid.twoPhaseAlter !== 'none') t.marks |= MarkBit['two-phase-alter']
    if (gtid.threadId !== null) t.threadId = gtid.threadId
    executed.beginMariaDb(gtid.domain, gtid.serverId, gtid.sequence)
  }

  function mysqlGtid(bytes: Buffer, from: number, bodyEnd: number, position: number, type: number): void {
    abandon()
    open(bytes, from, position, ONE_STATEMENT)
    if (type === EventType.ANONYMOUS_GTID) t.commitUs = immediateCommitUs(bytes, from, bodyEnd)
    else if (type === EventType.GTID) {
      t.commitUs = immediateCommitUs(bytes, from, bodyEnd)
      executed.beginMysql(bytes, from)
    } else {
      const gtid = decodeMysqlGtid(bytes, from, bodyEnd)
      if (gtid === null) return
      t.commitUs = gtid.immediateCommitUs
      executed.beginTagged(gtid.tag === '' ? gtid.uuid : `${gtid.uuid}:${gtid.tag}`, gtid.gno)
    }
  }

  function load(role: number, type: number, bytes: Buffer, from: number, end: number): void {
    t.marks |= MarkBit['load-data'] | MarkBit.statement
    if (state === UNTIL_TERMINATOR) {
      if (role === EventRole.LOAD_STATEMENT) t.statements++
      return
    }
    const file = u32(bytes, from + loadFileOffset(type))
    if (role === EventRole.LOAD_BLOCK) {
      loads.add(file)
      return
    }
    loads.delete(file)
    t.statements++
    close(end)
  }

  function event(role: number, type: number, bytes: Buffer, from: number, bodyEnd: number, position: number, end: number): void {
    if (role === EventRole.QUERY) return query(bytes, from, bodyEnd, position, end, type)
    if (role === EventRole.GTID) mysqlGtid(bytes, from, bodyEnd, position, type)
    else if (role === EventRole.MARIADB_GTID) mariaDbGtid(bytes, from, bodyEnd, position)
    else if (state === CLOSED) open(bytes, from, position, ONE_STATEMENT)
    t.events++
    const stamp = u32(bytes, from + AT_STAMP)
    if (stamp > t.maxStampSeconds) t.maxStampSeconds = stamp
    if (role === EventRole.ROWS) {
      t.rowsEvents++
      // Rows outside of BEGIN (early 5.1): the event that ends the statement ends the transaction.
      if (state === ONE_STATEMENT && (u16(bytes, from + HEADER_LENGTH + 6) & ROWS_STATEMENT_END) !== 0) close(end)
    } else if (role === EventRole.TERMINATOR) {
      if (type === EventType.XA_PREPARE && bytes[from + HEADER_LENGTH] === 0) t.marks |= MarkBit['xa-prepare']
      close(end)
    } else if (role === EventRole.PAYLOAD) {
      t.marks |= MarkBit.compressed
      close(end)
    } else if (role === EventRole.LOAD_BLOCK || role === EventRole.LOAD_STATEMENT) {
      load(role, type, bytes, from, end)
    } else if (role === EventRole.INCIDENT) {
      t.marks |= MarkBit.incident
      if (state === ONE_STATEMENT) close(end)
    } else if (role === EventRole.UNKNOWN) {
      t.marks |= MarkBit['unknown-event']
    }
  }

  return { current: t, isOpen: () => state !== CLOSED, event, abandon }
}

/** Rows event flag STMT_END_F, behind the table id of six bytes. */
const ROWS_STATEMENT_END = 1

/** The two statements that end nearly every transaction are told by their bytes, without making text of them. */
function statementKind(bytes: Buffer, from: number, bodyEnd: number, type: number): StatementKind {
  if (type === EventType.QUERY_COMPRESSED) {
    const whole = queryStatement(bytes, from, bodyEnd)
    return whole === null ? 'ddl' : classifyStatement(whole, 0, whole.length)
  }
  const start = queryTextStart(bytes, from, bodyEnd)
  if (bodyEnd - start === 5 && u32(bytes, start) === BEGI && bytes[start + 4] === 0x4e) return 'begin'
  return classifyStatement(bytes, start, bodyEnd)
}

const BEGI = 0x49_47_45_42

/** The file id stands first in all but CREATE_FILE (behind LOAD's post-header of 18) and EXECUTE_LOAD_QUERY (behind QUERY's of 13). */
function loadFileOffset(type: number): number {
  if (type === EventType.CREATE_FILE || type === EventType.LOAD || type === EventType.NEW_LOAD) return HEADER_LENGTH + 18
  return type === EventType.EXECUTE_LOAD_QUERY ? HEADER_LENGTH + 13 : HEADER_LENGTH
}

/**
 * The GTIDs executed up to the end of the last complete transaction. MySQL's usual case, the next number of the same
 * server, costs five integer compares; the set itself is only touched when that run breaks or when somebody asks.
 *
 * Hot path: a record and functions on it, not closures, as the engine inlines these, and reads the record's fields unboxed.
 */
import { uuid } from '../binlog/bytes.ts'
import { AT_MYSQL_GNO, AT_MYSQL_SID } from '../binlog/gtid.ts'
import { GtidPosition, GtidSet } from '../binlog/gtidSet.ts'
import type { Gtid } from '../gtid.ts'

/** Read it with executedText; the fields are for the functions below. */
export interface Executed {
  set: GtidSet | null
  position: GtidPosition | null
  /** What the transaction at hand adds once it is complete. */
  pending: number
  /** What the last complete transaction added. */
  committed: number
  gno: number
  taggedSid: string
  domain: number
  serverId: number
  sequence: number
  /** The run: GTIDs of one server, [runStart, runEnd), not yet in the set. Its UUID also as four words, to compare with. */
  runSid: string
  word0: number
  word1: number
  word2: number
  word3: number
  runStart: number
  runEnd: number
}

const NONE = 0
const RUN = 1
const TAGGED = 2
const MARIADB = 3

export function createExecuted(): Executed {
  return {
    set: null,
    position: null,
    pending: NONE,
    committed: NONE,
    gno: 0,
    taggedSid: '',
    domain: 0,
    serverId: 0,
    sequence: 0,
    runSid: '00000000-0000-0000-0000-000000000000',
    word0: 0,
    word1: 0,
    word2: 0,
    word3: 0,
    runStart: 0,
    runEnd: 0,
  }
}

/** Starts over from what a file's head, or an index, says. Null: not known (a read from the middle of a file). */
export function resetExecuted(e: Executed, executed: GtidSet | GtidPosition | null): void {
  e.set = executed instanceof GtidSet ? executed : null
  e.position = executed instanceof GtidPosition ? executed : null
  e.pending = NONE
  e.runStart = e.runEnd = 0
}

/** Printable set or position; null where it is not known or the log has no GTIDs. */
export function executedText(e: Executed): string | null {
  flushRun(e)
  return (e.set ?? e.position)?.toString() ?? null
}

/** A transaction with the GTID of the event at `from` begins. */
export function beginMysql(e: Executed, bytes: Buffer, view: DataView, from: number): void {
  const at = from + AT_MYSQL_SID
  if (
    view.getInt32(at + 12, true) !== e.word3 ||
    view.getInt32(at + 8, true) !== e.word2 ||
    view.getInt32(at + 4, true) !== e.word1 ||
    view.getInt32(at, true) !== e.word0
  ) {
    beginRun(e, bytes, view, at)
  }
  e.gno = view.getUint32(from + AT_MYSQL_GNO, true) + view.getUint32(from + AT_MYSQL_GNO + 4, true) * 0x1_0000_0000
  e.pending = RUN
}

export function beginTagged(e: Executed, sid: string, gno: number): void {
  e.taggedSid = sid
  e.gno = gno
  e.pending = TAGGED
}

export function beginMariaDb(e: Executed, domain: number, serverId: number, sequence: number): void {
  e.domain = domain
  e.serverId = serverId
  e.sequence = sequence
  e.pending = MARIADB
}

/** The transaction that was begun last is complete. */
export function commitExecuted(e: Executed): void {
  if (e.pending === RUN) {
    if (e.gno !== e.runEnd) {
      flushRun(e)
      e.runStart = e.gno
    }
    e.runEnd = e.gno + 1
  } else if (e.pending === TAGGED) e.set?.add(e.taggedSid, e.gno)
  else if (e.pending === MARIADB) e.position?.set(e.domain, e.serverId, e.sequence)
  e.committed = e.pending
  e.pending = NONE
}

/** Whether the transaction that was completed last has this GTID. To be asked before the next one begins. */
export function hasCommitted(e: Executed, gtid: Gtid): boolean {
  if (gtid.family === 'mariadb') {
    return e.committed === MARIADB && e.sequence === gtid.sequence && e.domain === gtid.domain && e.serverId === gtid.serverId
  }
  if (e.gno !== gtid.number) return false
  return (e.committed === RUN && e.runSid === gtid.sid) || (e.committed === TAGGED && e.taggedSid === gtid.sid)
}

/** It never will be. */
export function forgetExecuted(e: Executed): void {
  e.pending = NONE
}

function beginRun(e: Executed, bytes: Buffer, view: DataView, at: number): void {
  flushRun(e)
  e.word0 = view.getInt32(at, true)
  e.word1 = view.getInt32(at + 4, true)
  e.word2 = view.getInt32(at + 8, true)
  e.word3 = view.getInt32(at + 12, true)
  e.runSid = uuid(bytes, at)
  e.runStart = e.runEnd = 0
}

function flushRun(e: Executed): void {
  if (e.runEnd > e.runStart) e.set?.addInterval(e.runSid, e.runStart, e.runEnd)
  e.runStart = e.runEnd
}

/**
 * The GTIDs executed up to the end of the last complete transaction. MySQL's usual case, the next number of the same
 * server, costs five integer compares; the set itself is only touched when that run breaks or when somebody asks.
 */
import { u32, u64, uuid } from '../binlog/bytes.ts'
import { AT_MYSQL_GNO, AT_MYSQL_SID } from '../binlog/gtid.ts'
import { GtidPosition, GtidSet } from '../binlog/gtidSet.ts'

export interface ExecutedTracker {
  readonly beginMysql: (bytes: Buffer, from: number) => void
  readonly beginTagged: (sid: string, gno: number) => void
  readonly beginMariaDb: (domain: number, serverId: number, sequence: number) => void
  /** The transaction that was begun last is complete. */
  readonly commit: () => void
  /** It never will be. */
  readonly forget: () => void
  /** Starts over from what a file's head, or an index, says. Null: not known (a read from the middle of a file). */
  readonly reset: (executed: GtidSet | GtidPosition | null) => void
  /** Printable set or position; null where it is not known or the log has no GTIDs. */
  readonly text: () => string | null
}

const NONE = 0
const RUN = 1
const TAGGED = 2
const MARIADB = 3

export function createExecutedTracker(): ExecutedTracker {
  let set: GtidSet | null = null
  let position: GtidPosition | null = null
  let pending = NONE
  // The run: GTIDs of one server, [runStart, runEnd), not yet in the set.
  let word0 = 0
  let word1 = 0
  let word2 = 0
  let word3 = 0
  let runSid = ''
  let runStart = 0
  let runEnd = 0
  let gno = 0
  let taggedSid = ''
  let domain = 0
  let serverId = 0
  let sequence = 0

  function flushRun(): void {
    if (runEnd > runStart) set?.addInterval(runSid, runStart, runEnd)
    runStart = runEnd
  }

  return {
    beginMysql(bytes, from) {
      const at = from + AT_MYSQL_SID
      if (
        u32(bytes, at + 12) !== word3 ||
        u32(bytes, at + 8) !== word2 ||
        u32(bytes, at + 4) !== word1 ||
        u32(bytes, at) !== word0
      ) {
        flushRun()
        word0 = u32(bytes, at)
        word1 = u32(bytes, at + 4)
        word2 = u32(bytes, at + 8)
        word3 = u32(bytes, at + 12)
        runSid = uuid(bytes, at)
        runStart = runEnd = 0
      }
      gno = u64(bytes, from + AT_MYSQL_GNO)
      pending = RUN
    },
    beginTagged(sid, number) {
      taggedSid = sid
      gno = number
      pending = TAGGED
    },
    beginMariaDb(toDomain, fromServer, number) {
      domain = toDomain
      serverId = fromServer
      sequence = number
      pending = MARIADB
    },
    commit() {
      if (pending === RUN) {
        if (gno !== runEnd) {
          flushRun()
          runStart = gno
        }
        runEnd = gno + 1
      } else if (pending === TAGGED) set?.add(taggedSid, gno)
      else if (pending === MARIADB) position?.set(domain, serverId, sequence)
      pending = NONE
    },
    forget() {
      pending = NONE
    },
    reset(executed) {
      set = executed instanceof GtidSet ? executed : null
      position = executed instanceof GtidPosition ? executed : null
      pending = NONE
      runStart = runEnd = 0
    },
    text() {
      flushRun()
      return (set ?? position)?.toString() ?? null
    },
  }
}

/**
 * Transactions of relay logs: where each one stands in the source's log. A replica writes what it receives into its relay log as
 * it is, so that an event's end_log_pos, cut to 32 bits, is that of the source, and each ROTATE of the source names the file of
 * the events behind it. A relay log that goes on where another one ended does not name it again.
 */
import { u16, u32, u64 } from '../core/binlog/bytes.ts'
import { AT_END_LOG_POS, AT_FLAGS, AT_SIZE, EventRole, EventType, HEADER_LENGTH, roleOfType } from '../core/binlog/layout.ts'
import type { Coordinate } from '../core/coordinate.ts'
import type { RawEvent, ScannedFile } from '../core/scan/scan.ts'
import { isOwnEvent } from '../core/scan/scan.ts'

export interface Relayed {
  /** Where it begins in the source's log. `file` null: the relay logs that were read do not name it. */
  readonly origin: { readonly file: string | null; readonly position: number }
  /** Where it begins in the relay logs; its end may lie in a later file. */
  readonly start: Coordinate
  /** False: its first events are in an earlier relay log, which was not read. */
  readonly hasBegin: boolean
}

export interface RelayReader {
  readonly event: (event: RawEvent, startsAnew: boolean, file: ScannedFile) => void
  /** Of the transaction at hand; null in a binlog. */
  readonly relayed: () => Relayed | null
}

const ROTATE_NAME = HEADER_LENGTH + 8

/** Events that begin a transaction. */
const beginRoles: ReadonlySet<number> = new Set([
  EventRole.GTID,
  EventRole.MARIADB_GTID,
  EventRole.QUERY,
  EventRole.PREFIX,
  EventRole.LOAD_BLOCK,
  EventRole.LOAD_STATEMENT,
  EventRole.INCIDENT,
])

/** Of these a relay log has the replica's own, too. */
const ownRoles: ReadonlySet<number> = new Set([EventRole.FILE_END, EventRole.PREVIOUS_GTIDS, EventRole.CONTROL])

export function createRelayReader(): RelayReader {
  let sourceFile: string | null = null
  /** Where the last event ended in the source's log. */
  let sourceEnd = 0
  let current: Relayed | null = null

  return {
    event({ type, bytes, from, bodyEnd, position }, startsAnew, file) {
      if (file.relayServerId === undefined) {
        current = null
        return
      }
      const role = roleOfType[type] ?? EventRole.UNKNOWN
      if (ownRoles.has(role) && isOwnEvent(file.relayServerId, u16(bytes, from + AT_FLAGS), bytes, from)) return
      if (type === EventType.ROTATE) {
        sourceFile = bytes.toString('utf8', from + ROTATE_NAME, bodyEnd)
        sourceEnd = u64(bytes, from + HEADER_LENGTH)
        return
      }
      const size = u32(bytes, from + AT_SIZE)
      const endLogPos = u32(bytes, from + AT_END_LOG_POS)
      const end = endInSource(sourceEnd, size, endLogPos)
      if (startsAnew) {
        current = {
          origin: { file: sourceFile, position: end - size },
          start: { file: file.name, position },
          hasBegin: beginRoles.has(role),
        }
      }
      sourceEnd = end
    },
    relayed: () => current,
  }
}

/**
 * The nearest position with the lower 32 bits that the event says. It says 0 inside transactions of MariaDB >= 11.4, and MySQL 5.0
 * counts from the begin of the transaction there: what would lie before the end of the event ahead of it is not taken.
 */
function endInSource(previousEnd: number, size: number, endLogPos: number): number {
  const next = previousEnd + size
  if (previousEnd === 0 && endLogPos !== 0) return endLogPos
  return endLogPos === 0 ? next : next + Math.max(0, (endLogPos - next) | 0)
}

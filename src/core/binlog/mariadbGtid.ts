/**
 * MariaDB's GTID event: sequence number u64, domain u32, flags; the server is the one in the header. Behind the flags come,
 * each only if its flag is set: a commit id u64, an XA identifier, extra flags, a sequence number of a two-phase ALTER, a
 * thread id; then padding, in the extreme to a whole page (MariaDB >= 11.7, large transactions).
 */
import { u32, u64 } from './bytes.ts'
import { AT_SERVER_ID, HEADER_LENGTH } from './layout.ts'

export const MariaDbGtidFlag = {
  STANDALONE: 1,
  GROUP_COMMIT_ID: 2,
  TRANSACTIONAL: 4,
  DDL: 32,
  PREPARED_XA: 64,
  COMPLETED_XA: 128,
} as const

const ExtraFlag = { MULTI_ENGINE: 1, START_ALTER: 2, COMMIT_ALTER: 4, ROLLBACK_ALTER: 8, THREAD_ID: 16 } as const

export const AT_MARIADB_SEQUENCE: number = HEADER_LENGTH
export const AT_MARIADB_DOMAIN: number = HEADER_LENGTH + 8
export const AT_MARIADB_FLAGS: number = HEADER_LENGTH + 12

export interface MariaDbGtid {
  readonly gtid: string
  readonly domain: number
  readonly serverId: number
  readonly sequence: number
  readonly flags: number
  readonly twoPhaseAlter: 'none' | 'start' | 'commit' | 'rollback'
  readonly threadId: number | null
}

/** Decodes the event bytes[from, end), `end` without CRC. */
export function decodeMariaDbGtid(bytes: Buffer, from: number, end: number): MariaDbGtid {
  const sequence = u64(bytes, from + AT_MARIADB_SEQUENCE)
  const domain = u32(bytes, from + AT_MARIADB_DOMAIN)
  const serverId = u32(bytes, from + AT_SERVER_ID)
  const flags = bytes[from + AT_MARIADB_FLAGS] ?? 0
  const tail = decodeMariaDbTail(bytes, from, end, flags)
  return { gtid: `${domain}-${serverId}-${sequence}`, domain, serverId, sequence, flags, ...tail }
}

/** What stands behind the flags of the event bytes[from, end). */
export function decodeMariaDbTail(
  bytes: Buffer,
  from: number,
  end: number,
  flags: number,
): Pick<MariaDbGtid, 'twoPhaseAlter' | 'threadId'> {
  let at = from + AT_MARIADB_FLAGS + 1
  if ((flags & MariaDbGtidFlag.GROUP_COMMIT_ID) !== 0) at += 8
  if ((flags & (MariaDbGtidFlag.PREPARED_XA | MariaDbGtidFlag.COMPLETED_XA)) !== 0) {
    at += 6 + (bytes[at + 4] ?? 0) + (bytes[at + 5] ?? 0)
  }
  const extra = at < end ? (bytes[at] ?? 0) : 0
  at += 1
  if ((extra & ExtraFlag.MULTI_ENGINE) !== 0) at += 1
  if ((extra & (ExtraFlag.COMMIT_ALTER | ExtraFlag.ROLLBACK_ALTER)) !== 0) at += 8
  return {
    twoPhaseAlter:
      (extra & ExtraFlag.START_ALTER) !== 0
        ? 'start'
        : (extra & ExtraFlag.COMMIT_ALTER) !== 0
          ? 'commit'
          : (extra & ExtraFlag.ROLLBACK_ALTER) !== 0
            ? 'rollback'
            : 'none',
    threadId: (extra & ExtraFlag.THREAD_ID) !== 0 && at + 4 <= end ? u32(bytes, at) : null,
  }
}

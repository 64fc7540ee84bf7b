/**
 * FORMAT_DESCRIPTION: what the rest of the file is to be read with. Without one, nothing in a file can be read.
 * Body: binlog_version u16, server_version char[50], created u32, header length u8, one post-header length per event type,
 * and since MySQL 5.6.1 / MariaDB 5.3.0 the checksum algorithm u8 with four bytes of CRC after it, used or not.
 */
import { hash } from 'node:crypto'
import { text, u16, u32, zeroTerminated } from './bytes.ts'
import { AT_SERVER_ID, AT_STAMP, CHECKSUM_LENGTH, HEADER_LENGTH } from './layout.ts'

export interface LogFormat {
  readonly binlogVersion: number
  /** 19 in every release; a patched 5.1 of 2010 wrote 27. */
  readonly headerLength: number
  /** As the server wrote it: `5.6.24-log`, `10.11.6-MariaDB-log`. */
  readonly serverVersion: string
  readonly family: 'mysql' | 'mariadb'
  readonly serverId: number
  /** When the file was begun, by the server's clock (Unix seconds). */
  readonly stampSeconds: number
  /** Non-zero in the first file after a server start, and only when the file is read from its beginning. */
  readonly createdSeconds: number
  /** Bytes of CRC at the end of every event: 0 or 4. */
  readonly checksumLength: 0 | 4
  /** The FORMAT_DESCRIPTION itself ends with a CRC, even where no other event of the file does (MySQL >= 5.6.1, MariaDB >= 5.3.0). */
  readonly carriesChecksum: boolean
  /** Post-header length by event type, index type - 1. */
  readonly postHeaderLengths: Uint8Array
  /** What names the file, whichever way it was read: a hash over what no stream changes. */
  readonly fingerprint: string
}

const AT_VERSION = HEADER_LENGTH
const AT_SERVER_VERSION = 21
const AT_CREATED = 71
const AT_HEADER_LENGTH = 75
const AT_POST_HEADER = 76

/** Servers that do not name an algorithm know 27 types; those that do know 35 or more: more without one means a damaged version. */
const MAX_TYPES_WITHOUT_ALGORITHM = 34

const CHECKSUMS_OFF = 0
const CHECKSUMS_CRC32 = 1
const CHECKSUMS_UNDEFINED = 255

/** Decodes the event bytes[from, from + size). Null when it is none that can be read (then the file is damaged or foreign). */
export function decodeFormat(bytes: Buffer, from: number, size: number): LogFormat | null {
  if (size < AT_POST_HEADER + 1) return null
  const serverVersion = zeroTerminated(bytes, from + AT_SERVER_VERSION, from + AT_CREATED)
  const hasAlgorithm = writesChecksumAlgorithm(serverVersion)
  if (!hasAlgorithm && size - AT_POST_HEADER > MAX_TYPES_WITHOUT_ALGORITHM) return null
  const algorithmAt = from + size - CHECKSUM_LENGTH - 1
  const algorithm = hasAlgorithm ? (bytes[algorithmAt] ?? 0) : CHECKSUMS_OFF
  if (algorithm !== CHECKSUMS_OFF && algorithm !== CHECKSUMS_CRC32 && algorithm !== CHECKSUMS_UNDEFINED) return null
  const postHeaderEnd = hasAlgorithm ? algorithmAt : from + size
  const postHeaderLengths = Uint8Array.from(bytes.subarray(from + AT_POST_HEADER, postHeaderEnd))
  const checksumLength = algorithm === CHECKSUMS_CRC32 ? CHECKSUM_LENGTH : 0
  const stampSeconds = u32(bytes, from + AT_STAMP)
  const serverId = u32(bytes, from + AT_SERVER_ID)
  return {
    headerLength: bytes[from + AT_HEADER_LENGTH] ?? 0,
    binlogVersion: u16(bytes, from + AT_VERSION),
    serverVersion,
    family: familyOf(serverVersion),
    serverId,
    stampSeconds,
    createdSeconds: u32(bytes, from + AT_CREATED),
    checksumLength,
    carriesChecksum: hasAlgorithm,
    postHeaderLengths,
    fingerprint: fingerprintOf([stampSeconds, serverId, serverVersion, checksumLength, postHeaderLengths.join('.')]),
  }
}

/** As servers name themselves. */
export function familyOf(serverVersion: string): 'mysql' | 'mariadb' {
  return /mariadb/i.test(serverVersion) ? 'mariadb' : 'mysql'
}

/** A name of 16 hex digits for a list of facts. */
export function fingerprintOf(parts: readonly (string | number)[]): string {
  return hash('sha256', parts.join('\n'), 'hex').slice(0, 16)
}

/** MySQL since 5.6.1 and MariaDB since 5.3.0 end the event with the algorithm (control_events.cpp, checksum_version_split). */
function writesChecksumAlgorithm(serverVersion: string): boolean {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(serverVersion)
  if (match === null) return false
  const version = Number(match[1]) * 10_000 + Number(match[2]) * 100 + Number(match[3])
  return version >= (/mariadb/i.test(serverVersion) ? 50_300 : 50_601)
}

/**
 * Development trees of 2005 to 2008 that numbered their event types in another order (mysql-server, the constructor of
 * Format_description_event keeps a permutation for them). Nothing else ever wrote them, and they are not read.
 */
export function hasPermutedTypes(serverVersion: string): boolean {
  return /^5\.[12]\.\d+-(a_drop|.*wl2325)/.test(serverVersion)
}

/** ROTATE: position u64 and the name of the next file. */
export function decodeRotate(bytes: Buffer, from: number, size: number, checksumLength: number): string {
  return text(bytes, from + HEADER_LENGTH + 8, from + size - checksumLength)
}

/**
 * What a QUERY event says of the session that ran its statement: codes with values of fixed or told lengths, between the post-header and
 * the schema (mysql-server statement_events.h, Query_event_status_vars). A code that is not known ends the reading: its length is not
 * known either, and servers write the codes in ascending order, the newer ones last.
 */
import { text, u16, u24, u32 } from './bytes.ts'
import { HEADER_LENGTH } from './layout.ts'

export interface StatusVariables {
  /** Bits of the session: SessionBit. */
  readonly flags: number | null
  /** Bits of sql_mode; beyond 2^32 too. */
  readonly sqlMode: bigint | null
  /** Numbers of collations. */
  readonly charset: { readonly client: number; readonly connection: number; readonly server: number } | null
  readonly timeZone: string | null
  readonly lcTimeNames: number | null
  readonly microseconds: number
  readonly explicitDefaultsForTimestamp: boolean | null
  readonly defaultCollationForUtf8mb4: number | null
  readonly sqlRequirePrimaryKey: boolean | null
  readonly defaultTableEncryption: boolean | null
}

/** query_options.h, as far as they are logged. */
export const SessionBit = { AUTO_IS_NULL: 0x4000, NO_FOREIGN_KEY_CHECKS: 0x400_0000, RELAXED_UNIQUE_CHECKS: 0x800_0000 } as const

const Code = {
  FLAGS: 0,
  SQL_MODE: 1,
  CATALOG_ZERO_TERMINATED: 2,
  AUTO_INCREMENT: 3,
  CHARSET: 4,
  TIME_ZONE: 5,
  CATALOG: 6,
  LC_TIME_NAMES: 7,
  CHARSET_DATABASE: 8,
  TABLE_MAP_FOR_UPDATE: 9,
  SOURCE_DATA_WRITTEN: 10,
  INVOKER: 11,
  UPDATED_SCHEMAS: 12,
  MICROSECONDS: 13,
  EXPLICIT_DEFAULTS_FOR_TIMESTAMP: 16,
  DDL_XID: 17,
  DEFAULT_COLLATION_FOR_UTF8MB4: 18,
  SQL_REQUIRE_PRIMARY_KEY: 19,
  DEFAULT_TABLE_ENCRYPTION: 20,
} as const

/** In place of a number of schemas: there are too many, and no names follow. */
const TOO_MANY_SCHEMAS = 254

const AT_LENGTH = HEADER_LENGTH + 11
const AT_VARIABLES = HEADER_LENGTH + 13

/** Decodes those of the QUERY event bytes[from, end), `end` without CRC. */
export function decodeStatusVariables(bytes: Buffer, from: number, end: number): StatusVariables {
  const values = new Map<number, number>()
  const to = Math.min(end, from + AT_VARIABLES + u16(bytes, from + AT_LENGTH))
  for (let at = from + AT_VARIABLES; at < to;) {
    const code = bytes[at] ?? 0
    const next = at + 1 + valueLength(bytes, code, at + 1, to)
    if (next > to) break
    values.set(code, at + 1)
    at = next
  }
  const read = <T>(code: number, decode: (at: number) => T): T | null => {
    const at = values.get(code)
    return at === undefined ? null : decode(at)
  }
  const flag = (at: number): boolean => bytes[at] !== 0
  const number = (at: number): number => u16(bytes, at)
  return {
    flags: read(Code.FLAGS, (at) => u32(bytes, at)),
    sqlMode: read(Code.SQL_MODE, (at) => bytes.readBigUInt64LE(at)),
    charset: read(Code.CHARSET, (at) => ({ client: number(at), connection: number(at + 2), server: number(at + 4) })),
    timeZone: read(Code.TIME_ZONE, (at) => text(bytes, at + 1, at + 1 + (bytes[at] ?? 0))),
    lcTimeNames: read(Code.LC_TIME_NAMES, number),
    microseconds: read(Code.MICROSECONDS, (at) => u24(bytes, at)) ?? 0,
    explicitDefaultsForTimestamp: read(Code.EXPLICIT_DEFAULTS_FOR_TIMESTAMP, flag),
    defaultCollationForUtf8mb4: read(Code.DEFAULT_COLLATION_FOR_UTF8MB4, number),
    sqlRequirePrimaryKey: read(Code.SQL_REQUIRE_PRIMARY_KEY, flag),
    defaultTableEncryption: read(Code.DEFAULT_TABLE_ENCRYPTION, flag),
  }
}

const fixedLengths = new Map<number, number>([
  [Code.FLAGS, 4],
  [Code.SQL_MODE, 8],
  [Code.AUTO_INCREMENT, 4],
  [Code.CHARSET, 6],
  [Code.LC_TIME_NAMES, 2],
  [Code.CHARSET_DATABASE, 2],
  [Code.TABLE_MAP_FOR_UPDATE, 8],
  [Code.SOURCE_DATA_WRITTEN, 4],
  [Code.MICROSECONDS, 3],
  [Code.EXPLICIT_DEFAULTS_FOR_TIMESTAMP, 1],
  [Code.DDL_XID, 8],
  [Code.DEFAULT_COLLATION_FOR_UTF8MB4, 2],
  [Code.SQL_REQUIRE_PRIMARY_KEY, 1],
  [Code.DEFAULT_TABLE_ENCRYPTION, 1],
])

/** Infinity: a code that is not known. */
function valueLength(bytes: Buffer, code: number, at: number, to: number): number {
  const first = bytes[at] ?? 0
  switch (code) {
    case Code.TIME_ZONE:
    case Code.CATALOG:
      return 1 + first
    case Code.CATALOG_ZERO_TERMINATED:
      return 2 + first
    case Code.INVOKER:
      return 1 + first + 1 + (bytes[at + 1 + first] ?? 0)
    case Code.UPDATED_SCHEMAS:
      return 1 + zeroTerminatedLength(bytes, at + 1, to, first === TOO_MANY_SCHEMAS ? 0 : first)
    default:
      return fixedLengths.get(code) ?? Number.POSITIVE_INFINITY
  }
}

function zeroTerminatedLength(bytes: Buffer, from: number, to: number, count: number): number {
  let at = from
  for (let i = 0; i < count; i++) {
    const zero = bytes.indexOf(0, at)
    if (zero === -1 || zero >= to) return Number.POSITIVE_INFINITY
    at = zero + 1
  }
  return at - from
}

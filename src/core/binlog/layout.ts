/**
 * The shape of a version 4 event: a header of 19 bytes, a body, and four bytes of CRC32 where the file has checksums.
 * Numbers of types and flags: mysql-server libs/mysql/binlog/event/binlog_event.h, MariaDB sql/log_event.h.
 */

export const HEADER_LENGTH = 19
export const CHECKSUM_LENGTH = 4

/** Greatest size of one event that any server writes (max_allowed_packet ends at 1 GiB; room for headers). */
export const MAX_EVENT_SIZE: number = 0x4000_0000 + 0x10_0000

/** Offsets in the header: stamp u32 (s), type u8, server_id u32, event_size u32, end_log_pos u32, flags u16. */
export const AT_STAMP = 0
export const AT_TYPE = 4
export const AT_SERVER_ID = 5
export const AT_SIZE = 9
export const AT_END_LOG_POS = 13
export const AT_FLAGS = 17

export const EventType = {
  START_V3: 1,
  QUERY: 2,
  STOP: 3,
  ROTATE: 4,
  INTVAR: 5,
  LOAD: 6,
  SLAVE: 7,
  CREATE_FILE: 8,
  APPEND_BLOCK: 9,
  EXEC_LOAD: 10,
  DELETE_FILE: 11,
  NEW_LOAD: 12,
  RAND: 13,
  USER_VAR: 14,
  FORMAT_DESCRIPTION: 15,
  XID: 16,
  BEGIN_LOAD_QUERY: 17,
  EXECUTE_LOAD_QUERY: 18,
  TABLE_MAP: 19,
  PRE_GA_WRITE_ROWS: 20,
  PRE_GA_UPDATE_ROWS: 21,
  PRE_GA_DELETE_ROWS: 22,
  WRITE_ROWS_V1: 23,
  UPDATE_ROWS_V1: 24,
  DELETE_ROWS_V1: 25,
  INCIDENT: 26,
  HEARTBEAT: 27,
  IGNORABLE: 28,
  ROWS_QUERY: 29,
  WRITE_ROWS: 30,
  UPDATE_ROWS: 31,
  DELETE_ROWS: 32,
  GTID: 33,
  ANONYMOUS_GTID: 34,
  PREVIOUS_GTIDS: 35,
  TRANSACTION_CONTEXT: 36,
  VIEW_CHANGE: 37,
  XA_PREPARE: 38,
  PARTIAL_UPDATE_ROWS: 39,
  TRANSACTION_PAYLOAD: 40,
  HEARTBEAT_V2: 41,
  GTID_TAGGED: 42,
  /** Percona Server 5.7's own binlog encryption. */
  PERCONA_START_ENCRYPTION: 159,
  ANNOTATE_ROWS: 160,
  BINLOG_CHECKPOINT: 161,
  MARIADB_GTID: 162,
  GTID_LIST: 163,
  START_ENCRYPTION: 164,
  QUERY_COMPRESSED: 165,
  WRITE_ROWS_COMPRESSED_V1: 166,
  UPDATE_ROWS_COMPRESSED_V1: 167,
  DELETE_ROWS_COMPRESSED_V1: 168,
  WRITE_ROWS_COMPRESSED: 169,
  UPDATE_ROWS_COMPRESSED: 170,
  DELETE_ROWS_COMPRESSED: 171,
  PARTIAL_ROW_DATA: 172,
} as const

const namesByType = new Map<number, string>(Object.entries(EventType).map(([name, type]) => [type, name]))

/** The manual's name of an event type, or `UNKNOWN(n)`. */
export function eventTypeName(type: number): string {
  return namesByType.get(type) ?? `UNKNOWN(${type})`
}

export const Flag = {
  /** FORMAT_DESCRIPTION only: the file is, or was when the server died, being written. */
  BINLOG_IN_USE: 0x1,
  THREAD_SPECIFIC: 0x4,
  SUPPRESS_USE: 0x8,
  /** Made by a server for the stream, not written to the log. */
  ARTIFICIAL: 0x20,
  RELAY_LOG: 0x40,
  /** A reader that does not know the type may skip the event. */
  IGNORABLE: 0x80,
  /** MariaDB: @@skip_replication was set. */
  SKIP_REPLICATION: 0x8000,
} as const

/** What an event means for the grammar of transactions. Small integers, as the scan looks one up for every event. */
export const EventRole = {
  UNKNOWN: 0,
  /** Belongs to whatever is open and changes nothing. */
  BODY: 1,
  /** Stands between transactions and belongs to none. */
  CONTROL: 2,
  /** MySQL GTID of any kind: opens a transaction. */
  GTID: 3,
  MARIADB_GTID: 4,
  QUERY: 5,
  /** Ends what is open. */
  TERMINATOR: 6,
  /** INTVAR, RAND, USER_VAR: first events of the statement that follows. */
  PREFIX: 7,
  ROWS: 8,
  TABLE_MAP: 9,
  /** Part of a LOAD DATA. */
  LOAD_BLOCK: 10,
  /** The statement that ends a LOAD DATA. */
  LOAD_STATEMENT: 11,
  INCIDENT: 12,
  PAYLOAD: 13,
  FORMAT_DESCRIPTION: 14,
  /** ROTATE, STOP. */
  FILE_END: 15,
  PREVIOUS_GTIDS: 16,
  START_ENCRYPTION: 17,
  OLD_FORMAT: 18,
} as const

function makeRoles(): Uint8Array {
  const roles = new Uint8Array(256)
  const assign = (role: number, ...types: readonly number[]): void => {
    for (const type of types) roles[type] = role
  }
  const T = EventType
  assign(EventRole.OLD_FORMAT, T.START_V3)
  assign(EventRole.QUERY, T.QUERY, T.QUERY_COMPRESSED)
  assign(EventRole.FILE_END, T.STOP, T.ROTATE)
  assign(EventRole.PREFIX, T.INTVAR, T.RAND, T.USER_VAR)
  assign(EventRole.LOAD_BLOCK, T.CREATE_FILE, T.APPEND_BLOCK, T.BEGIN_LOAD_QUERY, T.LOAD, T.NEW_LOAD)
  assign(EventRole.LOAD_STATEMENT, T.EXEC_LOAD, T.DELETE_FILE, T.EXECUTE_LOAD_QUERY)
  assign(EventRole.CONTROL, T.SLAVE, T.HEARTBEAT, T.HEARTBEAT_V2, T.BINLOG_CHECKPOINT)
  assign(EventRole.FORMAT_DESCRIPTION, T.FORMAT_DESCRIPTION)
  assign(EventRole.TERMINATOR, T.XID, T.XA_PREPARE)
  assign(EventRole.TABLE_MAP, T.TABLE_MAP)
  assign(
    EventRole.ROWS,
    T.PRE_GA_WRITE_ROWS,
    T.PRE_GA_UPDATE_ROWS,
    T.PRE_GA_DELETE_ROWS,
    T.WRITE_ROWS_V1,
    T.UPDATE_ROWS_V1,
    T.DELETE_ROWS_V1,
    T.WRITE_ROWS,
    T.UPDATE_ROWS,
    T.DELETE_ROWS,
    T.PARTIAL_UPDATE_ROWS,
    T.WRITE_ROWS_COMPRESSED_V1,
    T.UPDATE_ROWS_COMPRESSED_V1,
    T.DELETE_ROWS_COMPRESSED_V1,
    T.WRITE_ROWS_COMPRESSED,
    T.UPDATE_ROWS_COMPRESSED,
    T.DELETE_ROWS_COMPRESSED,
  )
  assign(EventRole.INCIDENT, T.INCIDENT)
  assign(EventRole.BODY, T.IGNORABLE, T.ROWS_QUERY, T.ANNOTATE_ROWS, T.TRANSACTION_CONTEXT, T.VIEW_CHANGE, T.PARTIAL_ROW_DATA)
  assign(EventRole.GTID, T.GTID, T.ANONYMOUS_GTID, T.GTID_TAGGED)
  assign(EventRole.PREVIOUS_GTIDS, T.PREVIOUS_GTIDS, T.GTID_LIST)
  assign(EventRole.PAYLOAD, T.TRANSACTION_PAYLOAD)
  assign(EventRole.MARIADB_GTID, T.MARIADB_GTID)
  assign(EventRole.START_ENCRYPTION, T.START_ENCRYPTION, T.PERCONA_START_ENCRYPTION)
  return roles
}

export const roleOfType: Uint8Array = makeRoles()

function makeMinimumSizes(): Uint8Array {
  const sizes = new Uint8Array(32).fill(HEADER_LENGTH)
  sizes[EventRole.QUERY] = HEADER_LENGTH + 13
  sizes[EventRole.GTID] = HEADER_LENGTH + 3
  sizes[EventRole.MARIADB_GTID] = HEADER_LENGTH + 13
  sizes[EventRole.TERMINATOR] = HEADER_LENGTH + 8
  sizes[EventRole.INCIDENT] = HEADER_LENGTH + 3
  sizes[EventRole.ROWS] = HEADER_LENGTH + 8
  sizes[EventRole.TABLE_MAP] = HEADER_LENGTH + 8
  sizes[EventRole.PREVIOUS_GTIDS] = HEADER_LENGTH + 4
  sizes[EventRole.LOAD_BLOCK] = HEADER_LENGTH + 4
  sizes[EventRole.LOAD_STATEMENT] = HEADER_LENGTH + 4
  const ofTypes = roleOfType.map((role) => sizes[role] ?? 0)
  // Where the file of a LOAD DATA stands behind other fields.
  for (const type of [EventType.LOAD, EventType.CREATE_FILE, EventType.NEW_LOAD]) ofTypes[type] = HEADER_LENGTH + 22
  ofTypes[EventType.EXECUTE_LOAD_QUERY] = HEADER_LENGTH + 26
  return ofTypes
}

/** Bytes, without CRC, below which an event of a type cannot hold its fixed fields. */
export const minimumSizeOfType: Uint8Array = makeMinimumSizes()

const bodyRoles: ReadonlySet<number> = new Set([EventRole.BODY, EventRole.PREFIX, EventRole.ROWS, EventRole.TABLE_MAP])

/** For the types whose events change only counts and stamps inside a transaction that a terminator ends: the least size; else 0. */
export const bodySizeOfType: Uint8Array = roleOfType.map((role, type) =>
  bodyRoles.has(role) ? (minimumSizeOfType[type] ?? 0) : 0,
)

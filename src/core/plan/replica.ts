/**
 * What a plan knows of the replica: one value, asked from the server once. Null is what the account may not see, or what a server of
 * this kind does not have.
 */
import type { Coordinate } from '../coordinate.ts'
import type { ReplicaIdentity } from './dialect.ts'
import type { Filters } from './filters.ts'

export interface ReplicaFacts {
  readonly address: string
  readonly identity: ReplicaIdentity
  readonly version: string
  readonly channel: string
  readonly source: { readonly host: string; readonly port: number; readonly serverId: number; readonly serverUuid: string | null }
  /** All of them, the one at hand included. */
  readonly channels: readonly ChannelState[]
  readonly receiverRuns: boolean
  readonly applierRuns: boolean
  /** The end of the last transaction that was executed, in the source's log. */
  readonly executed: Coordinate
  readonly received: Coordinate
  /** What stopped the applier; of a parallel one, with what its worker said. */
  readonly applierError: { readonly number: number; readonly message: string } | null
  readonly autoPosition: boolean
  /** MariaDB: `No`, `Slave_Pos` or `Current_Pos`; null on MySQL. */
  readonly usingGtid: string | null
  /** MySQL. */
  readonly gtidMode: string | null
  readonly gtidExecuted: string | null
  readonly gtidPurged: string | null
  /** MySQL: what this channel has received. */
  readonly gtidRetrieved: string | null
  /** MariaDB. */
  readonly gtidSlavePos: string | null
  readonly gtidBinlogPos: string | null
  readonly gtidCurrentPos: string | null
  readonly gtidStrictMode: boolean

  readonly readOnly: boolean
  readonly superReadOnly: boolean
  /** The server knows super_read_only: MySQL >= 5.7. */
  readonly hasSuperReadOnly: boolean
  readonly eventScheduler: boolean

  readonly logBin: boolean
  /** It writes what it applies into its own binlog. */
  readonly logsReplicated: boolean
  readonly binlogFormat: string | null
  readonly rowImage: string | null
  /** The end of its own binlog; null where there is none. */
  readonly ownLogEnd: Coordinate | null
  /** Who reads its own binlog; empty also where it may not be seen. */
  readonly readers: readonly LogReader[]
  readonly seesReaders: boolean
  /** The threads that send its own binlog to them; null where other accounts' threads may not be seen. */
  readonly binlogDumpThreads: readonly DumpThread[] | null

  readonly filters: Filters
  /** replicate_same_server_id: it applies also what it wrote itself. False also where the server does not show it: none does so far. */
  readonly sameServerId: boolean
  readonly parallelWorkers: number
  readonly preservesCommitOrder: boolean
  readonly delaySeconds: number
  readonly execMode: string
  /** sql_slave_skip_counter: events that the next START passes over. */
  readonly skipCounter: number
  /** slave_skip_errors: `OFF`, or a list. */
  readonly skipErrors: string
  /** MariaDB: triggers run for row events (slave_run_triggers_for_rbr). */
  readonly runsTriggers: boolean
  /** Its receiver acknowledges to a semi-synchronous source. */
  readonly semiSync: boolean
  readonly maxAllowedPacket: number
  /** Bytes; 0: no limit. */
  readonly relayLogSpaceLimit: number
  readonly relayLogRecovery: boolean

  /** Other channels whose applier runs. */
  readonly otherRunning: readonly string[]
  /** What SQL reads of the replica's state, as it is now: expressions of the dialect with their values. */
  readonly standing: readonly Standing[]
  /** SQL on the replica can read what it has executed. */
  readonly showsExecuted: boolean
  /** The account sees the keys of all tables, so that a foreign key that it does not see is not there. */
  readonly seesAllKeys: boolean
  /** A service of a cloud provider, where only its own procedures may reposition. */
  readonly isManaged: boolean
}

export interface ChannelState {
  readonly name: string
  readonly receiverRuns: boolean
  readonly applierRuns: boolean
}

/** A server that has registered as a reader of a binlog. */
export interface LogReader {
  readonly serverId: number
  /** MySQL. */
  readonly serverUuid: string | null
  /** As it reports itself (report_host): empty in MySQL, its address in MariaDB, unless it was told to. */
  readonly host: string
}

export interface DumpThread {
  /** For KILL. */
  readonly id: number
  readonly host: string
}

/** An SQL expression, and the value that it had. */
export interface Standing {
  readonly expression: string
  readonly value: string
}

/** A table in the window, on the replica. */
export interface TableFacts {
  readonly schema: string
  readonly table: string
  readonly exists: boolean
  readonly engine: string
  /** An estimate of the engine's. */
  readonly rows: number | null
  /** In the order of their positions, which begin at 1. */
  readonly columns: readonly ColumnFacts[]
  readonly hasPrimaryKey: boolean
  /** How many, the primary key included. */
  readonly uniqueKeys: number
  /** Columns (from 1) of the primary and the unique keys; null where a key is not of columns alone. */
  readonly keyColumns: readonly number[] | null
  /** The account sees which columns these are. */
  readonly seesColumns: boolean
  /** Null: none is seen, and the account need not see them. */
  readonly triggers: boolean | null
  /** True when a foreign key of or to this table cascades or sets NULL. */
  readonly cascades: boolean
  /** Other tables (or itself) refer to it with CASCADE or SET NULL: what happens to its rows happens to theirs. */
  readonly parentOfCascade: boolean
  /** Its columns (from 1) that such keys refer to; null where there are some that the account does not see. */
  readonly referencedColumns: readonly number[] | null
  readonly childOfCascade: boolean
}

export interface ColumnFacts {
  readonly name: string
  /** As COLUMN_TYPE has it: `int(11) unsigned`, `varchar(10)`. */
  readonly type: string
  readonly position: number
  readonly isGenerated: boolean
}

interface ServerIds {
  /** 0: not known. */
  readonly serverId: number
  readonly serverUuid: string | null
}

/** By UUID where both have one. */
export function isOtherServer(a: ServerIds, b: ServerIds): boolean {
  if (a.serverUuid !== null && b.serverUuid !== null) return a.serverUuid !== b.serverUuid
  return a.serverId !== 0 && b.serverId !== 0 && a.serverId !== b.serverId
}

/** What a plan knows of the source: one value, asked from the server once. Null is what may not be seen, or is not there. */
import type { Coordinate } from '../coordinate.ts'
import type { LogReader } from './replica.ts'

export interface SourceFacts {
  readonly address: string
  readonly serverId: number
  /** MySQL >= 5.6. */
  readonly serverUuid: string | null
  readonly version: string
  /** MySQL. */
  readonly gtidMode: string | null
  readonly gtidExecuted: string | null
  readonly gtidPurged: string | null
  /** MariaDB. */
  readonly gtidBinlogPos: string | null
  readonly gtidBinlogState: string | null
  readonly logBin: boolean
  readonly binlogFormat: string | null
  readonly rowImage: string | null
  /** MySQL's binlog_row_value_options: `PARTIAL_JSON`, or empty. */
  readonly rowValueOptions: string
  /** MariaDB 12.3 with binlog_storage_engine=innodb: a log without file positions. */
  readonly usesInnoDbBinlog: boolean
  /** How long a file of the log is kept; null: for ever. */
  readonly expirySeconds: number | null
  /** What the server calls that setting. */
  readonly expiryVariable: 'binlog_expire_logs_seconds' | 'expire_logs_days'
  /** A limit of bytes on the whole log, above which files are purged at any age; null: none. */
  readonly sizeLimit: number | null
  /** Who reads this server's binlog; empty also where it may not be seen. */
  readonly readers: readonly LogReader[]
  readonly seesReaders: boolean
  /** Null: it is no semi-synchronous source. */
  readonly semiSync: SemiSyncSource | null
  /** The channel over which the source replicates from the replica, as the other direction of a pair; null also where it may not be seen. */
  readonly fromReplica: ChannelFromReplica | null
  readonly seesChannels: boolean
  /** replicate_same_server_id: it applies also what it wrote itself. False also where the server does not show it: none does so far. */
  readonly sameServerId: boolean
}

/** How a source waits for acknowledgements before a commit returns. */
export interface SemiSyncSource {
  readonly clients: number
  /** It is on and has not fallen back to asynchronous replication. */
  readonly waits: boolean
  readonly timeoutMs: number
  readonly waitForCount: number
  /** What the server calls the time-out. */
  readonly timeoutVariable: string
}

export interface ChannelFromReplica {
  readonly channel: string
  readonly receiverRuns: boolean
  readonly applierRuns: boolean
  /** In the replica's log. */
  readonly executed: Coordinate
  readonly received: Coordinate
  readonly ignoredServerIds: readonly number[]
  readonly autoPosition: boolean
  /** MariaDB: `No`, `Slave_Pos` or `Current_Pos`; null on MySQL. */
  readonly usingGtid: string | null
  /** MySQL's Retrieved_Gtid_Set. */
  readonly gtidRetrieved: string | null
  /** Of the receiver or the applier. */
  readonly error: string | null
}

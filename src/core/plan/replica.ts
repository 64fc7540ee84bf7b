/** What a plan knows of the replica: one value, asked from the server once. */
import type { Coordinate } from '../coordinate.ts'
import type { ReplicaIdentity } from './dialect.ts'
import type { Filters } from './filters.ts'

export interface ReplicaFacts {
  readonly address: string
  readonly identity: ReplicaIdentity
  readonly version: string
  readonly channel: string
  readonly source: { readonly host: string; readonly port: number; readonly serverId: number; readonly serverUuid: string | null }
  readonly receiverRuns: boolean
  readonly applierRuns: boolean
  /** The end of the last transaction that was executed, in the source's log. */
  readonly executed: Coordinate
  readonly received: Coordinate
  readonly applierError: { readonly number: number; readonly message: string } | null
  readonly autoPosition: boolean
  /** MariaDB: `No`, `Slave_Pos` or `Current_Pos`; null on MySQL. */
  readonly usingGtid: string | null
  readonly gtidMode: string | null
  readonly gtidExecuted: string | null
  readonly gtidStrictMode: boolean
  readonly logsReplicated: boolean
  readonly filters: Filters
  readonly parallelWorkers: number
  readonly delaySeconds: number
  readonly execMode: string
  readonly readers: number
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

/** An SQL expression, and the value that it had. */
export interface Standing {
  readonly expression: string
  readonly value: string
}

/** Keys of a table in the window, on the replica. */
export interface TableFacts {
  readonly schema: string
  readonly table: string
  readonly exists: boolean
  readonly hasPrimaryKey: boolean
  /** Columns (from 1) of the primary and the unique keys; null where a key is not of columns alone. */
  readonly keyColumns: readonly number[] | null
  /** The account sees which columns these are. */
  readonly seesColumns: boolean
  /** True when a foreign key of or to this table cascades or sets NULL. */
  readonly cascades: boolean
  readonly engine: string
}

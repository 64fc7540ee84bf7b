/** All that a plan is made from: one value, looked at by every strategy. */
import type { Coordinate } from '../coordinate.ts'
import type { Dialect } from './dialect.ts'
import type { ReplicaFacts, TableFacts } from './replica.ts'
import type { SourceFacts } from './sourceFacts.ts'
import type { Sighting, Window } from './window.ts'

export interface Situation {
  readonly dialect: Dialect
  /** A channel's or connection's name; empty for the only one. */
  readonly channel: string
  readonly restart: Coordinate
  readonly window: Window
  /** Transactions of the replica's own that lie in the log behind the window. */
  readonly ownBehind: Sighting | null
  readonly tables: readonly TableFacts[]
  /** Null: only a dialect is known. */
  readonly replica: ReplicaFacts | null
  /** Null: the log was read from files. */
  readonly source: SourceFacts | null
  /** Before the restart, from the log: gtid_executed as it was then, or MariaDB's position; null where the log has no GTIDs. */
  readonly gtidsBefore: string | null
  /** How long a replay may take (seconds). */
  readonly waitSeconds: number
}

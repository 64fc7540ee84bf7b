/** All that a plan is made from: one value, looked at by every strategy. */
import type { Coordinate } from '../coordinate.ts'
import type { DdlReplay } from '../ddl/replay.ts'
import type { LogFile, ServerAddress } from '../ports.ts'
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
  /** What becomes of the statements that define tables; null where no replica was looked at. */
  readonly ddl: DdlReplay | null
  /** Null: only a dialect is known. */
  readonly replica: ReplicaFacts | null
  /** Null: the log was read from files. */
  readonly source: SourceFacts | null
  /** Before the restart, from the log: gtid_executed as it was then, or MariaDB's position; null where the log has no GTIDs. */
  readonly gtidsBefore: string | null
  /** Files of the log from the restart's to that of the window's end. */
  readonly files: readonly LogFile[]
  /** How the servers are reached, for commands that people type; null: not given, or files. */
  readonly access: { readonly source: ServerAddress | null; readonly replica: ServerAddress | null }
  /** The plan is executed; else it is printed for people to run. */
  readonly executes: boolean
  /** How long a replay may take (seconds). */
  readonly waitSeconds: number
}

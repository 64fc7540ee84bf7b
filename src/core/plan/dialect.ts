/** The words of a replica, as a plan needs them. Implemented in src/dialect; a plan never looks at a version. */
import type { Coordinate } from '../coordinate.ts'

export interface Dialect {
  /** `mysql-5.6`, `mariadb-10.0`, …: as `--dialect` takes it. */
  readonly name: string
  readonly family: 'mysql' | 'mariadb'
  /** Statements, without a semicolon. `channel`: a channel's or connection's name; empty for the only one. */
  readonly stop: (channel: string) => string
  readonly stopReceiver: (channel: string) => string
  readonly start: (channel: string) => string
  /** START UNTIL. `position` is a number, or the text of an SQL expression for `prepared`. */
  readonly startUntil: (end: Coordinate, channel: string) => string
  /** Repositions and nothing else: naming a host would reset the rest. */
  readonly changeTo: (at: Coordinate, channel: string) => string
  /** The function call that waits: >= 0 when `position` (a number or an SQL expression) of `file` has been executed, -1 after `seconds`, NULL when the applier does not run. */
  readonly positionWait: (file: string, position: number | string, seconds: number, channel: string) => string
  readonly execMode: 'slave_exec_mode' | 'replica_exec_mode'
  /** A condition that is true only on the server that the plan was made for. */
  readonly isServer: (identity: ReplicaIdentity) => string
  readonly showStatus: (channel: string) => string
  readonly quote: (text: string) => string
}

export interface ReplicaIdentity {
  readonly serverId: number
  /** MySQL >= 5.6. */
  readonly serverUuid: string | null
  readonly hostname: string
  readonly port: number
}

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
  readonly startUntil: (end: Coordinate, channel: string) => string
  /** The text of START UNTIL as an SQL expression, from expressions for the file and the position: to be prepared. */
  readonly startUntilText: (file: string, position: string, channel: string) => string
  /** Repositions and nothing else: naming a host would reset the rest. */
  readonly changeTo: (at: Coordinate, channel: string) => string
  /** Goes back to GTID positions, which changeTo leaves; `using` is MariaDB's Using_Gtid. */
  readonly followGtids: (using: string | null, channel: string) => string
  /**
   * The function call that waits, from SQL expressions for the file and the position: >= 0 when the position has been executed, -1
   * after `seconds`, NULL when the applier does not run.
   */
  readonly positionWait: (file: string, position: string, seconds: number, channel: string) => string
  /** Waits until the GTIDs (an SQL expression) have been executed: 0 when they have. Runs with a stopped applier, too. */
  readonly gtidWait: (gtids: string, seconds: number) => string
  /** START that stops once the GTIDs have been executed: MySQL's set, MariaDB's position. */
  readonly startUntilGtids: (gtids: string, channel: string) => string
  /** The same as an SQL expression from one for the set: to be prepared. */
  readonly startUntilGtidsText: (gtids: string, channel: string) => string
  /**
   * Throws away the server's own binlog, and what it has executed by GTID. The new log begins at the number of `file`, if given and the
   * server can (MySQL 8.0): a dump thread at a file whose name is gone ends with error 1236, which stops its reader.
   */
  readonly resetLog: (file: string | null) => string
  /** It can begin the new log at that number. */
  readonly keepsLogNumber: boolean
  /** Closes the gaps that parallel workers have left; null where there are none. */
  readonly fillGaps: ((channel: string) => string) | null
  /** One session can be made to write rows idempotently (MySQL >= 5.7, rbr_exec_mode). */
  readonly hasSessionMode: boolean
  /** Takes the limits off that a server may have set on how long a statement runs: the waits are long. */
  readonly noTimeLimit: string
  readonly execMode: 'slave_exec_mode' | 'replica_exec_mode'
  /** A condition that is true only on the server that the plan was made for. */
  readonly isServer: (identity: ReplicaIdentity) => string
  /** A condition that is true while an applier has executed all that was received, and stands still if nothing more is. */
  readonly isAtRest: string
  /** Where SQL can read what a stopped replica has executed: columns and table; null where it cannot. */
  readonly executedIn: ((channel: string) => ExecutedColumns) | null
  /** Expressions whose values stay as they are while a stopped replica stays where it is. Not every server knows each. */
  readonly standing: (channel: string) => readonly string[]
  readonly showStatus: (channel: string) => string
  readonly quote: (text: string) => string
  /** Absent: a server of one's own. */
  readonly managed?: ManagedService
}

/** A service of a provider, where only its procedures may touch replication. */
export interface ManagedService {
  /** For people. */
  readonly service: string
  /** Null: no idempotent replay can be had there. */
  readonly procedures: ManagedProcedures | null
  /** Why there are no procedures. */
  readonly because: string
}

export interface ManagedProcedures {
  readonly stop: string
  readonly start: string
  /** From SQL expressions for the file and the position; null: there is no such procedure. */
  readonly startUntil: ((file: string, position: string) => string) | null
  /** Repositions. Takes the connection from @source_host, @source_port, @replication_user, @replication_password and @replication_tls. */
  readonly setSource: (at: Coordinate) => string
}

export interface ExecutedColumns {
  readonly file: string
  readonly position: string
  /** `FROM … WHERE …`. */
  readonly from: string
}

export interface ReplicaIdentity {
  readonly serverId: number
  /** MySQL >= 5.6. */
  readonly serverUuid: string | null
  readonly hostname: string
  readonly port: number
}

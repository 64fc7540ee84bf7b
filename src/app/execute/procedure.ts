/** What a strategy does on the replica, and how it is put back. */
import type { Coordinate } from '../../core/coordinate.ts'
import type { ReplicaFacts } from '../../core/plan/replica.ts'
import type { Journal } from './journal.ts'
import type { Operation } from './operation.ts'

/** What the plan says, made again with the replica at rest. Goes into the journal. */
export interface Checked {
  /** The plan's, or further back where something has been ended since that was open across it. */
  readonly restart: Coordinate
  /** The end of the window. */
  readonly executed: Coordinate
  readonly gtidExecuted: string | null
  readonly gtidSlavePos: string | null
  readonly gtidsBefore: string | null
  /** MySQL: the window, as a set. */
  readonly window: string
  /** MariaDB: the window's domains. */
  readonly domains: readonly number[]
  /** Transactions that are not replayed. */
  readonly steppedOver: readonly { readonly start: Coordinate; readonly end: Coordinate; readonly gtid: string | null }[]
  /** Where statements that define tables are repeated. */
  readonly repeated: readonly Coordinate[]
  /** Tables of the window that are there. */
  readonly tables: readonly { readonly schema: string; readonly table: string }[]
  /** Tables that must be defined alike on both servers in the end. */
  readonly sameDefinition: readonly { readonly schema: string; readonly table: string }[]
  readonly transactions: number
  readonly bytes: number
}

/** What a repair puts back, as it was before anything was done. Goes into the journal. */
export type Before = Pick<
  ReplicaFacts,
  | 'receiverRuns'
  | 'applierRuns'
  | 'autoPosition'
  | 'usingGtid'
  | 'readOnly'
  | 'superReadOnly'
  | 'hasSuperReadOnly'
  | 'eventScheduler'
>

export interface Procedure {
  /**
   * Replays the window, from wherever an earlier run has left it; ends with both threads stopped, in strict mode. `check` plans again, with
   * the replica at rest as it is now, and throws where the plan is no longer safe.
   */
  readonly replay: (op: Operation, check: () => Promise<Checked>) => Promise<void>
  /** False once a replay has begun: then only finishing it heals. */
  readonly isUndoable: (journal: Journal) => boolean
  /** Puts back what it had changed, with both threads stopped. */
  readonly undo: (op: Operation, before: Before) => Promise<void>
}

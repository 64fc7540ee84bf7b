/**
 * What the strategies do their work with: statements on the replica that are in the journal before they run. A procedure made of these may
 * be begun again from its top at any moment (after a kill, after a lost connection): the journal has what was noted, and every statement is
 * one that may be repeated.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Coordinate } from '../../core/coordinate.ts'
import { formatCoordinate } from '../../core/coordinate.ts'
import type { Dialect } from '../../core/plan/dialect.ts'
import type { LogFile, LogSource } from '../../core/ports.ts'
import { BinpointError } from '../../errors.ts'
import type { ApplierState } from '../../server/applierState.ts'
import { applierState } from '../../server/applierState.ts'
import type { Row, ServerConnection } from '../../server/connection.ts'
import type { Journal } from './journal.ts'

export interface Progress {
  readonly text: string
  /** Bytes of the log, or rows, that are done, and how many there are. */
  readonly done: number
  readonly total: number
}

export interface Operation {
  readonly connection: ServerConnection
  readonly dialect: Dialect
  readonly channel: string
  readonly journal: Journal
  readonly signal: AbortSignal
  readonly log: LogSource
  readonly onProgress: (progress: Progress) => void
  /** Runs a statement, which is in the journal before. */
  readonly run: (step: string, sql: string) => Promise<readonly Row[]>
  /** The same for what makes the replica safe: it runs even where the journal cannot be written. */
  readonly makeSafe: (step: string, sql: string) => Promise<void>
  readonly state: () => Promise<ApplierState>
  /** Milliseconds until the time that the operator gave is over. Throws the abort's reason. */
  readonly timeLeftMs: () => number
  /** Shows how far the replay is: the bytes of the log between the restart and the end. */
  readonly showReplay: (executed: Coordinate) => void
  /** Waits a moment before the replica is looked at again. */
  readonly pause: () => Promise<void>
}

export interface OperationRequest {
  readonly connection: ServerConnection
  readonly dialect: Dialect
  readonly journal: Journal
  readonly signal: AbortSignal
  /** As of performance.now(). */
  readonly deadlineMs: number
  /** The log that is replayed. */
  readonly log: LogSource
  readonly files: readonly LogFile[]
  readonly onProgress: (progress: Progress) => void
}

const PAUSE_MS = 200

export function createOperation(request: OperationRequest): Operation {
  const { connection, dialect, journal, signal, deadlineMs, log, files, onProgress } = request
  const { channel, restart } = journal.head
  return {
    connection,
    dialect,
    channel,
    journal,
    signal,
    log,
    onProgress,
    run: async (step, sql) => {
      journal.statement({ step, sql })
      const began = performance.now()
      const rows = await connection.query(sql)
      journal.statement({
        step,
        sql,
        result: rows.length === 0 ? 'ok' : JSON.stringify(rows[0]),
        ms: Math.round(performance.now() - began),
      })
      return rows
    },
    makeSafe: async (step, sql) => {
      try {
        journal.statement({ step, sql })
      } catch (error) {
        if (!(error instanceof BinpointError) || error.code !== 'JOURNAL') throw error
      }
      await connection.query(sql)
    },
    state: () => applierState(connection, dialect, channel),
    timeLeftMs: () => {
      signal.throwIfAborted()
      return deadlineMs - performance.now()
    },
    showReplay: (executed) => {
      const end = files.at(-1)
      const total = end === undefined ? 0 : bytesBetween(files, restart, { file: end.name, position: end.size })
      onProgress({ text: `replaying ${formatCoordinate(executed)}`, done: bytesBetween(files, restart, executed), total })
    },
    pause: async () => {
      await sleep(PAUSE_MS, undefined, { signal })
    },
  }
}

/** 0 where the log has no such files. */
function bytesBetween(files: readonly LogFile[], from: Coordinate, to: Coordinate): number {
  const first = files.findIndex(({ name }) => name === from.file)
  const last = files.findIndex(({ name }) => name === to.file)
  if (first < 0 || last < first) return 0
  const whole = files.slice(first, last).reduce((sum, { size }) => sum + size, 0)
  return Math.max(0, whole + to.position - from.position)
}

/** The replica does not do what the repair had it do: somebody, or something, is at work there too. */
export function moved(what: string): BinpointError {
  return new BinpointError('REPLICA_MOVED', what, {
    hint: 'find out who changed the replica; then run the same command again, which goes on from the journal',
  })
}

/** Steps that scripts of several strategies have. */
import type { Dialect, ReplicaIdentity } from '../dialect.ts'
import type { Step } from '../plan.ts'
import { mustBe } from '../proof.ts'

export function step(id: string, sql: string, why: string): Step {
  return { id, on: 'replica', sql, why }
}

/** The right server, alone, and without a limit on how long a statement may run. */
export function beginSteps(dialect: Dialect, identity: ReplicaIdentity | null): Step[] {
  return [
    ...(identity === null
      ? []
      : [
          step('identity', mustBe(dialect.isServer(identity), 'this is the replica'), 'the plan is for this server and no other'),
        ]),
    step(
      'alone',
      mustBe(`GET_LOCK('binpoint repair', 0) = 1`, 'no other repair runs here'),
      'fails while another session runs such a script here; the lock goes with the session',
    ),
    step('limits', dialect.noTimeLimit, ''),
  ]
}

export interface Replay {
  /** From the mode to the start of the applier. */
  readonly begin: readonly Step[]
  /** Waits until the window is replayed, or the applier has stopped. */
  readonly wait: string
  /** A condition that holds once the window is replayed. */
  readonly isReplayed: string
}

/**
 * A replay in idempotent mode. UNTIL does not change the mode: hence the SET. The proof is the last statement, so that also a replay that
 * failed ends in strict mode.
 */
export function replayIdempotently({ execMode, stop, start }: Dialect, channel: string, replay: Replay): Step[] {
  return [
    step(
      'idempotent',
      `SET GLOBAL ${execMode} = 'IDEMPOTENT'`,
      'rows that are there already are written again instead of stopping the applier',
    ),
    ...replay.begin,
    step('wait', `DO ${replay.wait}`, 'waits until the window is replayed, or the applier has stopped'),
    step('halt', stop(channel), 'UNTIL may not have stopped it: at the end of an idle log it waits for more'),
    step('strict', `SET GLOBAL ${execMode} = 'STRICT'`, 'nothing behind the window is applied idempotently'),
    step('start', start(channel), 'replication goes on'),
    step(
      'prove',
      mustBe(replay.isReplayed, 'ok'),
      'the window is replayed, in the end in strict mode; error 1242 if the replay failed',
    ),
  ]
}

/** START UNTIL what is only known as the script runs: its text is an SQL expression. */
export function startPrepared(text: string, why: string): Step[] {
  return [
    step('until', `SET @until = ${text}`, why),
    step('prepare', 'PREPARE binpoint_until FROM @until', ''),
    step('replay', 'EXECUTE binpoint_until', ''),
    step('release', 'DEALLOCATE PREPARE binpoint_until', ''),
  ]
}

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

/**
 * The steps of strategy `coordinates`: restart the replica at an earlier coordinate, replay the window idempotently, end in strict mode.
 * Where the window ends, and how the script knows, is windowEnd.ts.
 *
 * START UNTIL the end of an idle log may never stop, and then swallows the START: hence the wait and the STOP behind it. A wait that returns
 * NULL proves nothing: hence the last statement, which fails with error 1242 unless the position was reached in strict mode. The client
 * stops at the first error.
 */
import type { Coordinate } from '../../coordinate.ts'
import type { Dialect, ReplicaIdentity } from '../dialect.ts'
import type { Step } from '../plan.ts'
import type { WindowEnd } from '../windowEnd.ts'
import { endSteps, knownEndSteps } from '../windowEnd.ts'
import { beginSteps, replayIdempotently, startPrepared, step } from './steps.ts'

export interface CoordinatesInput {
  readonly dialect: Dialect
  readonly channel: string
  readonly restart: Coordinate
  /** Null: only the dialect is known. */
  readonly identity: ReplicaIdentity | null
  readonly end: WindowEnd
  /** How long the replay may take before the script gives up (seconds). */
  readonly waitSeconds: number
}

export function coordinatesSteps(input: CoordinatesInput): Step[] {
  const { dialect, channel, restart } = input
  const change = step(
    'change',
    dialect.changeTo(restart, channel),
    'the restart; only the coordinate, so that everything else of the connection stays',
  )
  return [...beginSteps(input.dialect, input.identity), ...endSteps(input), ...windowSteps(input, [change])]
}

/**
 * What finishes a script that was broken off behind CHANGE: the rest of the window, idempotently, to the same end. Planning again would
 * not do: the window would end where the replica stands by then, and what it had executed behind that would be applied in strict mode.
 * Of a replica that ran, only the script knows the end; it must stand in `@file` and `@end`.
 */
export function resumeSteps(input: CoordinatesInput): Step[] {
  return [...beginSteps(input.dialect, input.identity), ...knownEndSteps(input), ...windowSteps(input, [])]
}

function windowSteps(input: CoordinatesInput, change: readonly Step[]): Step[] {
  const { dialect, channel, waitSeconds } = input
  const wait = dialect.positionWait('@file', '@end', waitSeconds, channel)
  return replayIdempotently(dialect, channel, { begin: [...change, ...startSteps(input)], wait, isReplayed: `${wait} >= 0` })
}

function startSteps({ dialect, channel, end }: CoordinatesInput): readonly Step[] {
  const why = 'replays up to the end of the window'
  if (end.kind === 'stopped') return [step('replay', dialect.startUntil(end.executed, channel), why)]
  return startPrepared(dialect.startUntilText('@file', '@end', channel), why)
}

/**
 * Where the window ends: what the replica has executed, known to the script when both threads are about to be, or are, stopped. Idempotent
 * mode may end late, never early. Three ways, by what the replica is and what its SQL can read:
 *
 * - stopped: the plan knows the end. The script makes sure that it still stands there: the applier does not run (the waiting function
 *   gives NULL), and what SQL can see of its state is as it was.
 * - running, where a table shows the executed position (MySQL 8.0 and later): it is read after the STOP.
 * - running elsewhere (MySQL 5.6, MariaDB: no SQL reads the position): the receiver is stopped, and the applier runs out of events.
 *   The waiting function says of any position whether it was executed: first one byte behind the end of the source's log as the plan
 *   saw it (an idle source: done), else by halving. Then the applier must be at rest, and the byte behind the end is asked for
 *   once more: an applier at rest without a receiver cannot move, so that this "no" is final, and the STOP comes after it.
 *
 * Every way fails with error 1242 before anything is changed but the threads, and the script may be run again, or planned again.
 */
import type { Coordinate } from '../coordinate.ts'
import type { Dialect } from './dialect.ts'
import type { Step } from './plan.ts'
import type { Standing } from './replica.ts'
import { mustBe } from './proof.ts'

export type WindowEnd =
  | { readonly kind: 'stopped'; readonly executed: Coordinate; readonly standing: readonly Standing[] }
  /** `knownEnd`: the end of the source's log when the plan was made. `shown`: SQL reads the executed position. */
  | { readonly kind: 'running'; readonly knownEnd: Coordinate; readonly shown: boolean }

export interface EndInput {
  readonly dialect: Dialect
  readonly channel: string
  readonly end: WindowEnd
  readonly waitSeconds: number
}

/** Leave `@file` and `@end` behind, with both threads stopped. */
export function endSteps(input: EndInput): Step[] {
  const { dialect, channel, end } = input
  const stop = stopStep(input)
  if (end.kind === 'stopped') return [...stillThere(input, end), stop]
  const reach = reachKnownEnd(input, end.knownEnd)
  if (end.shown && dialect.executedIn !== null) return [reach, stop, ...readExecuted(dialect.executedIn(channel))]
  return [reach, ...askExecuted(input, end.knownEnd), stop]
}

/** The same where the end is known already: by the plan, or, of a replica that ran, in `@file` and `@end`. */
export function knownEndSteps(input: EndInput): Step[] {
  const { end } = input
  return end.kind === 'stopped' ? [endStep(input.dialect, end.executed), stopStep(input)] : [stopStep(input)]
}

function stopStep({ dialect, channel }: EndInput): Step {
  return step('stop', dialect.stop(channel), 'both threads: a new coordinate is only taken then')
}

function endStep(dialect: Dialect, end: Coordinate): Step {
  const sql = `SET @file = ${dialect.quote(end.file)}, @end = ${end.position}`
  return step('end', sql, 'what the stopped replica has executed: the window ends here')
}

function step(id: string, sql: string, why = ''): Step {
  return { id, on: 'replica', sql, why }
}

function stillThere(
  { dialect, channel }: EndInput,
  { executed, standing }: Extract<WindowEnd, { kind: 'stopped' }>,
): readonly Step[] {
  const stands = `${dialect.positionWait(dialect.quote(executed.file), '4', PROBE_SECONDS, channel)} IS NULL`
  const same = standing.map(({ expression, value }) => `${expression} = ${dialect.quote(value)}`)
  return [
    step(
      'still',
      mustBe([stands, ...same].join(' AND '), 'the replica is still stopped where it was'),
      'the plan is for the replica where it was stopped: fails if it was started since; then plan again',
    ),
    endStep(dialect, executed),
  ]
}

function reachKnownEnd({ dialect, channel, waitSeconds }: EndInput, knownEnd: Coordinate): Step {
  const reached = dialect.positionWait(dialect.quote(knownEnd.file), String(knownEnd.position), waitSeconds, channel)
  return step(
    'reach',
    mustBe(`${reached} >= 0`, 'the replica has executed what the plan has seen'),
    "the replica must first reach the end of the source's log as the plan saw it; fails if it does not run",
  )
}

function readExecuted({ file, position, from }: { file: string; position: string; from: string }): readonly Step[] {
  return [
    step(
      'file',
      `SET @file = (SELECT ${file} ${from})`,
      'what the replica has executed, now that it is stopped: the window ends here',
    ),
    step('end', `SET @end = (SELECT ${position} ${from})`),
    step('sure', mustBe(`@file <> '' AND @end >= 4`, `CONCAT('the window ends at ', @file, ':', @end)`)),
  ]
}

/** How long one question to the waiting function may take to say no (seconds). */
const PROBE_SECONDS = 1
/** No position reaches it: servers cut them to 32 bits. */
const BEYOND = 0x1_0000_0000
/** Halvings that tell any position of a file apart. */
const HALVINGS = 32
/** A "yes" costs nothing, a "no" a second: first the range is cut down to what a busy source writes meanwhile (bytes). */
const STRIDES = [1, 1 << 16, 1 << 24]
function askExecuted({ dialect, channel }: EndInput, knownEnd: Coordinate): readonly Step[] {
  const wait = (probe: string): string => dialect.positionWait('@file', probe, PROBE_SECONDS, channel)
  // One statement, as a script has no loops. NULL (the applier does not run) narrows nothing, so that `sure` fails. LIMIT keeps
  // MariaDB from merging the two SELECTs, and so from waiting twice.
  const probe = 'SELECT IF(@stride = 0, (@end + @beyond) DIV 2, LEAST(@end + @stride, @beyond - 1)) AS probe'
  const question =
    'SELECT IF(yes >= 0, probe, @end), IF(yes = -1, probe, @beyond) INTO @end, @beyond ' +
    `FROM (SELECT probe, ${wait('probe')} AS yes FROM (${probe}) AS p LIMIT 1) AS q`
  const ask = step('ask', 'EXECUTE binpoint_ask')
  return [
    step(
      'rest',
      dialect.stopReceiver(channel),
      'nothing more is received: the applier comes to rest at the end of what it has. START puts it back if a later step fails',
    ),
    step(
      'from',
      `SET @file = ${dialect.quote(knownEnd.file)}, @end = ${knownEnd.position}, @beyond = ${BEYOND}`,
      'has it executed more than the plan has seen? Asks for the exact end, by strides and then by halving; over at once when it is known',
    ),
    step('prepare', `PREPARE binpoint_ask FROM ${dialect.quote(question)}`),
    ...STRIDES.flatMap((stride) => [step('stride', `SET @stride = ${stride}`), ask]),
    step('stride', 'SET @stride = 0'),
    ...Array.from({ length: HALVINGS }, () => ask),
    step(
      'idle',
      mustBe(dialect.isAtRest, 'the applier is at rest'),
      'fails while it still works, or when this account lacks PROCESS: run the script again',
    ),
    step(
      'sure',
      mustBe(
        `@beyond - @end = 1 AND @beyond < ${BEYOND} AND ${wait('@beyond')} = -1`,
        `CONCAT('the window ends at ', @file, ':', @end)`,
      ),
      'at rest, it cannot move any more; fails if it moved before, or if the source began a new file: run again, or plan again',
    ),
  ]
}

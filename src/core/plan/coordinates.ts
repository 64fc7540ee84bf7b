/**
 * The steps of strategy `coordinates`: restart the replica at an earlier coordinate, replay the window idempotently, end in strict mode.
 *
 * What makes it hard in plain SQL: the window ends where the replica has executed, that is only known after it was stopped, no
 * server before MySQL 8.0 shows it to SQL, and one that runs has moved on since the plan was made. So, for a replica that runs:
 * it first reaches the end of the source's log as the plan saw it (`knownEnd`), then its receiver is stopped, so that it comes
 * to rest at the end of what it has received; and that end is found with the waiting function, which says of any position
 * whether it has been executed: first one byte behind `knownEnd` (an idle source: done), else by halving. The answer is exact, as
 * executed positions only move by whole transactions. A replica that is stopped has its end in the plan.
 *
 * START UNTIL the end of an idle log may never stop, and then swallows the START: hence the wait and the STOP behind it. UNTIL does not
 * change the mode: hence the SET. A wait that returns NULL proves nothing: hence the last statement, which fails with error 1242
 * unless the position was reached in strict mode. The client stops at the first error.
 */
import type { Coordinate } from '../coordinate.ts'
import type { Dialect, ReplicaIdentity } from './dialect.ts'
import type { Step } from './plan.ts'

export interface CoordinatesInput {
  readonly dialect: Dialect
  readonly channel: string
  readonly restart: Coordinate
  /** Null: only the dialect is known. */
  readonly identity: ReplicaIdentity | null
  /** What a stopped replica has executed; null for one that runs. */
  readonly executed: Coordinate | null
  /** The end of the source's log when the plan was made. */
  readonly knownEnd: Coordinate
  /** How long the replay may take before the script gives up (seconds). */
  readonly waitSeconds: number
}

/** Halvings that tell any position of a file apart: positions are below 2^32. */
const HALVINGS = 32
/** Bytes: first guesses of how much further it may be. */
const STRIDES = [1 << 16, 1 << 24]
/** No position reaches it: servers cut them to 32 bits. */
const BEYOND = 0x1_0000_0000
/** How long one question to the waiting function may take to say no (seconds). */
const PROBE_SECONDS = 1

export function coordinatesSteps(input: CoordinatesInput): Step[] {
  const { dialect, channel, restart } = input
  const end = input.executed ?? input.knownEnd
  const steps: Step[] = []
  const add = (id: string, sql: string, why: string): void => void steps.push({ id, on: 'replica', sql, why })

  if (input.identity !== null)
    add('identity', mustBe(dialect.isServer(input.identity), 'this is the replica'), 'the plan is for this server and no other')
  if (input.executed === null) addRest(input, add)
  else add('end', `SET @end = ${input.executed.position}`, 'what the stopped replica has executed: the window ends here')
  add('stop', dialect.stop(channel), 'both threads: a new coordinate is only taken then')
  add(
    'idempotent',
    `SET GLOBAL ${dialect.execMode} = 'IDEMPOTENT'`,
    'rows that are there already are written again instead of stopping the applier',
  )
  add(
    'change',
    dialect.changeTo(restart, channel),
    'the restart; only the coordinate, so that everything else of the connection stays',
  )
  const until = dialect.startUntil({ file: end.file, position: UNTIL_MARK }, channel)
  add('until', `SET @until = CONCAT(${splitAtMark(until, dialect)})`, 'replays up to the end of the window, wherever that is')
  add('prepare', 'PREPARE binpoint_until FROM @until', '')
  add('replay', 'EXECUTE binpoint_until', 'the replay begins')
  add('release', 'DEALLOCATE PREPARE binpoint_until', '')
  add(
    'wait',
    `DO ${dialect.positionWait(end.file, '@end', input.waitSeconds, channel)}`,
    'waits until the window is replayed, or the applier has stopped',
  )
  add('halt', dialect.stop(channel), 'UNTIL may not have stopped it: at the end of an idle log it waits for more')
  add('strict', `SET GLOBAL ${dialect.execMode} = 'STRICT'`, 'nothing behind the window is applied idempotently')
  add('start', dialect.start(channel), 'replication goes on')
  add(
    'prove',
    mustBe(
      `${dialect.positionWait(end.file, '@end', input.waitSeconds, channel)} >= 0`,
      'the window is replayed and replication runs in strict mode',
    ),
    'fails with error 1242 if the replay failed',
  )
  return steps
}

/** Brings a running replica to rest and finds out where. */
function addRest(input: CoordinatesInput, add: (id: string, sql: string, why: string) => void): void {
  const { dialect, channel, knownEnd, waitSeconds } = input
  const reached = (position: string, seconds: number): string => dialect.positionWait(knownEnd.file, position, seconds, channel)
  add(
    'reach',
    mustBe(`${reached(String(knownEnd.position), waitSeconds)} >= 0`, 'the replica has what the plan has seen'),
    "the replica must first reach the end of the source's log as the plan saw it",
  )
  add('rest', dialect.stopReceiver(channel), 'nothing more is received: the applier comes to rest at the end of what it has')
  // One SET evaluates all its expressions before it assigns any.
  add('from', `SET @end = ${knownEnd.position}, @beyond = ${BEYOND}`, 'has it executed more than the plan has seen?')
  add('probe', 'SET @probe = @end + 1', '')
  add('ask', `SET @yes = ${reached('@probe', PROBE_SECONDS)}`, '')
  add('narrow', narrow, '')
  const question = (probe: string, why: string): void => {
    add('halve', `SET @probe = ${probe}`, why)
    add('ask', `SET @yes = IF(@beyond - @end > 1, ${reached('@probe', PROBE_SECONDS)}, 0)`, '')
    add('narrow', narrow, '')
  }
  // A "yes" costs nothing and a "no" up to a second, so the range is first cut down to what a busy source writes meanwhile.
  for (const [i, step] of STRIDES.entries())
    question(`LEAST(@end + ${step}, @beyond - 1)`, i === 0 ? 'finds the exact end by halving; over at once when it is known' : '')
  for (let i = 0; i < HALVINGS; i++) question('(@end + @beyond) DIV 2', '')
  add(
    'sure',
    mustBe(`@beyond - @end = 1 AND @beyond < ${BEYOND}`, 'the end of what the replica has executed is known'),
    'fails if the applier stopped, or the source began a new file: then plan again',
  )
}

/** NULL (the applier does not run) narrows nothing, so that the end stays unknown and `sure` fails. Once it is known, the probe is the end itself. */
const narrow = 'SET @end = IF(@yes >= 0, @probe, @end), @beyond = IF(@yes = -1, LEAST(@beyond, @probe), @beyond)'

/** A position that no restart can have: it marks the place of the expression in the prepared statement. */
const UNTIL_MARK = -1

function splitAtMark(statement: string, dialect: Dialect): string {
  const [before = '', after = ''] = statement.split(String(UNTIL_MARK))
  return `${dialect.quote(before)}, @end${after === '' ? '' : `, ${dialect.quote(after)}`}`
}

/** One row that says what holds, or error 1242 (a subquery with two rows), at which the client stops. */
function mustBe(condition: string, holds: string): string {
  return `SELECT IF(${condition}, '${holds}', (SELECT 1 UNION SELECT 2)) AS binpoint`
}

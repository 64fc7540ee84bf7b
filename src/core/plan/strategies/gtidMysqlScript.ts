/** Strategy `gtid` on MySQL as a script for the mysql client. */
import { mustBe } from '../proof.ts'
import type { Step } from '../plan.ts'
import type { ReplicaFacts } from '../replica.ts'
import type { Situation } from '../situation.ts'
import { ownExpression, windowExpression, windowSets } from './gtidSets.ts'
import { beginSteps, replayIdempotently, startPrepared, step } from './steps.ts'
import type { PrintedPlan } from './strategy.ts'

export function gtidMysqlScript(situation: Situation, replica: ReplicaFacts): PrintedPlan {
  const { dialect, channel, window, waitSeconds, source } = situation
  const sets = windowSets(window.gtids, situation.gtidsBefore ?? '', replica.identity.serverUuid ?? '')
  const replay = replayIdempotently(dialect, channel, {
    begin: [
      step('follow', dialect.followGtids(null, channel), 'clears what was received, and keeps auto-positioning'),
      ...startPrepared(dialect.startUntilGtidsText('@window', channel), 'replays the window'),
    ],
    wait: dialect.gtidWait('@window', waitSeconds),
    isReplayed: `${dialect.gtidWait('@window', 1)} = 0`,
  })
  const guards = guardSteps(replica)
  return {
    steps: [
      ...beginSteps(dialect, replica.identity),
      step('stop', dialect.stop(channel), 'both threads'),
      ...guards.up,
      step(
        'window',
        `SET @executed = @@GLOBAL.gtid_executed, @window = ${windowExpression(sets, '@@GLOBAL.gtid_executed')}`,
        'what is replayed: all that the source wrote since the restart and this server has executed, without its own',
      ),
      step('target', 'SET @target = GTID_SUBTRACT(@executed, @window)', ''),
      step(
        'drained',
        mustBe(
          `GTID_SUBSET(${ownExpression('@executed', replica.identity.serverUuid ?? '')}, '${source?.gtidExecuted ?? ''}') AND @window <> ''`,
          'the source has all that this server wrote',
        ),
        'this binlog goes away: fails if the source had not all of it when the plan was made',
      ),
      step(
        'show',
        `SELECT @executed AS gtid_executed_before, @window AS window_to_replay`,
        'keep this output: it is what a broken-off script is finished with',
      ),
      step(
        'reset',
        dialect.resetLog(replica.ownLogEnd?.file ?? null),
        'IRREVERSIBLE: empties gtid_executed, and with it goes the binlog',
      ),
      step('purged', 'SET GLOBAL gtid_purged = @target', 'all but the window counts as executed again'),
      ...deafSteps(replica),
      ...guards.down,
      ...replay,
    ],
    undo: [],
    resume: [
      { sql: dialect.stop(channel) },
      { sql: "SET @window = 'WINDOW_TO_REPLAY', @target = GTID_SUBTRACT('GTID_EXECUTED_BEFORE', @window)" },
      { sql: `SET @executed = @@GLOBAL.gtid_executed` },
      { sql: "SET @text = IF(@executed = '', CONCAT('SET GLOBAL gtid_purged = ', QUOTE(@target)), 'DO 0')" },
      { sql: 'PREPARE binpoint_purged FROM @text' },
      { sql: 'EXECUTE binpoint_purged' },
      ...deafSteps(replica).map(({ sql }) => ({ sql })),
      ...guards.down.map(({ sql }) => ({ sql })),
      ...replay.map(({ sql }) => ({ sql })),
    ],
    afterwards: [],
  }
}

/** Nothing may be written here between the reset and gtid_purged: it would use a number a second time. */
function guardSteps(replica: ReplicaFacts): { readonly up: readonly Step[]; readonly down: readonly Step[] } {
  const up: Step[] = []
  const down: Step[] = []
  if (replica.eventScheduler) {
    up.push(step('events', 'SET GLOBAL event_scheduler = OFF', 'no event may write until gtid_purged is set'))
    down.push(step('events-on', 'SET GLOBAL event_scheduler = ON', 'as it was'))
  }
  if (replica.hasSuperReadOnly && !replica.superReadOnly) {
    up.push(step('guard', 'SET GLOBAL super_read_only = ON', 'no session may write until gtid_purged is set'))
    down.push(step('guard-off', 'SET GLOBAL super_read_only = OFF', 'as it was'))
    if (!replica.readOnly) down.push(step('read-only-off', 'SET GLOBAL read_only = OFF', 'super_read_only had switched it on'))
  }
  return { up, down }
}

/** Dump threads notice nothing of the reset until the new log reaches their place (error 1236): ended before, their servers connect anew. */
function deafSteps({ readers }: ReplicaFacts): Step[] {
  return readers.flatMap(() => [
    step(
      'reader',
      `SET @reader = (SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%' AND (@ended IS NULL OR NOT FIND_IN_SET(ID, @ended)) LIMIT 1)`,
      'a server that reads this binlog notices nothing of the reset, and would read other bytes at its place: ended, it connects anew',
    ),
    step(
      'reader-text',
      "SET @kill = IF(@reader IS NULL, 'DO 0', CONCAT('KILL ', @reader)), @ended = CONCAT_WS(',', @ended, @reader)",
      '',
    ),
    step('reader-prepare', 'PREPARE binpoint_kill FROM @kill', ''),
    step('reader-end', 'EXECUTE binpoint_kill', ''),
  ])
}

/** The way back: before the replay has begun, and to GTID positions after it. */
import type { Dialect } from './dialect.ts'
import type { ReplicaFacts } from './replica.ts'

interface Statement {
  readonly sql: string
}

/**
 * Good as long as the replay has not begun. Of a replica that ran, the plan does not know where it was stopped: until CHANGE has run, the
 * server knows it itself, so that starting it again is all.
 */
export function undoOf(dialect: Dialect, facts: ReplicaFacts): readonly Statement[] {
  const { channel } = facts
  const mode = { sql: `SET GLOBAL ${dialect.execMode} = '${facts.execMode}'` }
  if (facts.applierRuns) return [{ sql: dialect.stop(channel) }, mode, { sql: dialect.start(channel) }]
  return [
    { sql: dialect.stop(channel) },
    mode,
    { sql: dialect.changeTo(facts.executed, channel) },
    ...afterwardsOf(dialect, facts).slice(1, -1),
  ]
}

/** CHANGE switches positions by GTID off; whether to switch them on again is the operator's choice. */
export function afterwardsOf(dialect: Dialect, facts: ReplicaFacts): readonly Statement[] {
  const { channel } = facts
  const followedGtids = facts.autoPosition || (facts.usingGtid !== null && !/^(no|)$/i.test(facts.usingGtid))
  if (!followedGtids) return []
  return [{ sql: dialect.stop(channel) }, { sql: dialect.followGtids(facts.usingGtid, channel) }, { sql: dialect.start(channel) }]
}

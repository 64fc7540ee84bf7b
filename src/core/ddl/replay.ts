/**
 * Which statements of a window are repeated when it is replayed, which are stepped over, and whether it may be replayed at all: such that at
 * its end the replica's tables are what the source's were, whatever part of the window the replica had. Where that is not shown, it blocks.
 *
 * Stepping over a transaction: `coordinates` restarts replication behind it, one segment after the other; `gtid` of MySQL leaves its GTID
 * in `gtid_purged`, of MariaDB sets `gtid_slave_pos` to it; `apply` does not send it. What `apply` repeats it runs as text with
 * `sql_log_bin` = 0, in the session that the event's status variables describe (default schema, sql_mode, character sets, time zone,
 * foreign_key_checks, unique_checks): a BINLOG statement takes no QUERY event. `mysqlbinlog`, once for each segment, prints all of that.
 */
import type { Coordinate } from '../coordinate.ts'
import { compareCoordinates } from '../coordinate.ts'
import { judge } from './judge.ts'
import type { DdlSequence, DdlStep, LoggedDdl, RowsStep } from './sequence.ts'
import type { ReplicaTables, Standing, StandingTable } from './standing.ts'
import { createStanding, nameOf, putRows } from './standing.ts'
import type { Ddl, TableName } from './statement.ts'
import type { Verdict } from './verdict.ts'
import { blocked, restartBehind } from './verdict.ts'

export interface DdlDecision {
  readonly start: Coordinate
  readonly end: Coordinate
  readonly gtid: string | null
  readonly statements: readonly LoggedDdl[]
  readonly verdict: Verdict
}

/** Why the window must not be replayed. */
export interface DdlBlock {
  readonly at: Coordinate
  /** Empty where it is not one statement. */
  readonly statement: string
  readonly because: string
  readonly remedy: string
}

export interface Segment {
  readonly from: Coordinate
  readonly to: Coordinate
}

export interface DdlReplay {
  /** One for each transaction with DDL, in log order. */
  readonly decisions: readonly DdlDecision[]
  /** Empty: the window may be replayed, as far as its DDL goes. */
  readonly blocks: readonly DdlBlock[]
  /** The window without what is stepped over, in log order: what is replayed. */
  readonly segments: readonly Segment[]
  /**
   * Tables that must be defined alike on source and replica when the window has been replayed (SHOW CREATE TABLE; only the order of indexes
   * may differ): a table that was there before is taken for the one that the window makes.
   */
  readonly sameDefinition: readonly TableName[]
}

export function decideDdl(sequence: DdlSequence, replica: ReplicaTables, window: Segment): DdlReplay {
  const standing = createStanding(replica)
  foresee(standing, sequence)
  const decisions: DdlDecision[] = []
  const blocks: DdlBlock[] = []
  /** Each table once. */
  const reported = new Set<StandingTable>()

  const rowsOf = (step: DdlStep | RowsStep): void => {
    for (const changed of step.tables) {
      const table = standing.table(changed)
      if (putRows(table, changed) || reported.has(table)) continue
      reported.add(table)
      // 1146, in idempotent mode too.
      blocks.push({
        at: step.start,
        statement: '',
        because: `rows of ${nameOf(changed)} are in the window before its DROP, and the replica does not have the table any more`,
        remedy: 'choose a restart behind the DROP',
      })
    }
  }

  sequence.forEach((step, index) => {
    if (step.kind === 'ddl') {
      const verdict = judgeStep(standing, step, () => ddlOf(sequence.slice(index + 1)))
      decisions.push({ start: step.start, end: step.end, gtid: step.gtid, statements: step.statements, verdict })
      if (verdict.verdict === 'block') {
        const { because, remedy } = verdict
        blocks.push({ at: step.start, statement: step.statements[0]?.text ?? '', because, remedy })
      }
    }
    rowsOf(step)
  })
  for (const table of standing.tables()) if (!reported.has(table)) blocks.push(...finalBlocks(table, window.to))
  return {
    decisions,
    blocks,
    segments: segmentsOf(window, decisions),
    sameDefinition: standing.tables().flatMap((table) => (table.isDefined && table.exists ? [table.name] : [])),
  }
}

function judgeStep(standing: Standing, step: DdlStep, later: () => readonly Ddl[]): Verdict {
  const verdicts = step.statements.map((logged) => judge(standing, { logged, rows: step.tables, later }))
  const [first = blocked('it holds no statement')] = verdicts
  const bar = verdicts.find(({ verdict }) => verdict === 'block')
  if (bar !== undefined) return bar
  if (verdicts.some(({ verdict }) => verdict !== first.verdict))
    return blocked('one part of the transaction is to be repeated, the other is not')
  if (first.verdict === 'step-over' && step.tables.length > 0)
    return blocked('rows in the same transaction would be stepped over')
  return first
}

/** What the source had where the window begins, from what it first did to a table. */
function foresee(standing: Standing, sequence: DdlSequence): void {
  const seen = new Set<StandingTable>()
  const see = (name: TableName, sourceHas: boolean | null): void => {
    const table = standing.table(name)
    if (!seen.has(table)) table.sourceHas = sourceHas
    seen.add(table)
  }
  for (const step of sequence) {
    if (step.kind === 'ddl')
      for (const { ddl } of step.statements) for (const [name, sourceHas] of presumed(ddl)) see(name, sourceHas)
    for (const changed of step.tables) see(changed, true)
  }
}

/** What a statement that succeeded presumes of its tables; null: nothing. */
function presumed(ddl: Ddl): readonly (readonly [TableName, boolean | null])[] {
  switch (ddl.action) {
    case 'create-table': {
      const isNew: readonly [TableName, boolean | null] = [ddl.table, ddl.isIfNotExists || ddl.isOrReplace ? null : false]
      return ddl.like === null ? [isNew] : [isNew, [ddl.like, true]]
    }
    case 'drop-table':
      return ddl.tables.map((name) => [name, ddl.isIfExists ? null : true])
    case 'truncate-table':
    case 'alter-table':
      return [[ddl.table, true]]
    default:
      return []
  }
}

function ddlOf(steps: DdlSequence): readonly Ddl[] {
  return steps.flatMap((step) => (step.kind === 'ddl' ? step.statements.map(({ ddl }) => ddl) : []))
}

function finalBlocks(table: StandingTable, at: Coordinate): readonly DdlBlock[] {
  const name = nameOf(table.name)
  if (table.sourceHas === true && !table.exists) {
    return [
      {
        at,
        statement: '',
        because: `the source has ${name} at the end of the window, and the replica would not have it`,
        remedy: `create ${name} on the replica as the source has it (with sql_log_bin = 0), or choose a restart before its CREATE`,
      },
    ]
  }
  return isOtherLife(table)
    ? [
        {
          at,
          statement: '',
          because: `${name} is made anew in the window, and the replica may have the new table already: the rows and changes from before need not fit`,
          remedy: restartBehind,
        },
      ]
    : []
}

/**
 * The first life's rows go into the table that the replica has now, which may be that of a later life. All are removed again, so it does not
 * matter where their values land; but the replay stops where they do not fit (1677; MySQL 9.7: 13146), where a CHECK refuses them, or where
 * there is no partition for them (1526). They fit if the table is made by the same words again, or if the rows of all lives lie alike and
 * nothing else is asked of them.
 */
function isOtherLife({ lives }: StandingTable): boolean {
  const [first, ...later] = lives
  if (first?.origin !== 'now' || later.length === 0) return false
  if (first.isAltered) return true
  if (first.layouts.size === 0) return false
  if (lives.some(({ isAltered }) => isAltered)) return true
  if (later.every(({ text }) => text !== null && text === first.text)) return false
  if (lives.some(({ mayRefuseRows }) => mayRefuseRows)) return true
  const layouts = new Set(lives.flatMap((life) => [...life.layouts]))
  return layouts.size !== 1 || layouts.has(null) || later.some((life) => life.layouts.size === 0)
}

function segmentsOf(window: Segment, decisions: readonly DdlDecision[]): readonly Segment[] {
  const segments: Segment[] = []
  let { from } = window
  const add = (to: Coordinate): void => {
    if (compareCoordinates(from, to) < 0) segments.push({ from, to })
  }
  for (const { verdict, start, end } of decisions) {
    if (verdict.verdict !== 'step-over') continue
    add(start)
    from = end
  }
  add(window.to)
  return segments
}

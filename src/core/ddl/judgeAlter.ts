/**
 * Whether an ALTER TABLE is repeated. Only what leaves the layout of rows alone may be: rows that were logged before it go into a table that
 * perhaps has it already, and over another layout their values land in the wrong columns without an error.
 */
import type { ReplicaTables, StandingTable } from './standing.ts'
import { lifeOf, nameOf } from './standing.ts'
import type { AlterClause } from './statement.ts'
import type { Verdict } from './verdict.ts'
import { blocked, replayed, steppedOver } from './verdict.ts'

export function judgeAlter(replica: ReplicaTables, table: StandingTable, clauses: readonly AlterClause[]): Verdict {
  table.sourceHas = true
  // If the table is not dropped further on, the end of the window tells.
  if (!table.exists) return steppedOver('the replica has no such table any more')
  if (clauses.some(({ change }) => change === 'other-table'))
    return blocked('rows that were written before it are logged under the old name, or move between tables')
  table.isDefined = true
  table.hasNewShape = true
  const life = lifeOf(table)
  if (life !== undefined) life.isAltered ||= !clauses.every(({ change }) => harmless.has(change))
  if (life?.origin === 'made') return replayed('the replay has made the table, so it is what the source had')
  const standings = clauses.map((clause) => standingOf(replica, table, clause))
  for (const standing of standings) if (typeof standing === 'object') return standing
  const isUndone = standings.includes('undone')
  if (!standings.includes('done'))
    return replayed(isUndone ? 'the replica does not have it' : 'it leaves rows as they are, and can be repeated')
  // Where it has a part of it, nobody knows how; an option would be left as an earlier one of the window sets it.
  if (isUndone || standings.includes('repeatable'))
    return blocked(`the replica has a part of what it does to ${nameOf(table.name)}`)
  return steppedOver('the replica has it already')
}

/** What neither refuses a row nor asks for a partition. */
const harmless: ReadonlySet<AlterClause['change']> = new Set([
  'manner',
  'option',
  'add-index',
  'drop-index',
  'rename-index',
  'show-index',
])

/** `done` fails when it is repeated, `undone` must be repeated, `repeatable` may. */
type Standing = 'done' | 'undone' | 'repeatable' | 'neutral' | Verdict

function standingOf(replica: ReplicaTables, table: StandingTable, clause: AlterClause): Standing {
  switch (clause.change) {
    case 'manner':
      return 'neutral'
    case 'option':
    case 'maintain-partition':
      return 'repeatable'
    case 'truncate-partition':
      table.hasCutPartition = true
      // 1735.
      return hasAll(replica, table, clause.partitions ?? [])
        ? 'repeatable'
        : blocked('the replica does not have the partition any more')
    case 'add-index':
      return addIndex(replica, table, clause)
    case 'drop-index': {
      // 1091.
      const isThere = hasIndex(replica, table, clause.index)
      table.indexes.set(clause.index.toLowerCase(), false)
      return isThere ? 'undone' : 'done'
    }
    case 'rename-index': {
      // 1176.
      const isThere = hasIndex(replica, table, clause.index)
      if (isThere === hasIndex(replica, table, clause.to))
        return blocked(`of the indexes ${clause.index} and ${clause.to} the replica must have one`)
      table.indexes.set(clause.index.toLowerCase(), false).set(clause.to.toLowerCase(), true)
      return isThere ? 'undone' : 'done'
    }
    case 'show-index':
      // 1176.
      return hasIndex(replica, table, clause.index)
        ? 'repeatable'
        : blocked(`the replica does not have the index ${clause.index} any more`)
    case 'drop-partition':
      return inOrder(table, dropPartitions(replica, table, clause.partitions))
    case 'add-partition':
      return inOrder(table, addPartitions(replica, table, clause.partitions))
    case 'reorganize-partition':
      return inOrder(table, reorganizePartitions(replica, table, clause.partitions, clause.into))
    case 'other-table':
    case 'other':
      return blocked('it may change how rows lie in the table, and the replica may have it already')
    default:
      return clause satisfies never
  }
}

function addIndex(
  replica: ReplicaTables,
  table: StandingTable,
  { index, isUnique }: Extract<AlterClause, { change: 'add-index' }>,
): Standing {
  const isThere = hasIndex(replica, table, index)
  // Rows of the time before it need not be unique: the replay stops at it, or an earlier row, though deleted later, pushes another one out for good.
  if (isUnique && (!isThere || hadRows(table))) return blocked('rows that were written before it need not be unique')
  table.indexes.set(index.toLowerCase(), true)
  // 1061.
  return isThere ? 'done' : 'undone'
}

/** A row of a partition that is gone goes into the next one and stays (RANGE), or the replay stops with 1526; repeated, DROP fails with 1508. */
function dropPartitions(replica: ReplicaTables, table: StandingTable, partitions: readonly string[]): Standing {
  const isThere = hasAll(replica, table, partitions)
  if (!isThere && (hadRows(table) || partitions.some((one) => hasPartition(replica, table, one)))) {
    return blocked(
      'the replica does not have the partition any more: rows that were written to it before would go into another one',
    )
  }
  setPartitions(table, partitions, false)
  table.hasCutPartition ||= isThere
  return isThere ? 'undone' : 'done'
}

function addPartitions(replica: ReplicaTables, table: StandingTable, partitions: readonly string[]): Standing {
  // Then the rows from before that went into it belonged to another range.
  const isAgain = partitions.some((one) => table.partitions.get(one.toLowerCase()) === false)
  if (isAgain && hadRows(table))
    return blocked('a partition of that name was dropped in the window, and the replica may have the new one already')
  return changePartitions(replica, table, [], partitions)
}

/**
 * It leaves every row in the table; where names are kept, those that are not tell whether it is done. Rows that it has moved on the replica
 * into a partition that was dropped or emptied before would be lost by the repetition of that.
 */
function reorganizePartitions(
  replica: ReplicaTables,
  table: StandingTable,
  from: readonly string[],
  into: readonly string[],
): Standing {
  if (table.hasCutPartition)
    return blocked('partitions were dropped or emptied before it in the window, into which the replica may have moved rows since')
  const fold = (names: readonly string[]): readonly string[] => names.map((name) => name.toLowerCase())
  const gone = fold(from).filter((name) => !fold(into).includes(name))
  const added = fold(into).filter((name) => !fold(from).includes(name))
  if (gone.length + added.length === 0)
    return blocked('whether the replica has it already cannot be told, as the names of the partitions stay')
  return changePartitions(replica, table, gone, added)
}

/** 1517 where an added one is there, 1507 where one is gone. */
function changePartitions(
  replica: ReplicaTables,
  table: StandingTable,
  gone: readonly string[],
  added: readonly string[],
): Standing {
  const has = (name: string): boolean => hasPartition(replica, table, name)
  const isDone = added.every(has) && !gone.some(has)
  if (!isDone && !(gone.every(has) && !added.some(has))) return blocked('the replica has a part of the partitions')
  setPartitions(table, gone, false)
  setPartitions(table, added, true)
  return isDone ? 'done' : 'undone'
}

/** Bounds of ranges hang together: what was lost goes only onto what the source had then (1493), not onto what came later. */
function inOrder(table: StandingTable, standing: Standing): Standing {
  if (standing === 'done' && table.lacksPartitioning)
    return blocked('the replica has it, but not an earlier change of the partitions')
  table.lacksPartitioning ||= standing === 'undone'
  return standing
}

function hadRows(table: StandingTable): boolean {
  return (lifeOf(table)?.layouts.size ?? 0) > 0
}

function hasIndex(replica: ReplicaTables, table: StandingTable, index: string): boolean {
  return table.indexes.get(index.toLowerCase()) ?? replica.hasIndex(table.name, index)
}

function hasPartition(replica: ReplicaTables, table: StandingTable, partition: string): boolean {
  return table.partitions.get(partition.toLowerCase()) ?? replica.hasPartition(table.name, partition)
}

function hasAll(replica: ReplicaTables, table: StandingTable, partitions: readonly string[]): boolean {
  return partitions.every((one) => hasPartition(replica, table, one))
}

function setPartitions(table: StandingTable, partitions: readonly string[], exists: boolean): void {
  for (const partition of partitions) table.partitions.set(partition.toLowerCase(), exists)
}

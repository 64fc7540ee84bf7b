/**
 * Whether a statement is repeated, and what it leaves. Each verdict stands next to the fact that it rests on; the numbers are the errors
 * with which MySQL 5.6 and 9.7, and MariaDB 10.11 and 11.8 with slave_ddl_exec_mode=STRICT, stop where they repeat it.
 *
 * Rows that a repeated TRUNCATE or DROP removes come back by the replay only if they are in it: where rows of the replica's own origin are
 * filtered (`coordinates`, `gtid`), another finding blocks.
 */
/**
 * Whether a statement is repeated, and what it leaves. Each verdict stands next to the fact that it rests on; the numbers are the errors
 * with which MySQL 5.6 and 9.7, and MariaDB 10.11 and 11.8 with slave_ddl_exec_mode=STRICT, stop where they repeat it.
 *
 * Rows that a repeated TRUNCATE or DROP removes come back by the replay only if they are in it: where rows of the replica's own origin are
 * filtered (`coordinates`, `gtid`), another finding blocks.
 */
import { judgeAlter } from './judgeAlter.ts'
import type { ChangedTable, LoggedDdl } from './sequence.ts'
import type { Standing, StandingTable } from './standing.ts'
import { begin, end, lifeOf, missing, nameOf } from './standing.ts'
import type { CreateTable, Ddl, TableName } from './statement.ts'
import type { Verdict } from './verdict.ts'
import { blocked, replayed, restartBehind, steppedOver } from './verdict.ts'

/** A statement at its place in the window. */
export interface Place {
  readonly logged: LoggedDdl
  /** Rows of the same transaction. */
  readonly rows: readonly ChangedTable[]
  /** What follows in the window. */
  readonly later: () => readonly Ddl[]
}

/** Judges it, and leaves in `standing` what is there behind it. */
export function judge(standing: Standing, place: Place): Verdict {
  const { ddl, errorCode } = place.logged
  // The applier expects the same error, and the same part of the work done (a DROP of several tables in MySQL 5.6).
  if (errorCode !== 0)
    return blocked(`it failed on the source with error ${errorCode}, and was logged for the part that it had done`)
  switch (ddl.action) {
    case 'create-table':
      return judgeCreate(standing, ddl, place)
    case 'drop-table':
      return judgeDrop(standing, ddl, place)
    case 'truncate-table':
      return judgeTruncate(standing, standing.table(ddl.table), place)
    case 'alter-table':
      return judgeAlter(standing.replica, standing.table(ddl.table), ddl.clauses)
    case 'rename-table':
      return blocked('rows that were written before it are logged under the old name')
    case 'create-database':
      return judgeCreateDatabase(standing, ddl)
    case 'drop-database':
      return judgeDropDatabase(standing, ddl, place)
    case 'create-object':
      return judgeCreateObject(standing, ddl, place)
    case 'drop-object':
      return judgeDropObject(standing, ddl)
    case 'account':
      // CREATE USER of one that is there, DROP USER of one that is not: 1396.
      return ddl.isRepeatable
        ? replayed('it is written so that it can be repeated')
        : blocked('accounts: CREATE and DROP fail when they are repeated (1396), and what is granted may be out of date')
    case 'maintain': {
      // ANALYZE of a table that is not there is no error, but has nothing to do.
      const isAbsent = ddl.tables.some((name) => !standing.table(name).exists)
      return isAbsent
        ? steppedOver('the replica has no such table any more')
        : replayed('it changes neither rows nor definitions')
    }
    case 'other':
      return blocked('it is not understood, or no repetition of it is known to be safe')
    default:
      return ddl satisfies never
  }
}

function judgeCreate(standing: Standing, ddl: CreateTable, place: Place): Verdict {
  if (ddl.isTemporary) return blocked('a temporary table may be gone when the replay comes to the statements that use it')
  // The query would see the replica's rows of now.
  if (ddl.isFromQuery) return blocked('its rows come from a query, which would be asked again and see other rows')
  const { schema } = ddl.table
  // 1049.
  if (!standing.hasSchema(schema)) return blockedBySchema(schema)
  const table = standing.table(ddl.table)
  return table.exists && !isReplaced(standing, ddl, place)
    ? keepTable(standing, table, ddl, place)
    : makeTable(standing, table, ddl, place)
}

/** OR REPLACE, and what MariaDB makes one of: with slave_ddl_exec_mode=IDEMPOTENT every CREATE TABLE without IF NOT EXISTS. */
function isReplaced({ replica }: Standing, ddl: CreateTable, { rows }: Place): boolean {
  // It is relied upon only where the rows come back in the same transaction; else the table is better left alone.
  return ddl.isOrReplace || (replica.ddlMode === 'IDEMPOTENT' && !ddl.isIfNotExists && rows.length > 0)
}

function keepTable(standing: Standing, table: StandingTable, ddl: CreateTable, { logged, rows }: Place): Verdict {
  const life = lifeOf(table)
  if (life?.origin !== 'now') return blocked('the source had no such table here, yet the replay has made one')
  table.isDefined = true
  table.sourceHas = true
  if (rows.length > 0) {
    return blocked(
      'the replica has the table, and its first rows are in the same transaction (CREATE TABLE … SELECT): stepped over, they would not come back',
      `drop ${nameOf(ddl.table)} on the replica with sql_log_bin = 0, so that the replay makes it again, or choose a restart behind it`,
    )
  }
  if (ddl.like !== null && standing.table(ddl.like).hasNewShape) {
    return blocked(
      `the replica has the table, perhaps in the shape that ${nameOf(ddl.like)} had before the window changed it`,
      `drop ${nameOf(ddl.table)} on the replica with sql_log_bin = 0, so that the replay makes it again, or choose a restart behind it`,
    )
  }
  // A note, and nothing else; MariaDB does not make an OR REPLACE of it.
  if (ddl.isIfNotExists) return replayed('the replica has the table, and IF NOT EXISTS leaves it alone')
  life.text = logged.text
  life.mayRefuseRows = ddl.mayRefuseRows
  // 1050; MariaDB with slave_ddl_exec_mode=IDEMPOTENT, its default, empties the table without an error.
  return steppedOver('the replica has the table')
}

function makeTable(standing: Standing, table: StandingTable, ddl: CreateTable, place: Place): Verdict {
  const { logged, later } = place
  const bar = barFromChildren(standing, [table], logged)
  if (bar !== null) return bar
  const barred = ddl.hasReferences ? barFromMissing(standing, later) : null
  if (barred !== null) return barred
  if (ddl.like !== null) {
    const like = standing.table(ddl.like)
    like.sourceHas = true
    if (!like.exists) return blocked(`the replica does not have ${nameOf(ddl.like)} any more`)
    if (lifeOf(like)?.origin !== 'made' && later().some((one) => redefines(standing, one, like.name))) {
      return blocked(
        `${nameOf(ddl.like)}, whose shape it takes, is altered further on in the window, and may be so on the replica already`,
      )
    }
  }
  const isUnsure = ddl.isIfNotExists && !table.exists && table.sourceHas !== false
  const wasThere = table.exists
  begin(table, { origin: isUnsure ? 'unsure' : 'made', text: logged.text, mayRefuseRows: ddl.mayRefuseRows })
  return replayed(
    wasThere ? 'it makes the table anew, and its rows come back by the replay' : 'the replica has no such table here',
  )
}

function judgeDrop(standing: Standing, ddl: Extract<Ddl, { action: 'drop-table' }>, { logged }: Place): Verdict {
  // Servers log it so at the end of a session.
  if (ddl.isTemporary) {
    return ddl.isIfExists
      ? replayed('there is no such temporary table, and IF EXISTS leaves it so')
      : blocked('the temporary table may not be there')
  }
  const tables = ddl.tables.map((name) => standing.table(name))
  const there = tables.filter((table) => table.exists)
  const bar = barFromChildren(standing, there, logged)
  if (bar !== null) return bar
  tables.forEach(end)
  for (const table of tables) table.isDefined = true
  if (ddl.isIfExists || there.length === tables.length)
    return replayed('rows that the table gets further on come back by the replay')
  // 1051.
  if (there.length === 0) return steppedOver('the replica has no such table')
  // MySQL 5.6 drops those that are there and stops with 1051, MySQL 9.7 drops none.
  if (standing.replica.ddlMode === 'IDEMPOTENT') return replayed('MariaDB repeats it as IF EXISTS')
  return blocked(
    `the replica has ${there.map(({ name }) => nameOf(name)).join(', ')}, but not the other tables`,
    'drop what is there on the replica with sql_log_bin = 0 if the window makes it again, or choose a restart behind it',
  )
}

function judgeTruncate(standing: Standing, table: StandingTable, { logged }: Place): Verdict {
  table.sourceHas = true
  // 1146. If the table is not dropped further on, the end of the window tells.
  if (!table.exists) return steppedOver('the replica has no such table any more')
  return barFromChildren(standing, [table], logged) ?? replayed('rows that the table gets further on come back by the replay')
}

function judgeCreateDatabase(standing: Standing, ddl: Extract<Ddl, { action: 'create-database' }>): Verdict {
  const isThere = standing.hasSchema(ddl.schema)
  if (isThere && ddl.isIfNotExists) return replayed('the replica has the schema, and IF NOT EXISTS leaves it alone')
  // 1007; MariaDB with slave_ddl_exec_mode=IDEMPOTENT repeats it as IF NOT EXISTS.
  if (isThere && !ddl.isOrReplace) return steppedOver('the replica has the schema')
  standing.setSchema(ddl.schema, true)
  return replayed(
    isThere ? 'it makes the schema anew, and what is in it comes back by the replay' : 'the replica has no such schema here',
  )
}

function judgeDropDatabase(standing: Standing, ddl: Extract<Ddl, { action: 'drop-database' }>, { logged }: Place): Verdict {
  const isThere = standing.hasSchema(ddl.schema)
  // Of its tables those that the window names; a child elsewhere of another one would stop the replay.
  const bar = barFromChildren(standing, standing.tables(ddl.schema), logged)
  if (bar !== null) return bar
  standing.setSchema(ddl.schema, false)
  if (isThere || ddl.isIfExists) return replayed('what the schema gets further on comes back by the replay')
  // 1008.
  return steppedOver('the replica has no such schema')
}

function judgeCreateObject(standing: Standing, ddl: Extract<Ddl, { action: 'create-object' }>, { later }: Place): Verdict {
  const isKnownAbsent = standing.hasObject(ddl.object, ddl.name) === false
  // 1050 for a view, 1304 for a routine, 1359 for a trigger (1235 in MySQL 5.6), 1537 for an event.
  if (!isKnownAbsent && !ddl.isOrReplace && !ddl.isIfNotExists) {
    return blocked(
      `the replica may have the ${ddl.object} already, and CREATE without OR REPLACE fails then`,
      `drop it on the replica with sql_log_bin = 0 and create it again afterwards, or ${restartBehind}`,
    )
  }
  // 1049.
  if (!standing.hasSchema(ddl.name.schema)) return blockedBySchema(ddl.name.schema)
  // A view, or a trigger, of a table that is not there fails with 1146.
  const bar = barFromMissing(standing, later)
  if (bar !== null) return bar
  standing.setObject(ddl.object, ddl.name, true)
  return replayed(isKnownAbsent ? 'the replay has dropped it' : 'it is written so that it can be repeated')
}

function judgeDropObject(standing: Standing, ddl: Extract<Ddl, { action: 'drop-object' }>): Verdict {
  const isThere = ddl.names.every((name) => standing.hasObject(ddl.object, name) === true)
  if (!ddl.isIfExists && !isThere)
    return blocked(`the replica may not have the ${ddl.object} any more, and DROP without IF EXISTS fails then`)
  for (const name of ddl.names) standing.setObject(ddl.object, name, false)
  return replayed(ddl.isIfExists ? 'it is written so that it can be repeated' : 'the replay has made it')
}

/**
 * A child that the replica has and the source did not have yet: 1217, 1451 or 3730 for DROP, 1701 for TRUNCATE. Where the session did not check
 * foreign keys, the applier does not either.
 */
function barFromChildren(
  standing: Standing,
  parents: readonly StandingTable[],
  { checksForeignKeys }: LoggedDdl,
): Verdict | null {
  if (!checksForeignKeys) return null
  for (const parent of parents) {
    if (!parent.exists) continue
    for (const name of standing.replica.childrenOf(parent.name)) {
      if (standing.isGone(name) || parents.some((other) => standing.isSame(other.name, name))) continue
      return blocked(
        `${nameOf(name)} on the replica has a foreign key to ${nameOf(parent.name)}: it would not be dropped or emptied`,
      )
    }
  }
  return null
}

/** A view, a trigger, a foreign key may be on something that the source had here, and that the replica has dropped since. */
function barFromMissing(standing: Standing, later: Place['later']): Verdict | null {
  const tables = missing(standing).map(({ name }) => nameOf(name))
  const schemas = later().flatMap((ddl) =>
    ddl.action === 'drop-database' && !standing.hasSchema(ddl.schema) ? [ddl.schema] : [],
  )
  const names = [...new Set([...tables, ...schemas])]
  return names.length === 0
    ? null
    : blocked(`it may refer to what the replica does not have any more: ${names.slice(0, 5).join(', ')}`)
}

function redefines(standing: Standing, ddl: Ddl, name: TableName): boolean {
  switch (ddl.action) {
    case 'create-table':
    case 'alter-table':
      return standing.isSame(ddl.table, name)
    case 'rename-table':
      return ddl.tables.some((one) => standing.isSame(one, name))
    default:
      return false
  }
}

function blockedBySchema(schema: string): Verdict {
  return blocked(
    `the replica does not have the schema ${schema} any more`,
    'create it as the source has it, or choose a restart behind its DROP',
  )
}

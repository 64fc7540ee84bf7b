/**
 * Columns, keys and engines of tables, from information_schema; nothing is locked. What an account may not see looks as if it were not
 * there: see seesAllKeys in inspect/privileges.ts.
 *
 * A window may touch thousands of tables, and a server have many more. Every server looks a table up quickly by literals for schema and
 * name, and reads through all of them for anything else (MySQL 5.x and MariaDB open each). So many lookups go as one statement.
 */
import type { ColumnFacts, TableFacts } from '../core/plan/replica.ts'
import type { Row, ServerConnection } from './connection.ts'
import { privilegesOf } from './inspect/privileges.ts'
import { literal, text } from './rows.ts'

export interface TableName {
  readonly schema: string
  readonly table: string
}

/** Lookups in one statement: a union of more takes the servers longer to plan than to answer. */
const LOOKUPS = 50

const CASCADES = `DELETE_RULE IN ('CASCADE', 'SET NULL') OR UPDATE_RULE IN ('CASCADE', 'SET NULL')`

export async function inspectTables(connection: ServerConnection, tables: readonly TableName[]): Promise<readonly TableFacts[]> {
  if (tables.length === 0) return []
  const names = await namesThere(connection, tables)
  const all = await lookUp(
    connection,
    names,
    ({ where, n }) =>
      `SELECT ${n} AS n, ENGINE AS engine, TABLE_ROWS AS row_count FROM information_schema.TABLES WHERE ${where('TABLE_SCHEMA', 'TABLE_NAME')}`,
  )
  const columns = await lookUp(
    connection,
    names,
    ({ where, n }) =>
      `SELECT ${n} AS n, COLUMN_NAME AS name, COLUMN_TYPE AS type, ORDINAL_POSITION AS position, EXTRA AS extra FROM information_schema.COLUMNS WHERE ${where('TABLE_SCHEMA', 'TABLE_NAME')}`,
  )
  // Not TABLE_CONSTRAINTS: MariaDB shows its rows only to accounts that may do more than SELECT.
  const keys = await lookUp(
    connection,
    names,
    ({ where, n }) =>
      `SELECT ${n} AS n, INDEX_NAME AS name, COLUMN_NAME AS part FROM information_schema.STATISTICS WHERE ${where('TABLE_SCHEMA', 'TABLE_NAME')} AND NON_UNIQUE = 0`,
  )
  const triggers = await lookUp(
    connection,
    names,
    ({ where, n }) =>
      `SELECT ${n} AS n, TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE ${where('EVENT_OBJECT_SCHEMA', 'EVENT_OBJECT_TABLE')}`,
  )
  const cascades = await cascadesOf(connection, names)
  const seesTriggers = (await privilegesOf(connection)).hasAny('TRIGGER')
  return tables.map((table, n) => {
    const [found] = all[n] ?? []
    const its = (columns[n] ?? []).map(columnOf).toSorted((a, b) => a.position - b.position)
    const referenced = cascades.referenced[n] ?? null
    const isChild = cascades.isChild[n] ?? false
    return {
      ...table,
      exists: found !== undefined,
      engine: text(found, 'engine'),
      rows: text(found, 'row_count') === '' ? null : Number(text(found, 'row_count')),
      columns: its,
      ...keysOf(keys[n] ?? [], its),
      triggers: (triggers[n] ?? []).length > 0 || (seesTriggers ? false : null),
      cascades: referenced !== null || isChild,
      parentOfCascade: referenced !== null,
      referencedColumns: referencedOf(referenced, its),
      childOfCascade: isChild,
    }
  })
}

/** Servers that store names in small letters are asked so. */
async function namesThere(connection: ServerConnection, tables: readonly TableName[]): Promise<readonly TableName[]> {
  const [row] = await connection.query('SELECT @@lower_case_table_names AS lower_case')
  if (text(row, 'lower_case') === '0') return tables
  return tables.map(({ schema, table }) => ({ schema: schema.toLowerCase(), table: table.toLowerCase() }))
}

interface Lookup {
  /** Which table it is for. */
  readonly n: number
  /** The condition on the columns for schema and name. */
  readonly where: (schema: string, table: string) => string
}

/** The rows for each of `names`, in their order. `select` gives its own number back as `n`. */
async function lookUp(
  connection: ServerConnection,
  names: readonly TableName[],
  select: (lookup: Lookup) => string,
): Promise<readonly (readonly Row[])[]> {
  const found: Row[][] = names.map(() => [])
  for (let from = 0; from < names.length; from += LOOKUPS) {
    const selects = names.slice(from, from + LOOKUPS).map(({ schema, table }, i) =>
      select({
        n: from + i,
        where: (schemaColumn, tableColumn) => `${schemaColumn} = ${literal(schema)} AND ${tableColumn} = ${literal(table)}`,
      }),
    )
    for (const row of await connection.query(selects.join(' UNION ALL '))) found[Number(text(row, 'n'))]?.push(row)
  }
  return found
}

interface Cascades {
  /** For each table the names of its columns that cascading keys refer to; null: there is no such key. */
  readonly referenced: readonly (readonly string[] | null)[]
  readonly isChild: readonly boolean[]
}

/** A child of a table may be in any schema: all cascading foreign keys are read once. */
async function cascadesOf(connection: ServerConnection, names: readonly TableName[]): Promise<Cascades> {
  const keys = await connection.query(
    `SELECT CONSTRAINT_SCHEMA AS child_schema, TABLE_NAME AS child, CONSTRAINT_NAME AS name, UNIQUE_CONSTRAINT_SCHEMA AS parent_schema, REFERENCED_TABLE_NAME AS parent FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE ${CASCADES}`,
  )
  const wanted = new Set(names.map(idOf))
  const ofParents = keys.filter((key) => wanted.has(idOf({ schema: text(key, 'parent_schema'), table: text(key, 'parent') })))
  const parts = await lookUp(
    connection,
    ofParents.map((key) => ({ schema: text(key, 'child_schema'), table: text(key, 'child') })),
    ({ where, n }) =>
      `SELECT ${n} AS n, CONSTRAINT_NAME AS name, REFERENCED_COLUMN_NAME AS part FROM information_schema.KEY_COLUMN_USAGE WHERE ${where('TABLE_SCHEMA', 'TABLE_NAME')} AND REFERENCED_COLUMN_NAME IS NOT NULL`,
  )
  const referenced = new Map<string, string[]>()
  for (const [n, key] of ofParents.entries()) {
    const id = idOf({ schema: text(key, 'parent_schema'), table: text(key, 'parent') })
    const its = (parts[n] ?? []).filter((part) => text(part, 'name') === text(key, 'name'))
    referenced.set(id, [...(referenced.get(id) ?? []), ...its.map((part) => text(part, 'part'))])
  }
  const children = new Set(keys.map((key) => idOf({ schema: text(key, 'child_schema'), table: text(key, 'child') })))
  return {
    referenced: names.map((name) => referenced.get(idOf(name)) ?? null),
    isChild: names.map((name) => children.has(idOf(name))),
  }
}

function idOf({ schema, table }: TableName): string {
  return JSON.stringify([schema, table])
}

function columnOf(row: Row): ColumnFacts {
  return {
    name: text(row, 'name'),
    type: text(row, 'type'),
    position: Number(text(row, 'position')),
    // Not MySQL's DEFAULT_GENERATED, which is a default.
    isGenerated: /\b(VIRTUAL|STORED|PERSISTENT)\b/.test(text(row, 'extra')),
  }
}

function keysOf(
  keys: readonly Row[],
  columns: readonly ColumnFacts[],
): Pick<TableFacts, 'hasPrimaryKey' | 'uniqueKeys' | 'keyColumns' | 'seesColumns'> {
  const names = new Set(keys.map((key) => text(key, 'name')))
  const parts = keys.map((key) => text(key, 'part'))
  // A part of a key that is an expression has no name.
  const isExpression = parts.includes('')
  const positions = positionsOf(parts, columns)
  return {
    hasPrimaryKey: names.has('PRIMARY'),
    uniqueKeys: names.size,
    keyColumns: isExpression ? null : positions,
    seesColumns: isExpression || !positions.includes(0),
  }
}

/** Null where the key is seen and its columns are not. */
function referencedOf(names: readonly string[] | null, columns: readonly ColumnFacts[]): readonly number[] | null {
  if (names === null) return []
  const positions = positionsOf(names, columns)
  return positions.length === 0 || positions.includes(0) ? null : positions
}

/** 0 for a column that the account does not see. Names of columns know no case, and a foreign key keeps the one it was given. */
function positionsOf(names: readonly string[], columns: readonly ColumnFacts[]): readonly number[] {
  const positions = new Map(columns.map((column) => [column.name.toLowerCase(), column.position]))
  return [...new Set(names.map((name) => positions.get(name.toLowerCase()) ?? 0))]
}

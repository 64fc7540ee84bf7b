/**
 * Columns, keys and engines of tables, from information_schema; nothing is locked. What an account may not see looks as if it were not
 * there: see seesAllKeys in inspect/privileges.ts.
 *
 * A window may touch thousands of tables, so they are asked for in lists. Every server looks at the names of all tables for that, and
 * opens only those in the list: 2,000 of 3,000 take MySQL 5.6, 9.7 and MariaDB 10.11 less than half a second in all.
 */
import type { ColumnFacts, TableFacts } from '../core/plan/replica.ts'
import type { Row, ServerConnection } from './connection.ts'
import { privilegesOf } from './inspect/privileges.ts'
import { literal, text } from './rows.ts'

export interface TableName {
  readonly schema: string
  readonly table: string
}

/** Names in one statement. */
const AT_ONCE = 1000

const CASCADES = `DELETE_RULE IN ('CASCADE', 'SET NULL') OR UPDATE_RULE IN ('CASCADE', 'SET NULL')`

export async function inspectTables(connection: ServerConnection, tables: readonly TableName[]): Promise<readonly TableFacts[]> {
  if (tables.length === 0) return []
  const names = await namesThere(connection, tables)
  const all = await lookUp(connection, names, { view: 'TABLES', columns: 'ENGINE AS engine, TABLE_ROWS AS row_count' })
  const columns = await lookUp(connection, names, {
    view: 'COLUMNS',
    columns: 'COLUMN_NAME AS name, COLUMN_TYPE AS type, ORDINAL_POSITION AS position, EXTRA AS extra',
  })
  // Not TABLE_CONSTRAINTS: MariaDB shows its rows only to accounts that may do more than SELECT.
  const keys = await lookUp(connection, names, {
    view: 'STATISTICS',
    columns: 'INDEX_NAME AS name, COLUMN_NAME AS part',
    where: 'NON_UNIQUE = 0',
  })
  const triggers = await lookUp(connection, names, { view: 'TRIGGERS', columns: 'TRIGGER_NAME AS name', of: 'EVENT_OBJECT' })
  const { referenced, children } = await cascadesOf(connection, names)
  const seesTriggers = (await privilegesOf(connection)).hasAny('TRIGGER')
  return tables.map((table, n) => {
    const id = idOf(names[n] ?? table)
    const [found] = all.get(id) ?? []
    const its = (columns.get(id) ?? []).map(columnOf).toSorted((a, b) => a.position - b.position)
    const isParent = referenced.has(id)
    const isChild = children.has(id)
    return {
      schema: table.schema,
      table: table.table,
      exists: found !== undefined,
      engine: text(found, 'engine'),
      rows: text(found, 'row_count') === '' ? null : Number(text(found, 'row_count')),
      columns: its,
      ...keysOf(keys.get(id) ?? [], its),
      triggers: triggers.has(id) || (seesTriggers ? false : null),
      cascades: isParent || isChild,
      parentOfCascade: isParent,
      referencedColumns: referencedOf(referenced.get(id) ?? null, its),
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

interface Question {
  /** In information_schema. */
  readonly view: string
  readonly columns: string
  /** What its columns for schema and table are called, in front of `_SCHEMA`; `TABLE` unless said. */
  readonly of?: 'EVENT_OBJECT'
  readonly where?: string
}

/** The rows of a view by table (idOf); a table without rows is not there. */
async function lookUp(
  connection: ServerConnection,
  names: readonly TableName[],
  { view, columns, of, where = 'TRUE' }: Question,
): Promise<ReadonlyMap<string, readonly Row[]>> {
  const [schemaColumn, tableColumn] = of === undefined ? ['TABLE_SCHEMA', 'TABLE_NAME'] : [`${of}_SCHEMA`, `${of}_TABLE`]
  const found = new Map<string, Row[]>()
  for (let first = 0; first < names.length; first += AT_ONCE) {
    const list = names
      .slice(first, first + AT_ONCE)
      .map(({ schema, table }) => `(${literal(schema)}, ${literal(table)})`)
      .join(', ')
    const rows = await connection.query(
      `SELECT ${schemaColumn} AS in_schema, ${tableColumn} AS in_table, ${columns} FROM information_schema.${view} WHERE (${schemaColumn}, ${tableColumn}) IN (${list}) AND ${where}`,
    )
    for (const row of rows) {
      const id = idOf({ schema: text(row, 'in_schema'), table: text(row, 'in_table') })
      const before = found.get(id)
      if (before === undefined) found.set(id, [row])
      else before.push(row)
    }
  }
  return found
}

interface Cascades {
  /** Names of the columns that cascading keys refer to, of the tables that have such children. */
  readonly referenced: ReadonlyMap<string, readonly string[]>
  readonly children: ReadonlySet<string>
}

/** A child of a table may be in any schema: all cascading foreign keys are read. */
async function cascadesOf(connection: ServerConnection, names: readonly TableName[]): Promise<Cascades> {
  const rows = await connection.query(
    `SELECT CONSTRAINT_SCHEMA AS child_schema, TABLE_NAME AS child, CONSTRAINT_NAME AS name, UNIQUE_CONSTRAINT_SCHEMA AS parent_schema, REFERENCED_TABLE_NAME AS parent FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE ${CASCADES}`,
  )
  const wanted = new Set(names.map(idOf))
  const keys = rows.map((row) => ({
    name: text(row, 'name'),
    child: { schema: text(row, 'child_schema'), table: text(row, 'child') },
    parentId: idOf({ schema: text(row, 'parent_schema'), table: text(row, 'parent') }),
  }))
  const ofParents = keys.filter(({ parentId }) => wanted.has(parentId))
  const parts = await lookUp(
    connection,
    ofParents.map(({ child }) => child),
    {
      view: 'KEY_COLUMN_USAGE',
      columns: 'CONSTRAINT_NAME AS name, REFERENCED_COLUMN_NAME AS part',
      where: 'REFERENCED_COLUMN_NAME IS NOT NULL',
    },
  )
  const referenced = new Map<string, readonly string[]>()
  for (const { name, child, parentId } of ofParents) {
    const its = (parts.get(idOf(child)) ?? []).filter((part) => text(part, 'name') === name).map((part) => text(part, 'part'))
    // A part that is not seen counts as a column that is not.
    referenced.set(parentId, [...(referenced.get(parentId) ?? []), ...(its.length === 0 ? [''] : its)])
  }
  return { referenced, children: new Set(keys.map(({ child }) => idOf(child))) }
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
  return positions.includes(0) ? null : positions
}

/** 0 for a column that the account does not see. Names of columns know no case, and a foreign key keeps the one it was given. */
function positionsOf(names: readonly string[], columns: readonly ColumnFacts[]): readonly number[] {
  const positions = new Map(columns.map((column) => [column.name.toLowerCase(), column.position]))
  return [...new Set(names.map((name) => positions.get(name.toLowerCase()) ?? 0))]
}

/**
 * Keys and engines of tables, from information_schema; nothing is locked. What an account may not see looks as if it were not there:
 * see seesAllKeys in replica.ts.
 */
import type { TableFacts } from '../core/plan/replica.ts'
import type { ServerConnection } from './connection.ts'
import { literal, text } from './rows.ts'

export interface TableName {
  readonly schema: string
  readonly table: string
}

export async function inspectTables(connection: ServerConnection, tables: readonly TableName[]): Promise<readonly TableFacts[]> {
  const facts: TableFacts[] = []
  for (const table of tables) facts.push(await inspectTable(connection, table))
  return facts
}

async function inspectTable(connection: ServerConnection, { schema, table }: TableName): Promise<TableFacts> {
  const where = `TABLE_SCHEMA = ${literal(schema)} AND TABLE_NAME = ${literal(table)}`
  const [found] = await connection.query(`SELECT ENGINE AS engine FROM information_schema.TABLES WHERE ${where}`)
  // Not TABLE_CONSTRAINTS: MariaDB shows its rows only to accounts that may do more than SELECT.
  const keys = await connection.query(
    `SELECT s.INDEX_NAME AS name, s.COLUMN_NAME AS part, c.ORDINAL_POSITION AS position FROM information_schema.STATISTICS s LEFT JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = ${literal(schema)} AND c.TABLE_NAME = ${literal(table)} AND c.COLUMN_NAME = s.COLUMN_NAME WHERE s.TABLE_SCHEMA = ${literal(schema)} AND s.TABLE_NAME = ${literal(table)} AND s.NON_UNIQUE = 0`,
  )
  // A part of a key that is an expression has no name.
  const isExpression = keys.some((key) => text(key, 'part') === '')
  const positions = keys.map((key) => Number(text(key, 'position')))
  // A child of the table may be in another schema.
  const cascades = await connection.query(
    `SELECT 1 AS one FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE ((CONSTRAINT_SCHEMA = ${literal(schema)} AND TABLE_NAME = ${literal(table)}) OR (UNIQUE_CONSTRAINT_SCHEMA = ${literal(schema)} AND REFERENCED_TABLE_NAME = ${literal(table)})) AND (DELETE_RULE IN ('CASCADE', 'SET NULL') OR UPDATE_RULE IN ('CASCADE', 'SET NULL')) LIMIT 1`,
  )
  return {
    schema,
    table,
    exists: found !== undefined,
    hasPrimaryKey: keys.some((key) => text(key, 'name') === 'PRIMARY'),
    keyColumns: isExpression ? null : [...new Set(positions)],
    seesColumns: isExpression || !positions.includes(0),
    cascades: cascades.length > 0,
    engine: text(found, 'engine'),
  }
}

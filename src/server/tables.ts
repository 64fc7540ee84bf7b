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
    `SELECT DISTINCT INDEX_NAME AS name FROM information_schema.STATISTICS WHERE ${where} AND NON_UNIQUE = 0`,
  )
  const cascades = await connection.query(
    `SELECT 1 AS one FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ${literal(schema)} AND (TABLE_NAME = ${literal(table)} OR REFERENCED_TABLE_NAME = ${literal(table)}) AND (DELETE_RULE IN ('CASCADE', 'SET NULL') OR UPDATE_RULE IN ('CASCADE', 'SET NULL')) LIMIT 1`,
  )
  return {
    schema,
    table,
    exists: found !== undefined,
    hasPrimaryKey: keys.some((key) => text(key, 'name') === 'PRIMARY'),
    uniqueKeys: keys.length,
    cascades: cascades.length > 0,
    engine: text(found, 'engine'),
  }
}

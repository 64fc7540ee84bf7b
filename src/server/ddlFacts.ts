/** What the replica has now of what the DDL of a window is about: schemas, tables, indexes, partitions and who refers to whom. */
import type { ReplicaTables } from '../core/ddl/standing.ts'
import type { ServerConnection } from './connection.ts'
import { literal, text } from './rows.ts'

interface TableName {
  readonly schema: string
  readonly table: string
}

export async function inspectDdlFacts(connection: ServerConnection, tables: readonly TableName[]): Promise<ReplicaTables> {
  const [about] = await connection.query('SELECT @@lower_case_table_names AS folding')
  const foldsCase = text(about, 'folding') !== '0'
  const fold = (name: string): string => (foldsCase ? name.toLowerCase() : name)
  const id = (...names: readonly string[]): string => JSON.stringify(names)
  const idOf = ({ schema, table }: TableName): string => id(fold(schema), fold(table))
  const schemas = [...new Set(tables.map(({ schema }) => fold(schema)))]
  const inSchemas = (column: string): string =>
    schemas.length === 0 ? '1 = 0' : `${column} IN (${schemas.map(literal).join(', ')})`
  const find = async (columns: readonly string[], view: string, where: string): Promise<ReadonlySet<string>> => {
    const named = columns.map((column, i) => `${column} AS c${i}`).join(', ')
    const rows = await connection.query(`SELECT ${named} FROM information_schema.${view} WHERE ${where}`)
    return new Set(rows.map((row) => id(...columns.map((_, i) => text(row, `c${i}`)))))
  }
  // All: a schema may be made or dropped without a table of it being named.
  const known = await find(['SCHEMA_NAME'], 'SCHEMATA', '1 = 1')
  const there = await find(['TABLE_SCHEMA', 'TABLE_NAME'], 'TABLES', inSchemas('TABLE_SCHEMA'))
  const indexes = await find(['TABLE_SCHEMA', 'TABLE_NAME', 'LOWER(INDEX_NAME)'], 'STATISTICS', inSchemas('TABLE_SCHEMA'))
  const partitions = await find(
    ['TABLE_SCHEMA', 'TABLE_NAME', 'LOWER(PARTITION_NAME)'],
    'PARTITIONS',
    `PARTITION_NAME IS NOT NULL AND ${inSchemas('TABLE_SCHEMA')}`,
  )
  const children = await connection.query(
    'SELECT CONSTRAINT_SCHEMA AS child_schema, TABLE_NAME AS child, UNIQUE_CONSTRAINT_SCHEMA AS parent_schema, REFERENCED_TABLE_NAME AS parent FROM information_schema.REFERENTIAL_CONSTRAINTS',
  )
  const [mode] = await connection.query("SHOW GLOBAL VARIABLES LIKE 'slave_ddl_exec_mode'")
  return {
    ddlMode: text(mode, 'Value') === 'IDEMPOTENT' ? 'IDEMPOTENT' : 'STRICT',
    foldsCase,
    hasSchema: (schema) => known.has(id(fold(schema))),
    hasTable: (table) => there.has(idOf(table)),
    hasIndex: ({ schema, table }, index) => indexes.has(id(fold(schema), fold(table), index.toLowerCase())),
    hasPartition: ({ schema, table }, partition) => partitions.has(id(fold(schema), fold(table), partition.toLowerCase())),
    childrenOf: (table) =>
      children
        .filter((row) => idOf({ schema: text(row, 'parent_schema'), table: text(row, 'parent') }) === idOf(table))
        .map((row) => ({ schema: text(row, 'child_schema'), table: text(row, 'child') })),
  }
}

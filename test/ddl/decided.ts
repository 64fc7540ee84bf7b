/** A window of the active's log, decided upon as `repair` does it: from the log itself and from what the passive has now. */
import { readWindow } from '../../src/app/window.ts'
import { decodeTableMap, tableIdLength } from '../../src/core/binlog/tableMap.ts'
import { EventType } from '../../src/core/binlog/layout.ts'
import { layoutOf } from '../../src/core/ddl/layout.ts'
import type { DdlReplay, Segment } from '../../src/core/ddl/replay.ts'
import { decideDdl } from '../../src/core/ddl/replay.ts'
import { createDdlSequence } from '../../src/core/ddl/sequence.ts'
import type { ReplicaTables } from '../../src/core/ddl/standing.ts'
import type { TableName } from '../../src/core/ddl/statement.ts'
import { openFileSource } from '../../src/source/files.ts'
import type { Pair, Server } from '../support/servers/index.ts'

export async function decide({ active, passive }: Pair, window: Segment): Promise<DdlReplay> {
  await using source = openFileSource('log', [active.binlogDir])
  const collector = createDdlSequence()
  let layouts = new Map<string, string>()
  await readWindow({
    source,
    from: window.from,
    until: window.to,
    onEvent: ({ type, bytes, from }, startsAnew, file) => {
      if (startsAnew) layouts = new Map()
      if (type !== EventType.TABLE_MAP) return
      const mapped = decodeTableMap(bytes, from, tableIdLength(file.format?.postHeaderLengths[type - 1] ?? 8))
      layouts.set(keyOf(mapped), layoutOf(mapped))
    },
    onTransaction: (transaction) => {
      const tables = transaction.tables.map(({ schema, table }) => ({
        schema,
        table,
        layout: layouts.get(keyOf({ schema, table })) ?? null,
      }))
      collector.add({ ...transaction, tables })
      return true
    },
  })
  return decideDdl(collector.sequence(), await whatStandsOn(passive), window)
}

/** All of a small server at once. */
async function whatStandsOn(server: Server): Promise<ReplicaTables> {
  const where = (column: string): string => `${column} NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')`
  const set = async (columns: string, from: string): Promise<ReadonlySet<string>> =>
    new Set((await server.query(`SELECT ${columns} ${from}`)).map((row) => JSON.stringify(Object.values(row).map(String))))
  const schemas = await set('SCHEMA_NAME', 'FROM information_schema.SCHEMATA')
  const tables = await set('TABLE_SCHEMA, TABLE_NAME', `FROM information_schema.TABLES WHERE ${where('TABLE_SCHEMA')}`)
  const indexes = await set(
    'TABLE_SCHEMA, TABLE_NAME, LOWER(INDEX_NAME)',
    `FROM information_schema.STATISTICS WHERE ${where('TABLE_SCHEMA')}`,
  )
  const partitions = await set(
    'TABLE_SCHEMA, TABLE_NAME, LOWER(PARTITION_NAME)',
    `FROM information_schema.PARTITIONS WHERE PARTITION_NAME IS NOT NULL AND ${where('TABLE_SCHEMA')}`,
  )
  const children = await server.query(
    `SELECT CONSTRAINT_SCHEMA AS s, TABLE_NAME AS t, UNIQUE_CONSTRAINT_SCHEMA AS p, REFERENCED_TABLE_NAME AS r FROM information_schema.REFERENTIAL_CONSTRAINTS`,
  )
  const [mode] = await server.query("SHOW GLOBAL VARIABLES LIKE 'slave_ddl_exec_mode'")
  return {
    ddlMode: mode?.['Value'] === 'IDEMPOTENT' ? 'IDEMPOTENT' : 'STRICT',
    foldsCase: false,
    hasSchema: (schema) => schemas.has(JSON.stringify([schema])),
    hasTable: (table) => tables.has(keyOf(table)),
    hasIndex: ({ schema, table }, index) => indexes.has(JSON.stringify([schema, table, index.toLowerCase()])),
    hasPartition: ({ schema, table }, partition) => partitions.has(JSON.stringify([schema, table, partition.toLowerCase()])),
    childrenOf: ({ schema, table }) =>
      children
        .filter((row) => row['p'] === schema && row['r'] === table)
        .map((row): TableName => ({ schema: String(row['s']), table: String(row['t']) })),
  }
}

function keyOf({ schema, table }: TableName): string {
  return JSON.stringify([schema, table])
}

/** Definitions and checksums of all tables of the schemas, as text. Indexes are sorted: their order is not what a replay promises. */
export async function contents(server: Server, schemas: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const schema of schemas) {
    const tables = await server.query(
      'SELECT TABLE_NAME AS name, TABLE_TYPE AS kind FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? ORDER BY 1',
      [schema],
    )
    for (const { name, kind } of tables) {
      const table = `\`${schema}\`.\`${String(name)}\``
      const [shown] = await server.query(`SHOW CREATE TABLE ${table}`)
      const [sum] = kind === 'VIEW' ? [{}] : await server.query(`CHECKSUM TABLE ${table}`)
      const text = String(shown?.['Create Table'] ?? shown?.['Create View'])
      const lines = text
        .replaceAll(/ AUTO_INCREMENT=\d+/g, '')
        .replaceAll(/,\n/g, '\n')
        .split('\n')
      found.push(`${table} ${String(sum?.['Checksum'])}\n${lines.toSorted().join('\n')}`)
    }
  }
  return found
}

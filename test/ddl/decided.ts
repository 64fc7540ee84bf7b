/** A window of the active's log, decided upon as `repair` does it: from the log itself and from what the passive has now. */
import { readWindow } from '../../src/app/window.ts'
import { decodeTableMap, tableIdLength } from '../../src/core/binlog/tableMap.ts'
import { EventType } from '../../src/core/binlog/layout.ts'
import { layoutOf } from '../../src/core/ddl/layout.ts'
import type { DdlReplay, Segment } from '../../src/core/ddl/replay.ts'
import { decideDdl } from '../../src/core/ddl/replay.ts'
import { createDdlSequence, tablesOf } from '../../src/core/ddl/sequence.ts'
import type { TableName } from '../../src/core/ddl/statement.ts'
import { inspectDdlFacts } from '../../src/server/ddlFacts.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openAs } from '../inspect/support.ts'
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
  const sequence = collector.sequence()
  await using connection = await openAs(passive)
  return decideDdl(sequence, await inspectDdlFacts(connection, tablesOf(sequence)), window)
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

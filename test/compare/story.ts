/** A pair whose tables are compared, and what is written to only one of its servers. */
import { connect } from '../../src/server/connection.ts'
import type { ServerConnection } from '../../src/server/connection.ts'
import type { CompareRequest, TableComparison } from '../../src/server/compare/compareTables.ts'
import { compareTables } from '../../src/server/compare/compareTables.ts'
import { accounts, waitForReplica } from '../support/servers/index.ts'
import type { Pair, Server } from '../support/servers/index.ts'

export function connectTo(
  server: Server,
  account: { user: string; password: string } = accounts.admin,
): Promise<ServerConnection> {
  return connect({ host: server.host, port: server.port, ...account }, 10_000)
}

/** Compares tables of schema d. */
export async function compare(
  pair: Pair,
  tables: readonly string[],
  options: Partial<CompareRequest> = {},
): Promise<readonly TableComparison[]> {
  await using source = await connectTo(pair.active)
  await using replica = await connectTo(pair.passive)
  return await compareTables({
    source,
    replica,
    tables: tables.map((table) => ({ schema: 'd', table })),
    catchUp: () => waitForReplica(pair.passive, pair.active).then(() => true),
    maxDifferences: 1000,
    ...options,
  })
}

export async function compareOne(pair: Pair, table: string, options: Partial<CompareRequest> = {}): Promise<TableComparison> {
  const [compared] = await compare(pair, [table], options)
  if (compared === undefined) throw new Error('nothing was compared')
  return compared
}

/** Runs statements on one server alone. */
export async function alone(server: Server, ...statements: readonly string[]): Promise<void> {
  await server.run('SET sql_log_bin = 0', ...statements, 'SET sql_log_bin = 1')
}

export const equal: Partial<TableComparison> = {
  outcome: 'equal',
  reason: null,
  missing: 0,
  different: 0,
  extra: 0,
  differences: [],
}

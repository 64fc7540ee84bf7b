/** Compares a table whose rows have no names: all of it at once. */
import type { TableName } from '../tables.ts'
import type { CompareRequest, Compared } from './compareTables.ts'
import type { Sum } from './reader.ts'
import { sumTable } from './reader.ts'
import type { Column } from './shape.ts'
import { compareSteadily } from './steady.ts'

const NO_KEY = 'no unique key without NULLs that both servers have and sort alike'

export async function compareAsWhole(request: CompareRequest, table: TableName, columns: readonly Column[]): Promise<Compared> {
  let rows = 0
  const [verdict] = await compareSteadily<Sum>(1, {
    source: async () => {
      const sum = await sumTable(request.source, table, columns)
      rows = sum.rows
      request.onProgress?.({ table, rows })
      return [sum]
    },
    replica: async () => [await sumTable(request.replica, table, columns)],
    hash: (sum) => `${sum.rows} ${sum.hash}`,
    catchUp: request.catchUp,
    signal: request.signal,
  })
  if (verdict?.kind === 'different') {
    const reason = `${NO_KEY}; all rows together differ: ${verdict.source?.rows} on the source, ${verdict.replica?.rows} on the replica`
    return { rows, outcome: 'different', reason, differences: [] }
  }
  const isEqual = verdict?.kind === 'equal'
  const reason = isEqual ? null : `${NO_KEY}, and the table changed all the time, or the replica did not catch up`
  return { rows, outcome: isEqual ? 'equal' : 'undecided', reason, differences: [] }
}

/** How rows lie in a table, as text: the same for the same column types. */
import type { MappedTable } from '../binlog/tableMap.ts'

export function layoutOf({ types, metadata }: MappedTable): string {
  return [...types].map((type, column) => `${type}:${metadata[column] ?? 0}`).join(',')
}

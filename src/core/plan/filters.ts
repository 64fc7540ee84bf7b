/**
 * What a replica leaves out, by the rules of the server for row events: first the schema's, then the table's (mysql-server
 * rpl_filter.cc, db_ok and tables_ok; MariaDB's is the same). Values are as SHOW REPLICA STATUS prints them: lists with commas.
 */
import type { Finding } from '../findings.ts'
import { finding } from './findings.ts'
import type { Window } from './window.ts'

export interface Filters {
  readonly doDb: readonly string[]
  readonly ignoreDb: readonly string[]
  readonly doTable: readonly string[]
  readonly ignoreTable: readonly string[]
  readonly wildDoTable: readonly string[]
  readonly wildIgnoreTable: readonly string[]
  readonly ignoreServerIds: readonly number[]
  /** MariaDB's Do_Domain_Ids and Ignore_Domain_Ids, as they are printed. */
  readonly domains: readonly string[]
}

/** True when row events of the table are not applied. */
export function isFiltered(filters: Filters, schema: string, table: string): boolean {
  if (filters.doDb.length > 0 ? !filters.doDb.includes(schema) : filters.ignoreDb.includes(schema)) return true
  const name = `${schema}.${table}`
  if (filters.doTable.includes(name)) return false
  if (filters.ignoreTable.includes(name)) return true
  if (filters.wildDoTable.some((pattern) => isLike(name, pattern))) return false
  if (filters.wildIgnoreTable.some((pattern) => isLike(name, pattern))) return true
  return filters.doTable.length > 0 || filters.wildDoTable.length > 0
}

/** SQL's LIKE: `%`, `_`, and a backslash before what is meant as it stands. */
function isLike(text: string, pattern: string): boolean {
  const parts = pattern.match(/\\.|./gsu) ?? []
  const source = parts.map((part) => {
    if (part === '%') return '.*'
    return part === '_' ? '.' : `\\u{${part.codePointAt(part.length > 1 && part.startsWith('\\') ? 1 : 0)?.toString(16)}}`
  })
  return new RegExp(`^${source.join('')}$`, 'su').test(text)
}

export function filterFindings(window: Window, filters: Filters): Finding[] {
  const out: Finding[] = []
  const origins = filters.ignoreServerIds.filter((id) => window.origins.has(id))
  if (origins.length > 0)
    out.push(
      finding(
        'FILTERS',
        'blocking',
        `the replica ignores transactions of server_id ${origins.join(', ')} (IGNORE_SERVER_IDS), and the window has some: they do not come back, and what others changed before them is replayed over them. Choose a restart behind them`,
        { ignoredOrigins: origins },
      ),
    )
  if (filters.domains.length > 0)
    out.push(
      finding(
        'FILTERS',
        'blocking',
        `the replica filters by domain (${filters.domains.join('; ')}), which is not weighed here. Accept it by name if no transaction of the window is filtered`,
        { domains: filters.domains },
      ),
    )
  const left = window.byTable.filter((t) => isFiltered(filters, t.schema, t.table)).map((t) => `${t.schema}.${t.table}`)
  if (left.length === 0) return out
  const isAll = left.length === window.byTable.length
  out.push(
    finding(
      'FILTERS',
      isAll ? 'blocking' : 'warning',
      isAll
        ? `the replica filters every table that the window changes (${left.join(', ')}): the replay would heal nothing`
        : `the replica filters ${left.join(', ')}: rows of these do not come back`,
      { tables: left },
    ),
  )
  return out
}

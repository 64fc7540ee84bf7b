/** What the account may do, from SHOW GRANTS: it has the privileges of active roles too, and needs none itself. */
import type { Row, ServerConnection } from '../connection.ts'
import { text } from '../rows.ts'

export interface Privileges {
  /** One of these, on everything. */
  readonly hasAny: (...names: readonly string[]) => boolean
  /** Some schemas are taken out of what is granted on everything (MySQL's partial revokes). */
  readonly hasRevokes: boolean
}

export async function privilegesOf(connection: ServerConnection): Promise<Privileges> {
  return parseGrants((await connection.query('SHOW GRANTS')).flatMap(texts))
}

export function parseGrants(lines: readonly string[]): Privileges {
  const everywhere = lines.flatMap((line) => /^GRANT (.+?) ON \*\.\* TO /.exec(line)?.[1]?.split(/, ?/) ?? [])
  const held = new Set(everywhere.map((name) => name.toUpperCase()))
  return {
    hasAny: (...names) => held.has('ALL PRIVILEGES') || names.some((name) => held.has(name)),
    hasRevokes: lines.some((line) => line.startsWith('REVOKE ')),
  }
}

/**
 * information_schema leaves out what an account has no privilege on; MariaDB shows foreign keys only to those who may do more than
 * SELECT (seen on 10.5 to 11.8).
 */
export function seesAllKeys(privileges: Privileges, family: 'mysql' | 'mariadb'): boolean {
  if (privileges.hasRevokes) return false
  const enough = ['INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'REFERENCES', 'INDEX', 'ALTER']
  return privileges.hasAny(...enough, ...(family === 'mysql' ? ['SELECT'] : []))
}

function texts(row: Row): readonly string[] {
  return Object.keys(row).map((name) => text(row, name))
}

/** The `mysqlbinlog`s of the servers that are here. */
import { program } from '../test/support/servers/cache.ts'
import { availability } from '../test/support/servers/index.ts'
import type { ServerKind } from '../test/support/servers/index.ts'
import type { Command } from './command.ts'

export type Reader = (...args: readonly string[]) => Command

/**
 * Those that can read a log of `kind`. MySQL's refuses MariaDB's row events and GTIDs; MariaDB's reads MySQL's logs but has no
 * caching_sha2_password to log in with.
 */
export function readersOf(kind: ServerKind, from: 'file' | 'server'): ReadonlyMap<string, Reader> {
  const readers = new Map<string, Reader>()
  const add = (name: string, of: ServerKind): void => {
    if (!availability(of).available) return
    const { command, args: prefix, env } = program(of, 'binlogReader')
    readers.set(name, (...args) => ({ command, args: [...prefix, '--no-defaults', ...args], env }))
  }
  if (kind.startsWith('mysql')) add('mysqlbinlog 9.7', 'mysql-9.7')
  if (kind.startsWith('mariadb') || from === 'file') add('mariadb-binlog 10.11', 'mariadb-10.11')
  if (readers.size === 0) throw new Error(`no mysqlbinlog is here that reads a log of ${kind}: run make servers`)
  return readers
}

/** Connections of the tool's own to a test server, and accounts with just these privileges. */
import type { ServerConnection } from '../../src/server/connection.ts'
import { connect } from '../../src/server/connection.ts'
import { accounts } from '../support/servers/index.ts'
import type { Server } from '../support/servers/index.ts'

export function openAs(server: Server, { user, password }: Account = accounts.admin): Promise<ServerConnection> {
  return connect({ host: server.host, port: server.port, user, password }, 30_000)
}

export interface Account {
  readonly user: string
  readonly password: string
}

/** Not in the binlog, so that it is this server's alone. */
export async function createAccount(server: Server, user: string, ...grants: readonly string[]): Promise<Account> {
  const password = 'a password'
  await server.run(
    'SET sql_log_bin = 0',
    `CREATE USER '${user}'@'127.0.0.1' IDENTIFIED BY '${password}'`,
    ...grants.map((grant) => `GRANT ${grant} TO '${user}'@'127.0.0.1'`),
    'SET sql_log_bin = 1',
  )
  return { user, password }
}

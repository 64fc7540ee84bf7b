/**
 * A session of its own for reading tables: read only, each statement by itself, and with settings under which both servers print the same
 * value as the same text. The connection it is made from keeps its settings.
 */
import { WAIT_TIMEOUT_SECONDS, connect } from '../connection.ts'
import type { ServerConnection } from '../connection.ts'
import { text } from '../rows.ts'

/** How long a statement waits for an ALTER TABLE to end. */
const LOCK_WAIT_SECONDS = 60

const settings: Readonly<Record<string, string | number>> = {
  // A date like 2020-02-31 may be in a table, and must not be an error in a condition.
  sql_mode: "'ALLOW_INVALID_DATES'",
  time_zone: "'+00:00'",
  sql_big_selects: 1,
  // Where a server sorts, it must look at whole values.
  max_sort_length: 8192,
  lock_wait_timeout: LOCK_WAIT_SECONDS,
  wait_timeout: WAIT_TIMEOUT_SECONDS,
  max_execution_time: 0,
  max_statement_time: 0,
}

/** Throws CONNECT_FAILED, ACCESS_DENIED, SERVER_ERROR. */
export async function openReadSession(like: ServerConnection): Promise<ServerConnection> {
  const session = await connect(like.address, like.options.connectTimeout ?? 0, 0)
  try {
    // It cuts off the answer to SHOW, too.
    await session.query('SET SESSION sql_select_limit = 18446744073709551615')
    const names = Object.keys(settings).map((name) => `'${name}'`)
    const there = await session.query(`SHOW SESSION VARIABLES WHERE Variable_name IN (${names.join(', ')})`)
    const sets = there.map((row) => text(row, 'Variable_name')).map((name) => `${name} = ${settings[name]}`)
    await session.query('SET NAMES utf8mb4')
    await session.query(`SET SESSION ${sets.join(', ')}`)
    await session.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
    await session.query('SET SESSION TRANSACTION READ ONLY')
    return session
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw error
  }
}

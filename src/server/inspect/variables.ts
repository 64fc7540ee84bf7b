/** Global variables and status counters by name: shown to every account, and left out where the server has none of that name. */
import type { ServerConnection } from '../connection.ts'
import { text } from '../rows.ts'

export interface Settings {
  /** The first of several names that the server has; servers renamed many. */
  readonly of: (...names: readonly string[]) => string | null
  readonly isOn: (...names: readonly string[]) => boolean
  /** 0 where the server has none of the names. */
  readonly number: (...names: readonly string[]) => number
}

export async function globalVariables(connection: ServerConnection, names: readonly string[]): Promise<Settings> {
  return settingsOf(connection, 'VARIABLES', names)
}

export async function globalStatus(connection: ServerConnection, names: readonly string[]): Promise<Settings> {
  return settingsOf(connection, 'STATUS', names)
}

async function settingsOf(
  connection: ServerConnection,
  kind: 'VARIABLES' | 'STATUS',
  names: readonly string[],
): Promise<Settings> {
  const rows = await connection.query(
    `SHOW GLOBAL ${kind} WHERE Variable_name IN (${names.map((name) => `'${name}'`).join(', ')})`,
  )
  const values = new Map(rows.map((row) => [text(row, 'Variable_name').toLowerCase(), text(row, 'Value')]))
  const of = (...wanted: readonly string[]): string | null => {
    for (const name of wanted) {
      const value = values.get(name.toLowerCase())
      if (value !== undefined) return value
    }
    return null
  }
  return { of, isOn: (...wanted) => /^(ON|1|YES)$/i.test(of(...wanted) ?? ''), number: (...wanted) => Number(of(...wanted) ?? 0) }
}

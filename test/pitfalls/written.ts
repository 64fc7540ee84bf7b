/** What a server wrote for some statements, as this project reads it and as the server itself lists it. */
import { buildIndex } from '../../src/app/index.ts'
import { readTransactions } from '../../src/app/window.ts'
import type { FileRow, LandmarkRow, TickRow } from '../../src/core/evidence/rows.ts'
import type { LogSource } from '../../src/core/ports.ts'
import type { Transaction } from '../../src/core/transaction.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import { endOfLog } from '../support/servers/index.ts'
import type { Server } from '../support/servers/index.ts'

export interface ListedEvent {
  readonly file: string
  readonly position: number
  /** As `SHOW BINLOG EVENTS` names it: `Gtid`, `Query`, `Xid`. */
  readonly type: string
  readonly info: string
}

export interface Written {
  readonly transactions: readonly Transaction[]
  /** The server's own listing of the same part of its log. */
  readonly events: readonly ListedEvent[]
}

export interface Indexed {
  readonly files: readonly FileRow[]
  readonly ticks: readonly TickRow[]
  readonly landmarks: readonly LandmarkRow[]
}

/** Runs the statements in the server's session; a function does what another session does. */
export async function written(server: Server, ...steps: readonly (string | (() => Promise<unknown>))[]): Promise<Written> {
  const from = await endOfLog(server)
  for (const step of steps) await (typeof step === 'string' ? server.query(step) : step())
  const to = await endOfLog(server)
  const transactions = await readTransactions({ source: filesOf(server), from })
  const events: ListedEvent[] = []
  const names = (await server.query('SHOW BINARY LOGS')).map((row) => String(row['Log_name']))
  for (const file of names.slice(names.indexOf(from.file), names.indexOf(to.file) + 1)) {
    const start = file === from.file ? from.position : 4
    // A position behind the last event is an error on some servers.
    if (file === to.file && start >= to.position) continue
    const rows = await server.query(`SHOW BINLOG EVENTS IN '${file}' FROM ${start}`)
    for (const row of rows)
      events.push({ file, position: Number(row['Pos']), type: String(row['Event_type']), info: String(row['Info']) })
  }
  return { transactions, events }
}

export function filesOf(server: Server): LogSource {
  return openFileSource('files', [server.binlogDir])
}

export async function indexedBy(source: LogSource): Promise<Indexed> {
  using store = openStore(':memory:')
  return store.dump((await buildIndex({ store, source })).log) as Indexed
}

/** Where the server says that events of these types start. */
export function startsOf({ events }: Written, ...types: readonly string[]): number[] {
  return events.filter(({ type }) => types.includes(type)).map(({ position }) => position)
}

export const starts = ({ transactions }: Written): number[] => transactions.map((t) => t.start)
export const kinds = ({ transactions }: Written): string[] => transactions.map((t) => t.kind)

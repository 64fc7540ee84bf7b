/** What the tests of the network way in share: a load with every shape of transaction, an index in memory, and who is connected. */
import { setTimeout as sleep } from 'node:timers/promises'
import { buildIndex } from '../../src/app/index.ts'
import type { IndexRequest, IndexReport } from '../../src/app/index.ts'
import type { EventSink, FileEndCause, LogSource, ServerAddress } from '../../src/core/ports.ts'
import { openServerSource } from '../../src/source/live.ts'
import type { Replay } from '../../src/source/replay.ts'
import { openStore } from '../../src/store/store.ts'
import { accounts } from '../support/servers/index.ts'
import type { Server } from '../support/servers/index.ts'

export function addressOf(server: Server, more: Partial<ServerAddress> = {}): ServerAddress {
  return { host: server.host, port: server.port, ...accounts.reader, ...more }
}

export function openLive(server: Server, more: Partial<ServerAddress> = {}, timeoutMs: number = 10_000): Promise<LogSource> {
  return openServerSource(addressOf(server, more), { timeoutMs })
}

/** A replay server as a source; it lets any account in. */
export function openReplay(replay: Replay, timeoutMs: number = 10_000): Promise<LogSource> {
  return openServerSource({ host: replay.host, port: replay.port, user: 'anyone' }, { timeoutMs })
}

/** Everything that the index of `source` says of the log, and the report of the run. */
export async function indexOf(
  source: LogSource,
  more: Partial<IndexRequest> = {},
): Promise<{ readonly dump: unknown; readonly report: IndexReport }> {
  using store = openStore(':memory:')
  const report = await buildIndex({ store, source, ...more })
  return { dump: store.dump(report.log), report }
}

/** Rows, statements, DDL, rollbacks, savepoints, XA and large transactions, over two files. */
export async function writeLoad(server: Server): Promise<void> {
  const isMariaDb = server.kind.startsWith('mariadb')
  await server.run(
    'CREATE DATABASE d',
    'CREATE TABLE d.t (i INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200)) ENGINE=InnoDB',
    'CREATE TABLE d.m (i INT, v VARCHAR(200)) ENGINE=MyISAM',
    "INSERT INTO d.t (v) VALUES ('one')",
    "INSERT INTO d.m VALUES (1, 'not transactional')",
    'BEGIN',
    "INSERT INTO d.t (v) VALUES ('two')",
    'SAVEPOINT s',
    // MySQL with GTIDs refuses to mix engines in a transaction.
    ...(server.kind === 'mysql-9.7' ? [] : ["INSERT INTO d.m VALUES (2, 'stays')"]),
    "INSERT INTO d.t (v) VALUES ('undone')",
    'ROLLBACK TO s',
    "UPDATE d.t SET v = 'changed'",
    'COMMIT',
    'SET SESSION binlog_format = STATEMENT',
    "SET @name = 'of a variable'",
    'INSERT INTO d.t (v) VALUES (@name)',
    "UPDATE d.t SET v = 'begin' WHERE i = 1",
    'SET SESSION binlog_format = ROW',
    "XA START 'x'",
    "INSERT INTO d.t (v) VALUES ('by XA')",
    "XA END 'x'",
    "XA PREPARE 'x'",
    "XA COMMIT 'x'",
    ...(isMariaDb ? ['SET SESSION binlog_annotate_row_events = ON'] : ['SET SESSION binlog_rows_query_log_events = ON']),
    "DELETE FROM d.t WHERE v = 'by XA'",
    'BEGIN',
    "INSERT INTO d.t (v) VALUES ('annotated')",
    "INSERT INTO d.t (v) VALUES ('annotated as well')",
    'COMMIT',
    'FLUSH LOGS',
    `INSERT INTO d.t (v) SELECT REPEAT('x', 190) FROM d.t`,
    ...Array.from({ length: 10 }, () => 'INSERT INTO d.t (v) SELECT v FROM d.t'),
    'ALTER TABLE d.t ADD COLUMN w INT',
    'SET TIMESTAMP = 1000000000',
    "INSERT INTO d.t (v) VALUES ('from the past')",
    'SET TIMESTAMP = DEFAULT',
    "INSERT INTO d.t (v) VALUES ('last')",
  )
}

/** One call of a sink: what a way in said, in order. */
export type Call =
  | { readonly call: 'beginFile'; readonly name: string }
  | { readonly call: 'take'; readonly type: number; readonly position: number; readonly size: number }
  | { readonly call: 'endFile'; readonly cause: FileEndCause }

/** A sink that notes what it is given; `stopAfter` that many events it is done. */
export interface NotingSink extends EventSink {
  readonly calls: readonly Call[]
  readonly arrivals: readonly (number | undefined)[]
}

export function createNotingSink(stopAfter: number = Number.POSITIVE_INFINITY): NotingSink {
  const calls: Call[] = []
  const arrivals: (number | undefined)[] = []
  let events = 0
  return {
    calls,
    arrivals,
    fileDone: false,
    get done() {
      return events >= stopAfter
    },
    beginFile: (name) => calls.push({ call: 'beginFile', name }),
    take: (bytes, from, to, position) => {
      events += 1
      calls.push({ call: 'take', type: bytes[from + 4] ?? 0, position, size: to - from })
      return to
    },
    endFile: (cause) => calls.push({ call: 'endFile', cause }),
    endBatch: (arrivedAtUs) => arrivals.push(arrivedAtUs),
  }
}

/** Ids of the dump threads that the server has now. */
export async function dumpThreads(server: Server): Promise<readonly unknown[]> {
  const rows = await server.query('SHOW PROCESSLIST')
  return rows.filter((row) => String(row['Command']).startsWith('Binlog Dump')).map((row) => row['Id'])
}

export async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs: number = 15_000): Promise<void> {
  const giveUpAt = Date.now() + timeoutMs
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await sleep(50)
  }
}

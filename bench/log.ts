/**
 * The logs that are measured: about 1 GB each, written by a real server from small transactions (five or six events of some
 * 160 bytes on average), made once and kept in a cache folder outside the project. Deleting the folder makes them anew.
 */
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../test/support/servers/index.ts'
import type { Server, ServerKind } from '../test/support/servers/index.ts'

export interface MeasuredLog {
  readonly kind: ServerKind
  readonly folder: string
  readonly path: string
  readonly bytes: number
}

export const LOG_NAME = 'mysql-bin.000001'

/** Raise when the workload changes: logs of an older one are then not used. */
const WORKLOAD = 1

export function cacheFolder(): string {
  return process.env['BINPOINT_BENCH'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'binpoint-bench')
}

/** The log of `kind` with at least `megabytes`; writes it first where it is not in the cache. */
export async function measuredLog(kind: ServerKind, megabytes: number, say: (line: string) => void): Promise<MeasuredLog> {
  const folder = join(cacheFolder(), `${kind}-${megabytes}-${WORKLOAD}`)
  const path = join(folder, LOG_NAME)
  if (!existsSync(path)) {
    const startedMs = Date.now()
    say(`writing ${megabytes} MB of binlog with ${kind} …`)
    await writeLog(kind, megabytes * 1_000_000, folder)
    say(`  took ${Math.round((Date.now() - startedMs) / 1000)} s; kept in ${folder}`)
  }
  return { kind, folder, path, bytes: statSync(path).size }
}

/** The file appears in the folder by a rename, whole or not at all. */
async function writeLog(kind: ServerKind, bytes: number, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await using server = await startServer({ kind, options: optionsOf(kind) })
  await server.run(...schema)
  const log = join(server.binlogDir, LOG_NAME)
  await Promise.all([1, 2].map((session) => fill(server, session, () => statSync(log).size >= bytes)))
  await server.run('FLUSH BINARY LOGS')
  const unfinished = join(folder, 'unfinished')
  try {
    copyFileSync(log, unfinished)
    renameSync(unfinished, join(folder, LOG_NAME))
  } finally {
    rmSync(unfinished, { force: true })
  }
}

async function fill(server: Server, session: number, isEnough: () => boolean): Promise<void> {
  const connection = await server.connect({ database: 'bench' })
  while (!isEnough()) await connection.query('CALL fill(?, 5000)', [session])
  await connection.end()
}

function optionsOf(kind: ServerKind): string[] {
  const gtids = kind.startsWith('mysql') ? ['--gtid-mode=ON', '--enforce-gtid-consistency', '--log-slave-updates'] : []
  return [...gtids, '--max-binlog-size=1073741824', '--innodb-buffer-pool-size=128M']
}

/** One row in many is changed and none is added, so that the tables stay small and the server quick. */
const schema = [
  'CREATE DATABASE bench',
  'CREATE TABLE bench.account (id INT PRIMARY KEY, session INT, n INT, note VARCHAR(300)) ENGINE=InnoDB',
  'CREATE TABLE bench.entry (id INT PRIMARY KEY, account INT, amount DECIMAL(12,2)) ENGINE=InnoDB',
  `CREATE PROCEDURE bench.fill(session INT, transactions INT)
   BEGIN
     DECLARE i INT DEFAULT 0;
     WHILE i < transactions DO
       SET i = i + 1;
       IF i % 10 = 0 THEN
         START TRANSACTION;
         REPLACE INTO entry VALUES (session * 1000 + i % 100, i, i / 7);
         UPDATE account SET n = n + 1 WHERE id = session * 1000 + i % 100;
         COMMIT;
       ELSE
         REPLACE INTO account VALUES (session * 1000 + i % 100, session, i, REPEAT('binlog ', 36));
       END IF;
     END WHILE;
   END`,
]

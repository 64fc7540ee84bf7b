/** The options that every test server gets: small, quick rather than durable, the same on every machine. A caller's options come after and win. */
import { join } from 'node:path'
import { userInfo } from 'node:os'
import { rootOf } from './cache.ts'
import type { Recipe } from './catalog.ts'

export interface Folders {
  readonly data: string
  readonly tmp: string
}

export function baseOptions(recipe: Recipe, folders: Folders): readonly string[] {
  const root = rootOf(recipe.kind)
  return [
    '--no-defaults',
    // Servers refuse to run as root unless told so.
    ...(userInfo().uid === 0 ? ['--user=root'] : []),
    `--basedir=${join(root, recipe.origin.from === 'npm' ? 'server' : 'usr')}`,
    `--datadir=${folders.data}`,
    `--tmpdir=${folders.tmp}`,
    `--lc-messages-dir=${join(root, recipe.share)}`,
    ...(recipe.plugins === null ? [] : [`--plugin-dir=${join(root, recipe.plugins)}`]),
    '--innodb-buffer-pool-size=32M',
    '--innodb-flush-method=nosync',
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-fast-shutdown=1',
    '--performance-schema=OFF',
    '--default-time-zone=+00:00',
    '--key-buffer-size=1M',
    '--table-open-cache=200',
    ...recipe.options,
  ]
}

/** What makes it a replication source, with its binlogs in the data directory as most servers in the field have them. */
export function replicationOptions(recipe: Recipe, serverId: number): readonly string[] {
  return [
    `--server-id=${serverId}`,
    '--log-bin=mysql-bin',
    '--relay-log=relay-bin',
    '--binlog-format=ROW',
    '--sync-binlog=0',
    // The tests say themselves when replication starts, also after a restart.
    recipe.kind === 'mysql-9.7' ? '--skip-replica-start' : '--skip-slave-start',
    '--skip-name-resolve',
    '--bind-address=127.0.0.1',
  ]
}

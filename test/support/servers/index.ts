/**
 * Real servers for tests. A test begins like this:
 *
 *   import { startServer, mysqlbinlog } from '../support/servers/index.ts'
 *   import { describeWith } from '../support/servers/with.ts'
 *
 *   describeWith('mariadb-10.11', 'a source', () => {
 *     test('has a log', async () => {
 *       await using server = await startServer({ kind: 'mariadb-10.11', options: ['--binlog-format=STATEMENT'] })
 *       await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT)', 'INSERT INTO d.t VALUES (1)')
 *       const rows = await server.query('SELECT * FROM d.t')
 *       const script = await server.client('SELECT 1;')          // the real command-line client
 *       const listing = await mysqlbinlog(server.kind, [join(server.binlogDir, 'mysql-bin.000001')])
 *     })
 *   })
 *
 * `startServer({ kind, clock: true })` has a clock that `server.setClock(-3600)` moves while it runs (describeWith needs 'faketime' too).
 *
 * `startPair({ kind })` gives two servers that replicate from each other, with `caughtUp()` and `lose(write)`, the silent loss.
 *
 * It listens on server.host:server.port and server.socket. Accounts, for any host: root without a password on the socket,
 * accounts.admin (everything) and accounts.reader (REPLICATION SLAVE, REPLICATION CLIENT) with passwords. One server can serve all tests
 * of a file: start it in beforeAll, `await server[Symbol.asyncDispose]()` in afterAll. `make servers` fetches the programs.
 */
export { accounts } from './template.ts'
export { availability } from './cache.ts'
export type { Availability } from './cache.ts'
export { serverKinds } from './catalog.ts'
export type { ServerKind } from './catalog.ts'
export { startPair } from './pair.ts'
export type { Pair, PairOptions } from './pair.ts'
export { mysqlbinlog, runClient } from './programs.ts'
export { endOfLog, purgeTo, replicaStatus, replicateFrom, settledEndOfLog, waitForReplica, words } from './replication.ts'
export type { Position, ReplicaStatus, Words } from './replication.ts'
export type { RunResult } from './run.ts'
export { startServer } from './start.ts'
export type { Row, Server, StartOptions } from './start.ts'

/**
 * What can stand in a log, written by a server at hand: every form of transaction that the grammar knows, over several files,
 * with checksums switched off and on in between. `writeLoad` has the plain ones.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Server } from '../support/servers/index.ts'

/** After writeLoad, whose tables it uses. */
export async function writeGrammar(server: Server): Promise<void> {
  const isMariaDb = server.kind.startsWith('mariadb')
  const hasGtids = server.kind === 'mysql-9.7'
  const names = join(server.dataDir, 'names.csv')
  writeFileSync(names, 'one\ntwo\nthree\n')
  const load = `LOAD DATA INFILE '${names}' INTO TABLE d`
  await server.run(
    'CREATE TABLE d.g (i INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200)) ENGINE=InnoDB',
    // Statements, with what goes before them, files that are loaded, and a temporary table in use over several transactions.
    'SET SESSION binlog_format = STATEMENT',
    `${load}.g (v)`,
    'BEGIN',
    `${load}.g (v)`,
    "INSERT INTO d.g (v) VALUES ('in one transaction with a loaded file')",
    'COMMIT',
    'INSERT INTO d.g (v) VALUES (RAND()), (LAST_INSERT_ID())',
    'CREATE TEMPORARY TABLE d.temporary (i INT)',
    'INSERT INTO d.temporary VALUES (1)',
    'INSERT INTO d.g (v) SELECT i FROM d.temporary',
    'DROP TEMPORARY TABLE d.temporary',
    "SET @variable = 'a name'",
    ...(hasGtids ? [] : [`${load}.m (v)`, 'CREATE TABLE d.made_with ENGINE=InnoDB SELECT @variable AS v']),
    'SET SESSION binlog_format = ROW',
    `${load}.m (v)`,
    'CREATE TABLE d.made ENGINE=InnoDB SELECT i, v FROM d.g LIMIT 3',
    'TRUNCATE TABLE d.made',
    'RENAME TABLE d.made TO d.`begin`',
    'DROP TABLE d.`begin`',
    'FLUSH LOGS',
    ...savepoints(hasGtids),
  )
  await writeXa(server)
  await server.run(...(isMariaDb ? onlyMariaDb(server) : hasGtids ? onlyNewMysql() : []))
  await server.run(
    'SET GLOBAL binlog_checksum = NONE',
    "INSERT INTO d.g (v) VALUES ('without a checksum')",
    'FLUSH LOGS',
    "INSERT INTO d.g (v) VALUES ('without a checksum, in another file')",
    'SET GLOBAL binlog_checksum = CRC32',
    "INSERT INTO d.g (v) VALUES ('with one again')",
  )
}

/** With tables that cannot be rolled back, ROLLBACK and ROLLBACK TO are logged; MySQL with GTIDs does not mix engines. */
function savepoints(hasGtids: boolean): string[] {
  const plain = ['BEGIN', "INSERT INTO d.g (v) VALUES ('kept')", 'SAVEPOINT `begin`', "INSERT INTO d.g (v) VALUES ('undone')"]
  const mixed = "INSERT INTO d.m VALUES (3, 'stays')"
  return [
    ...plain,
    ...(hasGtids ? [] : [mixed]),
    'ROLLBACK TO `begin`',
    'COMMIT',
    'SET SESSION binlog_format = STATEMENT',
    ...plain,
    ...(hasGtids ? [] : [mixed]),
    'ROLLBACK TO `begin`',
    'COMMIT',
    ...(hasGtids ? [] : ['BEGIN', "INSERT INTO d.g (v) VALUES ('goes')", mixed, 'ROLLBACK']),
    'SET SESSION binlog_format = ROW',
  ]
}

/** Prepared by one session, ended after other transactions; one-phase; rolled back after its first phase. */
async function writeXa(server: Server): Promise<void> {
  const other = await server.connect()
  const prepare = (name: string): readonly string[] => [
    `XA START '${name}'`,
    `INSERT INTO d.g (v) VALUES ('${name}')`,
    `XA END '${name}'`,
    `XA PREPARE '${name}'`,
  ]
  for (const sql of prepare('two phases')) await other.query(sql)
  await server.run("INSERT INTO d.g (v) VALUES ('between the phases')")
  await other.query("XA COMMIT 'two phases'")
  for (const sql of prepare('rolled back')) await other.query(sql)
  await server.run("INSERT INTO d.g (v) VALUES ('between the phases')")
  await other.query("XA ROLLBACK 'rolled back'")
  for (const sql of prepare('one phase').slice(0, 3)) await other.query(sql)
  await other.query("XA COMMIT 'one phase' ONE PHASE")
  await other.end()
}

function onlyNewMysql(): string[] {
  return [
    'SET SESSION binlog_transaction_compression = ON',
    "INSERT INTO d.g (v) VALUES ('compressed')",
    'BEGIN',
    "INSERT INTO d.g (v) VALUES (REPEAT('x', 200))",
    'UPDATE d.g SET v = CONCAT(i, v) WHERE i < 5',
    'COMMIT',
    "SET gtid_next = 'AUTOMATIC:mytag'",
    "INSERT INTO d.g (v) VALUES ('compressed and tagged')",
    'SET SESSION binlog_transaction_compression = OFF',
    "INSERT INTO d.g (v) VALUES ('tagged')",
    'CREATE TABLE d.tagged (i INT)',
    "SET gtid_next = '11111111-2222-3333-4444-555555555555:7'",
    'BEGIN',
    'COMMIT',
    "SET gtid_next = 'AUTOMATIC'",
  ]
}

function onlyMariaDb(server: Server): string[] {
  const twoPhases = server.kind === 'mariadb-10.5' ? [] : ['SET SESSION binlog_alter_two_phase = ON']
  return [
    'SET SESSION server_id = 999, SESSION gtid_domain_id = 5, SESSION gtid_seq_no = 500',
    "INSERT INTO d.g (v) VALUES ('5-999-500')",
    'SET SESSION server_id = DEFAULT, SESSION gtid_domain_id = DEFAULT',
    'SET SESSION skip_replication = ON',
    "INSERT INTO d.g (v) VALUES ('not for replicas')",
    'SET SESSION skip_replication = OFF',
    'SET GLOBAL log_bin_compress_min_len = 10',
    'SET GLOBAL log_bin_compress = ON',
    "INSERT INTO d.g (v) VALUES (REPEAT('compressed, ', 16))",
    'BEGIN',
    'UPDATE d.g SET v = CONCAT(i, v) WHERE i < 5',
    "DELETE FROM d.g WHERE v LIKE '%compressed, %'",
    'COMMIT',
    'CREATE TABLE d.compressed (i INT, a_long_name_for_a_column INT, another_long_name_for_a_column INT)',
    'SET GLOBAL log_bin_compress = OFF',
    ...twoPhases,
    'ALTER TABLE d.g ADD COLUMN w INT',
    'CREATE OR REPLACE TABLE d.compressed (j INT)',
    'CREATE SEQUENCE d.s',
    'BEGIN',
    'INSERT INTO d.g (v) SELECT NEXTVAL(d.s)',
    'COMMIT',
  ]
}

/** Mistakes in what a transaction is, each on what real servers write. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer } from '../support/servers/index.ts'
import type { Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import type { Written } from './written.ts'
import { filesOf, indexedBy, kinds, starts, startsOf, written } from './written.ts'

const servers: readonly ServerKind[] = ['mysql-5.6', 'mysql-9.7', 'mariadb-10.5', 'mariadb-10.11', 'mariadb-11.8']

for (const kind of servers) {
  describeWith(kind, `on ${kind}`, () => {
    let server: Server

    beforeAll(async () => {
      server = await startServer({ kind })
      await server.run(
        'CREATE DATABASE d',
        'CREATE TABLE d.t (i INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200)) ENGINE=InnoDB',
        'CREATE TABLE d.m (i INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200)) ENGINE=MyISAM',
      )
    })

    afterAll(() => server?.[Symbol.asyncDispose]())

    describe('a boundary after XID only would miss what ends otherwise', () => {
      test('a change of a MyISAM table, which ends with COMMIT', async () => {
        const seen = await written(server, "INSERT INTO d.m (v) VALUES ('a')", "UPDATE d.m SET v = 'b'")
        expect(kinds(seen)).toEqual(['rows', 'rows'])
        expect(seen.transactions.map((t) => t.marks.includes('non-transactional'))).toEqual([true, true])
        expect(seen.events.filter(({ info }) => info === 'COMMIT')).toHaveLength(2)
        expect(misplaced(kind, seen)).toEqual([])
      })

      test('what is rolled back and has changed a MyISAM table, which ends with ROLLBACK', async () => {
        // MySQL with GTIDs refuses to mix engines.
        const statements = ['SET SESSION binlog_format = STATEMENT', 'BEGIN', "INSERT INTO d.t (v) VALUES ('goes')"]
        const mixed = kind === 'mysql-9.7' ? [] : ["INSERT INTO d.m (v) VALUES ('stays')"]
        const seen = await written(server, ...statements, ...mixed, 'ROLLBACK', 'SET SESSION binlog_format = ROW')
        const rollbacks = seen.events.filter(({ info }) => info === 'ROLLBACK')
        expect(seen.transactions).toHaveLength(kind === 'mysql-9.7' ? 0 : Math.max(1, rollbacks.length))
        expect(seen.transactions.filter((t) => t.marks.includes('rolled-back'))).toHaveLength(rollbacks.length)
        expect(misplaced(kind, seen)).toEqual([])
      })

      test('DDL, a statement alone', async () => {
        const seen = await written(server, 'CREATE TABLE d.x (i INT)', 'ALTER TABLE d.x ADD COLUMN j INT', 'DROP TABLE d.x')
        expect(kinds(seen)).toEqual(['ddl', 'ddl', 'ddl'])
        expect(misplaced(kind, seen)).toEqual([])
      })

      test('XA in two phases: two transactions where the server writes two; in one phase: one', async () => {
        const change = (id: string): string[] => [`XA START '${id}'`, `INSERT INTO d.t (v) VALUES ('${id}')`, `XA END '${id}'`]
        const twoPhases = await written(server, ...change('two'), "XA PREPARE 'two'", "XA COMMIT 'two'")
        // MySQL 5.6 writes XA when it commits, as a plain transaction.
        expect(twoPhases.transactions.map((t) => t.marks.filter((mark) => mark.startsWith('xa-')))).toEqual(
          kind === 'mysql-5.6' ? [[]] : [['xa-prepare'], ['xa-end']],
        )
        expect(misplaced(kind, twoPhases)).toEqual([])
        const onePhase = await written(
          server,
          ...change('one'),
          "XA COMMIT 'one' ONE PHASE",
          "INSERT INTO d.t (v) VALUES ('next')",
        )
        expect(onePhase.transactions).toHaveLength(2)
        expect(misplaced(kind, onePhase)).toEqual([])
      })
    })

    describe('a savepoint, or a text that begins with ROLLBACK or BEGIN, is no boundary', () => {
      test('SAVEPOINT and ROLLBACK TO inside a transaction', async () => {
        const middle = kind === 'mysql-9.7' ? [] : ["INSERT INTO d.m (v) VALUES ('so ROLLBACK TO is written')"]
        const seen = await written(
          server,
          'BEGIN',
          "INSERT INTO d.t (v) VALUES ('one')",
          'SAVEPOINT `begin`',
          ...middle,
          "INSERT INTO d.t (v) VALUES ('two')",
          'ROLLBACK TO `begin`',
          "INSERT INTO d.t (v) VALUES ('three')",
          'COMMIT',
        )
        // Changes of MyISAM tables are written at once, as a transaction of their own, by some servers.
        const beforeLast = seen.transactions.slice(0, -1)
        expect(beforeLast.every((t) => t.tables.every(({ table }) => table === 'm'))).toBe(true)
        expect(seen.transactions.at(-1)?.tables.map(({ table }) => table)).toContain('t')
        expect(seen.transactions.some((t) => t.marks.includes('rolled-back'))).toBe(false)
        expect(misplaced(kind, seen)).toEqual([])
      })

      test('a procedure with BEGIN in it, in statement format', async () => {
        const seen = await written(
          server,
          "CREATE PROCEDURE d.p() BEGIN INSERT INTO d.t (v) VALUES ('BEGIN'); INSERT INTO d.t (v) VALUES ('COMMIT'); END",
          'SET SESSION binlog_format = STATEMENT',
          'BEGIN',
          'CALL d.p()',
          "/* BEGIN */ INSERT INTO d.t (v) VALUES ('ROLLBACK')",
          'COMMIT',
          'SET SESSION binlog_format = ROW',
          'DROP PROCEDURE d.p',
        )
        expect(kinds(seen)).toEqual(['ddl', 'statement', 'ddl'])
        expect(seen.transactions[1]?.statements).toHaveLength(3)
        expect(misplaced(kind, seen)).toEqual([])
      })
    })

    describe('a transaction that began first and commits last', () => {
      test('stands where it commits, and seconds never go back', async () => {
        const other = await server.connect()
        const seen = await written(
          server,
          () => other.query('BEGIN'),
          () => other.query("INSERT INTO d.t (v) VALUES ('began first')"),
          'DO SLEEP(1.1)',
          "INSERT INTO d.t (v) VALUES ('began later, commits first'), ('of two rows')",
          'DO SLEEP(1.1)',
          () => other.query('COMMIT'),
        )
        expect(seen.transactions.map((t) => t.tables[0]?.rows)).toEqual([2, 1])
        expect(misplaced(kind, seen)).toEqual([])
        const { ticks } = await indexedBy(filesOf(server))
        expect(ticks.map(({ second }) => second)).toEqual(ticks.map(({ second }) => second).toSorted((a, b) => a - b))
        expect(ticks.at(-1)?.end).toBe(seen.transactions[1]?.end)
      })
    })
  })
}

for (const kind of ['mysql-5.6', 'mysql-9.7'] as const) {
  describeWith(kind, `on ${kind} alone`, () => {
    let server: Server

    beforeAll(async () => {
      server = await startServer({ kind })
      await server.run('CREATE DATABASE d')
    })

    afterAll(() => server?.[Symbol.asyncDispose]())

    describe('a table made from a variable begins at the variable, not at its statement', () => {
      test('CREATE TABLE … SELECT @u', async () => {
        const seen = await written(
          server,
          'SET SESSION binlog_format = STATEMENT',
          "SET @u = 'a variable'",
          'CREATE TABLE d.made ENGINE=InnoDB SELECT @u AS v',
          'SET SESSION binlog_format = ROW',
          'DROP TABLE d.made',
        )
        const variable = startsOf(seen, 'User var')
        expect(variable).toHaveLength(1)
        // MySQL 5.6 has no BEGIN and no GTID here: the variable is the first event.
        expect(starts(seen)[0]).toBe(kind === 'mysql-5.6' ? variable[0] : startsOf(seen, 'Gtid', 'Anonymous_Gtid')[0])
        expect(misplaced(kind, seen)).toEqual([])
      })
    })
  })
}

describeWith('mysql-9.7', 'on mysql-9.7 alone', () => {
  const kind = 'mysql-9.7'
  let server: Server

  beforeAll(async () => {
    server = await startServer({ kind })
    await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(2000))')
  })

  afterAll(() => server?.[Symbol.asyncDispose]())

  describe('what is inside of a compressed transaction is no transaction', () => {
    test('one row each, at its GTID, with the exact stamp of the GTID', async () => {
      const many = Array.from({ length: 20 }, (_unused, i) => `INSERT INTO d.t (v) VALUES (REPEAT('${i}', 50))`)
      const seen = await written(
        server,
        'SET SESSION binlog_transaction_compression = ON',
        'BEGIN',
        ...many,
        'COMMIT',
        "INSERT INTO d.t (v) VALUES (REPEAT('x', 100))",
        'SET SESSION binlog_transaction_compression = OFF',
      )
      expect(startsOf(seen, 'Transaction_payload')).toHaveLength(2)
      expect(seen.transactions.map((t) => [t.kind, t.marks.includes('compressed'), t.tables[0]?.inserts])).toEqual([
        ['rows', true, 20],
        ['rows', true, 1],
      ])
      expect(seen.transactions.every((t) => t.immediateCommitUs !== null)).toBe(true)
      expect(misplaced(kind, seen)).toEqual([])
    })
  })

  describe('a tagged GTID begins a transaction too', () => {
    test('and counts in the sets of the next file', async () => {
      const seen = await written(
        server,
        "SET gtid_next = 'AUTOMATIC:mytag'",
        "INSERT INTO d.t (v) VALUES ('tagged')",
        'CREATE TABLE d.tagged (i INT)',
        "SET gtid_next = 'AUTOMATIC'",
        "INSERT INTO d.t (v) VALUES ('not tagged')",
        'FLUSH LOGS',
        "INSERT INTO d.t (v) VALUES ('in the next file')",
      )
      const [row] = await server.query('SELECT @@server_uuid AS uuid')
      const uuid = String(row?.['uuid'])
      expect(seen.transactions.slice(0, 2).map((t) => t.gtid)).toEqual([`${uuid}:mytag:1`, `${uuid}:mytag:2`])
      expect(startsOf(seen, 'Gtid_tagged_log_event')).toHaveLength(2)
      expect(misplaced(kind, seen)).toEqual([])
      const previous = seen.events.find(({ type }) => type === 'Previous_gtids')
      expect(previous?.info).toContain('mytag:1-2')
    })
  })
})

/**
 * Starts that are not those of the events that, as the server lists them, begin a transaction, and the other way round. MySQL 5.6 without
 * GTIDs begins one with BEGIN or with the statement: there it is only asked that an event starts there.
 */
function misplaced(kind: ServerKind, seen: Written): number[] {
  const ours = starts(seen)
  const listed =
    kind === 'mysql-5.6'
      ? seen.events.map(({ position }) => position)
      : startsOf(seen, 'Gtid', 'Anonymous_Gtid', 'Gtid_tagged_log_event')
  const missing = kind === 'mysql-5.6' ? [] : listed.filter((start) => !ours.includes(start))
  return [...ours.filter((start) => !listed.includes(start)), ...missing]
}

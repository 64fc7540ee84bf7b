/** What is seen of the tables of a window, on real servers. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TableFacts } from '../../src/core/plan/replica.ts'
import type { TableName } from '../../src/server/tables.ts'
import { inspectTables } from '../../src/server/tables.ts'
import { startServer } from '../support/servers/index.ts'
import type { Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { createAccount, openAs } from './support.ts'

const kinds: readonly ServerKind[] = ['mysql-5.6', 'mysql-9.7', 'mariadb-10.5', 'mariadb-10.11', 'mariadb-11.8']

/** A quote, a backslash, a comment and letters of four bytes. */
const hostile = String.raw`a'b"\ -- /* ü日`

for (const kind of kinds) {
  describeWith(kind, `tables of ${kind}`, () => {
    let server: Server
    beforeAll(async () => {
      server = await startServer({ kind })
      await server.run(
        'SET NAMES utf8mb4',
        'CREATE DATABASE d',
        'CREATE DATABASE e',
        `CREATE DATABASE \`${hostile}\``,
        `CREATE TABLE \`${hostile}\`.\`${hostile}\` (\`${hostile}\` INT PRIMARY KEY)`,
        'CREATE TABLE d.plain (id INT PRIMARY KEY, name VARCHAR(10)) ENGINE=MyISAM',
        'CREATE TABLE d.many (a INT, b INT, c INT, d INT, PRIMARY KEY (c), UNIQUE (a, b), UNIQUE (b), KEY (d)) ENGINE=InnoDB',
        'CREATE TABLE d.none (a INT)',
        'CREATE TABLE d.parent (x INT, Id INT PRIMARY KEY, code INT, UNIQUE (code)) ENGINE=InnoDB',
        'CREATE TABLE e.child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES d.parent (id) ON DELETE CASCADE) ENGINE=InnoDB',
        'CREATE TABLE e.other (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES d.parent (code) ON UPDATE SET NULL) ENGINE=InnoDB',
        'CREATE TABLE e.strict (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES d.many (c)) ENGINE=InnoDB',
        'INSERT INTO d.plain VALUES (1, NULL), (2, NULL)',
        'CREATE TRIGGER d.noted BEFORE INSERT ON d.plain FOR EACH ROW SET @x = 1',
        ...(kind === 'mysql-5.6'
          ? []
          : ['CREATE TABLE d.made (a INT PRIMARY KEY, b INT AS (a + 1) VIRTUAL, c INT AS (a + 2) STORED)']),
        ...(kind === 'mysql-9.7'
          ? ['CREATE TABLE d.expression (a INT PRIMARY KEY, b INT DEFAULT (1 + 1), UNIQUE ((a + b)))']
          : []),
      )
    })
    afterAll(() => server[Symbol.asyncDispose]())

    async function inspect(names: readonly TableName[], account?: Parameters<typeof openAs>[1]): Promise<readonly TableFacts[]> {
      await using connection = await openAs(server, account)
      return await inspectTables(connection, names)
    }

    async function one(schema: string, table: string): Promise<TableFacts | undefined> {
      return (await inspect([{ schema, table }]))[0]
    }

    test('a plain table: columns, engine, rows, trigger', async () => {
      const columns = [
        { name: 'id', type: expect.stringMatching(/^int/), position: 1, isGenerated: false },
        { name: 'name', type: 'varchar(10)', position: 2, isGenerated: false },
      ]
      const facts = {
        exists: true,
        engine: 'MyISAM',
        rows: 2,
        columns,
        hasPrimaryKey: true,
        uniqueKeys: 1,
        keyColumns: [1],
        triggers: true,
      }
      const noKeys = { cascades: false, parentOfCascade: false, referencedColumns: [], childOfCascade: false }
      expect(await one('d', 'plain')).toEqual({ schema: 'd', table: 'plain', seesColumns: true, ...facts, ...noKeys })
    })

    test('keys', async () => {
      const many = await one('d', 'many')
      expect(many).toMatchObject({ hasPrimaryKey: true, uniqueKeys: 3, triggers: false, cascades: false })
      expect(many?.keyColumns?.toSorted((a, b) => a - b)).toEqual([1, 2, 3])
      expect(await one('d', 'none')).toMatchObject({ exists: true, hasPrimaryKey: false, uniqueKeys: 0, keyColumns: [] })
      expect(await one('d', 'nowhere')).toMatchObject({ exists: false, engine: '', rows: null, columns: [] })
    })

    test('cascades, from any schema, with the columns that they refer to', async () => {
      const parent = await one('d', 'parent')
      expect(parent).toMatchObject({ cascades: true, parentOfCascade: true, childOfCascade: false })
      expect(parent?.referencedColumns?.toSorted((a, b) => a - b)).toEqual([2, 3])
      const child = { cascades: true, parentOfCascade: false, referencedColumns: [], childOfCascade: true }
      expect(await one('e', 'child')).toMatchObject(child)
      expect(await one('e', 'other')).toMatchObject(child)
      expect(await one('e', 'strict')).toMatchObject({ cascades: false, childOfCascade: false })
    })

    test('names of any letters', async () => {
      expect(await one(hostile, hostile)).toMatchObject({
        schema: hostile,
        exists: true,
        uniqueKeys: 1,
        columns: [{ name: hostile }],
      })
    })

    test('many at once, in the order that they were asked for', async () => {
      const names = Array.from({ length: 2500 }, (_, i) => ({ schema: 'd', table: i % 2 === 0 ? 'plain' : `nothing${i}` }))
      const facts = await inspect(names)
      expect(facts.map(({ table }) => table)).toEqual(names.map(({ table }) => table))
      expect(facts.map(({ exists }) => exists)).toEqual(names.map((_, i) => i % 2 === 0))
      expect(await inspect([])).toEqual([])
    })

    test('what an account does not see is not claimed', async () => {
      const account = await createAccount(server, 'few', 'SELECT ON d.plain', 'SELECT ON d.parent')
      const [plain, many, parent] = await inspect(
        [
          { schema: 'd', table: 'plain' },
          { schema: 'd', table: 'many' },
          { schema: 'd', table: 'parent' },
        ],
        account,
      )
      expect(plain).toMatchObject({ exists: true, hasPrimaryKey: true, uniqueKeys: 1, triggers: null })
      expect(many).toMatchObject({ exists: false })
      // The keys of e.child are hidden: seesAllKeys says so.
      expect(parent).toMatchObject({ exists: true, parentOfCascade: false })
    })

    test.skipIf(kind === 'mysql-5.6')('generated columns (MySQL 5.6 has none)', async () => {
      expect((await one('d', 'made'))?.columns.map(({ isGenerated }) => isGenerated)).toEqual([false, true, true])
    })

    test.runIf(kind === 'mysql-9.7')(
      'a key of an expression, and a default that is no generated column (MySQL 9.7 alone has them)',
      async () => {
        const facts = await one('d', 'expression')
        expect(facts).toMatchObject({ keyColumns: null, uniqueKeys: 2, seesColumns: true })
        expect(facts?.columns.map(({ isGenerated }) => isGenerated)).toEqual([false, false])
      },
    )
  })
}

describeWith('mariadb-10.11', 'a server that stores names in small letters', () => {
  test('is asked so', async () => {
    await using server = await startServer({ kind: 'mariadb-10.11', options: ['--lower-case-table-names=1'] })
    await server.run('CREATE DATABASE Shop', 'CREATE TABLE Shop.Orders (id INT PRIMARY KEY)')
    await using connection = await openAs(server)
    const [facts] = await inspectTables(connection, [{ schema: 'Shop', table: 'Orders' }])
    expect(facts).toMatchObject({ schema: 'Shop', table: 'Orders', exists: true, hasPrimaryKey: true })
  })
})

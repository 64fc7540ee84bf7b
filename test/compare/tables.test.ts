/** Tables of every sort: hostile names, keys that know no case, no keys, other columns, only on one server, not to be read. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareTables } from '../../src/server/compare/compareTables.ts'
import { serverKinds, startPair } from '../support/servers/index.ts'
import type { Pair } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { alone, compare, compareOne, connectTo, equal } from './story.ts'

describe.each(serverKinds)('a pair of %s', (kind) => {
  describeWith(kind, 'whose tables are compared', () => {
    let pair: Pair
    beforeAll(async () => {
      pair = await startPair({ kind, options: ['--character-set-server=utf8mb4', '--sql-mode='] })
      await pair.active.run('CREATE DATABASE d', 'SET NAMES utf8mb4')
      await pair.passive.run('SET NAMES utf8mb4')
    })
    afterAll(() => pair[Symbol.asyncDispose]())

    test('has names of any sort', async () => {
      const table = 'a`b\'c"d\\e\nf--g/*h?é'
      const column = 'x`\'"\\\n?é'
      const quoted = table.replaceAll('`', '``')
      await pair.active.run(
        `CREATE TABLE d.\`${quoted}\` (\`${column.replaceAll('`', '``')}\` VARCHAR(20) COLLATE utf8mb4_bin, n INT, UNIQUE KEY \`k\`\`'\\\` (\`n\`), PRIMARY KEY (\`${column.replaceAll('`', '``')}\`))`,
        `INSERT INTO d.\`${quoted}\` VALUES ('a''b', 1), ('\\\\"\\n😀', 2), ('', 3)`,
      )
      await pair.caughtUp()
      expect(await compareOne(pair, table)).toMatchObject({ rows: 3, ...equal })
      await alone(pair.passive, `DELETE FROM d.\`${quoted}\` WHERE n = 2`)
      expect((await compareOne(pair, table)).differences).toEqual([{ kind: 'missing', key: { [column]: '\\"\n😀' } }])
    })

    test('has keys that know no case, and that go down', async () => {
      const rows = Array.from({ length: 3000 }, (_, i) => `('K${String(i % 1500)}', ${Math.trunc(i / 1500)}, 'x')`)
      const down = kind === 'mysql-9.7' || kind === 'mariadb-10.11' || kind === 'mariadb-11.8' ? 'DESC' : ''
      await pair.active.run(
        `CREATE TABLE d.ci (a VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci, n INT, v TEXT, PRIMARY KEY (a, n ${down}))`,
        `INSERT INTO d.ci VALUES ${rows.join(', ')}`,
      )
      await pair.caughtUp()
      expect(await compareOne(pair, 'ci')).toMatchObject({ rows: 3000, ...equal })
      await alone(
        pair.passive,
        "UPDATE d.ci SET a = 'k7' WHERE a = 'K7' AND n = 1",
        "DELETE FROM d.ci WHERE a = 'K999'",
        "INSERT INTO d.ci VALUES ('Ké', 0, 'x')",
      )
      const { differences } = await compareOne(pair, 'ci')
      expect(differences.map((found) => [found.kind, ...Object.values(found.key)].join(' ')).toSorted()).toEqual([
        'different K7 1',
        'extra Ké 0',
        'missing K999 0',
        'missing K999 1',
      ])
    })

    test('has rows that a unique key names, or none', async () => {
      await pair.active.run(
        'CREATE TABLE d.uniq (a INT NULL, b INT NOT NULL, UNIQUE KEY ka (a), UNIQUE KEY kb (b))',
        'INSERT INTO d.uniq VALUES (1, 1), (NULL, 2), (NULL, 3)',
        'CREATE TABLE d.nokey (a INT NULL, v VARCHAR(20), UNIQUE KEY (a))',
        "INSERT INTO d.nokey VALUES (NULL, 'x'), (NULL, 'x'), (NULL, 'y'), (1, NULL)",
        'CREATE TABLE d.prefix (t TEXT, PRIMARY KEY (t(5)))',
        "INSERT INTO d.prefix VALUES ('12345'), ('a')",
        'CREATE TABLE d.empty (id INT PRIMARY KEY)',
        'CREATE TABLE d.empty0 (id INT)',
      )
      await pair.caughtUp()
      const all = ['uniq', 'nokey', 'prefix', 'empty', 'empty0']
      for (const compared of await compare(pair, all)) expect(compared).toMatchObject(equal)
      await alone(
        pair.passive,
        'DELETE FROM d.uniq WHERE b = 3',
        // The same number of rows, and each of them twice.
        "UPDATE d.nokey SET v = 'z' WHERE v = 'x'",
        "UPDATE d.prefix SET t = '123456' WHERE t = '12345'",
        'INSERT INTO d.empty VALUES (1)',
        'INSERT INTO d.empty0 VALUES (1)',
      )
      const [uniq, nokey, prefix, empty, empty0] = await compare(pair, all)
      expect(uniq?.differences).toEqual([{ kind: 'missing', key: { b: '3' } }])
      expect(nokey).toMatchObject({ outcome: 'different', differences: [] })
      expect(nokey?.reason).toContain('no unique key')
      expect(prefix).toMatchObject({ outcome: 'different' })
      expect(empty?.differences).toEqual([{ kind: 'extra', key: { id: '1' } }])
      expect(empty0?.reason).toContain('0 on the source, 1 on the replica')
    })

    test('has tables that only one knows, or that are not alike', async () => {
      await pair.active.run(
        'CREATE TABLE d.lost (id INT PRIMARY KEY)',
        'CREATE TABLE d.narrow (id INT PRIMARY KEY, a INT)',
        'CREATE TABLE d.typed (id INT PRIMARY KEY, a INT)',
        'CREATE TABLE d.text (id INT PRIMARY KEY, a VARCHAR(10) CHARACTER SET latin1)',
        'CREATE TABLE d.`keys` (id INT, a INT NOT NULL, PRIMARY KEY (id), UNIQUE KEY (a))',
        'INSERT INTO d.`keys` VALUES (1, 5)',
      )
      await pair.caughtUp()
      await alone(
        pair.passive,
        'DROP TABLE d.lost',
        'CREATE TABLE d.own (id INT PRIMARY KEY)',
        'ALTER TABLE d.narrow DROP COLUMN a',
        'ALTER TABLE d.typed MODIFY a BIGINT UNSIGNED',
        'ALTER TABLE d.text MODIFY a VARCHAR(10) CHARACTER SET utf8mb4',
        'ALTER TABLE d.`keys` DROP PRIMARY KEY',
        'UPDATE d.`keys` SET id = 2',
      )
      const found = await compare(pair, ['lost', 'own', 'narrow', 'typed', 'text', 'keys', 'nowhere'])
      expect(found.map((compared) => [compared.outcome, compared.reason])).toEqual([
        ['different', 'only the source has the table'],
        ['different', 'only the replica has the table'],
        ['different', 'only the source has a column a'],
        ['different', 'column a is int on the source and bigint unsigned on the replica'],
        [
          'different',
          'column a is varchar(10) character set latin1 on the source and varchar(10) character set utf8mb4 on the replica',
        ],
        ['different', null],
        ['equal', 'neither server has the table'],
      ])
      expect(found[5]?.differences).toEqual([{ kind: 'different', key: { a: '5' } }])
    })

    test('has values that are larger than a server lets a text become', async () => {
      await pair.active.run('CREATE TABLE d.large (id INT PRIMARY KEY, a LONGTEXT, b LONGBLOB)')
      await pair.active.run(
        "INSERT INTO d.large VALUES (1, REPEAT('x', 200000), REPEAT('y', 200000)), (2, REPEAT('x', 200000), '')",
      )
      await pair.caughtUp()
      for (const server of [pair.active, pair.passive]) await server.run('SET GLOBAL max_allowed_packet = 65536')
      expect(await compareOne(pair, 'large')).toMatchObject({ rows: 2, ...equal })
      await alone(pair.passive, "UPDATE d.large SET b = 'y' WHERE id = 1")
      expect((await compareOne(pair, 'large')).differences).toEqual([{ kind: 'different', key: { id: '1' } }])
    })

    test('needs SELECT on the tables, and no more', async () => {
      await pair.active.run(
        'CREATE TABLE d.some (id INT PRIMARY KEY)',
        "CREATE USER u@'%' IDENTIFIED BY 'p'",
        "GRANT SELECT ON d.some TO u@'%'",
      )
      await pair.caughtUp()
      await using source = await connectTo(pair.active, { user: 'u', password: 'p' })
      await using replica = await connectTo(pair.passive, { user: 'u', password: 'p' })
      const run = (table: string): Promise<unknown> =>
        compareTables({
          source,
          replica,
          tables: [{ schema: 'd', table }],
          catchUp: () => Promise.resolve(true),
          maxDifferences: 1,
        })
      expect(await run('some')).toMatchObject([equal])
      await expect(run('ci')).rejects.toMatchObject({ name: 'BinpointError' })
    })
  })
})

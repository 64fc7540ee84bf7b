/** Harm that a replay could do without a sign, each shown on a real pair and refused by name; and what a script leaves behind. */
import { describe, expect, test } from 'vitest'
import { endOfLog, startPair } from '../support/servers/index.ts'
import type { Pair, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { createTables, repair, url } from './story.ts'

const kinds = ['mysql-5.6', 'mysql-9.7', 'mariadb-10.11', 'mariadb-11.8'] as const

function start(kind: ServerKind, options: readonly string[] = []): Promise<Pair> {
  return startPair(kind === 'mysql-9.7' ? { kind, gtids: false, options } : { kind, options })
}

interface Finding {
  readonly code: string
  readonly severity: string
}

/** Plans a replay of what `statements` write to the active; both servers have it. */
async function planOver(pair: Pair, statements: readonly string[], more: readonly string[] = []) {
  const { active, passive } = pair
  const { file, position } = await endOfLog(active)
  await active.run(...statements)
  await pair.caughtUp()
  const given = ['--from', `${file}:${position}`, '--source', url(active), '--replica', url(passive), ...more]
  const { stdout, exitCode } = await repair([...given, '--json'])
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] }
  return { given, exitCode, blocking: findings.filter((one) => one.severity === 'blocking').map((one) => one.code) }
}

describe('keys in the window', () => {
  for (const kind of kinds) {
    describeWith(kind, `on ${kind}`, () => {
      test('an update of a primary key is refused, as its replay makes a row too many; of other columns it is not', async () => {
        await using pair = await start(kind)
        const { active, passive } = pair
        await createTables(pair)
        const key = "UPDATE shop.stock SET item = 'fig' WHERE item = 'kiwi'"
        const others = await planOver(pair, ["UPDATE shop.stock SET amount = amount + 1 WHERE item = 'plum'"])
        expect(others).toMatchObject({ exitCode: 0, blocking: [] })
        const moved = await planOver(pair, ["INSERT INTO shop.stock VALUES ('kiwi', 1)", key])
        expect(moved).toMatchObject({ exitCode: 1, blocking: ['UNIQUE_KEY_MOVE'] })
        const accepted = await repair([...moved.given, '--accept', 'UNIQUE_KEY_MOVE'])
        expect(await passive.client(accepted.stdout)).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nok\n$/) })
        const rows = (server: typeof active) =>
          server.query("SELECT item FROM shop.stock WHERE item IN ('kiwi', 'fig') ORDER BY 1")
        expect(await rows(active)).toEqual([{ item: 'fig' }])
        expect(await rows(passive)).toEqual([{ item: 'fig' }, { item: 'kiwi' }])
      })

      test('a unique key that is not updated does not matter; one that is, or is an expression, does', async () => {
        await using pair = await start(kind)
        await createTables(pair)
        await pair.active.run(
          'CREATE TABLE shop.code (label VARCHAR(20), id INT PRIMARY KEY, code INT, UNIQUE (code)) ENGINE=InnoDB',
          "INSERT INTO shop.code VALUES ('a', 1, 1), ('b', 2, NULL)",
        )
        expect(await planOver(pair, ["UPDATE shop.code SET label = 'c' WHERE id = 2"])).toMatchObject({ blocking: [] })
        expect(await planOver(pair, ['UPDATE shop.code SET code = 0 WHERE id = 2'])).toMatchObject({
          blocking: ['UNIQUE_KEY_MOVE'],
        })
        if (kind !== 'mysql-9.7') return
        await pair.active.run('ALTER TABLE shop.code ADD UNIQUE ((UPPER(label)))')
        expect(await planOver(pair, ["UPDATE shop.code SET label = 'd' WHERE id = 2"])).toMatchObject({
          blocking: ['UNIQUE_KEY_MOVE'],
        })
      })

      test('a cascade into another schema is seen', async () => {
        await using pair = await start(kind)
        await createTables(pair)
        await pair.active.run(
          'CREATE DATABASE other',
          'CREATE TABLE other.child (id INT PRIMARY KEY, o INT, FOREIGN KEY (o) REFERENCES shop.orders (id) ON DELETE CASCADE) ENGINE=InnoDB',
        )
        expect(await planOver(pair, ["INSERT INTO shop.orders (id, item) VALUES (1001, 'plum')"])).toMatchObject({
          blocking: ['FOREIGN_KEY_CASCADE'],
        })
      })
    })
  }
})

/** What is open across a boundary: replication may start there, and would stop behind it, so the restart moves back. Each on what real servers write. */
import { expect, test } from 'vitest'
import { binpoint } from '../cli/run.ts'
import { startServer } from '../support/servers/index.ts'
import type { Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import type { Written } from './written.ts'
import { written } from './written.ts'

interface Flagged {
  readonly status: number
  /** Where the restart is, as planned. */
  readonly position: number | undefined
  readonly steps: number | undefined
  readonly open: string
}

/** What is said of a restart at the boundary before the nth transaction. */
async function restartAt(server: Server, seen: Written, n: number): Promise<Flagged> {
  const { file = '', start = 0 } = seen.transactions[n] ?? {}
  const place = ['--from', `${file}:${start}`, '--source', server.binlogDir, '--dialect', server.kind]
  const { status, stdout } = await binpoint(['repair', ...place, '--index', ':memory:', '--json'])
  const { plan, findings } = JSON.parse(stdout) as {
    plan: { restart: { position: number }; steps: unknown[] } | null
    findings: { code: string; severity: string; message: string }[]
  }
  const found = findings.find(({ code }) => code === 'OPEN_ACROSS_RESTART')
  return { status, position: plan?.restart.position, steps: plan?.steps.length, open: found?.message ?? '' }
}

for (const kind of ['mysql-9.7', 'mariadb-10.11', 'mariadb-11.8'] as const) {
  describeWith(kind, `on ${kind}: between XA PREPARE and XA COMMIT`, () => {
    test.each(kind === 'mysql-9.7' ? ['plain', 'compressed'] : ['plain'])(
      '%s: the restart moves back before the PREPARE',
      async (how) => {
        await using server = await startServer({ kind, options: gtidsOff(kind) })
        await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY, v TEXT)')
        if (how === 'compressed') await server.run('SET SESSION binlog_transaction_compression = ON')
        const seen = await written(
          server,
          "XA START 'x'",
          "INSERT INTO d.t VALUES (1, REPEAT('x', 500))",
          "XA END 'x'",
          "XA PREPARE 'x'",
          () => otherSession(server, "INSERT INTO d.t VALUES (2, 'between')"),
          "XA COMMIT 'x'",
          "INSERT INTO d.t VALUES (3, 'behind')",
        )
        expect(seen.transactions.map(({ marks }) => marks.filter((mark) => mark.startsWith('xa')))).toEqual([
          ['xa-prepare'],
          [],
          ['xa-end'],
          [],
        ])
        for (const inside of [1, 2]) {
          const moved = { status: 0, position: seen.transactions[0]?.start, open: expect.stringContaining('moved back') }
          expect(await restartAt(server, seen, inside)).toMatchObject(moved)
        }
        expect((await restartAt(server, seen, 0)).open).toBe('')
        expect((await restartAt(server, seen, 3)).open).toBe('')
      },
    )
  })
}

for (const kind of ['mariadb-10.11', 'mariadb-11.8'] as const) {
  describeWith(kind, `on ${kind}: between the two phases of an ALTER`, () => {
    test('no restart', async () => {
      await using server = await startServer({ kind })
      await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)', 'SET SESSION binlog_alter_two_phase = ON')
      const seen = await written(server, 'ALTER TABLE d.t ADD COLUMN v INT', 'INSERT INTO d.t VALUES (1, 2)')
      expect(seen.transactions.map(({ marks }) => marks.includes('two-phase-alter'))).toEqual([true, true, false])
      expect(await restartAt(server, seen, 1)).toMatchObject({ status: 1, steps: 0, open: expect.stringContaining('ALTER') })
      expect((await restartAt(server, seen, 2)).open).toBe('')
    })
  })
}

for (const kind of ['mysql-5.6', 'mysql-9.7', 'mariadb-10.11'] as const) {
  describeWith(kind, `on ${kind}: behind CREATE TEMPORARY TABLE, before its last use`, () => {
    test('the restart moves back before it', async () => {
      await using server = await startServer({ kind, options: gtidsOff(kind) })
      await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)', 'SET SESSION binlog_format = STATEMENT')
      const seen = await written(
        server,
        'CREATE TEMPORARY TABLE d.mine (i INT)',
        'INSERT INTO d.mine VALUES (1)',
        () => otherSession(server, 'INSERT INTO d.t VALUES (100)'),
        'INSERT INTO d.t SELECT i FROM d.mine',
        'DROP TEMPORARY TABLE d.mine',
        'INSERT INTO d.t VALUES (2)',
      )
      const uses = seen.transactions.map(({ marks }) => marks.includes('temporary-table'))
      expect(uses).toEqual([true, true, false, true, true, false])
      for (const inside of [1, 2, 3]) {
        // That statements cannot be replayed is another matter.
        const moved = { status: 1, position: seen.transactions[0]?.start, open: expect.stringContaining('moved back') }
        expect(await restartAt(server, seen, inside)).toMatchObject(moved)
      }
      expect((await restartAt(server, seen, 0)).open).toBe('')
      expect((await restartAt(server, seen, 5)).open).toBe('')
    })
  })
}

async function otherSession(server: Server, sql: string): Promise<void> {
  await (await server.connect()).query(sql)
}

/** With GTIDs a replica skips what it has: where it may start is no question there. */
function gtidsOff(kind: ServerKind): string[] {
  return kind === 'mysql-9.7' ? ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'] : []
}

/** Relay logs of real replicas: listed with the coordinates of the source, and nothing else is made of them. */
import { copyFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/app/index.ts'
import { ls } from '../../src/app/ls.ts'
import type { Relayed } from '../../src/app/relay.ts'
import { readTransactions } from '../../src/app/window.ts'
import type { Transaction } from '../../src/core/transaction.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import { binpoint } from '../cli/run.ts'
import { expectValid } from '../cli/schema.ts'
import { filesOf } from '../pitfalls/written.ts'
import { haveShared, sharedLogs } from '../secondOpinion/files.ts'
import { temporaryFolder } from '../support/logs.ts'
import type { Server, ServerKind } from '../support/servers/index.ts'
import { replicateFrom, startServer, waitForReplica } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'

const kinds: readonly ServerKind[] = ['mysql-5.6', 'mysql-9.7', 'mariadb-10.11', 'mariadb-11.8']

for (const kind of kinds) {
  describeWith(kind, `on ${kind}`, () => {
    test('every transaction has its place in the relay log and in the log of the source', async () => {
      await using source = await startServer({ kind })
      await using replica = await startServer({
        kind,
        serverId: 2,
        // Small files, of which none goes: large transactions go over several of them where the server lets them.
        options: ['--relay-log-purge=0', '--max-relay-log-size=4096'],
      })
      await source.run(
        'CREATE DATABASE d',
        'CREATE TABLE d.t (i INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(2000))',
        "INSERT INTO d.t (v) VALUES ('a'), ('b')",
        'BEGIN',
        ...Array.from({ length: 12 }, () => "INSERT INTO d.t (v) VALUES (REPEAT('large', 300))"),
        'COMMIT',
        'FLUSH LOGS',
        "UPDATE d.t SET v = 'c' WHERE i < 3",
        'TRUNCATE d.t',
      )
      await replicateFrom(replica, source, { file: 'mysql-bin.000001', position: 4 })
      await waitForReplica(replica, source)
      await replica.run('FLUSH LOGS')
      await source.run("INSERT INTO d.t (v) VALUES ('after')")
      await waitForReplica(replica, source)

      const written = await readTransactions({ source: filesOf(source), from: { file: 'mysql-bin.000001', position: 4 } })
      const folder = relayLogsOf(replica)
      const relayed = await listed(folder)
      expect(relayed.map(({ where }) => where?.origin)).toEqual(written.map(({ file, start }) => ({ file, position: start })))
      expect(relayed.map(({ t }) => essence(t))).toEqual(written.map(essence))
      expect(relayed.every(({ t }) => t.complete)).toBe(true)
      expect(new Set(relayed.map(({ where }) => where?.start.file)).size).toBeGreaterThan(1)
      // MySQL >= 5.7 begins no file inside a transaction.
      const isSplit = relayed.some(({ t, where }) => t.file !== where?.start.file)
      expect(isSplit).toBe(kind !== 'mysql-9.7')
      // Without the file in which it begins, it is not whole.
      const rests = relayed.filter(({ t, where }) => t.file !== where?.start.file).map(({ t }) => t.file)
      const [rest] = await listed(folder, rests[0])
      expect(rest?.t.complete).toBe(!isSplit)

      // The last file alone does not say from which file of the source it is.
      const last = relayed.at(-1)
      const alone = await listed(folder, last?.t.file)
      expect(alone.at(-1)?.where?.origin).toMatchObject({ position: last?.where?.origin.position })
    })

    test('an index, a repair and a reader refuse it, ls lists it by its own positions', async () => {
      await using source = await startServer({ kind })
      await using replica = await startServer({ kind, serverId: 2, options: ['--relay-log-purge=0'] })
      await source.run('CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY)', 'INSERT INTO d.t VALUES (1)')
      await replicateFrom(replica, source, { file: 'mysql-bin.000001', position: 4 })
      await waitForReplica(replica, source)
      const folder = relayLogsOf(replica)
      const [, , insert] = await listed(folder)
      const start = `${insert?.where?.start.file}:${insert?.where?.start.position}`

      const common = ['--source', folder, '--index', ':memory:', '--json']
      const line = await binpoint(['ls', '--from', start, ...common])
      expect(line).toMatchObject({ status: 0, stderr: '' })
      const [first = ''] = line.stdout.split('\n')
      expect(JSON.parse(first)).toMatchObject({
        file: insert?.where?.start.file,
        start: insert?.where?.start.position,
        complete: true,
      })
      expectValid('ls', JSON.parse(first))

      using store = openStore(':memory:')
      const { transactions, gaps } = await buildIndex({ store, source: openFileSource(folder, [folder]) })
      expect({ transactions, cause: gaps[0]?.cause }).toEqual({ transactions: 0, cause: expect.stringContaining('relay log') })
      const from = { file: insert?.where?.start.file ?? '', position: 4 }
      await expect(readTransactions({ source: openFileSource(folder, [folder]), from })).rejects.toMatchObject({
        code: 'LOG_RELAY',
        hint: expect.stringContaining('binlog of the source'),
      })
      const repair = await binpoint(['repair', '--from', start, '--dialect', 'mysql-5.6', ...common])
      expect(repair.status).toBeGreaterThan(0)
      expect(repair.stdout).toBe('')
    })
  })
}

describe.runIf(haveShared)('relay logs of old servers (5.0 does not mark its own events)', () => {
  const std = 'hqm001+mysql-8.0.39/mysql-test/std_data'
  test.each([
    ['percona+percona-toolkit/t/lib/samples/relay-binlog001', 'mysql-bin.000001', 8],
    [`${std}/corrupt-relay-bin.000624`, 'mysql-bin.010260', 100],
    [`${std}/rpl_gipk_equivalent_key.000001`, 'master-bin.000001', 1],
  ])('%s', async (name, file, atLeast) => {
    const log = sharedLogs.find((shared) => shared.name === name)
    const places: Relayed[] = []
    const found: Transaction[] = []
    await ls({
      source: openFileSource('relay', [log?.path ?? '']),
      onTransaction: (t, where) => {
        found.push(t)
        if (where !== null) places.push(where)
      },
    })
    expect(places.length).toBeGreaterThanOrEqual(atLeast)
    expect(places).toHaveLength(found.length)
    expect(new Set(places.map(({ origin }) => origin.file))).toEqual(new Set([file]))
    // What follows directly in the relay log follows directly in the source's, too.
    const apart = places.map(({ origin, start }) => origin.position - start.position)
    const direct = found.flatMap(({ end }, i) => (found[i + 1]?.start === end ? [(apart[i + 1] ?? 0) - (apart[i] ?? 0)] : []))
    expect(direct.every((difference) => difference === 0)).toBe(true)
  })
})

interface Listed {
  readonly t: Transaction
  readonly where: Relayed | null
}

async function listed(folder: string, file?: string): Promise<Listed[]> {
  const seen: Listed[] = []
  const paths = file === undefined ? [folder] : [join(folder, file)]
  await ls({ source: openFileSource(folder, paths), onTransaction: (t, where) => void seen.push({ t, where }) })
  return seen
}

/** Beside binlogs a directory is read as that of the binlogs. */
function relayLogsOf(replica: Server): string {
  const folder = temporaryFolder()
  for (const name of readdirSync(replica.dataDir).filter((file) => /^relay-bin\.\d+$/.test(file))) {
    copyFileSync(join(replica.dataDir, name), join(folder, name))
  }
  return folder
}

function essence({ gtid, kind, tables, statements, marks }: Transaction): unknown {
  return { gtid, kind, tables, statements, marks }
}

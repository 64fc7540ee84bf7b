/** Against what real servers say: what they had executed at each boundary, and where each GTID is, over the network and on their files. */
import { describe, expect, test } from 'vitest'
import { executedBefore } from '../../src/app/executedBefore.ts'
import type { FoundGtid } from '../../src/app/findGtid.ts'
import { findGtid } from '../../src/app/findGtid.ts'
import { buildIndex } from '../../src/app/index.ts'
import { readTransactions } from '../../src/app/window.ts'
import type { Coordinate } from '../../src/core/coordinate.ts'
import { FIRST_POSITION } from '../../src/core/coordinate.ts'
import type { CheckpointRow } from '../../src/core/evidence/rows.ts'
import { parseGtid } from '../../src/core/gtid.ts'
import type { LogSource } from '../../src/core/ports.ts'
import type { Transaction } from '../../src/core/transaction.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import { openLive } from '../source/liveSupport.ts'
import { endOfLog, purgeTo, startPair, startServer, words } from '../support/servers/index.ts'
import type { Row, Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'

interface Known {
  readonly at: Coordinate
  /** As the server said it then. */
  readonly executed: string
}

const A = 'aaaaaaaa-0000-0000-0000-000000000001'
const B = '0bbbbbbb-0000-0000-0000-000000000002'

const schema = ['CREATE DATABASE d', 'CREATE TABLE d.t (i INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT) ENGINE=InnoDB']
const insert = "INSERT INTO d.t (v) VALUES ('one')"
const rotate = 'FLUSH BINARY LOGS'

/** The next transaction has this GTID. */
function as(gtid: string, ...statements: readonly string[]): string[] {
  return [`SET gtid_next = '${gtid}'`, 'BEGIN', ...statements, 'COMMIT', "SET gtid_next = 'AUTOMATIC'"]
}

/** Out of order, with holes, of three servers, empty, DDL, rolled back, XA. */
const mysqlWork = [
  ...schema,
  insert,
  ...as(`${A}:7`, insert),
  ...as(`${A}:3`, insert),
  ...as(`${B}:1`),
  'BEGIN',
  insert,
  'ROLLBACK',
  rotate,
  insert,
  ...as(`${A}:4`, insert),
  'CREATE TABLE d.u (i INT)',
  "XA START 'x'",
  insert,
  "XA END 'x'",
  "XA PREPARE 'x'",
  "XA COMMIT 'x'",
  rotate,
  rotate,
  ...as(`${A}:5`),
  insert,
]

const taggedWork = [
  "SET gtid_next = 'AUTOMATIC:Nightly'",
  insert,
  insert,
  "SET gtid_next = 'AUTOMATIC'",
  ...as(`${A}:batch:9`, insert),
  rotate,
  ...as(`${A}:batch:2`, insert),
  ...as(`${B}:_z:1000000`),
  "SET gtid_next = 'AUTOMATIC:nightly'",
  insert,
  "SET gtid_next = 'AUTOMATIC'",
  insert,
]

/** Several domains, several servers in one, numbers with holes, and one that goes back. */
const mariadbWork = [
  ...schema,
  insert,
  'SET SESSION gtid_domain_id = 7',
  insert,
  'SET SESSION server_id = 9',
  insert,
  'SET SESSION gtid_domain_id = 0',
  insert,
  'SET SESSION gtid_seq_no = 500',
  insert,
  'SET SESSION server_id = 1',
  rotate,
  insert,
  'SET SESSION gtid_domain_id = 4294967295',
  'CREATE TABLE d.u (i INT)',
  rotate,
  'SET SESSION gtid_seq_no = 40',
  insert,
  'SET SESSION gtid_domain_id = 7',
  insert,
  'SET SESSION gtid_domain_id = 0, gtid_seq_no = 30',
  insert,
  rotate,
  insert,
]

/** In a session of its own: MySQL 5.6 answers nothing in one that has a GTID set and used up. */
async function executedNow(server: Server, query: Server['query']): Promise<Known> {
  const [row] = await query(words(server).modern ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS')
  const at = { file: String(row?.['File']), position: Number(row?.['Position']) }
  if (!server.kind.startsWith('mariadb')) return { at, executed: String(row?.['Executed_Gtid_Set']).replaceAll('\n', '') }
  const [position] = await query('SELECT @@gtid_binlog_pos AS executed')
  return { at, executed: inOrder(String(position?.['executed'])) }
}

function withoutServer(set: string, uuid: string): string {
  return set
    .split(',')
    .filter((part) => !part.startsWith(uuid))
    .join(',')
}

/** MariaDB prints its domains in the order of a hash. */
function inOrder(position: string): string {
  return position
    .split(',')
    .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .join(',')
}

/** Runs each statement, and asks behind each. */
async function work(server: Server, statements: readonly string[]): Promise<Known[]> {
  const other = await server.connect()
  const query: Server['query'] = async (sql) => (await other.query(sql))[0] as Row[]
  const known: Known[] = []
  for (const statement of statements) {
    await server.run(statement)
    known.push(await executedNow(server, query))
  }
  await other.end()
  return known
}

async function allTransactions(source: LogSource): Promise<Transaction[]> {
  const [oldest] = await source.listFiles()
  return readTransactions({ source, from: { file: oldest?.name ?? '', position: FIRST_POSITION } })
}

async function find(source: LogSource, text: string): Promise<FoundGtid> {
  const gtid = parseGtid(text)
  if (gtid === null) throw new Error(`${text} is no GTID`)
  return findGtid({ source, gtid })
}

async function executedAt(source: LogSource, places: readonly Coordinate[]): Promise<(string | null)[]> {
  using store = openStore(':memory:')
  const { log } = await buildIndex({ store, source })
  const all: (string | null)[] = []
  for (const place of places) all.push(await executedBefore({ store, log, source }, place))
  return all
}

/** Both ways in: the one over the network, with the least privileges, and the one to the files. */
async function eachWay(server: Server, check: (source: LogSource) => Promise<void>): Promise<void> {
  await using live = await openLive(server)
  await check(live)
  await using files = openFileSource('files', [server.binlogDir])
  await check(files)
}

/** Each boundary, and each GTID or every so many of them. */
async function expectAll(server: Server, known: readonly Known[], every: number = 1): Promise<void> {
  await eachWay(server, async (source) => {
    const said = await executedAt(
      source,
      known.map(({ at }) => at),
    )
    expect(known.map(({ at }, i) => ({ at, executed: said[i] }))).toEqual(known)
    const asked = (await allTransactions(source)).filter((_, i) => i % every === 0)
    for (const { gtid, file, start } of asked) {
      const { transaction, findings } = await find(source, gtid?.toUpperCase() ?? '')
      expect({ found: transaction, findings }).toMatchObject({ found: { gtid, file, start }, findings: [] })
    }
  })
}

/** Everything before the newest file is purged: what was there is said to be gone. */
async function expectPurged(server: Server, gone: readonly string[], never: readonly string[]): Promise<void> {
  const { file } = await endOfLog(server)
  await purgeTo(server, file)
  await eachWay(server, async (source) => {
    for (const gtid of gone) {
      const { transaction, findings } = await find(source, gtid)
      expect({ gtid, transaction, findings }).toMatchObject({
        gtid,
        transaction: null,
        findings: [{ code: 'PURGED', evidence: { oldest: file } }],
      })
    }
    for (const gtid of never) expect(await find(source, gtid)).toEqual({ transaction: null, findings: [] })
  })
}

const onMysql: Readonly<Record<string, readonly string[]>> = {
  'mysql-5.6': ['--gtid-mode=ON', '--enforce-gtid-consistency', '--log-slave-updates'],
  'mysql-9.7': [],
}

describe.each(['mysql-5.6', 'mysql-9.7'] as const)('%s', (kind: ServerKind) => {
  describeWith(kind, 'its GTIDs', () => {
    test('are at each boundary what gtid_executed was, and each is found; purged ones are said to be', async () => {
      await using server = await startServer({ kind, options: onMysql[kind] ?? [] })
      const isTagged = kind === 'mysql-9.7'
      const known = await work(server, [...mysqlWork, ...(isTagged ? taggedWork : [])])
      expect(known.at(-1)?.executed).toContain(isTagged ? `${A}:3-5:7:batch:2:9` : `${A}:3-5:7`)
      await expectAll(server, known)
      await server.kill()
      await server.restart()
      await expectAll(server, await work(server, [insert, rotate, insert]))
      const [uuid] = await server.query('SELECT @@server_uuid AS uuid')
      await expectPurged(
        server,
        [`${A}:3`, `${A}:7`, `${B}:1`, `${String(uuid?.['uuid'])}:1`, ...(isTagged ? [`${A}:batch:9`, `${B}:_z:1000000`] : [])],
        [`${A}:2`, `${A}:8`, `${A}:other:1`, `${B}:2`],
      )
      // What was purged is still executed.
      await expectAll(server, await work(server, [insert, rotate, insert]))
    })
  })
})

describeWith('mysql-5.6', 'mysql-5.6, besides', () => {
  test('what is put into gtid_purged by hand is in the heads of later files, and in no file', async () => {
    await using server = await startServer({ kind: 'mysql-5.6', options: onMysql['mysql-5.6'] ?? [] })
    await work(server, ['RESET MASTER', `SET GLOBAL gtid_purged = '${A}:5'`, rotate])
    await expectAll(server, await work(server, [...schema, rotate, insert]))
    await eachWay(server, async (source) => {
      expect(await find(source, `${A}:5`)).toMatchObject({
        transaction: null,
        findings: [
          { code: 'PURGED', evidence: { gtid: `${A}:5`, oldest: 'mysql-bin.000001', executedBefore: 'mysql-bin.000002' } },
        ],
      })
      expect(await find(source, `${A}:4`)).toEqual({ transaction: null, findings: [] })
    })
  })
})

describeWith('mysql-9.7', 'mysql-9.7, besides', () => {
  test('what is put into gtid_purged by hand is not of the log: no head has it', async () => {
    await using server = await startServer({ kind: 'mysql-9.7' })
    await work(server, [...schema, rotate, insert, `SET GLOBAL gtid_purged = '+${A}:5,${A}:tagged:1-3'`, rotate])
    const known = await work(server, [insert, rotate, insert])
    expect(known.at(-1)?.executed).toContain(`${A}:5:tagged:1-3`)
    await expectAll(
      server,
      known.map(({ at, executed }) => ({ at, executed: withoutServer(executed, A) })),
    )
    await eachWay(server, async (source) => {
      expect(await find(source, `${A}:5`)).toEqual({ transaction: null, findings: [] })
    })
  })

  test('of two that write to each other, on many threads and in no order, each has its own', async () => {
    await using pair = await startPair({
      kind: 'mysql-9.7',
      options: ['--replica-preserve-commit-order=OFF', '--replica-parallel-workers=8'],
    })
    await pair.active.run(...schema, 'CREATE TABLE d.p (i INT PRIMARY KEY AUTO_INCREMENT, v INT)')
    await pair.caughtUp()
    const write = async (server: Server, table: string): Promise<void> => {
      const connection = await server.connect()
      for (let i = 0; i < 40; i++) await connection.query(`INSERT INTO d.${table} (v) VALUES (${i})`)
      await connection.end()
    }
    const { active, passive } = pair
    await Promise.all([write(active, 't'), write(active, 't'), write(passive, 'p'), write(passive, 'p')])
    await pair.caughtUp()
    for (const server of [active, passive]) {
      const known = await work(server, ['DO 1', rotate])
      expect(known[0]?.executed.split(',')).toHaveLength(2)
      await expectAll(server, known, 20)
    }
  })

  test('without GTIDs there is no set', async () => {
    await using server = await startServer({ kind: 'mysql-9.7', options: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'] })
    const known = await work(server, [...schema, insert, rotate, insert])
    const places = [...known.map(({ at }) => at), { file: 'mysql-bin.000002', position: FIRST_POSITION }]
    await eachWay(server, async (source) => {
      expect(new Set(await executedAt(source, places))).toEqual(new Set([null]))
    })
  })

  test('in a file of more than 64 MiB, from a checkpoint on', async () => {
    await using server = await startServer({ kind: 'mysql-9.7' })
    const large = `INSERT INTO d.t (v) VALUES (REPEAT('binlog ', 1000000))`
    const known = await work(server, [
      ...schema,
      ...as(`${A}:9`, insert),
      ...Array.from({ length: 11 }, () => large),
      ...as(`${A}:tag:2`, insert),
      insert,
    ])
    await using source = openFileSource('files', [server.binlogDir])
    using store = openStore(':memory:')
    const { log } = await buildIndex({ store, source })
    const { checkpoints } = store.dump(log) as { checkpoints: CheckpointRow[] }
    const inside = checkpoints.filter(({ start }) => start > FIRST_POSITION)
    expect(inside).toHaveLength(1)
    const from: number[] = []
    const watched: LogSource = {
      ...source,
      read: (request, sink) => {
        from.push(request.from.position)
        return source.read(request, sink)
      },
    }
    for (const { at, executed } of known) expect(await executedBefore({ store, log, source: watched }, at)).toBe(executed)
    const gtid = parseGtid(`${A}:tag:2`)
    if (gtid === null) throw new Error('no GTID')
    expect((await findGtid({ source: watched, gtid, index: { store, log } })).transaction?.end).toBe(known.at(-3)?.at.position)
    expect(from.filter((position) => position === inside[0]?.start).length).toBeGreaterThan(2)
  })
})

describe.each(['mariadb-10.5', 'mariadb-10.11', 'mariadb-11.8'] as const)('%s', (kind: ServerKind) => {
  describeWith(kind, 'its GTIDs', () => {
    test('are at each boundary what BINLOG_GTID_POS says, and each is found; purged ones are said to be', async () => {
      await using server = await startServer({ kind })
      const known = await work(server, mariadbWork)
      await expectAll(server, known)
      await server.kill()
      await server.restart()
      await expectAll(server, await work(server, ['SET SESSION gtid_domain_id = 7', insert, rotate, insert]))
      await using files = openFileSource('files', [server.binlogDir])
      const starts = (await allTransactions(files)).map(({ file, start }) => ({ file, position: start }))
      const heads = (await files.listFiles()).map(({ name }) => ({ file: name, position: FIRST_POSITION }))
      const said = await executedAt(files, [...starts, ...heads])
      for (const [i, { file, position }] of [...starts, ...heads].entries()) {
        const [row] = await server.query('SELECT BINLOG_GTID_POS(?, ?) AS executed', [file, position])
        expect({ file, position, executed: said[i] }).toEqual({ file, position, executed: inOrder(String(row?.['executed'])) })
      }
      // In domain 0 and of server 1, the numbers went back: its last one is 31.
      await expectPurged(server, ['0-1-2', '0-1-30', '7-1-1', '7-9-2', '0-9-500'], ['0-2-1', '7-1-99', '5-1-1'])
    })
  })
})

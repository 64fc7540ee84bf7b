/** The servers that a scenario is played on, and the moments that it has marked. */
import { setTimeout as sleep } from 'node:timers/promises'
import { compareCoordinates } from '../../src/core/coordinate.ts'
import type { Pair, Position, Server, ServerKind } from '../support/servers/index.ts'
import { endOfLog, replicaStatus, replicateFrom, startPair, startServer, waitForReplica } from '../support/servers/index.ts'
import { text } from './state.ts'
import type { Scenario, ScenarioKind, ServerName } from './scenario.ts'

export interface Mark {
  /** Whole seconds since 1970: all before the mark began before it, all behind it began at it or later. */
  readonly seconds: number
  readonly position: Position
  /** GTIDs that were in the log then; empty where the server has none. */
  readonly gtids: string
}

export interface Stage extends AsyncDisposable {
  readonly kind: ScenarioKind
  readonly pair: Pair
  readonly marks: Map<string, Mark>
  readonly server: (name: ServerName) => Server
  /** Each has executed all that its source has. */
  readonly caughtUp: () => Promise<void>
}

export function serverKindOf(kind: ScenarioKind): ServerKind {
  if (kind === 'mysql-9.7-no-gtids') return 'mysql-9.7'
  return kind === 'mariadb-10.11-gtid' ? 'mariadb-10.11' : kind
}

export async function openStage({ serverOptions, third: hasThird }: Scenario, kind: ScenarioKind): Promise<Stage> {
  const serverKind = serverKindOf(kind)
  const pair = await startPair({ kind: serverKind, options: serverOptions, gtids: kind === 'mysql-9.7' })
  let third: Server | null = null
  const dispose = async (): Promise<void> => {
    await third?.[Symbol.asyncDispose]()
    await pair[Symbol.asyncDispose]()
  }
  try {
    if (kind === 'mariadb-10.11-gtid') for (const server of [pair.active, pair.passive]) await followGtids(server)
    if (hasThird) {
      const gtidsOff = kind === 'mysql-9.7-no-gtids' ? ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'] : []
      third = await startServer({ kind: serverKind, serverId: 3, options: [...gtidsOff, ...serverOptions] })
      await replicateFrom(third, pair.passive, pair.gtids ? 'gtids' : { file: 'mysql-bin.000001', position: 4 })
    }
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    kind,
    pair,
    marks: new Map(),
    server: (name) => {
      const server = name === 'third' ? third : pair[name]
      if (server === null) throw new Error('the scenario has no third server')
      return server
    },
    caughtUp: async () => {
      await pair.caughtUp()
      await waitForPosition(pair.passive, pair.active)
      if (third !== null) await waitForReplica(third, pair.passive)
    },
    [Symbol.asyncDispose]: dispose,
  }
}

/** MySQL's parallel workers write the position down a moment later than the GTIDs. */
async function waitForPosition(replica: Server, source: Server): Promise<void> {
  const end = await endOfLog(source)
  for (;;) {
    const status = await replicaStatus(replica)
    if (status === null || compareCoordinates(status.executed, end) >= 0) return
    await sleep(20)
  }
}

/** As its manual has it for two servers that both write: a domain for each. */
async function followGtids(server: Server): Promise<void> {
  await server.run(
    'STOP SLAVE',
    'SET GLOBAL gtid_domain_id = @@GLOBAL.server_id, SESSION gtid_domain_id = @@GLOBAL.server_id',
    'CHANGE MASTER TO MASTER_USE_GTID = slave_pos',
    'START SLAVE',
  )
}

/** Waits for the next second of the server's clock, as stamps are whole ones. */
export async function markOf(server: Server): Promise<Mark> {
  const [row] = await server.query('SELECT UNIX_TIMESTAMP(NOW(6)) AS now')
  const now = Number(row?.['now'])
  const seconds = Math.floor(now) + 1
  await sleep((seconds - now) * 1000 + 20)
  const position = await endOfLog(server)
  return { seconds, position, gtids: await gtidsAt(server, position) }
}

async function gtidsAt(server: Server, { file, position }: Position): Promise<string> {
  const sql = server.kind.startsWith('mariadb')
    ? `SELECT BINLOG_GTID_POS('${file}', ${position}) AS gtids`
    : 'SELECT @@GLOBAL.gtid_executed AS gtids'
  const [row] = await server.query(sql)
  return text(row, 'gtids').replaceAll(/\s/g, '')
}

/** The ways in which a window is replayed by hand, on pairs that are set up for them. */
import { endOfLog, mysqlbinlog, replicaStatus, startPair, words } from '../support/servers/index.ts'
import type { Pair, Position, Server, ServerKind } from '../support/servers/index.ts'
import type { DdlReplay } from '../../src/core/ddl/replay.ts'
import { join } from 'node:path'
import { changeTo, kinds, replay, start } from './byHand.ts'

export interface Way {
  readonly name: string
  readonly kind: ServerKind
  readonly start: () => Promise<Pair>
  /** The stopped passive takes itself for one that has executed all that the active has. */
  readonly pretend: (pair: Pair, end: Position) => Promise<void>
  /** Ends with replication that runs; throws, or gives an error's number, where the replay failed. */
  readonly replay: (pair: Pair, decided: DdlReplay, lost: GtidRange) => Promise<number>
}

/** What the active had executed where the window begins and where it ends; empty without GTIDs. */
export interface GtidRange {
  readonly before: string
  readonly after: string
}

const byCoordinates = (kind: ServerKind): Way => ({
  name: `${kind}, by coordinates`,
  kind,
  start: () => start(kind),
  pretend: async ({ passive }, end) => passive.run(changeTo(passive, end), `START ${words(passive).replica}`),
  replay: (pair, { segments }) => replay(pair, segments),
})

/** What is stepped over stays in gtid_purged. */
const byGtids: Way = {
  name: 'mysql-9.7 with GTIDs, by a rebuilt gtid_executed',
  kind: 'mysql-9.7',
  start: () => startPair({ kind: 'mysql-9.7' }),
  pretend: pretendGtids,
  replay: async (pair, { decisions }, { before, after }) => {
    const { passive } = pair
    const steppedOver = decisions.flatMap(({ gtid, verdict }) => (verdict.verdict === 'step-over' && gtid !== null ? [gtid] : []))
    await passive.run('STOP REPLICA', "SET GLOBAL replica_exec_mode = 'IDEMPOTENT'")
    const executed = await gtidExecuted(passive)
    const [row] = await passive.query('SELECT GTID_SUBTRACT(?, GTID_SUBTRACT(GTID_SUBTRACT(?, ?), ?)) AS kept', [
      executed,
      after,
      before,
      steppedOver.join(','),
    ])
    await claim(pair, String(row?.['kept']))
    await pair.caughtUp()
    await passive.run('STOP REPLICA', "SET GLOBAL replica_exec_mode = 'STRICT'", 'START REPLICA')
    return 0
  },
}

/** What is stepped over is not sent. */
const byEvents: Way = {
  name: 'mysql-9.7 with GTIDs, by events that a session sends',
  kind: 'mysql-9.7',
  start: () => startPair({ kind: 'mysql-9.7' }),
  pretend: pretendGtids,
  replay: async ({ active, passive }, { segments }) => {
    await passive.run('STOP REPLICA')
    for (const { from, to } of segments) {
      const options = [
        '--idempotent',
        '--skip-gtids',
        '--disable-log-bin',
        `--start-position=${from.position}`,
        `--stop-position=${to.position}`,
      ]
      const script = await mysqlbinlog(active.kind, [...options, join(active.binlogDir, from.file)])
      const { exitCode, stderr } = await passive.client(script.stdout)
      if (script.exitCode !== 0 || exitCode !== 0) throw new Error(script.stderr + stderr)
    }
    await passive.run('START REPLICA')
    return 0
  },
}

/** gtid_slave_pos is set behind what is stepped over. */
const byMariaDbGtids: Way = {
  name: 'mariadb-10.11, by gtid_slave_pos',
  kind: 'mariadb-10.11',
  start: async () => {
    const pair = await start('mariadb-10.11')
    await pair.passive.run('STOP SLAVE', 'CHANGE MASTER TO MASTER_USE_GTID = slave_pos', 'START SLAVE')
    return pair
  },
  pretend: async ({ active, passive }, end) => {
    await passive.run(`SET GLOBAL gtid_slave_pos = '${await gtidPosition(active, end)}'`, 'START SLAVE')
  },
  replay: async (pair, { segments }) => {
    const { active, passive } = pair
    await pair.caughtUp()
    const end = await gtidPosition(active, await endOfLog(active))
    await passive.run('STOP SLAVE', "SET GLOBAL slave_exec_mode = 'IDEMPOTENT'")
    for (const { from, to } of segments) {
      const [begin, until] = [await gtidPosition(active, from), await gtidPosition(active, to)]
      // Nothing but the head of a file: UNTIL would have nothing to stop at.
      if (begin === until) continue
      await passive.run(`SET GLOBAL gtid_slave_pos = '${begin}'`, `START SLAVE UNTIL master_gtid_pos = '${until}'`)
      const [waited] = await passive.query('SELECT MASTER_GTID_WAIT(?, 30) AS answer', [until])
      await passive.run('STOP SLAVE')
      if (Number(waited?.['answer']) !== 0) throw new Error((await replicaStatus(passive))?.lastError)
    }
    await passive.run("SET GLOBAL slave_exec_mode = 'STRICT'", `SET GLOBAL gtid_slave_pos = '${end}'`, 'START SLAVE')
    await pair.caughtUp()
    return 0
  },
}

async function gtidPosition(server: Server, { file, position }: Position): Promise<string> {
  const [row] = await server.query('SELECT BINLOG_GTID_POS(?, ?) AS gtids', [file, position])
  return String(row?.['gtids'])
}

export const ways: readonly Way[] = [...kinds.map(byCoordinates), byMariaDbGtids, byGtids, byEvents]

async function pretendGtids(pair: Pair): Promise<void> {
  await claim(pair, await gtidExecuted(pair.active))
  await pair.caughtUp()
}

/** Readers go deaf when the log of their source is reset: the active's replication is started again. */
async function claim({ active, passive }: Pair, gtids: string): Promise<void> {
  await active.run('STOP REPLICA')
  await passive.run('RESET REPLICA', 'RESET BINARY LOGS AND GTIDS', `SET GLOBAL gtid_purged = '${gtids}'`, 'START REPLICA')
  await active.run('START REPLICA')
}

export async function gtidExecuted(server: Server): Promise<string> {
  if (server.kind !== 'mysql-9.7') return ''
  const [row] = await server.query('SELECT @@GLOBAL.gtid_executed AS gtids')
  return String(row?.['gtids']).replaceAll(/\s/g, '')
}

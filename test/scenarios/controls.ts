/** The control words of the SQL files: what replication is told, in the words of each server. README.md lists them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { endOfLog, mysqlbinlog, purgeTo, replicaStatus, runClient, words } from '../support/servers/index.ts'
import type { Position, Server } from '../support/servers/index.ts'
import type { Mark, Stage } from './stage.ts'
import { markOf } from './stage.ts'
import { text } from './state.ts'

type Control = (stage: Stage, on: Server, args: readonly string[]) => Promise<void>

/** True where it has ended the sessions of the server. Throws for a word that is none. */
export async function control(stage: Stage, on: Server, word: string, args: readonly string[]): Promise<boolean> {
  const found = Object.entries(controls).find(([name]) => name === word)?.[1]
  if (found === undefined)
    throw new Error(
      `'@${word}' is none of ${Object.keys(controls)
        .map((name) => `@${name}`)
        .join(', ')}`,
    )
  const { pid } = on
  await found(stage, on, args)
  return on.pid !== pid
}

const controls: Readonly<Record<string, Control>> = {
  mark: async ({ marks }, on, [name = '']) => {
    marks.set(name, await markOf(on))
  },
  'caught-up': ({ caughtUp }) => caughtUp(),
  'stop-replica': (_stage, on) => on.run(`STOP ${words(on).replica}`),
  'start-replica': (_stage, on) => on.run(`START ${words(on).replica}`),
  restart: ({ pair }, on, options) => restart(on, pair.active, options),
  'wait-for-error': (_stage, on, [error]) => waitForError(on, Number(error)),
  skip,
  filter,
  purge: async (_stage, on) => {
    await on.run('FLUSH LOGS')
    await purgeTo(on, (await endOfLog(on)).file)
  },
  rewind: async (stage, on, [name = '', , end]) => {
    const until = end === undefined ? null : markNamed(stage, end).position
    await rewind(stage, on, until, positionChange(on, markNamed(stage, name).position))
  },
  'rewind-gtids': (stage, on, [name = '']) => rewindGtids(stage, on, markNamed(stage, name).gtids),
  'reset-gtids': (stage, on, [name = '']) => resetGtids(stage, on, markNamed(stage, name).gtids),
  'follow-gtids': (_stage, on) => followGtids(on),
  pipe,
}

function markNamed({ marks }: Stage, name: string): Mark {
  const mark = marks.get(name)
  if (mark === undefined) throw new Error(`nothing was marked as '${name}'`)
  return mark
}

export async function waitForError(on: Server, error: number, timeoutMs = 20_000): Promise<void> {
  for (const giveUpAt = Date.now() + timeoutMs; ; await sleep(20)) {
    const status = await replicaStatus(on)
    const errors = [status?.raw['Last_SQL_Errno'], status?.raw['Last_IO_Errno']].map(Number)
    if (errors.includes(error)) return
    if (Date.now() > giveUpAt) throw new Error(`error ${error} was waited for, and there is: ${status?.lastError || 'none'}`)
  }
}

/** What the active has written since the passive was stopped never comes to it; in one file of the log. */
async function skip({ pair, kind }: Stage, on: Server, [how = '']: readonly string[]): Promise<void> {
  const status = await replicaStatus(on)
  const start = status?.executed ?? { file: '', position: 4 }
  const end = await endOfLog(pair.active)
  if (how === 'by-position') {
    if (kind !== 'mariadb-10.11-gtid') return on.run(positionChange(on, end))
    const [row] = await pair.active.query(`SELECT BINLOG_GTID_POS('${end.file}', ${end.position}) AS gtids`)
    return on.run(`SET GLOBAL gtid_slave_pos = '${String(row?.['gtids'])}'`)
  }
  if (how === 'by-counter') {
    const events = await pair.active.query(`SHOW BINLOG EVENTS IN '${start.file}' FROM ${start.position}`)
    return on.run(`SET GLOBAL sql_slave_skip_counter = ${events.length}`)
  }
  if (how !== 'by-empty-gtids') throw new Error(`'${how}' is none of by-position, by-counter, by-empty-gtids`)
  const [executed] = await on.query('SELECT @@GLOBAL.gtid_executed AS gtids')
  const [missing] = await pair.active.query('SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, ?) AS gtids', [
    String(executed?.['gtids']),
  ])
  for (const gtid of singleGtids(String(missing?.['gtids']))) await on.run(`SET gtid_next = '${gtid}'`, 'BEGIN', 'COMMIT')
  await on.run("SET gtid_next = 'AUTOMATIC'")
}

/** `uuid:1-3:7` to each of its GTIDs; one source, no tags. */
function singleGtids(set: string): readonly string[] {
  const [uuid, ...intervals] = set.replaceAll(/\s/g, '').split(':')
  return intervals.flatMap((interval) => {
    const [first = 0, last = first] = interval.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => `${uuid}:${first + index}`)
  })
}

/** Ignores a table until `@filter none`; MySQL 5.6 can be told at its start only. */
async function filter({ pair }: Stage, on: Server, [table = '']: readonly string[]): Promise<void> {
  const { replica } = words(on)
  const name = table === 'none' ? '' : table
  await pair.caughtUp()
  if (on.kind === 'mysql-5.6') return restart(on, pair.active, name === '' ? [] : [`--replicate-ignore-table=${name}`])
  const set =
    on.kind === 'mysql-9.7'
      ? `CHANGE REPLICATION FILTER REPLICATE_IGNORE_TABLE = (${name})`
      : `SET GLOBAL replicate_ignore_table = '${name}'`
  await on.run(`STOP ${replica}`, set, `START ${replica}`)
}

/** With options of its own, until the next restart; replication goes on in both directions. */
async function restart(on: Server, other: Server, options: readonly string[]): Promise<void> {
  const { replica } = words(on)
  await on.restart(options)
  await other.run(`STOP ${replica}`, `START ${replica}`)
  await on.run(`START ${replica}`)
}

function positionChange(on: Server, { file, position }: Position): string {
  const { source, modern } = words(on)
  const how = on.kind.startsWith('mariadb') ? ', MASTER_USE_GTID = no' : `, ${source}_AUTO_POSITION = 0`
  return `CHANGE ${modern ? 'REPLICATION SOURCE' : 'MASTER'} TO ${source}_LOG_FILE = '${file}', ${source}_LOG_POS = ${position}${how}`
}

/** Back to following by GTIDs, after a change of the position. */
function followGtids(on: Server): Promise<void> {
  const { replica } = words(on)
  const change = on.kind.startsWith('mariadb')
    ? 'CHANGE MASTER TO MASTER_USE_GTID = slave_pos'
    : 'CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 1'
  return on.run(`STOP ${replica}`, change, `START ${replica}`)
}

/** What is advised for MySQL's GTIDs: all that was executed since is forgotten, and comes again. */
async function resetGtids({ pair: { active } }: Stage, on: Server, gtids: string): Promise<void> {
  const [row] = await active.query('SELECT @@GLOBAL.gtid_executed AS gtids, @@GLOBAL.server_uuid AS uuid')
  const own = text(row, 'gtids')
    .replaceAll(/\s/g, '')
    .split(',')
    .find((set) => set.startsWith(text(row, 'uuid')))
  await on.run('STOP REPLICA', "SET GLOBAL slave_exec_mode = 'IDEMPOTENT'", 'RESET REPLICA', 'RESET BINARY LOGS AND GTIDS')
  await on.run(`SET GLOBAL gtid_purged = '${gtids}'`, 'START REPLICA')
  await on.run(`DO WAIT_FOR_EXECUTED_GTID_SET('${own}', 20)`, "SET GLOBAL slave_exec_mode = 'STRICT'")
}

/** The restart that wikis have: idempotent, from there to the end, and strict again. Comes back also where the applier has stopped. */
async function rewind({ pair }: Stage, on: Server, until: Position | null, change: string): Promise<void> {
  const { replica, source } = words(on)
  const { file, position } = until ?? (await endOfLog(pair.active))
  const condition = until === null ? '' : ` UNTIL ${source}_LOG_FILE = '${file}', ${source}_LOG_POS = ${position}`
  await on.run(`STOP ${replica}`, "SET GLOBAL slave_exec_mode = 'IDEMPOTENT'", change, `START ${replica}${condition}`)
  await on.run(`DO ${source}_POS_WAIT('${file}', ${position}, 20)`, "SET GLOBAL slave_exec_mode = 'STRICT'")
  if (until !== null) await on.run(`STOP ${replica}`, `START ${replica}`)
}

/** The same with GTIDs, MariaDB's. A position tells nothing until the source has answered: what the active wrote is waited for by GTID. */
async function rewindGtids({ pair: { active } }: Stage, on: Server, gtids: string): Promise<void> {
  const [row] = await active.query('SELECT @@GLOBAL.gtid_binlog_pos AS gtids, @@GLOBAL.server_id AS id')
  const end = text(row, 'gtids')
    .split(',')
    .find((gtid) => gtid.split('-')[1] === text(row, 'id'))
  await on.run('STOP SLAVE', "SET GLOBAL slave_exec_mode = 'IDEMPOTENT'", `SET GLOBAL gtid_slave_pos = '${gtids}'`, 'START SLAVE')
  await on.run(`DO MASTER_GTID_WAIT('${end}', 20)`, "SET GLOBAL slave_exec_mode = 'STRICT'")
}

/** `mysqlbinlog --idempotent --skip-gtids --disable-log-bin … | mysql` of all from the mark on, with the passive stopped; within one file. */
async function pipe(stage: Stage, on: Server, [name = '']: readonly string[]): Promise<void> {
  const { active } = stage.pair
  const { file, position } = markNamed(stage, name).position
  const options = ['--idempotent', '--skip-gtids', '--disable-log-bin', `--start-position=${position}`]
  const listing = await mysqlbinlog(active.kind, [...options, `${active.binlogDir}/${file}`])
  if (listing.exitCode !== 0) throw new Error(listing.stderr)
  await on.run(`STOP ${words(on).replica}`)
  const sent = await runClient(on.kind, [`--socket=${on.socket}`, '--user=root', '--binary-mode'], { stdin: listing.stdout })
  if (sent.exitCode !== 0) throw new Error(sent.stderr)
  await on.run(`START ${words(on).replica}`)
}

/** Replication in the words of each server: statements, status and waiting. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Row, Server } from './start.ts'
import { accounts } from './template.ts'

export interface Position {
  readonly file: string
  readonly position: number
}

export interface ReplicaStatus {
  readonly receiverRunning: boolean
  readonly applierRunning: boolean
  /** Null while replication does not run. */
  readonly secondsBehind: number | null
  /** What it has executed, as a coordinate of its source. */
  readonly executed: Position
  readonly lastError: string
  /** The status row as the server gives it. */
  readonly raw: Row
}

export interface Words {
  readonly replica: 'REPLICA' | 'SLAVE'
  readonly source: 'SOURCE' | 'MASTER'
  /** Whether only the words source and replica are known, as in MySQL 9.7. */
  readonly modern: boolean
}

export function words(server: Server): Words {
  const modern = server.kind === 'mysql-9.7'
  return modern ? { replica: 'REPLICA', source: 'SOURCE', modern } : { replica: 'SLAVE', source: 'MASTER', modern }
}

/** The end of the server's own binlog. */
export async function endOfLog(server: Server): Promise<Position> {
  const [row] = await server.query(words(server).modern ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS')
  return { file: String(row?.['File']), position: Number(row?.['Position']) }
}

/** The same once the server writes nothing more by itself: MariaDB adds a BINLOG_CHECKPOINT about a second after a file was begun. */
export async function settledEndOfLog(server: Server): Promise<Position> {
  for (let end = await endOfLog(server); ;) {
    await sleep(server.kind.startsWith('mariadb') ? 1500 : 100)
    const now = await endOfLog(server)
    if (now.file === end.file && now.position === end.position) return now
    end = now
  }
}

/** Purges all files before `file`. A server keeps a file for a while that a dump thread, or a checkpoint (MariaDB), still needs. */
export async function purgeTo(server: Server, file: string, timeoutMs = 20_000): Promise<void> {
  for (const giveUpAt = Date.now() + timeoutMs; ; await sleep(50)) {
    await server.run(`PURGE BINARY LOGS TO '${file}'`)
    const [oldest] = await server.query('SHOW BINARY LOGS')
    if (oldest?.['Log_name'] === file) return
    if (Date.now() > giveUpAt) throw new Error(`${String(oldest?.['Log_name'])} is still there after ${timeoutMs} ms`)
  }
}

/** Null when the server was never told of a source. */
export async function replicaStatus(server: Server): Promise<ReplicaStatus | null> {
  const named = words(server)
  const replica = titleCase(named.replica)
  const source = titleCase(named.source)
  const [raw] = await server.query(`SHOW ${named.replica} STATUS`)
  if (raw === undefined) return null
  const behind = raw[`Seconds_Behind_${source}`]
  return {
    receiverRunning: raw[`${replica}_IO_Running`] === 'Yes',
    applierRunning: raw[`${replica}_SQL_Running`] === 'Yes',
    secondsBehind: behind === null ? null : Number(behind),
    executed: { file: String(raw[`Relay_${source}_Log_File`]), position: Number(raw[`Exec_${source}_Log_Pos`]) },
    lastError: [raw['Last_IO_Error'], raw['Last_SQL_Error']].filter(Boolean).join('; '),
    raw,
  }
}

/** Makes `replica` replicate from `source`, with GTID auto-positioning or from a coordinate of its log. */
export async function replicateFrom(replica: Server, source: Server, from: Position | 'gtids'): Promise<void> {
  const { source: word, replica: other, modern } = words(replica)
  const options = [
    `${word}_HOST = '${source.host}'`,
    `${word}_PORT = ${source.port}`,
    `${word}_USER = '${accounts.reader.user}'`,
    `${word}_PASSWORD = '${accounts.reader.password}'`,
    `${word}_CONNECT_RETRY = 1`,
    ...(from === 'gtids'
      ? [`${word}_AUTO_POSITION = 1`]
      : [`${word}_LOG_FILE = '${from.file}'`, `${word}_LOG_POS = ${from.position}`]),
    ...(modern ? ['GET_SOURCE_PUBLIC_KEY = 1'] : []),
    ...(replica.kind.startsWith('mariadb') ? ['MASTER_USE_GTID = no'] : []),
  ]
  await replica.run(`CHANGE ${modern ? 'REPLICATION SOURCE' : 'MASTER'} TO ${options.join(', ')}`, `START ${other}`)
}

/** Returns when `replica` has executed all that `source` has in its log now. Throws after `timeoutSeconds`, or when replication stands still. */
export async function waitForReplica(replica: Server, source: Server, timeoutSeconds = 30): Promise<void> {
  const status = await replicaStatus(replica)
  const answer = isAutoPositioned(status)
    ? await waitForGtids(replica, source, timeoutSeconds)
    : await waitForPosition(replica, source, timeoutSeconds)
  if (answer) return
  const now = await replicaStatus(replica)
  throw new Error(
    `the replica did not catch up in ${timeoutSeconds} s: receiver ${now?.receiverRunning ? 'runs' : 'stands'}, ` +
      `applier ${now?.applierRunning ? 'runs' : 'stands'}, ${now?.lastError || 'no error'}`,
  )
}

function isAutoPositioned(status: ReplicaStatus | null): boolean {
  return Number(status?.raw['Auto_Position'] ?? 0) === 1
}

async function waitForGtids(replica: Server, source: Server, timeoutSeconds: number): Promise<boolean> {
  const [executed] = await source.query('SELECT @@GLOBAL.gtid_executed AS gtids')
  const [row] = await replica.query('SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?) AS answer', [
    String(executed?.['gtids']),
    timeoutSeconds,
  ])
  return Number(row?.['answer']) === 0
}

async function waitForPosition(replica: Server, source: Server, timeoutSeconds: number): Promise<boolean> {
  const { file, position } = await endOfLog(source)
  const [row] = await replica.query(`SELECT ${words(replica).source}_POS_WAIT(?, ?, ?) AS answer`, [
    file,
    position,
    timeoutSeconds,
  ])
  // Null: the applier stands; -1: too late.
  return row?.['answer'] !== null && Number(row?.['answer']) >= 0
}

const titleCase = (word: string): string => `${word.slice(0, 1)}${word.slice(1).toLowerCase()}`

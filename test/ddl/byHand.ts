/**
 * A replay as a person does it: the passive's replication is put back to where parts of the active's log begin, and runs in idempotent mode
 * to where they end. What is between the parts is stepped over.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { compareCoordinates } from '../../src/core/coordinate.ts'
import { endOfLog, replicaStatus, words } from '../support/servers/index.ts'
import type { Pair, Position, Server, ServerKind } from '../support/servers/index.ts'
import { startPair } from '../support/servers/index.ts'

export interface Part {
  readonly from: Position
  readonly to: Position
}

/** Each server that the decisions are shown on; MySQL 9.7 by file and position. */
export const kinds = ['mysql-5.6', 'mysql-9.7', 'mariadb-10.11', 'mariadb-11.8'] as const

/** `options`: for both. */
export function start(kind: ServerKind, options: readonly string[] = []): Promise<Pair> {
  return startPair(kind === 'mysql-9.7' ? { kind, gtids: false, options } : { kind, options })
}

/** What the applier stopped with, as the server numbers it; 0: it came to the end. Replication runs on behind the last part, strictly. */
export async function replay(pair: Pair, parts: readonly Part[]): Promise<number> {
  const { active, passive } = pair
  const { replica } = words(passive)
  await pair.caughtUp()
  const end = await endOfLog(active)
  await passive.run(`STOP ${replica}`, "SET GLOBAL slave_exec_mode = 'IDEMPOTENT'")
  let error = 0
  for (const { from, to } of parts) {
    await passive.run(changeTo(passive, from), startUntil(passive, to))
    error = await reached(passive, to)
    await passive.run(`STOP ${replica}`)
    if (error !== 0) break
  }
  await passive.run("SET GLOBAL slave_exec_mode = 'STRICT'")
  if (error !== 0) await fillGaps(passive)
  await passive.run(changeTo(passive, end), `START ${replica}`)
  await pair.caughtUp()
  return error
}

/** Polls the status: at the end of an idle log UNTIL never stops, and a wait that has nothing to wait for gives NULL. */
async function reached(server: Server, to: Position): Promise<number> {
  for (const giveUpAt = Date.now() + 30_000; Date.now() < giveUpAt; await sleep(20)) {
    const status = await replicaStatus(server)
    const error = Number(status?.raw['Last_SQL_Errno'])
    if (error !== 0) return error
    if (status !== null && compareCoordinates(status.executed, to) >= 0) return 0
  }
  throw new Error(`the replay did not reach ${to.file}:${to.position}`)
}

/** Of several workers, one that failed leaves more behind than its transaction, and MySQL 9.7 then refuses CHANGE (1802). */
async function fillGaps(server: Server): Promise<void> {
  if (!words(server).modern) return
  await server.run('START REPLICA SQL_THREAD UNTIL SQL_AFTER_MTS_GAPS')
  while ((await replicaStatus(server))?.applierRunning === true) await sleep(20)
}

export function changeTo(server: Server, { file, position }: Position): string {
  const { source, modern } = words(server)
  const usingGtid = server.kind.startsWith('mariadb') ? ', MASTER_USE_GTID = no' : ''
  return `CHANGE ${modern ? 'REPLICATION SOURCE' : 'MASTER'} TO ${source}_LOG_FILE = '${file}', ${source}_LOG_POS = ${position}${usingGtid}`
}

function startUntil(server: Server, { file, position }: Position): string {
  const { replica, source } = words(server)
  return `START ${replica} UNTIL ${source}_LOG_FILE = '${file}', ${source}_LOG_POS = ${position}`
}

/** Writes `statements` to the active, and when the passive has them too, replays that part of the log. */
export async function repeat(pair: Pair, ...statements: readonly string[]): Promise<number> {
  await pair.caughtUp()
  const from = await endOfLog(pair.active)
  await pair.active.run(...statements)
  return replay(pair, [{ from, to: await endOfLog(pair.active) }])
}

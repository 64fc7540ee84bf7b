/** A pair with GTIDs whose passive server has lost rows, and what of it must not change while they are sent to it. */
import { expect } from 'vitest'
import type { Coordinate } from '../../src/core/coordinate.ts'
import type { LogSource, ServerAddress } from '../../src/core/ports.ts'
import type { ApplySession } from '../../src/server/applySession.ts'
import { openApplySession } from '../../src/server/applySession.ts'
import { openFileSource } from '../../src/source/files.ts'
import { accounts, endOfLog, replicaStatus, words } from '../support/servers/index.ts'
import type { Pair, Server } from '../support/servers/index.ts'

export function addressOf(server: Server): ServerAddress {
  return { host: server.host, port: server.port, ...accounts.admin }
}

export function openSession(server: Server): Promise<ApplySession> {
  return openApplySession(addressOf(server), { timeoutMs: 10_000, lockWaitSeconds: 5 })
}

/** The active's log, read from its files. */
export function logOf(server: Server): LogSource {
  return openFileSource('active', [server.binlogDir])
}

/** CHECKSUM TABLE of the tables. */
export async function checksums(server: Server, tables: readonly string[]): Promise<readonly unknown[]> {
  const rows = await server.query(`CHECKSUM TABLE ${tables.join(', ')}`)
  return rows.map((row) => row['Checksum'])
}

/** What a repair by rows leaves alone: the passive's GTIDs and log, where it stands, and the active's channel. */
export async function untouched({ active, passive }: Pair): Promise<unknown> {
  const [gtids] = await passive.query('SELECT @@GLOBAL.gtid_executed AS executed, @@GLOBAL.gtid_purged AS purged')
  const status = await replicaStatus(passive)
  const channel = await replicaStatus(active)
  return {
    gtids,
    log: await endOfLog(passive),
    executed: status?.executed,
    channel: {
      running: channel?.receiverRunning && channel.applierRunning,
      executed: channel?.executed,
      error: channel?.lastError,
    },
  }
}

/** Stops the passive, which has lost what `lose` writes; returns the window: from before that to the end of the active's log. */
export async function loseBetween(
  pair: Pair,
  lose: () => Promise<void>,
  afterwards: () => Promise<void> = () => Promise.resolve(),
): Promise<{ readonly from: Coordinate; readonly until: Coordinate }> {
  const { start } = await pair.lose(lose)
  await afterwards()
  await pair.caughtUp()
  await pair.passive.run(`STOP ${words(pair.passive).replica}`)
  const until = await endOfLog(pair.active)
  return { from: start, until }
}

/** Both go on, and what either writes arrives at the other. */
export async function expectAlive(pair: Pair, table: string): Promise<void> {
  const { active, passive } = pair
  await passive.run(`START ${words(passive).replica}`)
  await active.run(`INSERT INTO ${table} (id) VALUES (1000001)`)
  await passive.run(`INSERT INTO ${table} (id) VALUES (1000002)`)
  await pair.caughtUp()
  expect(await checksums(passive, [table])).toEqual(await checksums(active, [table]))
}

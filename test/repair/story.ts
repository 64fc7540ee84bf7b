/** The story that `repair` is for: a passive server that lost rows without a sign, and what a DBA types. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { accounts, replicaStatus } from '../support/servers/index.ts'
import type { Pair, Server } from '../support/servers/index.ts'
import type { RunResult } from '../support/servers/run.ts'
import { runAnyway } from '../support/servers/run.ts'

const program = join(import.meta.dirname, '../../src/bin.ts')

/** Runs `binpoint repair` as a process, with an index of its own. */
export async function repair(args: readonly string[]): Promise<RunResult> {
  const folder = mkdtempSync(join(tmpdir(), 'binpoint-repair-'))
  try {
    return await runAnyway(process.execPath, [program, 'repair', '--index', join(folder, 'index.sqlite'), ...args], {
      env: { BINPOINT_PASSWORD: accounts.admin.password, HOME: folder },
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function url(server: Server): string {
  return `mysql://${accounts.admin.user}@${server.host}:${server.port}`
}

/** As a test gives it: the moment from the source's own clock. */
export async function now(server: Server): Promise<string> {
  const [row] = await server.query('SELECT UNIX_TIMESTAMP() AS now')
  return `@${String(row?.['now'])}`
}

export const tables = ['shop.orders', 'shop.stock'] as const

export async function createTables({ active }: Pair): Promise<void> {
  await active.run(
    'CREATE DATABASE shop',
    'CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, item VARCHAR(40), amount INT) ENGINE=InnoDB',
    'CREATE TABLE shop.stock (item VARCHAR(40) PRIMARY KEY, amount INT) ENGINE=InnoDB',
    "INSERT INTO shop.stock VALUES ('apple', 100), ('pear', 100), ('plum', 100)",
  )
}

/** Inserts, updates and deletes of rows that the passive has. */
export async function trade(server: Server, rounds: number): Promise<void> {
  for (let i = 0; i < rounds; i++) {
    await server.run(
      'BEGIN',
      `INSERT INTO shop.orders (item, amount) VALUES ('apple', ${i}), ('pear', ${i})`,
      "UPDATE shop.stock SET amount = amount - 1 WHERE item = 'apple'",
      'COMMIT',
    )
  }
}

/** CHECKSUM TABLE of every table, as the server gives it. */
export async function checksums(server: Server): Promise<readonly string[]> {
  const rows = await server.query(`CHECKSUM TABLE ${tables.join(', ')}`)
  return rows.map((row) => `${String(row['Table'])} ${String(row['Checksum'])}`)
}

/** The passive loses `rounds` of trade between two others, all a few seconds behind the making of the tables. */
export async function loseTrade(pair: Pair, rounds = 20): Promise<string> {
  await createTables(pair)
  await trade(pair.active, 5)
  await pair.caughtUp()
  // Stamps are whole seconds, and a new log has nothing that bounds them: leave the DDL well before the time.
  await pause(2000)
  const at = await now(pair.active)
  await pair.lose(() => trade(pair.active, rounds))
  await trade(pair.active, 5)
  await pair.caughtUp()
  return at
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** All lights: both threads run, 0 s behind, no error. On a busy machine the second behind takes a moment to go. */
export async function expectGreen(server: Server): Promise<void> {
  const green = { receiverRunning: true, applierRunning: true, secondsBehind: 0, lastError: '' }
  await expect.poll(() => replicaStatus(server), { timeout: 20_000 }).toMatchObject(green)
}

/** What the passive's mode for rows is now. */
export async function execMode(server: Server): Promise<string> {
  const [row] = await server.query("SHOW GLOBAL VARIABLES LIKE 'slave_exec_mode'")
  return String(row?.['Value'])
}

/** Both are equal, run in strict mode, and what either writes arrives at the other. */
export async function expectHealed(pair: Pair): Promise<void> {
  const { active, passive } = pair
  await pair.caughtUp()
  expect(await checksums(passive)).toEqual(await checksums(active))
  expect(await execMode(passive)).toBe('STRICT')
  await trade(active, 1)
  await pair.caughtUp()
  await trade(passive, 1)
  await pair.caughtUp()
  expect(await checksums(passive)).toEqual(await checksums(active))
  await expectGreen(active)
  await expectGreen(passive)
}

/** Writes to the server without a pause until it is told to stop. */
export function keepTrading(server: Server): { readonly stop: () => Promise<number> } {
  const state = { stopped: false }
  const writing = (async (): Promise<number> => {
    let rounds = 0
    while (!state.stopped) {
      await trade(server, 1)
      rounds++
      await pause(2)
    }
    return rounds
  })()
  return {
    stop: () => {
      state.stopped = true
      return writing
    },
  }
}

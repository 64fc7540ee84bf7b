/**
 * `repair --execute` killed with SIGKILL, at steps of its journal and at random moments: a second run finishes, the data are equal, the mode is
 * strict; and between the two nothing beyond the window is applied idempotently. KILL_EVERY=1 KILL_RANDOM=12 kills at every step.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startBinpoint } from '../cli/child.ts'
import type { Running } from '../cli/child.ts'
import { accounts, endOfLog, startPair } from '../support/servers/index.ts'
import type { Pair, Position } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { checksums, createTables, execMode, trade, url } from '../repair/story.ts'
import { expectRepaired, journalText, settings, temporaryFolder, until } from './brokenOff.ts'

const every = Number(process.env['KILL_EVERY'] ?? 5)
const randomKills = Number(process.env['KILL_RANDOM'] ?? 2)

for (const { kind, strategy, more = [] } of settings) {
  describeWith(kind, `repair --execute by ${strategy} on ${kind}, killed`, () => {
    test('finishes when it is run again', { timeout: 900_000 }, async () => {
      await using pair = await startPair({ kind })
      using folder = temporaryFolder()
      await createTables(pair)
      const start = (from: Position): Running =>
        startBinpoint([...asked(pair, from, folder.path), '--strategy', strategy, ...more], {
          BINPOINT_PASSWORD: accounts.admin.password,
        })

      const began = performance.now()
      expect((await start(await loseRows(pair)).ended).stderr).toBe('')
      const wholeMs = performance.now() - began
      await expectRepaired(pair)
      const steps = recordsIn(folder.path)
      expect(steps).toBeGreaterThan(10)

      for (let step = 1; step <= steps; step += every) {
        folder.clear()
        await killedAnd(pair, start, `at record ${step} of ${steps}`, () => until(() => recordsIn(folder.path) >= step))
      }
      for (let i = 0; i < randomKills; i++) {
        folder.clear()
        const ms = Math.round(Math.random() * wholeMs)
        await killedAnd(pair, start, `after ${ms} ms`, () => sleep(ms))
      }
    })
  })
}

async function killedAnd(
  pair: Pair,
  start: (from: Position) => Running,
  when: string,
  moment: () => Promise<void>,
): Promise<void> {
  const from = await loseRows(pair)
  const first = start(from)
  await Promise.race([moment(), first.ended])
  first.child.kill('SIGKILL')
  await first.ended
  await expectNothingBeyond(pair, when)
  const second = await start(from).ended
  expect({ when, status: second.status, stderr: second.stderr }).toEqual({ when, status: 0, stderr: '' })
  await expectRepaired(pair)
}

/** What the active writes now lies beyond the window. */
async function expectNothingBeyond({ active, passive }: Pair, when: string): Promise<void> {
  await sleep(100) // what the server was doing for the one who is gone
  await active.run("INSERT INTO shop.orders (item, amount) VALUES ('beyond', 0)")
  await sleep(500)
  const mode = await execMode(passive)
  const rows = await passive.query("SELECT * FROM shop.orders WHERE item = 'beyond'")
  expect({ when, appliedIdempotently: mode === 'IDEMPOTENT' ? rows : [] }).toEqual({ when, appliedIdempotently: [] })
  await active.run("UPDATE shop.orders SET item = 'behind' WHERE item = 'beyond'")
}

/** Rows of the window vanish on the passive, unlogged; others of it stay. Gives where the window begins. */
async function loseRows(pair: Pair): Promise<Position> {
  const { active, passive } = pair
  await pair.caughtUp()
  const from = await endOfLog(active)
  const [before] = await active.query('SELECT MAX(id) AS id FROM shop.orders')
  await trade(active, 6)
  await pair.caughtUp()
  await passive.run(
    'SET SESSION sql_log_bin = 0',
    `DELETE FROM shop.orders WHERE id > ${Number(before?.['id'] ?? 0)} AND item = 'apple'`,
    'SET SESSION sql_log_bin = 1',
  )
  expect(await checksums(passive)).not.toEqual(await checksums(active))
  return from
}

function asked({ active, passive }: Pair, { file, position }: Position, folder: string): readonly string[] {
  const servers = `--source ${url(active)} --replica ${url(passive)}`
  const line = `repair --from ${file}:${position} ${servers} --execute --yes --quiet --wait 60s`
  return [...line.split(' '), '--index', join(folder, 'index.sqlite')]
}

function recordsIn(folder: string): number {
  return journalText(folder)
    .split('\n')
    .filter((line) => line !== '').length
}

describeWith(['mysql-5.6', 'mysql-9.7'], 'two executions at once', () => {
  // By position, a plan made elsewhere sees the mode already.
  test.each([
    ['mysql-5.6', 1, 'IDEMPOTENT_MODE'],
    ['mysql-9.7', 2, 'REPAIR_BUSY'],
  ] as const)('on %s: the second one is refused', async (kind, status, code) => {
    await using pair = await startPair({ kind })
    using folder = temporaryFolder()
    using elsewhere = temporaryFolder()
    await createTables(pair)
    const from = await loseRows(pair)
    const start = (in_: string): Running =>
      startBinpoint([...asked(pair, from, in_), '--json'], { BINPOINT_PASSWORD: accounts.admin.password })
    // A reader with locks on the passive makes the first one wait in the middle of the window.
    const reader = await pair.passive.connect()
    await reader.query('BEGIN')
    await reader.query('SELECT * FROM shop.stock FOR UPDATE')
    const first = start(folder.path)
    await until(() => recordsIn(folder.path) > 10)
    await sleep(500)
    const [again, other] = await Promise.all([start(folder.path).ended, start(elsewhere.path).ended])
    await reader.query('ROLLBACK')
    expect(again).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('REPAIR_BUSY') })
    expect(other.status).toBe(status)
    expect(`${other.stdout}${other.stderr}`).toContain(code)
    expect((await first.ended).status).toBe(0)
    await expectRepaired(pair)
  })
})

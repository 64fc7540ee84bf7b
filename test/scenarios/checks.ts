/** What must be true of the servers behind a repair, a refusal, and a repair by hand. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { replicaStatus, words } from '../support/servers/index.ts'
import type { Server } from '../support/servers/index.ts'
import { blocking, journalOf } from './binpoint.ts'
import type { Executed } from './binpoint.ts'
import { waitForError } from './controls.ts'
import type { Harm, Run } from './scenario.ts'
import type { Stage } from './stage.ts'
import { dataOf, gtidsOf, settingsOf, standingOf } from './state.ts'
import { play } from './story.ts'

/** Both as they are before the tool comes. */
export interface Before {
  readonly data: unknown
  readonly dataOfActive: unknown
  readonly settings: unknown
  readonly standing: unknown
  readonly settingsOfActive: unknown
  readonly gtids: string | null
}

export async function lookAt({ pair: { active, passive } }: Stage): Promise<Before> {
  return {
    data: await dataOf(passive),
    dataOfActive: await dataOf(active),
    settings: await settingsOf(passive),
    standing: await standingOf(passive),
    settingsOfActive: await settingsOf(active),
    gtids: await gtidsOf(passive),
  }
}

export async function expectHealed(
  stage: Stage,
  before: Before,
  { status, stderr, answer }: Executed,
  strategy: string,
): Promise<void> {
  expect({ blocking: answer.findings.filter(({ severity }) => severity === 'blocking'), stderr }).toEqual({
    blocking: [],
    stderr: '',
  })
  const unequal = answer.executed?.proof?.tables.filter(({ outcome }) => outcome !== 'equal')
  expect({ status, strategy: answer.plan?.strategy, outcome: answer.executed?.outcome, unequal }).toEqual({
    status: 0,
    strategy,
    outcome: 'healed',
    unequal: [],
  })
  expect(journalOf(answer.executed?.journal ?? '').at(-1)).toMatchObject({ record: 'end', outcome: 'done' })
  const { active, passive } = stage.pair
  await stage.caughtUp()
  await expectEqual(stage)
  expect(await settingsOf(passive)).toEqual(before.settings)
  expect(await settingsOf(active)).toEqual(before.settingsOfActive)
  await expectGtidsKept(stage, before)
  await expectGreen(passive)
  await expectGreen(active)
  await expectArrivals(stage)
}

async function expectEqual({ pair: { active, passive } }: Stage): Promise<void> {
  expect(await dataOf(passive)).toEqual(await dataOf(active))
}

/** Nothing that was executed is forgotten: neither the active's, nor what the passive has written itself. */
async function expectGtidsKept({ pair: { active, passive } }: Stage, { gtids }: Before): Promise<void> {
  if (gtids === null) return
  const positioned = (await replicaStatus(passive))?.raw
  // One that follows by position has for good what it has, and not what it has passed over.
  const sets = positioned?.['Auto_Position'] === 1 ? [gtids, String(await gtidsOf(active))] : [gtids]
  for (const set of sets) {
    const [row] = await passive.query('SELECT GTID_SUBTRACT(?, @@GLOBAL.gtid_executed) AS missing', [set])
    expect(row).toEqual({ missing: '' })
  }
}

/** On a busy machine the second behind takes a moment to go. */
async function expectGreen(server: Server): Promise<void> {
  await expect
    .poll(() => replicaStatus(server), { timeout: 20_000 })
    .toMatchObject({ receiverRunning: true, applierRunning: true, secondsBehind: 0, lastError: '' })
}

/** What either writes arrives on the other, untouched by hand. In new sessions: old ones keep a server_id that was changed. */
async function expectArrivals(stage: Stage): Promise<void> {
  const { active, passive } = stage.pair
  const [here, there] = [await active.connect(), await passive.connect()]
  await here.query('CREATE DATABASE afterwards')
  await here.query('CREATE TABLE afterwards.letters (id INT PRIMARY KEY, sender VARCHAR(10)) ENGINE=InnoDB')
  await here.query("INSERT INTO afterwards.letters VALUES (1, 'active')")
  await stage.caughtUp()
  await there.query("INSERT INTO afterwards.letters VALUES (2, 'passive')")
  await stage.caughtUp()
  const letters = [
    { id: 1, sender: 'active' },
    { id: 2, sender: 'passive' },
  ]
  for (const server of [active, passive])
    expect(await server.query('SELECT * FROM afterwards.letters ORDER BY id')).toEqual(letters)
  await expectEqual(stage)
}

export async function expectRefused(
  stage: Stage,
  before: Before,
  { status, answer }: Executed,
  codes: readonly string[],
): Promise<void> {
  expect({ status, steps: answer.plan?.steps ?? [] }).toEqual({ status: 1, steps: [] })
  expect(blocking(answer)).toEqual(expect.arrayContaining([...codes]))
  expect(answer.executed).toBeNull()
  await expectUntouched(stage, before)
}

export async function expectUntouched(stage: Stage, before: Before): Promise<void> {
  const { active, passive } = stage.pair
  expect(await standingOf(passive)).toEqual(before.standing)
  expect(await settingsOf(passive)).toEqual(before.settings)
  expect(await settingsOf(active)).toEqual(before.settingsOfActive)
  expect(await dataOf(passive)).toEqual(before.data)
}

/** Done as far as it goes, and said not to have healed: the data differ, and all else is as it was. */
export async function expectDifferent(stage: Stage, before: Before, { status, answer }: Executed): Promise<void> {
  expect({ status, outcome: answer.executed?.outcome }).toEqual({ status: 1, outcome: 'different' })
  await stage.caughtUp()
  const { active, passive } = stage.pair
  expect(await dataOf(passive)).not.toEqual(await dataOf(active))
  expect(await settingsOf(passive)).toEqual(before.settings)
  await expectGreen(passive)
}

/** Plays the `by-hand` files, and shows what comes of them. */
export async function expectHarm(stage: Stage, run: Run, before: Before, harm: Harm): Promise<void> {
  const { active, passive } = stage.pair
  // Harm is a difference that was not there, and was not on its way out.
  const appliers = await Promise.all([active, passive].map(replicaStatus))
  if (harm.kind === 'differs' && appliers.every((status) => status?.applierRunning))
    expect(before.data).toEqual(before.dataOfActive)
  if (harm.kind === 'heals nothing') expect(before.data).not.toEqual(before.dataOfActive)
  await play(stage, run, 'by-hand')
  switch (harm.kind) {
    case 'stops':
      return waitForError(stage.server(harm.server), harm.error)
    case 'differs':
      await stage.caughtUp()
      await expectGreen(passive)
      await expectGreen(active)
      expect(await dataOf(passive)).not.toEqual(await dataOf(active))
      return
    case 'heals nothing':
      await stage.caughtUp()
      await expectGreen(passive)
      await expectGreen(active)
      expect(await dataOf(passive)).toEqual(before.data)
      return
    case 'not heard':
      return expectNotHeard(stage)
    case 'source waits':
      return expectWaiting(active)
    default:
      harm satisfies never
  }
}

/** The passive's writes do not come to the active, all lights green. */
async function expectNotHeard({ pair: { active, passive } }: Stage): Promise<void> {
  await passive.run(
    'CREATE DATABASE afterwards',
    'CREATE TABLE afterwards.letters (id INT PRIMARY KEY) ENGINE=InnoDB',
    'INSERT INTO afterwards.letters VALUES (1)',
  )
  await sleep(1500)
  await expectGreen(active)
  expect(await active.query("SHOW DATABASES LIKE 'afterwards'")).toEqual([])
}

/** A commit of the active stands still for as long as the passive does. */
async function expectWaiting(active: Server): Promise<void> {
  const writer = await active.connect()
  const written = writer.query('CREATE DATABASE afterwards')
  try {
    await expect
      .poll(
        async () =>
          JSON.stringify(
            await active.query("SELECT STATE FROM information_schema.PROCESSLIST WHERE INFO LIKE 'CREATE DATABASE%'"),
          ),
        {
          timeout: 10_000,
        },
      )
      .toMatch(/semi-sync/i)
  } finally {
    const semiSync = await active.query("SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%enabled'")
    for (const row of semiSync) await active.run(`SET GLOBAL ${String(row['Variable_name'])} = OFF`)
    await written
  }
}

/** The script that is printed now fails later with an error, before it changes anything. */
export async function expectStale(stage: Stage, script: string, before: Before, error: number): Promise<void> {
  const { passive } = stage.pair
  const run = await passive.client(script)
  expect(run.exitCode).toBe(1)
  expect(run.stderr).toContain(`ERROR ${error}`)
  expect(await settingsOf(passive)).toEqual(before.settings)
  await passive.run(`START ${words(passive).replica}`)
  await stage.caughtUp()
  await expectEqual(stage)
}

/** Plays every folder beside this file on each of its servers: README.md says what a folder is. */
import { describe, expect, test } from 'vitest'
import { describeWith } from '../support/servers/with.ts'
import { repairOf } from './binpoint.ts'
import type { Executed } from './binpoint.ts'
import { expectDifferent, expectHarm, expectHealed, expectRefused, expectStale, lookAt } from './checks.ts'
import type { Harm, Run, Scenario } from './scenario.ts'
import { readScenarios, scenarioKinds } from './scenario.ts'
import { openStage, serverKindOf } from './stage.ts'
import type { Stage } from './stage.ts'
import { play } from './story.ts'
import { startTraffic } from './writer.ts'

const scenarios = readScenarios(import.meta.dirname)

for (const kind of scenarioKinds) {
  describeWith(serverKindOf(kind), `scenarios on ${kind}`, () => {
    describe.each(scenarios.filter(({ runs }) => runs.some((run) => run.kind === kind)))('$name', (scenario) => {
      const runs = scenario.runs.filter((run) => run.kind === kind)
      test.each(runs.map((run) => [titleOf(run), run] as const))('%s', async (_title, run) => {
        expect.hasAssertions()
        await using stage = await openStage(scenario, kind)
        await play(stage, run, 'story')
        if ('stale' in run.expected) await isStale(stage, scenario, run, run.expected.stale)
        else await isRepaired(stage, scenario, run)
      })
    })
  })
}

function titleOf({ expected, variant, harm }: Run): string {
  const how = { idle: '', writing: ' while the active is written to', stopped: ' where the passive has stopped' }[variant]
  const byHand =
    harm === null ? '' : `; by hand, ${harm.kind === 'stops' ? `the ${harm.server} stops with ${harm.error}` : harm.kind}`
  if ('healed' in expected) return `is healed by ${expected.healed}${how}${byHand}`
  if ('refused' in expected) return `is refused: ${expected.refused.join(', ')}${how}${byHand}`
  if ('stale' in expected) return `the script fails with ${expected.stale}${byHand}`
  return `is done, and said to differ${how}${byHand}`
}

async function isRepaired(stage: Stage, scenario: Scenario, run: Run): Promise<void> {
  const { expected, harm } = run
  const before = await lookAt(stage)
  const repair = repairOf(scenario, stage)
  if ('refused' in expected) {
    await expectRefused(stage, before, await repair.execute(), expected.refused)
    if (harm !== null) await expectHarm(stage, run, before, harm)
    return
  }
  if (harm?.kind === 'heals nothing') await expectHarm(stage, run, before, harm)
  if ('healed' in expected) await expectHealed(stage, before, await executed(stage, run, repair.execute), expected.healed)
  else await expectDifferent(stage, before, await executed(stage, run, repair.execute))
  if (harm !== null && harm.kind !== 'heals nothing') await isHarmed(scenario, run, harm)
}

/** The repair by hand on a copy: the same story on other servers. */
async function isHarmed(scenario: Scenario, run: Run, harm: Harm): Promise<void> {
  await using copy = await openStage(scenario, run.kind)
  await play(copy, run, 'story')
  await expectHarm(copy, run, await lookAt(copy), harm)
}

/** With somebody who writes meanwhile, where the variant has it. */
async function executed(stage: Stage, { variant }: Run, execute: () => Promise<Executed>): Promise<Executed> {
  if (variant !== 'writing') return execute()
  await using traffic = await startTraffic(stage.pair.active)
  await expect.poll(traffic.rounds).toBeGreaterThan(5)
  const begun = traffic.rounds()
  const done = await execute()
  expect(traffic.rounds()).toBeGreaterThan(begun + 20)
  return done
}

async function isStale(stage: Stage, scenario: Scenario, run: Run, error: number): Promise<void> {
  const plan = await repairOf(scenario, stage).plan()
  expect(plan).toMatchObject({ status: 0, stderr: '' })
  await play(stage, run, 'planned')
  const before = await lookAt(stage)
  await expectStale(stage, plan.stdout, before, error)
  if (run.harm !== null) await expectHarm(stage, run, await lookAt(stage), run.harm)
}

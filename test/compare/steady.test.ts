/** The rule that tells a difference from a moment of replication, on values that are given by hand. */
import { expect, test } from 'vitest'
import type { Verdict } from '../../src/server/compare/steady.ts'
import { compareSteadily } from '../../src/server/compare/steady.ts'

interface Story {
  /** What each look shows, from 0 on; null: no row. */
  readonly source: (look: number) => string | null
  readonly replica: (round: number) => string | null
  readonly catchUp?: (round: number) => boolean
}

async function tell({ source, replica, catchUp = () => true }: Story): Promise<Verdict<string> & { readonly rounds: number }> {
  let looks = 0
  let rounds = 0
  const [verdict] = await compareSteadily<string>(1, {
    source: async () => [source(looks++)],
    replica: async () => [replica(rounds++)],
    hash: (row) => row,
    catchUp: async () => catchUp(rounds),
    signal: undefined,
  })
  if (verdict === undefined) throw new Error('no verdict')
  return { ...verdict, rounds }
}

test.each<readonly [name: string, story: Story, verdict: object]>([
  ['one value on both', { source: () => 'a', replica: () => 'a' }, { kind: 'equal', rounds: 1 }],
  ['no row on either', { source: () => null, replica: () => null }, { kind: 'equal', rounds: 1 }],
  ['no row on the replica', { source: () => 'a', replica: () => null }, { kind: 'different', source: 'a', replica: null }],
  ['a row on the replica alone', { source: () => null, replica: () => 'a' }, { kind: 'different', source: null, replica: 'a' }],
  ['another value', { source: () => 'a', replica: () => 'b' }, { kind: 'different', source: 'a', replica: 'b', rounds: 5 }],
  [
    'a value that came back, and that the replica has for most looks not',
    { source: () => 'a', replica: (round) => (round < 4 ? 'b' : 'a') },
    { kind: 'equal', rounds: 5 },
  ],
  [
    'wrong values that are not the same twice',
    { source: () => 'a', replica: (round) => `${round % 2}` },
    { kind: 'undecided', rounds: 25 },
  ],
  [
    'a replica that follows three looks behind',
    { source: (look) => `${look}`, replica: (round) => `${round === 0 ? -1 : round}` },
    { kind: 'equal', rounds: 2 },
  ],
  [
    'a source that never shows one value all the time',
    { source: (look) => `${look}`, replica: () => 'x' },
    { kind: 'undecided', rounds: 25 },
  ],
  [
    'a difference that a change of the source interrupts',
    { source: (look) => (look < 9 ? 'a' : 'c'), replica: () => 'b' },
    { kind: 'different', source: 'c', rounds: 8 },
  ],
  [
    'a replica that does not catch up',
    { source: () => 'a', replica: () => 'b', catchUp: (round) => round < 4 },
    { kind: 'undecided', rounds: 4 },
  ],
])('%s', async (_, story, verdict) => {
  expect(await tell(story)).toMatchObject(verdict)
})

/** Many inputs of all sorts, in rounds: each round has a seed of its own, which follows from the first one, so that it can be run again alone. */
import { readCorpus } from './corpus.ts'
import type { Failure } from './layers.ts'
import { makeLayers, shares } from './layers.ts'

export interface Round {
  readonly layer: string
  readonly seed: number
  readonly count: number
}

export interface Campaign {
  readonly rounds: readonly Round[]
  /** Of fast-check: leads to one input of the only round. */
  readonly path?: string | undefined
  readonly onRound?: (round: Round) => void
  readonly onInput?: () => void
}

const ROUND = 1000
/** Of the golden ratio: spreads the seeds of rounds over 31 bits. */
const STRIDE = 0x9e37_79b9

/** Rounds of all sorts, each by its share. */
export function planRounds(seed: number, count: number): readonly Round[] {
  const layers = Object.entries(shares).flatMap(([name, share]) => Array<string>(share).fill(name))
  const size = Math.max(1, Math.min(ROUND, Math.ceil(count / layers.length)))
  return Array.from({ length: Math.ceil(count / size) }, (_unused, i) => ({
    layer: layers[i % layers.length] ?? '',
    seed: (seed + Math.imul(i, STRIDE)) & 0x7fff_ffff,
    count: Math.min(size, count - i * size),
  }))
}

/** Null: everything holds. */
export async function runCampaign({ rounds, path, onRound, onInput }: Campaign): Promise<Failure | null> {
  const layers = makeLayers(readCorpus())
  for (const round of rounds) {
    onRound?.(round)
    const layer = layers.find(({ name }) => name === round.layer)
    if (layer === undefined) throw new Error(`there is no layer ${round.layer}`)
    const failure = await layer.run({ ...round, path, onInput: onInput ?? (() => undefined) })
    if (failure !== null) return failure
  }
  return null
}

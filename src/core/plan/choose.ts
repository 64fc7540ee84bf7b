/** Which strategy is safe here: the first of those that may be taken, in the order of how little they touch. */
import { BinpointError } from '../../errors.ts'
import type { Finding } from '../findings.ts'
import { acceptFindings } from './findings.ts'
import type { Considered, StrategyName } from './plan.ts'
import type { Situation } from './situation.ts'
import { apply } from './strategies/apply.ts'
import { coordinates } from './strategies/coordinates.ts'
import { gtidMariadb } from './strategies/gtidMariadb.ts'
import { gtidMysql } from './strategies/gtidMysql.ts'
import type { Strategy } from './strategies/strategy.ts'

export interface Choice {
  readonly strategy: Strategy
  /** Of the replay, and of the strategy, with what was accepted. */
  readonly findings: readonly Finding[]
  readonly considered: readonly Considered[]
}

function strategiesFor(situation: Situation): readonly Strategy[] {
  // The others need what no managed service allows.
  if (situation.dialect.managed !== undefined) return [coordinates]
  return [coordinates, ...(situation.dialect.family === 'mysql' ? [apply, gtidMysql] : [gtidMariadb])]
}

/** `shared`: what holds for a replay by any strategy. */
export function chooseStrategy(
  situation: Situation,
  asked: StrategyName | 'auto',
  shared: readonly Finding[],
  accepted: ReadonlySet<string>,
): Choice {
  const all = strategiesFor(situation).filter(({ name }) => asked === 'auto' || name === asked)
  const weighed = all.map((strategy) => ({
    strategy,
    own: acceptFindings(strategy.findings(situation), accepted),
  }))
  const isSafe = ({ own }: { readonly own: readonly Finding[] }): boolean => !own.some((f) => f.severity === 'blocking')
  // Where none is safe, the first one stands for all: its reasons, and those of the others.
  const chosen = weighed.find(isSafe) ?? weighed[0]
  if (chosen === undefined)
    throw new BinpointError('USAGE', `strategy ${asked} is not for ${situation.dialect.name}`, {
      hint: `take --strategy auto, or ${strategiesFor(situation)
        .map(({ name }) => name)
        .join(' or ')}`,
    })
  const considered = weighed
    .filter((one) => one !== chosen && !isSafe(one))
    .map(({ strategy, own }) => ({
      strategy: strategy.name,
      because: own.filter((f) => f.severity === 'blocking').map(({ code, message }) => ({ code, message })),
    }))
  return { strategy: chosen.strategy, findings: [...acceptFindings(shared, accepted), ...chosen.own], considered }
}

/** A way to repair, as far as a plan goes: whether it is safe here, and as what it is printed. Doing it is the executor's. */
import type { Finding } from '../../findings.ts'
import type { Step, Statement, StrategyName } from '../plan.ts'
import type { Situation } from '../situation.ts'

export interface Strategy {
  readonly name: StrategyName
  /** What speaks against it, or must be known of it; besides what holds for any replay. */
  readonly findings: (situation: Situation) => readonly Finding[]
  /** For people who run it by hand. Only called where nothing blocks. */
  readonly script: (situation: Situation) => PrintedPlan
}

export interface PrintedPlan {
  readonly steps: readonly Step[]
  /** Puts back what was there, as long as the replay has not begun. Empty when no replica was looked at. */
  readonly undo: readonly Statement[]
  /** Finishes what was broken off behind the first change. */
  readonly resume: readonly Statement[]
  /** Goes back to GTID positions when all is done, where the replica had followed them. */
  readonly afterwards: readonly Statement[]
  /** On a managed service: what ends the repair, once people have set the mode back. */
  readonly finish?: readonly Statement[]
}

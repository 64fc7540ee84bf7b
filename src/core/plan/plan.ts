/** A plan as data: what to run where, why, and what was found. Wording it is the renderer's, doing it the executor's. */
import type { Coordinate } from '../coordinate.ts'
import type { Finding, FindingCode } from '../findings.ts'
import type { Window } from './window.ts'

export type StrategyName = 'coordinates' | 'apply' | 'gtid'

export interface Step {
  readonly id: string
  readonly on: 'replica' | 'shell'
  /** One statement without its semicolon; of the shell, one command. */
  readonly sql: string
  readonly why: string
}

export interface Statement {
  readonly sql: string
}

export interface Plan {
  readonly strategy: StrategyName
  readonly dialect: string
  readonly source: string
  readonly restart: Coordinate
  readonly window: Window
  /** Empty when a finding blocks. */
  readonly steps: readonly Step[]
  /** Puts back what was there, as long as the replay has not begun. Empty when no replica was looked at. */
  readonly undo: readonly Statement[]
  /** Finishes the replay where the script was broken off behind CHANGE; see resumeSteps. Empty when a finding blocks. */
  readonly resume: readonly Statement[]
  /** Goes back to GTID positions when all is done, where the replica had followed them. */
  readonly afterwards: readonly Statement[]
  /** On a managed service: what ends the repair, once people have set the mode back. */
  readonly finish: readonly Statement[]
}

/** A strategy that was looked at and not taken, and why. */
export interface Considered {
  readonly strategy: StrategyName
  readonly because: readonly { readonly code: FindingCode; readonly message: string }[]
}

export interface RepairResult {
  /** Null: there is no coordinate to plan from. */
  readonly plan: Plan | null
  readonly findings: readonly Finding[]
  /** Strategies that come before the one that was taken, or all where none is safe. */
  readonly considered: readonly Considered[]
  /** The replica that the plan is for; null when only a dialect was given. */
  readonly replica: { readonly address: string; readonly serverId: number; readonly isRunning: boolean } | null
}

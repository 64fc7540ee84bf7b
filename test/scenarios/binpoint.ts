/** What a DBA types, in this process: `binpoint repair`, with an index and journals of its own. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { accounts } from '../support/servers/index.ts'
import type { Server } from '../support/servers/index.ts'
import { binpoint, temporaryFolder } from '../cli/run.ts'
import type { Outcome } from '../cli/run.ts'
import type { Scenario } from './scenario.ts'
import type { Stage } from './stage.ts'

export interface Repair {
  readonly plan: (...args: readonly string[]) => Promise<Outcome>
  readonly execute: () => Promise<Executed>
}

export interface Executed extends Outcome {
  readonly answer: Answer
}

/** As `--json` prints it. */
interface Answer {
  readonly plan: { readonly strategy: string; readonly steps: readonly unknown[] } | null
  readonly findings: readonly { readonly code: string; readonly severity: string; readonly message: string }[]
  readonly considered: readonly { readonly because: readonly { readonly code: string }[] }[]
  readonly executed: {
    readonly outcome: string
    readonly journal: string
    readonly proof: { readonly tables: readonly { readonly outcome: string }[] } | null
  } | null
}

/** The codes of all that is in the way of each strategy. */
export function blocking({ findings, considered }: Answer): readonly string[] {
  return [
    ...findings.filter(({ severity }) => severity === 'blocking').map(({ code }) => code),
    ...considered.flatMap(({ because }) => because.map(({ code }) => code)),
  ]
}

export function repairOf({ restart, repair }: Scenario, { pair, marks }: Stage): Repair {
  const folder = temporaryFolder()
  const divergence = marks.get('divergence')
  if (divergence === undefined) throw new Error('the story has no `-- @mark divergence`')
  const { seconds, position } = divergence
  const given = [
    'repair',
    ...(restart === 'time'
      ? ['--at', `@${seconds}`, '--skew', '0', '--margin', '0']
      : ['--from', `${position.file}:${position.position}`]),
    '--source',
    urlOf(pair.active),
    '--replica',
    urlOf(pair.passive),
    '--index',
    join(folder, 'index.sqlite'),
    '--quiet',
    '--wait',
    '60s',
    ...repair,
  ]
  const run = (args: readonly string[]): Promise<Outcome> =>
    binpoint([...given, ...args], { env: { BINPOINT_PASSWORD: accounts.admin.password }, nowUs: Date.now() * 1000, home: folder })
  return {
    plan: (...args) => run(args),
    execute: async () => {
      const outcome = await run(['--execute', '--yes', '--json'])
      if (outcome.stdout === '') throw new Error(`exit ${outcome.status}: ${outcome.stderr}`)
      const answer: Answer = JSON.parse(outcome.stdout)
      return { ...outcome, answer }
    },
  }
}

function urlOf({ host, port }: Server): string {
  return `mysql://${accounts.admin.user}@${host}:${port}`
}

/** The records of a journal. */
export function journalOf(path: string): readonly Readonly<Record<string, unknown>>[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
}

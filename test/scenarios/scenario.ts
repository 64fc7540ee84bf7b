/** What the folders say: a scenario is read and judged before any server is started. README.md has the format. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Server kinds, and the ways of replicating that are not a server's usual one. */
export const scenarioKinds = [
  'mysql-5.6',
  'mysql-9.7',
  'mysql-9.7-no-gtids',
  'mariadb-10.5',
  'mariadb-10.11',
  'mariadb-10.11-gtid',
  'mariadb-11.8',
] as const
export type ScenarioKind = (typeof scenarioKinds)[number]

/** `idle`: nobody writes after the story. `writing`: the active is written to, from before the plan until after the repair. */
const variants = ['idle', 'writing', 'stopped'] as const
export type Variant = (typeof variants)[number]

export type Expected =
  | { readonly healed: 'coordinates' | 'apply' | 'gtid' }
  | { readonly refused: readonly string[] }
  /** Done, and the proof says that data still differ. */
  | { readonly different: true }
  /** The script that is printed, run after the `planned` files, fails with this error and changes nothing. */
  | { readonly stale: number }

const servers = ['active', 'passive', 'third'] as const
export type ServerName = (typeof servers)[number]

/** What the repair by hand leads to. */
export type Harm =
  | { readonly kind: 'differs' | 'heals nothing' | 'source waits' }
  | { readonly kind: 'stops'; readonly server: ServerName; readonly error: number }
  | { readonly kind: 'not heard' }

export interface SqlFile {
  readonly phase: 'story' | 'planned' | 'by-hand'
  readonly server: ServerName
  readonly path: string
}

export interface Run {
  readonly kind: ScenarioKind
  readonly variant: Variant
  readonly expected: Expected
  readonly harm: Harm | null
  readonly files: readonly SqlFile[]
}

export interface Scenario {
  readonly name: string
  readonly description: string
  /** For both servers. */
  readonly serverOptions: readonly string[]
  /** Whether a third server replicates from the passive. */
  readonly third: boolean
  /** How the restart is given: the time of the mark `divergence`, or its coordinate. */
  readonly restart: 'time' | 'position'
  /** More options of `repair`. */
  readonly repair: readonly string[]
  readonly runs: readonly Run[]
}

/** Every folder beside this file that has a scenario.json. Throws where one is not as README.md says. */
export function readScenarios(folder: string): readonly Scenario[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'common')
    .map((entry) => readScenario(join(folder, entry.name)))
}

const keys = ['description', 'serverOptions', 'third', 'restart', 'repair', 'expected', 'byHand', 'variants']

function readScenario(folder: string): Scenario {
  const name = basename(folder)
  const text: unknown = JSON.parse(readFileSync(join(folder, 'scenario.json'), 'utf8'))
  const wrong = (what: string): Error => new Error(`test/scenarios/${name}/scenario.json: ${what}`)
  if (!isRecord(text)) throw wrong('not an object')
  for (const key of Object.keys(text)) if (!keys.includes(key)) throw wrong(`'${key}' is none of ${keys.join(', ')}`)
  const {
    description,
    serverOptions = [],
    third = false,
    restart = 'time',
    repair = [],
    expected,
    byHand = {},
    variants: more = {},
  } = text
  if (typeof description !== 'string') throw wrong('no description')
  if (!isList(serverOptions) || !isList(repair)) throw wrong('serverOptions and repair are lists of texts')
  if (typeof third !== 'boolean') throw wrong('third is true or false')
  if (restart !== 'time' && restart !== 'position') throw wrong("restart is 'time' or 'position'")
  if (!isRecord(expected) || !isRecord(byHand) || !isRecord(more)) throw wrong('expected, byHand and variants are objects')
  const byKind = Object.entries(expected).map(([kind, value]) => [kindOf(kind, wrong), expectedOf(value, wrong)] as const)
  for (const kind of Object.keys(byHand)) if (!(kind in expected)) throw wrong(`byHand has ${kind}, which is not expected`)
  for (const [variant, kinds] of Object.entries(more))
    if (!variants.some((known) => known === variant) || !isList(kinds) || kinds.some((kind) => !(kind in expected)))
      throw wrong(`variants: ${variant} is not a list of kinds that are expected`)
  const files = readdirSync(folder).toSorted()
  const runs = byKind.flatMap(([kind, outcome]) =>
    variants
      .filter((variant) => variant === 'idle' || (isList(more[variant]) && more[variant].includes(kind)))
      .map((variant) => ({
        kind,
        variant,
        expected: outcome,
        harm: variant === 'idle' ? harmOf(byHand[kind], wrong) : null,
        files: files.flatMap((file) => sqlFile(folder, file, kind, variant, wrong)),
      })),
  )
  return { name, description, serverOptions, third, restart, repair, runs }
}

type Wrong = (what: string) => Error

function kindOf(kind: string, wrong: Wrong): ScenarioKind {
  const found = scenarioKinds.find((known) => known === kind)
  if (found === undefined) throw wrong(`'${kind}' is none of ${scenarioKinds.join(', ')}`)
  return found
}

function expectedOf(value: unknown, wrong: Wrong): Expected {
  if (isRecord(value)) {
    const { healed, refused, different, stale } = value
    if (healed === 'coordinates' || healed === 'apply' || healed === 'gtid') return { healed }
    if (isList(refused) && refused.length > 0) return { refused }
    if (different === true) return { different }
    if (typeof stale === 'number') return { stale }
  }
  throw wrong(`not to be expected: ${JSON.stringify(value)}`)
}

function harmOf(value: unknown, wrong: Wrong): Harm | null {
  if (value === undefined) return null
  if (value === 'differs' || value === 'heals nothing' || value === 'source waits') return { kind: value }
  if (value === 'the passive is not heard') return { kind: 'not heard' }
  const [, server, error] = /^the (\w+) stops with (\d+)$/.exec(typeof value === 'string' ? value : '') ?? []
  return { kind: 'stops', server: serverOf(server, wrong), error: Number(error) }
}

function serverOf(name: string | undefined, wrong: Wrong): ServerName {
  const found = servers.find((known) => known === name)
  if (found === undefined) throw wrong(`'${name}' is none of ${servers.join(', ')}`)
  return found
}

const fileName = /^(?:(by-hand|planned)-)?\d\d-(\w+)(?:\.(.+))?\.sql$/

/** Nothing where the file is for others. */
function sqlFile(folder: string, file: string, kind: ScenarioKind, variant: Variant, wrong: Wrong): readonly SqlFile[] {
  if (file === 'scenario.json') return []
  const [whole, phase = 'story', server, only] = fileName.exec(file) ?? []
  if (whole === undefined) throw wrong(`the file ${file} is named as none`)
  const flavors = [kind.slice(0, kind.indexOf('-')), kind, variant]
  const known = [...scenarioKinds, ...variants, 'mysql', 'mariadb']
  if (only !== undefined && !known.some((one) => one === only))
    throw wrong(`the file ${file} is for '${only}', which is none of ${known.join(', ')}`)
  if (only !== undefined && !flavors.includes(only)) return []
  return [
    {
      phase: phase === 'by-hand' || phase === 'planned' ? phase : 'story',
      server: serverOf(server, wrong),
      path: join(folder, file),
    },
  ]
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

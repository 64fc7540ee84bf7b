/**
 * The journal of a repair that is being executed: one JSON record a line, beside the index, on disk before anything is done that it tells
 * of. A run that was killed is gone on with from it: what was noted in an earlier run is not asked again, as the replica may have moved
 * since by the repair itself. It holds no account and no password.
 */
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Coordinate } from '../../core/coordinate.ts'
import type { ReplicaIdentity } from '../../core/plan/dialect.ts'
import type { StrategyName } from '../../core/plan/plan.ts'
import { BinpointError } from '../../errors.ts'

/** What a later run must know to go on. */
export interface JournalHead {
  readonly replica: ReplicaIdentity
  readonly address: string
  readonly channel: string
  /** The name of the source's log. */
  readonly source: string
  readonly strategy: StrategyName
  readonly dialect: string
  readonly restart: Coordinate
  /** What was accepted by name. */
  readonly accept: readonly string[]
}

export type JournalOutcome = 'done' | 'undone'

export interface Journal extends Disposable {
  readonly path: string
  readonly head: JournalHead
  /** True when an earlier run began it. */
  readonly isResumed: boolean
  /** What was noted under that name; undefined: nothing. */
  readonly noted: (name: string) => unknown
  readonly note: (name: string, value: unknown) => void
  /** A statement that is about to run, or what came of it. */
  readonly statement: (record: {
    readonly step: string
    readonly sql: string
    readonly result?: string
    readonly ms?: number
  }) => void
  readonly end: (outcome: JournalOutcome) => void
}

interface JournalRecord {
  readonly record: string
  readonly [key: string]: unknown
}

/** Begins a journal in the folder. Throws JOURNAL. */
export function beginJournal(folder: string, head: JournalHead, nowUs: number): Journal {
  const stamp = new Date(nowUs / 1000).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const path = join(folder, `${prefixOf(head.replica, head.channel)}${stamp}.jsonl`)
  const journal = opened(path, 'ax', head, new Map(), false)
  journal.append({ record: 'begin', ...head })
  return journal
}

/** Goes on with one. Throws JOURNAL: it cannot be read, or has ended. */
export function resumeJournal(path: string): Journal {
  const { head, notes, outcome } = readJournal(path)
  if (outcome !== null) throw broken(path, `it has ended: the repair is ${outcome}`)
  const journal = opened(path, 'a', head, notes, true)
  journal.append({ record: 'resume' })
  return journal
}

/** The path of the journal in the folder that has not ended, for this replica; null: there is none. */
export function openJournalOf(folder: string, replica: ReplicaIdentity, channel: string): string | null {
  const prefix = prefixOf(replica, channel)
  let names: readonly string[] = []
  try {
    names = readdirSync(folder)
  } catch {
    return null
  }
  const paths = names.filter((name) => name.startsWith(prefix) && name.endsWith('.jsonl')).map((name) => join(folder, name))
  return paths.toSorted().findLast((path) => isOpen(path)) ?? null
}

function isOpen(path: string): boolean {
  try {
    return readJournal(path).outcome === null
  } catch {
    return false // killed before its first record was whole: nothing had been done
  }
}

function prefixOf({ serverUuid, serverId, hostname, port }: ReplicaIdentity, channel: string): string {
  const server = serverUuid ?? `${serverId}-${hostname}-${port}`
  const name = channel === '' ? server : `${server}-${Buffer.from(channel).toString('hex')}`
  return `repair-${name.replaceAll(/[^\w.-]/g, '_')}-`
}

interface ReadJournal {
  readonly head: JournalHead
  readonly notes: Map<string, unknown>
  readonly outcome: JournalOutcome | null
}

/** The last line of a killed run may be torn. */
function readJournal(path: string): ReadJournal {
  let head: JournalHead | null = null
  let outcome: JournalOutcome | null = null
  const notes = new Map<string, unknown>()
  for (const line of textOf(path).split('\n')) {
    const record = recordOf(line)
    if (record?.record === 'begin') head = record as unknown as JournalHead
    else if (record?.record === 'note') notes.set(String(record['name']), record['value'])
    else if (record?.record === 'end') outcome = record['outcome'] as JournalOutcome
  }
  if (head === null) throw broken(path, 'it is no journal of a repair')
  return { head, notes, outcome }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw broken(path, 'it cannot be read', cause)
  }
}

function recordOf(line: string): JournalRecord | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'record' in value ? (value as JournalRecord) : null
  } catch {
    return null
  }
}

function opened(
  path: string,
  flags: 'a' | 'ax',
  head: JournalHead,
  notes: Map<string, unknown>,
  isResumed: boolean,
): Journal & { readonly append: (record: JournalRecord) => void } {
  let file: number
  try {
    file = openSync(path, flags, 0o600)
  } catch (cause) {
    throw broken(path, 'it cannot be written', cause)
  }
  const append = (record: JournalRecord): void => {
    try {
      // A line of its own, also behind a torn one.
      writeSync(file, `\n${JSON.stringify({ at: new Date().toISOString(), ...record })}\n`)
      fsyncSync(file)
    } catch (cause) {
      throw broken(path, 'it cannot be written', cause)
    }
  }
  return {
    path,
    head,
    isResumed,
    append,
    noted: (name) => notes.get(name),
    note: (name, value) => {
      append({ record: 'note', name, value })
      notes.set(name, value)
    },
    statement: (statement) => append({ record: 'statement', ...statement }),
    end: (outcome) => append({ record: 'end', outcome }),
    [Symbol.dispose]: () => closeSync(file),
  }
}

function broken(path: string, why: string, cause?: unknown): BinpointError {
  return new BinpointError('JOURNAL', `the journal ${path}: ${why}`, {
    hint: 'a repair is only executed with a journal that tells how to go on and how to undo',
    cause,
  })
}

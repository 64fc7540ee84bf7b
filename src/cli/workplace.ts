/** What most commands need first: the index file, and a source whose index is fresh. */
import { isAbsolute, join, resolve } from 'node:path'
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { LogSource, ServerAddress } from '../core/ports.ts'
import { parseDuration } from '../core/time/duration.ts'
import type { TimeContext } from '../core/time/parse.ts'
import type { IndexReport } from '../app/index.ts'
import { buildIndex } from '../app/index.ts'
import { at } from '../app/at.ts'
import type { FileOfTime } from '../app/fileOfTime.ts'
import type { Need } from '../app/reach.ts'
import { reaches } from '../app/reach.ts'
import type { AtAnswer } from '../core/answer.ts'
import { BinpointError } from '../errors.ts'
import type { SourceSpec } from '../source/open.ts'
import { nameOf, openSource } from '../source/open.ts'
import { openStore } from '../store/store.ts'
import type { Arguments } from './command.ts'
import { isSet, textOf } from './command.ts'
import { createProgress } from './progress.ts'
import type { Shell } from './shell.ts'
import { isServerText, sourceSpec } from './spec.ts'

export function indexPath(args: Arguments, shell: Shell): string {
  const given = textOf(args, 'index') ?? shell.env['BINPOINT_INDEX']
  if (given !== undefined && given !== '') return given === ':memory:' ? given : resolve(given)
  return defaultIndexPath(shell)
}

export function defaultIndexPath(shell: Shell): string {
  const state = shell.env['XDG_STATE_HOME'] ?? ''
  return join(isAbsolute(state) ? state : join(shell.home, '.local', 'state'), 'binpoint', 'index.sqlite')
}

export function openIndex(args: Arguments, shell: Shell): IndexStore {
  return openStore(indexPath(args, shell))
}

export function timeContext(args: Arguments, shell: Shell): TimeContext {
  return { zone: textOf(args, 'tz'), nowUs: shell.nowUs() }
}

export function timeoutMs(args: Arguments): number {
  return parseDuration(textOf(args, 'timeout') ?? '30s') / 1000
}

/**
 * The source that is meant: `--source`, or the only one that the index has. A text that is the name of an indexed source
 * names the same thing as the SOURCE it came from.
 */
export async function sourceOf(args: Arguments, shell: Shell, store: IndexStore): Promise<LogSource> {
  return openSource(await specOf(args, shell, store), { timeoutMs: timeoutMs(args) })
}

/** Where the source is asked what its log does not say; null: it is files. */
export async function sourceAddress(args: Arguments, shell: Shell, store: IndexStore): Promise<ServerAddress | null> {
  const spec = await specOf(args, shell, store)
  return spec.kind === 'server' ? spec.address : null
}

/** The log of that source as the index has it, for `--offline`: the source is left alone, and need not be there. */
export async function indexedLog(args: Arguments, shell: Shell, store: IndexStore): Promise<LogRow> {
  const text = textOf(args, 'source') ?? onlySource(store)
  const name = store.currentLog(text) === null ? nameOf(await specOf(args, shell, store)) : text
  const log = store.currentLog(name)
  if (log !== null) return log
  const known = store.sources()
  throw new BinpointError('INDEX_UNKNOWN_SOURCE', `the index ${store.path} has nothing of ${name}`, {
    hint: known.length === 0 ? `run binpoint index ${name}` : `it has: ${known.join(', ')}`,
  })
}

async function specOf(args: Arguments, shell: Shell, store: IndexStore): Promise<SourceSpec> {
  const texts = [textOf(args, 'source')].filter((text) => text !== undefined)
  if (texts.length === 0) texts.push(onlySource(store))
  const [text = ''] = texts
  const paths = isServerText(text) ? [text] : text.split(':').every((part) => part.startsWith('/')) ? text.split(':') : [text]
  return sourceSpec(paths, args, shell)
}

function onlySource(store: IndexStore): string {
  const [only, ...others] = store.sources()
  if (only === undefined) {
    throw new BinpointError('USAGE', `no --source is given, and the index ${store.path} has none`, {
      hint: 'add --source mysql://user@host:port, or --source with a directory of binlog files',
    })
  }
  if (others.length > 0) {
    throw new BinpointError('USAGE', `no --source is given, and the index ${store.path} has several`, {
      hint: `add one of: ${[only, ...others].map((name) => `--source ${name}`).join(', ')}`,
    })
  }
  return only
}

/** How often a refresh is tried again when another process writes to the same index. */
const BUSY_TRIES = 5

/** An index that reaches as far as an answer needs. */
export interface FreshIndex {
  readonly store: IndexStore
  readonly log: LogRow
  /** It reaches to the end of the source's log. */
  readonly isWhole: boolean
  /** It was made now, for a time: with the file that was chosen, and why. */
  readonly chosen: FileOfTime | null
}

/**
 * Brings the index of a source up to what an answer needs. One that is made now begins where the answer needs it, as a server may have
 * thousands of files; one that is there and does not reach so far is left as it is, and the answer has one of its own, in memory.
 */
export async function refresh(
  store: IndexStore,
  source: LogSource,
  need: Need,
  args: Arguments,
  shell: Shell,
  open: AsyncDisposableStack,
): Promise<FreshIndex> {
  for (let tries = 1; ; tries++) {
    const known = store.currentLog(source.name)
    const enough = known === null || (await reaches(store, known, source, need)) ? store : open.use(openStore(':memory:'))
    try {
      const index = await build(enough, source, need, args, shell)
      // Another process may have begun the index meanwhile, where its own answer needed it.
      if (enough !== store || index.outcome !== 'resumed' || index.log.id === known?.id) return index
    } catch (error) {
      if (!(error instanceof BinpointError) || error.code !== 'INDEX_BUSY' || tries === BUSY_TRIES) throw error
    }
  }
}

interface BuiltIndex extends FreshIndex {
  readonly outcome: IndexReport['outcome']
}

async function build(store: IndexStore, source: LogSource, need: Need, args: Arguments, shell: Shell): Promise<BuiltIndex> {
  const from = need === 'all' ? 'oldest' : 'file' in need ? { file: need.file, position: FIRST_POSITION } : need
  const progress = await createProgress(args, shell)
  try {
    const { log, outcome, replacedBecause, isWhole, chosen } = await buildIndex({
      store,
      source,
      from,
      passedUs: need !== 'all' && 'timeUs' in need ? need.untilUs : undefined,
      signal: shell.signal,
      onProgress: progress.update,
    })
    // An index that an interrupt left half-way must not answer: it would take its end for that of the log.
    shell.signal.throwIfAborted()
    if (replacedBecause !== null)
      note(`binpoint: ${source.name} has another log than was indexed: ${replacedBecause}`, args, shell)
    return { store, log, outcome, isWhole, chosen }
  } finally {
    progress.stop()
  }
}

export interface AskedTime {
  readonly timeUs: number
  readonly marginUs: number | null
  readonly skewUs: number
}

/** Answers to times, from as much of the log as they need. `need`: of all of them. */
export async function openAnswers(
  known: IndexStore,
  source: LogSource,
  need: Need,
  args: Arguments,
  shell: Shell,
  open: AsyncDisposableStack,
): Promise<(asked: AskedTime) => Promise<AtAnswer>> {
  let index = await refresh(known, source, need, args, shell, open)
  return async (asked) => {
    let answer = await at({ ...index, ...asked, source, nowUs: shell.nowUs() })
    if (!index.isWhole && answer.latest === null && answer.outcome !== 'before-first') {
      // The clock had passed the time, but no transaction says so: one behind may.
      const { chosen } = index
      const whole = await refresh(index.store, source, { timeUs: asked.timeUs - asked.skewUs }, args, shell, open)
      index = { ...whole, chosen: whole.chosen ?? chosen }
      answer = await at({ ...index, ...asked, source, nowUs: shell.nowUs() })
    }
    return withChoice(answer, index.chosen)
  }
}

function withChoice(answer: AtAnswer, chosen: FileOfTime | null): AtAnswer {
  if (chosen === null) return answer
  const { file, bound, headsRead, files } = chosen
  return {
    ...answer,
    read: { from: file.name, provenBy: bound?.kind ?? null, provenUs: bound?.notAfterUs ?? null, headsRead, files },
  }
}

/** A file that the source does not have is looked for in all that it has. */
export async function needOf(coordinate: Coordinate, source: LogSource): Promise<Need> {
  return (await source.listFiles()).some((file) => file.name === coordinate.file) ? coordinate : 'all'
}

export function note(text: string, args: Arguments, shell: Shell): void {
  if (!isSet(args, 'quiet')) shell.stderr(`${text}\n`)
}

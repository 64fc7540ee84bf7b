/** What most commands need first: the index file, and a source whose index is fresh. */
import { isAbsolute, join, resolve } from 'node:path'
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { LogSource } from '../core/ports.ts'
import { parseDuration } from '../core/time/duration.ts'
import type { TimeContext } from '../core/time/parse.ts'
import { buildIndex } from '../app/index.ts'
import type { Need } from '../app/reach.ts'
import { reachesBack } from '../app/reach.ts'
import { BinpointError } from '../errors.ts'
import { openSource } from '../source/open.ts'
import { openStore } from '../store/store.ts'
import type { Arguments } from './command.ts'
import { isSet, textOf } from './command.ts'
import { createProgress } from './progress.ts'
import type { Shell } from './shell.ts'
import { isServerText, sourceSpec } from './spec.ts'

export function indexPath(args: Arguments, shell: Shell): string {
  const given = textOf(args, 'index') ?? shell.env['BINPOINT_INDEX']
  if (given !== undefined && given !== '') return given === ':memory:' ? given : resolve(given)
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
  const texts = [textOf(args, 'source')].filter((text) => text !== undefined)
  if (texts.length === 0) texts.push(onlySource(store))
  const [text = ''] = texts
  const paths = isServerText(text) ? [text] : text.split(':').every((part) => part.startsWith('/')) ? text.split(':') : [text]
  return openSource(await sourceSpec(paths, args, shell), { timeoutMs: timeoutMs(args) })
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

/** An index that reaches to the end of the source's log. */
export interface FreshIndex {
  readonly store: IndexStore
  readonly log: LogRow
}

/**
 * Brings the index of a source up to the end of its log. One that is made now begins where the answer needs it, as a server may have
 * thousands of files; one that is there and does not reach back so far is left as it is, and the answer has one of its own, in memory.
 */
export async function refresh(
  store: IndexStore,
  source: LogSource,
  need: Need,
  args: Arguments,
  shell: Shell,
  open: AsyncDisposableStack,
): Promise<FreshIndex> {
  const known = store.currentLog(source.name)
  const enough = known === null || (await reachesBack(store, known, source, need)) ? store : open.use(openStore(':memory:'))
  return { store: enough, log: await build(enough, source, need, args, shell) }
}

async function build(store: IndexStore, source: LogSource, need: Need, args: Arguments, shell: Shell): Promise<LogRow> {
  const from = need === 'all' ? 'oldest' : 'file' in need ? { file: need.file, position: FIRST_POSITION } : need
  for (let tries = 1; ; tries++) {
    const progress = await createProgress(args, shell)
    try {
      const { log, replacedBecause } = await buildIndex({
        store,
        source,
        from,
        signal: shell.signal,
        onProgress: progress.update,
      })
      // An index that an interrupt left half-way must not answer: it would take its end for that of the log.
      shell.signal.throwIfAborted()
      if (replacedBecause !== null)
        note(`binpoint: ${source.name} has another log than was indexed: ${replacedBecause}`, args, shell)
      return log
    } catch (error) {
      if (!(error instanceof BinpointError) || error.code !== 'INDEX_BUSY' || tries === BUSY_TRIES) throw error
    } finally {
      progress.stop()
    }
  }
}

/** A file that the source does not have is looked for in all that it has. */
export async function needOf(
  what: { readonly coordinate: Coordinate } | { readonly gtid: string },
  source: LogSource,
): Promise<Need> {
  if (!('coordinate' in what)) return 'all'
  const { coordinate } = what
  return (await source.listFiles()).some((file) => file.name === coordinate.file) ? coordinate : 'all'
}

/** The log as the index has it, for `--offline`. */
export function indexedLog(store: IndexStore, name: string): LogRow {
  const log = store.currentLog(name)
  if (log !== null) return log
  const known = store.sources()
  throw new BinpointError('INDEX_UNKNOWN_SOURCE', `the index ${store.path} has nothing of ${name}`, {
    hint: known.length === 0 ? `run binpoint index ${name}` : `it has: ${known.join(', ')}`,
  })
}

export function note(text: string, args: Arguments, shell: Shell): void {
  if (!isSet(args, 'quiet')) shell.stderr(`${text}\n`)
}

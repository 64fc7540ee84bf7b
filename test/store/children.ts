/** Processes of their own that index, and what an index says in the end. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { openStore } from '../../src/store/store.ts'

const root = join(import.meta.dirname, '../..')

export interface Ended {
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface Child {
  readonly process: ChildProcess
  /** It has opened the index and begins to read. */
  readonly reading: Promise<unknown>
  readonly ended: Promise<Ended>
}

/** Indexes as child.ts says. */
export function startChild(folder: string, index: string, block: number): Child {
  return start(process.execPath, [join(import.meta.dirname, 'child.ts'), folder, index, String(block)])
}

/** Runs the command line, as a shell would after `ulimit -f`: no file may grow beyond so many kilobytes. */
export function runLimited(kilobytes: number, args: readonly string[]): Promise<Ended> {
  const command = ['-c', `ulimit -f ${kilobytes}; exec "$@"`, 'bash', process.execPath, join(root, 'src/bin.ts'), ...args]
  return start('bash', command).ended
}

export function runCommand(args: readonly string[], options: { uid?: number } = {}): Promise<Ended> {
  return start(process.execPath, [join(root, 'src/bin.ts'), ...args], options).ended
}

/** All that the index says of the current log of a source. */
export function dumpOf(index: string, source: string): unknown {
  using store = openStore(index)
  const log = store.currentLog(source)
  return log === null ? null : store.dump(log)
}

function start(program: string, args: readonly string[], options: { uid?: number } = {}): Child {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = once(child, 'close').then(([status, signal]) => ({
    status: status as number | null,
    signal: signal as string | null,
    stdout,
    stderr,
  }))
  return { process: child, reading: Promise.race([once(child.stdout, 'data'), ended]), ended }
}

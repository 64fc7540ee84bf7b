/** Whole processes: how long one takes from its start to its end, and how much memory ours had at most. */
import { spawn } from 'node:child_process'
import type { SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export interface Command {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const program = fileURLToPath(new URL('../dist/bin.js', import.meta.url))

/** `binpoint …`, as it is published, on the Node.js that runs this. */
export function binpoint(...args: readonly string[]): Command {
  return { command: process.execPath, args: [program, ...args] }
}

/** Seconds that the process took. What it prints goes nowhere. Throws when it does not exit with 0. */
export async function secondsOf(command: Command): Promise<number> {
  const startedMs = performance.now()
  await finish(command, { stdio: ['ignore', 'ignore', 'pipe'] })
  return (performance.now() - startedMs) / 1000
}

/** What the process prints. */
export async function outputOf(command: Command): Promise<string> {
  return (await finish(command, { stdio: ['ignore', 'pipe', 'pipe'] }))[1] ?? ''
}

/** Most bytes that a Node.js process had resident, as the kernel counts them (VmHWM). Not in a counted run: it adds a module. */
export async function peakOf({ command, args }: Command): Promise<number> {
  const pipes = await finish(
    { command, args: ['--import', reportPeak, ...args] },
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  )
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(pipes[3] ?? '')?.[1]
  if (kilobytes === undefined) throw new Error('the kernel does not say what a process had resident')
  return Number(kilobytes) * 1024
}

const reportPeak = `data:text/javascript,${encodeURIComponent(
  `import { readFileSync, writeSync } from 'node:fs'
   process.on('exit', () => writeSync(3, readFileSync('/proc/self/status')))`,
)}`

/** What came out of the pipes, by their numbers. */
async function finish({ command, args, env = {} }: Command, options: SpawnOptions): Promise<string[]> {
  const child = spawn(command, args, { ...options, env: { ...process.env, TZ: 'UTC', ...env } })
  const pipes: string[] = []
  for (const [i, stream] of child.stdio.entries()) {
    pipes[i] = ''
    const pipe = stream as Readable | null
    pipe?.setEncoding('utf8').on('data', (chunk: string) => (pipes[i] += chunk))
  }
  const [status] = (await once(child, 'close')) as [number | null]
  if (status === 0) return pipes
  throw new Error(`${command} ${args.join(' ')} ended with ${status ?? 'a signal'}: ${pipes[2] ?? ''}`)
}

/**
 * Runs a server process on a prepared folder and waits until it answers. Whoever launches must end it: `kill` and `shutDown` return
 * when the process is gone.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { program } from './cache.ts'
import { recipes } from './catalog.ts'
import type { ServerKind } from './catalog.ts'
import { baseOptions } from './options.ts'

const patienceMs = 60_000

export interface Launched {
  readonly pid: number
  readonly socket: string
  /** False once the process is gone, whoever ended it. */
  isRunning(): boolean
  /** A clean shutdown, as by an init script. */
  shutDown(): Promise<void>
  /** As by a power cut. */
  kill(): Promise<void>
}

/** The data directory is `folder`/data; log, socket and temporary files go beside it. Later options win over earlier ones. */
export async function launch(
  kind: ServerKind,
  folder: string,
  options: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Launched> {
  const server = program(kind, 'server')
  const tmp = join(folder, 'tmp')
  const socket = join(folder, 'socket')
  const log = join(folder, 'log')
  mkdirSync(tmp, { recursive: true })
  const output = openSync(log, 'a')
  const child = spawn(
    server.command,
    [
      ...server.args,
      ...baseOptions(recipes[kind], { data: join(folder, 'data'), tmp }),
      `--socket=${socket}`,
      `--pid-file=${join(folder, 'pid')}`,
      ...options,
    ],
    { env: { ...process.env, TZ: 'UTC', ...server.env, ...env }, stdio: ['ignore', output, output], cwd: folder },
  )
  closeSync(output)
  const running = await processOf(child, socket)
  try {
    await waitUntilReady(running, log)
    return running
  } catch (error) {
    await running.kill()
    throw error
  }
}

async function processOf(child: ChildProcess, socket: string): Promise<Launched> {
  await once(child, 'spawn')
  const { pid } = child
  if (pid === undefined) throw new Error('a process without an id')
  const ended = once(child, 'exit')
  // A forgotten server must not keep a test process alive: its watchdog ends it.
  child.unref()
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.ref()
    if (isRunning()) child.kill(signal)
    await ended
  }
  return { pid, socket, isRunning, shutDown: () => end('SIGTERM'), kill: () => end('SIGKILL') }
}

async function waitUntilReady(server: Launched, log: string): Promise<void> {
  const giveUpAt = Date.now() + patienceMs
  for (;;) {
    if (!server.isRunning()) throw new Error(`the server ended while starting: ${lastErrors(log)}`)
    if (existsSync(server.socket) && (await answers(server.socket))) return
    if (Date.now() > giveUpAt) throw new Error(`the server did not answer within ${patienceMs / 1000} s: ${lastErrors(log)}`)
    await sleep(20)
  }
}

async function answers(socketPath: string): Promise<boolean> {
  try {
    const connection = await createConnection({ socketPath, user: 'root' })
    await connection.end()
    return true
  } catch {
    return false
  }
}

function lastErrors(log: string): string {
  const lines = readFileSync(log, 'utf8').trim().split('\n')
  const errors = lines.filter((line) => /error/i.test(line))
  return (errors.length > 0 ? errors : lines).slice(-4).join(' | ')
}

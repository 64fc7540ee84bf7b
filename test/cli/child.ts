/** Runs the command line as a process of its own: real signals, pipes and exit statuses. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { root } from './run.ts'
import type { Outcome } from './run.ts'

export interface Running {
  readonly child: ChildProcess
  /** What it has said so far. */
  readonly said: { stdout: string; stderr: string }
  /** Its exit status, or 128 and the signal's number as a shell gives it, once its output is complete. */
  readonly ended: Promise<Outcome>
}

/** `env`: nothing else is taken over from here but the path. */
export function startBinpoint(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [join(root, 'src/bin.ts'), ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent/home', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()))
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ status: code ?? (signal === 'SIGKILL' ? 137 : 128), ...said }))
  })
  return { child, said, ended }
}

export function runBinpoint(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return startBinpoint(args, env).ended
}

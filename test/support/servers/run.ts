/** Runs a program to its end and gives what it wrote. */
import { spawn } from 'node:child_process'

export interface RunOptions {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export interface RunResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Throws, with the last lines of what it said, when the program does not exit with 0. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await runAnyway(command, args, options)
  if (result.exitCode === 0) return result
  const said = `${result.stderr}\n${result.stdout}`.trim().split('\n').slice(-5).join(' | ')
  throw new Error(`${command} ${args.slice(0, 4).join(' ')} ended with ${result.exitCode ?? 'a signal'}: ${said}`)
}

/** Any exit status is a result. Rejects only when the program cannot be started. */
export function runAnyway(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.on('error', reject)
    child.on('close', (exitCode) => {
      resolve({ exitCode, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() })
    })
    // A program may end before it has read all (EPIPE): its exit status tells.
    child.stdin.on('error', () => {})
    child.stdin.end(options.stdin ?? '')
  })
}

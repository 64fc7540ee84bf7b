/** Binds the shell to this process. The only file that touches `process`, besides bin.ts. */
import { homedir } from 'node:os'
import { main } from './main.ts'
import type { Shell } from './shell.ts'
import { Exit } from './shell.ts'

export async function run(): Promise<number> {
  const interrupted = new AbortController()
  const interrupt = (): void => {
    // The second one ends the process at once, as usual.
    process.removeListener('SIGINT', interrupt)
    process.removeListener('SIGTERM', interrupt)
    interrupted.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  // A reader that has had enough (`| head`) is no failure.
  let isPipeClosed = false
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    isPipeClosed = true
    interrupted.abort()
  })
  const shell: Shell = {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    stdin: readLines,
    env: process.env,
    home: homedir(),
    nowUs: () => Date.now() * 1000,
    stdoutIsTerminal: process.stdout.isTTY === true,
    stderrIsTerminal: process.stderr.isTTY === true,
    askPassword: (prompt) => askPassword(prompt, interrupt),
    ask: (prompt) => ask(prompt, interrupted.signal),
    signal: interrupted.signal,
  }
  const status = await main(process.argv.slice(2), shell)
  process.removeListener('SIGINT', interrupt)
  process.removeListener('SIGTERM', interrupt)
  if (isPipeClosed) return Exit.OK
  return status
}

async function* readLines(): AsyncGenerator<string> {
  const { createInterface } = await import('node:readline')
  yield* createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
}

async function ask(prompt: string, signal: AbortSignal): Promise<string> {
  const { createInterface } = await import('node:readline/promises')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await terminal.question(prompt, { signal })
  } finally {
    terminal.close()
  }
}

/** Reads a line from the terminal without showing it; Ctrl-C interrupts as it does elsewhere. */
function askPassword(prompt: string, interrupt: () => void): Promise<string> {
  process.stderr.write(prompt)
  const { stdin } = process
  stdin.setRawMode?.(true)
  return new Promise((resolve, reject) => {
    let typed = ''
    const end = (isInterrupted: boolean): void => {
      stdin.setRawMode?.(false)
      stdin.removeListener('data', take)
      stdin.pause()
      process.stderr.write('\n')
      if (!isInterrupted) return resolve(typed)
      interrupt()
      return reject(new Error('interrupted'))
    }
    const take = (chunk: Buffer): void => {
      for (const character of chunk.toString('utf8')) {
        if (character === '\u0003') return end(true)
        if (character === '\r' || character === '\n' || character === '\u0004') return end(false)
        typed = character === '\u007f' ? typed.slice(0, -1) : typed + character
      }
      return undefined
    }
    stdin.on('data', take)
    stdin.once('end', () => end(false))
  })
}

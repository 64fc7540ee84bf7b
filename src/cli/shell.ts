/** What a command may use of the outside: everything that a process has, as a value, so that a test can be one too. */
export interface Shell {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** Lines of standard input. */
  readonly stdin: () => AsyncIterable<string>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly nowUs: () => number
  readonly stdoutIsTerminal: boolean
  readonly stderrIsTerminal: boolean
  /** Asks on the terminal without echo. */
  readonly askPassword: (prompt: string) => Promise<string>
  /** Asks on the terminal, and reads a line. */
  readonly ask: (prompt: string) => Promise<string>
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
}

export const Exit = {
  OK: 0,
  /** Ran correctly, but there is no safe answer. */
  NO: 1,
  FAILED: 2,
  USAGE: 64,
  BUG: 70,
  INTERRUPTED: 130,
} as const

export type ExitStatus = (typeof Exit)[keyof typeof Exit]

/** What `-` becomes where a command reads standard input. */
export const STANDARD_INPUT = '/dev/stdin'

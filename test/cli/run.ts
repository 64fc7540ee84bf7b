/** Runs the command line in this process, with a shell of its own: no terminal, no environment, an index of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { main } from '../../src/cli/main.ts'
import type { Shell } from '../../src/cli/shell.ts'

export const root: string = join(import.meta.dirname, '../..')
export const fixtures: string = join(root, 'fixtures')

/** 2026-11-30T12:00:00Z: after all fixtures were made. */
export const NOW_US: number = Date.UTC(2026, 10, 30, 12) * 1000

export interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface Surroundings {
  readonly stdin?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly home?: string
  readonly password?: string
  /** In place of `password`. */
  readonly askPassword?: Shell['askPassword']
  readonly signal?: AbortSignal
  readonly isTerminal?: boolean
  /** NOW_US unless given. */
  readonly nowUs?: number
  readonly onStdout?: (text: string) => void
}

export async function binpoint(args: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  const out = { stdout: '', stderr: '' }
  const shell: Shell = {
    stdout: (text) => {
      out.stdout += text
      surroundings.onStdout?.(text)
    },
    stderr: (text) => {
      out.stderr += text
    },
    async *stdin() {
      yield* surroundings.stdin ?? []
    },
    env: surroundings.env ?? {},
    home: surroundings.home ?? '/nonexistent/home',
    nowUs: () => surroundings.nowUs ?? NOW_US,
    stdoutIsTerminal: surroundings.isTerminal === true,
    stderrIsTerminal: false,
    askPassword: surroundings.askPassword ?? (() => Promise.resolve(surroundings.password ?? '')),
    ask: () => Promise.reject(new Error('nobody is asked')),
    signal: surroundings.signal ?? new AbortController().signal,
  }
  const status = await main(args, shell)
  return { status, ...out }
}

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'binpoint-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The path of an index that is not there yet, and goes with the test. */
export function freshIndex(): string {
  return join(temporaryFolder(), 'index.sqlite')
}

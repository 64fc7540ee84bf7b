/** A command: its words for yargs, and what it does. */
import type { Options } from 'yargs'
import type { OptionGroup } from './options.ts'
import type { ExitStatus, Shell } from './shell.ts'

export type Arguments = Readonly<Record<string, unknown>>

/** What the list of commands needs; the rest is loaded when the command is the one that was typed. */
export interface CommandEntry {
  /** For yargs: the name and its positionals. */
  readonly usage: string
  /** One line for the list of commands. */
  readonly summary: string
  readonly load: () => Promise<Command>
}

export interface Command {
  /** For `--help`: what it does, and its exit statuses where they are special. */
  readonly description: string
  /** Command lines, one a line. */
  readonly examples: readonly string[]
  /** What each positional is. */
  readonly positionals: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, Options>>
  /** Which common options it has. */
  readonly uses: readonly OptionGroup[]
  readonly run: (args: Arguments, shell: Shell) => Promise<ExitStatus>
}

/** The text of an option or positional, undefined when it was not given. */
export function textOf(args: Arguments, name: string): string | undefined {
  const value = args[name]
  return typeof value === 'string' ? value : undefined
}

export function listOf(args: Arguments, name: string): readonly string[] {
  const value = args[name]
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'string')
  return typeof value === 'string' ? [value] : []
}

export function isSet(args: Arguments, name: string): boolean {
  return args[name] === true
}

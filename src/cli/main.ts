/**
 * From arguments to an exit status. Usage errors, failures, a "no", and bugs leave here with their own status; nothing else
 * in the project ends the process or prints a failure.
 */
import yargs from 'yargs'
import type { Argv } from 'yargs'
import type { ErrorClass } from '../errors.ts'
import { BinpointError, errorCodes } from '../errors.ts'
import { checkZone } from '../core/time/zone.ts'
import { commands } from './commands/all.ts'
import type { Arguments, Command, CommandEntry } from './command.ts'
import { textOf } from './command.ts'
import { commonOptions } from './options.ts'
import { renderFailure } from './render/failure.ts'
import type { ExitStatus, Shell } from './shell.ts'
import { Exit, STANDARD_INPUT } from './shell.ts'
import type { Parsed } from './usage.ts'
import { usageError } from './usage.ts'
import { version } from './version.ts'

/** One run: what was recognised of the arguments so far, and how the command ended. */
interface Run {
  readonly argv: readonly string[]
  readonly shell: Shell
  command: string | null
  positionals: readonly string[]
  options: readonly string[]
  status: ExitStatus
}

export async function main(argv: readonly string[], given: Shell): Promise<ExitStatus> {
  const shell = askingOnce(given)
  const run: Run = { argv, shell, command: null, positionals: [], options: ['help', 'version'], status: Exit.OK }
  try {
    const typed = asksForHelp(argv) ? undefined : commands.find((entry) => nameOf(entry) === argv[0])
    // yargs loses a lone `-` in front of an option.
    const words = argv.map((arg) => (arg === '-' ? STANDARD_INPUT : arg))
    await createParser(run, typed).parseAsync(
      typed === undefined ? words : words.slice(1),
      {},
      (error: unknown, _args: unknown, output: string) => {
        // What yargs itself has to say: --help and --version.
        if ((error === undefined || error === null) && output !== '') shell.stdout(`${output}\n`)
      },
    )
  } catch (error) {
    // The parser throws some of its complaints, and passes on others as a message (see createParser).
    const isComplaint = error instanceof Error && error.name === 'YError'
    return fail(isComplaint ? usageError(error.message, parsedSoFar(run)) : error, run)
  }
  return shell.signal.aborted && run.status === Exit.OK ? Exit.INTERRUPTED : run.status
}

/** A password is asked for once, however often a command connects to the server. */
function askingOnce(shell: Shell): Shell {
  const answers = new Map<string, Promise<string>>()
  return {
    ...shell,
    askPassword: (prompt) => {
      const answer = answers.get(prompt) ?? shell.askPassword(prompt)
      answers.set(prompt, answer)
      return answer
    },
  }
}

/**
 * A parser of all commands; or, where it is plain which one is typed, of that one alone, as yargs' default command: before
 * running any other yargs lays out the whole help, which takes longer than most answers.
 */
function createParser(run: Run, typed: CommandEntry | undefined): Argv {
  const parser: Argv = yargs()
    .scriptName('binpoint')
    .locale('en')
    .wrap(100)
    .usage('binpoint <command> [options]\n\nFrom a moment in time to a safe restart of MySQL and MariaDB replication.')
    .version(version)
    .alias('h', 'help')
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'duplicate-arguments-array': true,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'strip-dashed': false,
    })
    .strict()
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message: string | null, error: unknown) => {
      throw error ?? usageError(message ?? 'unusable arguments', parsedSoFar(run))
    })
  if (typed !== undefined) return register(parser, typed, '$0', run)
  return commands.reduce((all, entry) => register(all, entry, nameOf(entry), run), parser.demandCommand(1, 'a command is needed'))
}

function asksForHelp(argv: readonly string[]): boolean {
  return argv.some((arg) => ['--help', '-h', 'help', '--version'].includes(arg))
}

function nameOf(entry: CommandEntry): string {
  return entry.usage.split(' ')[0] ?? entry.usage
}

function parsedSoFar(run: Run): Parsed {
  return { ...run, commands: commands.map(nameOf) }
}

function register(parser: Argv, entry: CommandEntry, as: string, run: Run): Argv {
  let loaded: Command | undefined
  return parser.command(
    [as, ...entry.usage.split(' ').slice(1)].join(' '),
    entry.summary,
    async (builder) => {
      const command = await entry.load()
      loaded = command
      const options = { ...command.options, ...commonOptions(command.uses) }
      run.command = nameOf(entry)
      run.positionals = Object.keys(command.positionals)
      run.options = [...Object.keys(options), 'help', 'version']
      for (const [name, describe] of Object.entries(command.positionals)) builder.positional(name, { type: 'string', describe })
      return builder
        .usage(`binpoint ${entry.usage}\n\n${command.description}`)
        .options(options)
        .check((args) => {
          rejectRepeated(args, command)
          const zone = textOf(args, 'tz')
          if (zone !== undefined) checkZone(zone)
          return true
        })
        .epilogue(`Examples:\n${command.examples.map((example) => `  ${example}`).join('\n')}`)
    },
    async (args) => {
      const status = await loaded?.run(args, run.shell)
      run.status = status === Exit.NO && args['exit-zero'] === true ? Exit.OK : (status ?? Exit.BUG)
    },
  )
}

/** An option given twice is a slip unless it takes a list. */
function rejectRepeated(args: Arguments, command: Command): void {
  for (const [name, value] of Object.entries(args)) {
    if (name === '_' || name === '$0' || name in command.positionals || command.options[name]?.array === true) continue
    if (Array.isArray(value)) {
      throw new BinpointError('USAGE', `--${name} is given ${value.length} times`, { hint: 'give it once' })
    }
  }
}

function fail(error: unknown, { argv, shell }: Run): ExitStatus {
  // What an interrupt breaks off is no failure; a store that could not keep what was read is one.
  const isStore = error instanceof BinpointError && error.code.startsWith('INDEX_')
  if (shell.signal.aborted && !isStore) return Exit.INTERRUPTED
  shell.stderr(renderFailure(error, argv.includes('--json')))
  if (!(error instanceof BinpointError)) return Exit.BUG
  const kind: ErrorClass = errorCodes[error.code]
  return kind === 'usage' ? Exit.USAGE : Exit.FAILED
}

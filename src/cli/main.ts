/**
 * From arguments to an exit status. Usage errors, failures, a "no", and bugs leave here with their own status; nothing else
 * in the project ends the process or prints a failure.
 */
import yargs from 'yargs'
import type { Argv } from 'yargs'
import type { ErrorClass } from '../errors.ts'
import { BinpointError, errorCodes } from '../errors.ts'
import { commands } from './commands/all.ts'
import type { Command } from './command.ts'
import { commonOptions } from './options.ts'
import { renderFailure } from './render/failure.ts'
import type { ExitStatus, Shell } from './shell.ts'
import { Exit, STANDARD_INPUT } from './shell.ts'
import { version } from './version.ts'

export async function main(argv: readonly string[], shell: Shell): Promise<ExitStatus> {
  const result: { status: ExitStatus } = { status: Exit.OK }
  const parser = createParser((status) => {
    result.status = status
  }, shell)
  try {
    // yargs loses a lone `-` in front of an option.
    await parser.parseAsync(
      argv.map((arg) => (arg === '-' ? STANDARD_INPUT : arg)),
      {},
      (error: unknown, _args: unknown, output: string) => {
        // What yargs itself has to say: --help and --version.
        if (error === undefined || error === null) {
          if (output !== '') shell.stdout(`${output}\n`)
        }
      },
    )
  } catch (error) {
    return fail(error, argv, shell)
  }
  return shell.signal.aborted && result.status === Exit.OK ? Exit.INTERRUPTED : result.status
}

/** The parser of one run; also what `--help` texts are generated from. */
export function createParser(onStatus: (status: ExitStatus) => void, shell: Shell): Argv {
  let parser: Argv = yargs()
    .scriptName('binpoint')
    .locale('en')
    .wrap(100)
    .usage('binpoint <command> [options]\n\nFrom a moment in time to a safe restart of MySQL and MariaDB replication.')
    .version(version)
    .alias('h', 'help')
    .parserConfiguration({
      'duplicate-arguments-array': true,
      'camel-case-expansion': false,
      'strip-dashed': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .strict()
    .recommendCommands()
    .demandCommand(1, 'a command is needed')
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message: string | null, error: unknown) => {
      throw (
        error ??
        new BinpointError('USAGE', message ?? 'unusable arguments', { hint: 'binpoint --help, or binpoint <command> --help' })
      )
    })
  for (const command of commands) parser = register(parser, command, onStatus, shell)
  return parser
}

function register(parser: Argv, command: Command, onStatus: (status: ExitStatus) => void, shell: Shell): Argv {
  return parser.command(
    command.usage,
    command.summary,
    (builder) =>
      builder
        .usage(`binpoint ${command.usage}\n\n${command.description}`)
        .options({ ...command.options, ...commonOptions(command.uses) })
        .check((args) => rejectRepeated(args, command))
        .epilogue(command.examples.map((example) => `  ${example}`).join('\n')),
    async (args) => {
      const isExitZero = args['exit-zero'] === true
      const status = await command.run(args, shell)
      onStatus(status === Exit.NO && isExitZero ? Exit.OK : status)
    },
  )
}

/** An option given twice is a slip unless it takes a list. */
function rejectRepeated(args: Readonly<Record<string, unknown>>, command: Command): true {
  const lists = new Set(
    Object.entries(command.options)
      .filter(([, option]) => option.array === true)
      .map(([name]) => name),
  )
  for (const [name, value] of Object.entries(args)) {
    if (name === '_' || name === '$0' || command.positionals.includes(name)) continue
    if (Array.isArray(value) && !lists.has(name)) {
      throw new BinpointError('USAGE', `--${name} is given ${value.length} times`, { hint: 'give it once' })
    }
  }
  return true
}

function fail(error: unknown, argv: readonly string[], shell: Shell): ExitStatus {
  if (shell.signal.aborted && !(error instanceof BinpointError)) return Exit.INTERRUPTED
  shell.stderr(renderFailure(error, argv.includes('--json')))
  if (!(error instanceof BinpointError)) return Exit.BUG
  const kind: ErrorClass = errorCodes[error.code]
  return kind === 'usage' ? Exit.USAGE : Exit.FAILED
}

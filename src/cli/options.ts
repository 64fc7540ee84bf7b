/** Options that several commands share, in groups. */
import type { Options } from 'yargs'
import { BinpointError } from '../errors.ts'
import type { Arguments } from './command.ts'
import { textOf } from './command.ts'

export type OptionGroup = 'source' | 'margin' | 'index' | 'time' | 'server' | 'output' | 'progress' | 'answer'

const groups: Readonly<Record<OptionGroup, Readonly<Record<string, Options>>>> = {
  source: {
    source: { type: 'string', requiresArg: true, describe: 'a SOURCE, or the name of an indexed one (default: the only one)' },
  },
  margin: {
    margin: {
      type: 'string',
      requiresArg: true,
      describe: 'trust that no statement ran for longer before it committed; without it only what the log proves counts',
    },
  },
  index: {
    index: { type: 'string', requiresArg: true, describe: 'the index file (BINPOINT_INDEX; else one in the state directory)' },
  },
  time: {
    tz: {
      type: 'string',
      requiresArg: true,
      describe: 'zone of times without one, and of printed times: America/Los_Angeles, +02:00, UTC',
    },
  },
  server: {
    'defaults-file': {
      type: 'string',
      requiresArg: true,
      describe: 'read the account from this option file only ([client], [binpoint]); for one server: F=FILE in its DSN',
    },
    'defaults-group-suffix': {
      type: 'string',
      requiresArg: true,
      describe: 'also read groups with this suffix: [client_suffix]',
    },
    'ask-pass': { type: 'boolean', describe: 'ask for the password (or set BINPOINT_PASSWORD)' },
    'ssl-mode': {
      type: 'string',
      requiresArg: true,
      choices: ['DISABLED', 'PREFERRED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'],
      coerce: (value: unknown) => (typeof value === 'string' ? value.toUpperCase() : value),
      describe: 'as in the mysql client',
    },
    'ssl-ca': { type: 'string', requiresArg: true, describe: 'file with trusted CA certificates' },
    'ssl-cert': { type: 'string', requiresArg: true, describe: 'file with the client certificate' },
    'ssl-key': { type: 'string', requiresArg: true, describe: "file with the client certificate's key" },
    timeout: { type: 'string', requiresArg: true, describe: 'give up on a silent server after this long', default: '30s' },
  },
  output: {
    json: { type: 'boolean', describe: 'print JSON (one document; a line each where a command lists)' },
    quiet: { type: 'boolean', describe: 'no notes on stderr, only failures' },
  },
  progress: {
    'no-progress': { type: 'boolean', describe: 'no progress bar (there is one on a terminal only)' },
  },
  answer: {
    'exit-zero': { type: 'boolean', describe: 'exit 0 also when the answer is no' },
  },
}

export function commonOptions(uses: readonly OptionGroup[]): Record<string, Options> {
  return Object.assign({}, ...uses.map((group) => groups[group])) as Record<string, Options>
}

/** A whole number from `least` to `most`. Throws USAGE. */
export function numberOf(
  args: Arguments,
  name: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const text = textOf(args, name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
    throw new BinpointError('USAGE', `--${name} ${text}: expected a whole number ${range}`)
  }
  return value
}

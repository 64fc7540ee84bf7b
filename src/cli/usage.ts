/** Slips in the arguments, in one line that names the slip, with the likely word. The parser's own messages name less. */
import { BinpointError } from '../errors.ts'

/** What was being parsed when the parser complained. */
export interface Parsed {
  readonly argv: readonly string[]
  /** The command's name; null before one was recognised. */
  readonly command: string | null
  /** Names of its positionals, as in its help. */
  readonly positionals: readonly string[]
  /** Names of its options, without dashes. */
  readonly options: readonly string[]
  readonly commands: readonly string[]
}

export function usageError(message: string, parsed: Parsed): BinpointError {
  const { command } = parsed
  const own = command === null ? 'binpoint' : `binpoint ${command}`
  // What mysql_config_editor writes is obfuscated, and no kept library reads it.
  const hint = /^Unknown arguments?: .*\blogin-path\b/.test(message)
    ? 'put the account into an option file: [client] in ~/.my.cnf, or --defaults-file=FILE, or for one server F=FILE in its DSN'
    : `${own} --help`
  return new BinpointError('USAGE', wording(message, parsed, own), { hint })
}

function wording(message: string, parsed: Parsed, own: string): string {
  const unknown = /^Unknown (?:arguments?|commands?): (.+)$/.exec(message)?.[1]?.split(', ')[0]
  if (unknown !== undefined) return unknownWord(unknown, parsed, own)
  if (message.startsWith('Not enough non-option arguments')) return `${own} needs ${parsed.positionals.join(' ')}`
  const valueless = /^Not enough arguments following: (.+)$/.exec(message)?.[1]
  if (valueless !== undefined) return `--${valueless} needs a value`
  const choice = /Argument: (\S+), Given: "?([^",]*)"?, Choices: (.+)/.exec(message)
  if (choice !== null) return `--${choice[1]} ${choice[2]}: expected one of ${(choice[3] ?? '').replaceAll('"', '')}`
  return message.replaceAll(/\s+/g, ' ').trim()
}

function unknownWord(word: string, { argv, command, options, commands }: Parsed, own: string): string {
  const typed = argv.find((arg) => /^--?[^-]/.test(arg) && arg.replace(/^-+/, '').split('=')[0] === word)
  if (typed !== undefined) return `${own} has no option ${typed.split('=')[0]}${suggestion(word, options, '--')}`
  if (command === null) return `'${word}' is no command${suggestion(word, commands, '')}`
  return `'${word}' is one argument too many for ${own}`
}

function suggestion(word: string, known: readonly string[], prefix: string): string {
  const [best] = nearest(word, known)
  return best === undefined ? '' : `; did you mean ${prefix}${best}?`
}

/** Names that `word` may be a slip of, the likeliest first; at most three. */
export function nearest(word: string, known: readonly string[]): readonly string[] {
  return known
    .map((name) => ({ name, distance: editDistance(word, name) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name)
}

/** Letters to add, take away or change; two neighbours that changed places count as one. */
function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_unused, j) => (i === 0 ? j : i)),
  )
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const best = Math.min(
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
        at(i - 1, j - 1) + (isSame ? 0 : 1),
        isSwapped ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
      )
      const row = rows[i]
      if (row !== undefined) row[j] = best
    }
  }
  return at(a.length, b.length)
}

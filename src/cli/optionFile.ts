/**
 * MySQL option files, as far as an account needs them: groups, `key=value` and `key`, quotes, escapes, comments, `!include`
 * and `!includedir`. Later values win, as in the mysql client. Groups of a single program are not ours ([mysql]), those of all clients
 * are, with the two that MariaDB adds. (my_print_defaults is the second opinion in the tests.)
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { BinpointError } from '../errors.ts'

/** Options of the wanted groups, keys with dashes. */
export type OptionFileValues = ReadonlyMap<string, string>

export interface OptionFileRequest {
  readonly home: string
  /** `--defaults-file`: this one alone, and it must be there. */
  readonly only?: string | undefined
  readonly suffix?: string | undefined
}

const MAX_DEPTH = 10
const ownGroups = ['client', 'client-server', 'client-mariadb', 'binpoint']

/** Throws OPTION_FILE when the file asked for cannot be read, or a line in any of them cannot be understood. */
export function readOptionFiles(request: OptionFileRequest): OptionFileValues {
  const suffix = request.suffix ?? ''
  const groups = new Set(ownGroups.flatMap((group) => (suffix === '' ? [group] : [group, group + suffix])))
  const values = new Map<string, string>()
  if (request.only !== undefined) {
    const file = resolve(request.only)
    const text = readIfThere(file)
    if (text === null)
      throw new BinpointError('OPTION_FILE', `the option file ${file} cannot be read`, { hint: 'check --defaults-file' })
    readInto(values, text, file, groups, 0)
    return values
  }
  for (const file of ['/etc/my.cnf', '/etc/mysql/my.cnf', join(request.home, '.my.cnf')]) {
    const text = readIfThere(file)
    if (text !== null) readInto(values, text, file, groups, 0)
  }
  return values
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function readInto(values: Map<string, string>, text: string, file: string, groups: ReadonlySet<string>, depth: number): void {
  if (depth > MAX_DEPTH) throw new BinpointError('OPTION_FILE', `${file} is included more than ${MAX_DEPTH} levels deep`)
  let isWanted = false
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
    const include = /^!(include|includedir)\s+(.+)$/.exec(line)
    if (include !== null) {
      for (const next of included(include[1] === 'includedir', resolve(dirname(file), include[2] ?? ''))) {
        const nextText = readIfThere(next)
        if (nextText !== null) readInto(values, nextText, next, groups, depth + 1)
      }
      continue
    }
    const group = /^\[([^\]]+)\]/.exec(line)
    if (group !== null) {
      isWanted = groups.has((group[1] ?? '').trim())
      continue
    }
    if (!isWanted) continue
    const option = /^([A-Za-z0-9_-]+)\s*(?:=(.*))?$/s.exec(line)
    if (option === null) throw new BinpointError('OPTION_FILE', `${file}:${index + 1} is no option: ${line.slice(0, 40)}`)
    values.set((option[1] ?? '').replaceAll('_', '-').toLowerCase(), valueOf(option[2] ?? ''))
  }
}

function included(isDirectory: boolean, path: string): string[] {
  if (!isDirectory) return [path]
  try {
    return readdirSync(path)
      .filter((name) => name.endsWith('.cnf'))
      .sort()
      .map((name) => join(path, name))
  } catch {
    return []
  }
}

const escapes: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', r: '\r', s: ' ', '\\': '\\', '"': '"', "'": "'" }

/** Cuts a comment, takes off one pair of quotes, then the escapes: in the order of MySQL's my_default.cc. */
function valueOf(raw: string): string {
  const text = withoutComment(raw).trim()
  const quote = text[0]
  const isQuoted = (quote === '"' || quote === "'") && text.length > 1 && text.endsWith(quote)
  const bare = isQuoted ? text.slice(1, -1) : text
  return bare.replaceAll(/\\(.)/g, (whole, character: string) => escapes[character] ?? whole)
}

/** A `#` begins a comment wherever it stands outside of quotes, without a space before it too (remove_end_comment). */
function withoutComment(text: string): string {
  let quote = ''
  let isEscaped = false
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i)
    if (!isEscaped && (character === '"' || character === "'")) {
      if (quote === '') quote = character
      else if (quote === character) quote = ''
    }
    if (quote === '' && character === '#') return text.slice(0, i)
    isEscaped = quote !== '' && character === '\\' && !isEscaped
  }
  return text
}

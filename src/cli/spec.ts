/**
 * What SOURCE and REPLICA mean: `mysql://user@host:port`, a Percona DSN (`h=db1,P=3306,u=repl`), or for a source a directory,
 * an `.index` file, or binlog files. The account comes from the text, the option files, BINPOINT_PASSWORD or --ask-pass. Where source and
 * replica have different ones, each DSN names an option file of its own (`F=`).
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import type { ServerAddress, TlsMode } from '../core/ports.ts'
import { BinpointError } from '../errors.ts'
import type { SourceSpec } from '../source/open.ts'
import type { Arguments } from './command.ts'
import { isSet, textOf } from './command.ts'
import type { OptionFileValues } from './optionFile.ts'
import { readOptionFiles } from './optionFile.ts'
import type { Shell } from './shell.ts'

export async function sourceSpec(texts: readonly string[], args: Arguments, shell: Shell): Promise<SourceSpec> {
  const [first = ''] = texts
  if (!texts.some(isServerText)) {
    for (const path of texts) checkFile(path)
    return { kind: 'files', paths: texts }
  }
  if (texts.length > 1) throw new BinpointError('SOURCE_SYNTAX', `a server is one SOURCE, but ${texts.length} were given`)
  return { kind: 'server', address: await serverAddress(first, args, shell) }
}

/** True for texts that name a server; everything else is a path. */
export function isServerText(text: string): boolean {
  return /^(mysql|mariadb):\/\//i.test(text) || /^[A-Za-z]=[^,]*(,[A-Za-z]=[^,]*)*$/.test(text)
}

/** The text without its password, for messages and for commands to type. */
export function withoutPassword(text: string): string {
  if (text.includes('://')) return text.replace(/^([^:]+:\/\/[^:@/]*):.*@/, '$1@')
  return text.replace(/(^|,)p=[^,]*/g, (_whole, before: string) => (before === ',' ? '' : 'p=***'))
}

/** A file that is given by its name and is no binlog is a slip, not a hole in a log. An empty one may become a binlog. */
function checkFile(path: string): void {
  const magic = Buffer.alloc(4)
  let length = 0
  try {
    if (path.endsWith('.index') || !statSync(path).isFile()) return
    const file = openSync(path, 'r')
    length = readSync(file, magic, 0, 4, 0)
    closeSync(file)
  } catch {
    return // whoever reads it says why it cannot
  }
  if (length < 4 || magic.subarray(1).equals(Buffer.from('bin'))) return
  throw new BinpointError('NOT_A_BINLOG', `${path} is not a binlog: it begins with ${magic.toString('hex')}, not fe62696e`, {
    hint: 'give a directory of binlog files, an .index file, files, or mysql://user@host:port',
  })
}

interface Named {
  readonly host: string | undefined
  readonly port: number | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly socketPath: string | undefined
  /** Percona's `F`. */
  readonly optionFile: string | undefined
}

/** Throws SOURCE_SYNTAX, OPTION_FILE. Warns on stderr about a password in the text. */
export async function serverAddress(text: string, args: Arguments, shell: Shell): Promise<ServerAddress> {
  const named = /:\/\//.test(text) ? parseUrl(text) : parseDsn(text)
  if (named.password !== undefined && !isSet(args, 'quiet')) {
    shell.stderr('binpoint: a password on the command line can be seen by others; use an option file or BINPOINT_PASSWORD\n')
  }
  const file = readOptionFiles({
    home: shell.home,
    only: named.optionFile ?? textOf(args, 'defaults-file'),
    suffix: textOf(args, 'defaults-group-suffix'),
  })
  const host = named.host ?? file.get('host') ?? 'localhost'
  const port = named.port ?? portOf(file.get('port') ?? '3306', text)
  const user = named.user ?? file.get('user') ?? shell.env['USER'] ?? 'root'
  const asked = isSet(args, 'ask-pass') ? await shell.askPassword(`Password for ${user}@${host}:${port}: `) : undefined
  return {
    host,
    port,
    user,
    // The file of this one server says more than what is said of all.
    password:
      named.password ??
      asked ??
      (named.optionFile === undefined ? undefined : file.get('password')) ??
      shell.env['BINPOINT_PASSWORD'] ??
      file.get('password'),
    socketPath: named.socketPath ?? socketOf(named, file),
    tls: tlsOf(args, file),
  }
}

/** As in the mysql client, a socket is for this machine, unless the protocol says TCP; and here, unless the text has a port. */
function socketOf(named: Named, file: OptionFileValues): string | undefined {
  const protocol = file.get('protocol')?.toUpperCase() ?? ''
  if (!['', 'TCP', 'SOCKET'].includes(protocol))
    throw new BinpointError('OPTION_FILE', `protocol '${protocol}' is not known`, { hint: 'TCP or SOCKET' })
  const isHere = (named.host ?? file.get('host') ?? 'localhost') === 'localhost' && named.port === undefined
  return isHere && protocol !== 'TCP' ? file.get('socket') : undefined
}

function parseUrl(text: string): Named {
  let url: URL
  try {
    url = new URL(text)
  } catch (cause) {
    throw malformed(text, cause)
  }
  const path = url.pathname === '/' ? '' : url.pathname
  // A socket is a path behind no host, as in the names that an index gives.
  if ((url.hostname === '') === (path === '') || url.search !== '') throw malformed(text)
  const decoded = (part: string): string | undefined => (part === '' ? undefined : decode(part, text))
  return {
    host: url.hostname === '' ? undefined : withoutBrackets(url.hostname),
    port: url.port === '' ? undefined : Number(url.port),
    user: decoded(url.username),
    password: decoded(url.password),
    socketPath: path === '' ? undefined : decode(path, text),
    optionFile: undefined,
  }
}

/** Of an IPv6 address. */
function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

function decode(part: string, whole: string): string {
  try {
    return decodeURIComponent(part)
  } catch (cause) {
    throw malformed(whole, cause)
  }
}

function parseDsn(text: string): Named {
  const values = new Map<string, string>()
  for (const pair of text.split(',')) {
    const [key = '', ...rest] = pair.split('=')
    if (!/^[hPupSFADt]$/.test(key)) throw malformed(text)
    values.set(key, rest.join('='))
  }
  const port = values.get('P')
  const host = values.get('h')
  return {
    host: host === undefined ? undefined : withoutBrackets(host),
    port: port === undefined ? undefined : portOf(port, text),
    user: values.get('u'),
    password: values.get('p'),
    socketPath: values.get('S'),
    optionFile: values.get('F'),
  }
}

function portOf(text: string, whole: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw malformed(whole)
  return port
}

function malformed(text: string, cause?: unknown): BinpointError {
  return new BinpointError('SOURCE_SYNTAX', `'${withoutPassword(text)}' names no server`, {
    hint: 'give mysql://user@host:port, h=host,P=3306,u=user, or a path',
    cause,
  })
}

function tlsOf(args: Arguments, file: OptionFileValues): TlsMode | undefined {
  const value = (name: string): string | undefined => textOf(args, name) ?? file.get(name) ?? file.get(`loose-${name}`)
  const ca = value('ssl-ca')
  const mode = value('ssl-mode')?.toUpperCase() ?? oldModeOf(file) ?? (ca === undefined ? 'PREFERRED' : 'VERIFY_CA')
  if (!isTlsMode(mode))
    throw new BinpointError('OPTION_FILE', `ssl-mode '${mode}' is not known`, {
      hint: 'DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY',
    })
  return { mode, ca, cert: value('ssl-cert'), key: value('ssl-key') }
}

/** What said it before there was ssl-mode, and says it at MariaDB: `ssl`, `skip-ssl` and `ssl-verify-server-cert`. */
function oldModeOf(file: OptionFileValues): TlsMode['mode'] | undefined {
  const isOff = (value: string | undefined): boolean => /^(0|off|false)$/i.test(value ?? '')
  const ssl = file.get('ssl')
  if (file.has('skip-ssl') || file.has('disable-ssl') || isOff(ssl)) return 'DISABLED'
  const verify = file.get('ssl-verify-server-cert')
  if (verify !== undefined && !isOff(verify)) return 'VERIFY_IDENTITY'
  return ssl === undefined ? undefined : 'REQUIRED'
}

function isTlsMode(text: string): text is TlsMode['mode'] {
  return ['DISABLED', 'PREFERRED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'].includes(text)
}

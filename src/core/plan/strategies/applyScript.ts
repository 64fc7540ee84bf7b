/**
 * Strategy `apply` as a shell script for people who run it by hand: mysqlbinlog reads the window, the mysql client sends it to the stopped
 * replica. Any POSIX sh runs it. Every word that comes from a server or an option is quoted, and nothing is left to the shell to expand.
 *
 * A shell does not tell of the left side of a pipe that failed, and the client does what it was given until then. So the last
 * statement is added only when mysqlbinlog has ended well; it writes a line, and the client stops at the first error: the line
 * comes out exactly when all of the window was read and was applied.
 */
import type { Coordinate } from '../../coordinate.ts'
import { formatCoordinate } from '../../coordinate.ts'
import type { Dialect, ReplicaIdentity } from '../dialect.ts'
import { mustBe } from '../proof.ts'
import type { WindowEnd } from '../windowEnd.ts'
import { endSteps } from '../windowEnd.ts'

/** How a client reaches a server; the password is in an option file. */
export interface ClientAccess {
  readonly host: string
  readonly port: number
  readonly socketPath?: string | undefined
  readonly user: string
}

export interface ApplyScriptInput {
  readonly dialect: Dialect
  /** Empty for the only one. */
  readonly channel: string
  readonly replica: ClientAccess
  readonly identity: ReplicaIdentity
  /** It must be off while the rows are written, also for those who may write when read_only is on. */
  readonly superReadOnly: boolean
  /** Null: the log is read from files. */
  readonly source: ClientAccess | null
  readonly from: Coordinate
  /**
   * Where the window ends: of a stopped replica where it stands; of a running one it is found out after the STOP. Either lies in the last
   * of `files`, or the script ends before it writes anything.
   */
  readonly end: WindowEnd
  /** The files from that of `from` to that of the end, in order: names on the server, or paths. */
  readonly files: readonly { readonly name: string; readonly path: string }[]
  /** GTID sets; null: all. Of a running replica only what is excluded may be said, as it goes on until the STOP. */
  readonly includeGtids: string | null
  readonly excludeGtids: string | null
  readonly waitSeconds: number
}

/** The lines of the script. */
export function applyScript(input: ApplyScriptInput): readonly string[] {
  const { dialect, channel, superReadOnly } = input
  const start = dialect.start(channel)
  const last = input.files.at(-1)?.name ?? input.from.file
  return [
    '#!/bin/sh',
    ...head(input),
    '',
    'set -eu',
    '',
    'replica() {',
    `  mysql \${REPLICA_CNF:+"--defaults-extra-file=$REPLICA_CNF"} ${words(access(input.replica))} \\`,
    '    --default-character-set=utf8mb4 --batch --skip-column-names "$@"',
    '}',
    'window() {',
    ...windowLines(input),
    '}',
    '',
    'state=untouched',
    'finish() {',
    ...(superReadOnly ? [`  [ "$state" = untouched ] || ${sql('SET GLOBAL super_read_only = ON')} || true`] : []),
    '  case $state in',
    '    done) ;;',
    `    stopped) ${say(`Nothing was written. Replication may be stopped; this starts it: ${start};`)} ;;`,
    `    writing) printf '%s%s\\n' ${shellQuote(`${BROKEN_OFF} `)} ${isRunning(input) ? '"with WINDOW_END=$end"' : shellQuote('as it is')} >&2 ;;`,
    `    *) ${say('Nothing was changed.')} ;;`,
    '  esac',
    '}',
    'trap finish EXIT',
    "trap 'exit 129' HUP",
    "trap 'exit 130' INT",
    "trap 'exit 143' TERM",
    '',
    '# This is the server that the plan is for: it fails with error 1242 on any other.',
    `${sql(mustBe(dialect.isServer(input.identity), 'this is the replica'))} > /dev/null`,
    '',
    '# Both threads are stopped; the window ends at what the replica has executed by then. Error 1242: it has moved since the plan.',
    ...findEnd(input),
    `if [ "\${end%:*}" != ${shellQuote(last)} ]; then`,
    `  ${say(`The window ends in another file than ${last}: the source has begun it since the plan. Plan again.`)}`,
    '  exit 1',
    'fi',
    ...(superReadOnly ? [sql('SET GLOBAL super_read_only = OFF')] : []),
    '',
    '# Not logged, and idempotent for this session alone.',
    'state=writing',
    `sent=$( { window "\${end##*:}" && printf '%s\\n' "SELECT 'whole';"; } |`,
    `  replica --binary-mode --max-allowed-packet=1G --init-command=${shellQuote(INIT)} ) || sent=failed`,
    'if [ "$sent" != whole ]; then',
    '  exit 1',
    'fi',
    '',
    '# Replication goes on: error 1242 if it does not.',
    'state=done',
    sql(`${start}; ${mustBe(`${dialect.positionWait(dialect.quote(last), '4', input.waitSeconds, channel)} >= 0`, 'ok')}`),
  ]
}

const INIT = 'SET SESSION max_execution_time = 0, wait_timeout = 2147483'

const BROKEN_OFF =
  'A part of the window was written. Replication is stopped, and must be until all of it is: remove the cause, and run this script again,'

function isRunning({ end }: ApplyScriptInput): boolean {
  return end.kind === 'running'
}

/** Leaves `end` behind, with both threads stopped. What was broken off goes on to the end that it had. */
function findEnd(input: ApplyScriptInput): readonly string[] {
  const { dialect, channel, end } = input
  const statements = [dialect.noTimeLimit, ...endSteps(input).map((step) => step.sql), "SELECT CONCAT(@file, ':', @end)"]
  const find = ['state=stopped', `end=$(${sql(statements.join('; '))})`, 'end=$(printf \'%s\\n\' "$end" | tail -n 1)']
  if (end.kind === 'stopped') return find
  const executed = end.shown ? dialect.executedIn?.(channel) : undefined
  const stillThere =
    executed === undefined
      ? []
      : [
          `now=$(${sql(`SELECT CONCAT(${executed.file}, ':', ${executed.position}) ${executed.from}`)})`,
          'if [ "$now" != "$end" ]; then',
          `  printf '%s%s\\n' 'The replica was started since: it stands at ' "$now" >&2`,
          '  exit 1',
          'fi',
        ]
  return [
    'if [ -n "${WINDOW_END:-}" ]; then',
    ...['state=writing', 'end=$WINDOW_END', sql(dialect.stop(channel)), ...stillThere].map((line) => `  ${line}`),
    'else',
    ...find.map((line) => `  ${line}`),
    'fi',
  ]
}

function windowLines({ source, from, files, includeGtids, excludeGtids }: ApplyScriptInput): readonly string[] {
  const options = [
    ...(source === null ? [] : ['--read-from-remote-server', ...access(source)]),
    '--verify-binlog-checksum',
    '--idempotent',
    '--skip-gtids',
    '--disable-log-bin',
    ...(includeGtids === null ? [] : [`--include-gtids=${includeGtids}`]),
    ...(excludeGtids === null ? [] : [`--exclude-gtids=${excludeGtids}`]),
    `--start-position=${from.position}`,
  ]
  return [
    '  # The start position counts in the first file, the stop position in the last one.',
    `  mysqlbinlog \${SOURCE_CNF:+"--defaults-extra-file=$SOURCE_CNF"} ${words(options)} \\`,
    `    "--stop-position=$1" -- ${words(files.map((file) => (source === null ? file.path : file.name)))}`,
  ]
}

function head({ replica, source, from, files }: ApplyScriptInput): readonly string[] {
  const whom = place(replica)
  const where = source === null ? 'files' : place(source)
  return [
    `binpoint repair, strategy apply: sends the changes from ${formatCoordinate(from)} on, out of ${files.length} file(s) of ${where}, to ${whom}`,
    'that has lost some of them. GTIDs, binlog and coordinates of the replica stay as they are.',
    '',
    'It needs mysqlbinlog and mysql of the version of the servers, or newer, on the path. Passwords come from option files as the mysql client',
    'reads them (~/.my.cnf, group [client]), or from one for each server:',
    '',
    '  REPLICA_CNF=replica.cnf SOURCE_CNF=source.cnf sh SCRIPT',
    '',
    'mysqlbinlog makes one statement of all rows that a statement changed: where it is larger than max_allowed_packet of the replica, raise that',
    'for the time (at most 1 GiB). The script may be run again at any time, until it ends well; it is for this replica as it is now.',
  ].map(comment)
}

function place({ host, port, socketPath }: ClientAccess): string {
  return socketPath ?? `${host}:${port}`
}

function access({ host, port, socketPath, user }: ClientAccess): readonly string[] {
  const to = socketPath === undefined ? [`--host=${host}`, `--port=${port}`, '--protocol=TCP'] : [`--socket=${socketPath}`]
  return [...to, `--user=${user}`]
}

function sql(statements: string): string {
  return `replica --execute=${shellQuote(statements)}`
}

function say(text: string): string {
  return `printf '%s\\n' ${shellQuote(text)} >&2`
}

function words(all: readonly string[]): string {
  return all.map(shellQuote).join(' ')
}

/** One word of a POSIX shell, whatever is in it; left bare where nothing in it means anything to a shell. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** No text may end a comment. */
function comment(text: string): string {
  return text === '' ? '#' : `# ${text.replaceAll(/\p{Cc}/gu, ' ')}`
}

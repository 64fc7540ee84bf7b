/** Runs the servers' own command-line programs: the client, and the binlog reader that gives the second opinion. */
import { availability, program } from './cache.ts'
import { recipes, serverKinds } from './catalog.ts'
import type { ServerKind } from './catalog.ts'
import { runAnyway } from './run.ts'
import type { RunOptions, RunResult } from './run.ts'

/** `mysqlbinlog` or `mariadb-binlog` of that server; any exit status is a result. MySQL 5.6 comes without: 9.7's reads its logs. */
export function mysqlbinlog(kind: ServerKind, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return runProgram(withProgram(kind, 'binlogReader'), 'binlogReader', args, options)
}

/** The `mysql` or `mariadb` client of that server; any exit status is a result. MySQL 5.6 comes without: MariaDB's is used. */
export function runClient(kind: ServerKind, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return runProgram(withProgram(kind, 'client'), 'client', args, options)
}

/** Which server's program is run for this server. */
function withProgram(kind: ServerKind, role: 'client' | 'binlogReader'): ServerKind {
  if (recipes[kind][role] !== null) return kind
  const preferred: readonly ServerKind[] = role === 'client' ? ['mariadb-10.11', ...serverKinds] : ['mysql-9.7', ...serverKinds]
  const found = preferred.find((other) => recipes[other][role] !== null && availability(other).available)
  if (found === undefined) throw new Error(`no ${role} program for ${kind}: no other server is here to lend one`)
  return found
}

function runProgram(
  kind: ServerKind,
  role: 'client' | 'binlogReader',
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const { command, args: prefix, env } = program(kind, role)
  return runAnyway(command, [...prefix, '--no-defaults', ...args], { ...options, env: { TZ: 'UTC', ...env, ...options.env } })
}

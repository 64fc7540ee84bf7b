/**
 * Strategy `coordinates` on a managed service, by its procedures. What a script cannot do there is left to people, before it and after it:
 * the account of replication must be given again, and the applier's mode is set in the service's parameters. So the script ends with a
 * stopped replica, and what finishes the repair is run once the mode is strict again.
 */
import type { Finding } from '../../findings.ts'
import type { ManagedProcedures } from '../dialect.ts'
import { finding } from '../findings.ts'
import type { Statement, Step } from '../plan.ts'
import { mustBe } from '../proof.ts'
import type { Situation } from '../situation.ts'
import type { WindowEnd } from '../windowEnd.ts'
import { endSteps, knownEndSteps } from '../windowEnd.ts'
import { beginSteps, step } from './steps.ts'
import type { PrintedPlan } from './strategy.ts'

export function managedFindings(situation: Situation): Finding[] {
  const { dialect, executes, replica, channel } = situation
  const { managed } = dialect
  if (managed === undefined) return []
  const where = `${replica?.address ?? 'the replica'} is managed (${managed.service}), where only the provider's procedures may touch replication`
  const block = (text: string): Finding[] => [finding('UNSUPPORTED_SERVER', 'blocking', `${where}: ${text}`)]
  if (managed.procedures === null)
    return block(
      `${managed.because}. Compare and copy the rows that differ instead (pt-table-checksum and pt-table-sync, or mysqldump --replace of the tables from the source)`,
    )
  if (executes) return block('nothing is executed there. Leave out --execute, and run the script that is printed then')
  if (channel !== '') return block('a named channel has other procedures, which are not planned for')
  if (replica?.autoPosition === true)
    return block('it follows GTIDs, and skips what it has executed. Copy the rows that differ instead')
  const isEndSeen = dialect.executedIn !== null && (replica === null || replica.showsExecuted)
  if (replica?.applierRuns !== false && !isEndSeen)
    return block(
      `what it has executed cannot be read while it runs. Stop it (${managed.procedures.stop}), and plan again with --replica`,
    )
  return [
    finding(
      'UNSUPPORTED_SERVER',
      'warning',
      `${where}: set ${dialect.execMode} to IDEMPOTENT in its parameter group before the script, and back to STRICT after it. Where the group does not let you (IsModifiable in aws rds describe-engine-default-parameters), there is no such repair. It is for replication that mysql.rds_set_external_… has set up; a read replica that the service has made itself is made anew instead`,
    ),
  ]
}

export function managedScript(situation: Situation, procedures: ManagedProcedures): PrintedPlan {
  const { dialect, channel, restart, waitSeconds, replica, window } = situation
  const end: WindowEnd =
    replica === null || replica.applierRuns
      ? { kind: 'running', knownEnd: window.to, shown: true }
      : { kind: 'stopped', executed: replica.executed, standing: replica.standing }
  const input = { dialect, channel, end, waitSeconds }
  const begin = beginSteps(dialect, replica?.identity ?? null)
  const wait = dialect.positionWait('@file', '@end', waitSeconds, channel)
  const mode = (value: string, holds: string): string => mustBe(`@@GLOBAL.${dialect.execMode} = '${value}'`, holds)
  const replay: Step[] = [
    step(
      'replay',
      procedures.startUntil === null ? procedures.start : procedures.startUntil('@file', '@end'),
      'replays up to the end of the window',
    ),
    step('wait', `DO ${wait}`, 'waits until the window is replayed, or the applier has stopped'),
    step('halt', procedures.stop, 'replication stays stopped until the mode is strict again'),
  ]
  const idempotent = step(
    'idempotent',
    mode('IDEMPOTENT', 'rows that are there already are written again'),
    `set ${dialect.execMode} to IDEMPOTENT in the parameter group first: fails until it is; nothing is changed before`,
  )
  const finish: Step[] = [
    step('strict', mode('STRICT', 'nothing behind the window is applied idempotently'), ''),
    step('start', procedures.start, ''),
    step('prove', mustBe(`${wait} >= 0`, 'ok'), ''),
  ]
  const known = knownEndSteps(input)
  return {
    steps: [
      ...begin,
      ...accountSteps(situation),
      idempotent,
      ...endSteps(input),
      step('source', procedures.setSource(restart), 'the restart'),
      ...replay,
    ],
    finish: statementsOf([...known.filter(({ id }) => id === 'end'), ...finish]),
    resume: statementsOf([...begin, ...known, idempotent, ...replay]),
    undo:
      replica === null || replica.applierRuns
        ? [{ sql: procedures.start }]
        : [...statementsOf(accountSteps(situation)), { sql: procedures.setSource(replica.executed) }],
    afterwards: [],
  }
}

function statementsOf(steps: readonly Step[]): Statement[] {
  return steps.map(({ sql }) => ({ sql }))
}

/** The names are put together, so that whoever replaces all of them in the script does not replace these. */
function accountSteps({ dialect, replica }: Situation): Step[] {
  const { quote } = dialect
  const host = replica === null ? quote('SOURCE_HOST') : quote(replica.source.host)
  const port = replica === null ? 3306 : replica.source.port
  const given = [
    ['@source_host', "'SOURCE_', 'HOST'"],
    ['@replication_user', "'REPLICATION_', 'USER'"],
    ['@replication_password', "'REPLICATION_', 'PASSWORD'"],
  ].map(([variable, parts]) => `${variable} <> CONCAT(${parts})`)
  return [
    step(
      'account',
      `SET @source_host = ${host}, @source_port = ${port}, @replication_user = 'REPLICATION_USER', @replication_password = 'REPLICATION_PASSWORD', @replication_tls = 1`,
      'the procedure takes the whole connection anew: put the account of replication here, and 0 at the end if it has no TLS',
    ),
    step(
      'given',
      mustBe([...given, '@@autocommit = 1'].join(' AND '), 'the account is given'),
      'fails until it is put there, and without autocommit, which the procedure needs',
    ),
  ]
}

/** A plan as a script that the `mysql` client runs as it is: statements, and everything else as comments. */
import type { Finding, FindingCode } from '../../core/findings.ts'
import { formatCoordinate } from '../../core/coordinate.ts'
import type { Plan, RepairResult, Statement, Step } from '../../core/plan/plan.ts'
import { fold, formatBytes, hang, plural, whyNot } from './text.ts'

const WIDTH = 110

/** SQL for the mysql client, or, where the steps are the shell's, a shell script. */
export function renderScript(result: RepairResult, plan: Plan): string {
  return plan.steps.every(({ on }) => on === 'shell') ? renderShell(result, plan) : renderSql(result, plan)
}

function renderShell(result: RepairResult, plan: Plan): string {
  const [first = '', ...rest] = plan.steps
    .map(({ sql }) => sql)
    .join('\n')
    .split('\n')
  const head = [...headLines(result, plan), 'Run it with sh where mysqlbinlog and the mysql client of MySQL are.', '']
  return `${first}\n${[...head, ...result.findings.flatMap(findingLines)].map((text) => comment(text, '#')).join('')}${rest.join('\n')}\n`
}

function headLines(result: RepairResult, plan: Plan): readonly string[] {
  const { window } = plan
  const whom =
    result.replica === null
      ? `a replica (${plan.dialect})`
      : `${result.replica.address} (server_id ${result.replica.serverId}, ${result.replica.isRunning ? 'running' : 'stopped'})`
  return [
    ...fold(
      `binpoint repair: restarts ${whom} at ${formatCoordinate(plan.restart)} of ${plan.source}, and replays ` +
        `${plural(window.transactions, 'transaction')} (${formatBytes(window.bytes)}) up to ${formatCoordinate(window.to)}` +
        `${result.replica?.isRunning === false ? '' : ' and what the replica has executed since'}.`,
      WIDTH,
    ),
    ...(result.considered.length === 0
      ? []
      : fold(`Strategy ${plan.strategy}; not safe here: ${whyNot(result.considered)}.`, WIDTH)),
    ...window.byTable.map((t) => `${t.schema}.${t.table}: ${t.inserts} inserted, ${t.updates} updated, ${t.deletes} deleted`),
    '',
  ]
}

function renderSql(result: RepairResult, plan: Plan): string {
  const head = [
    ...headLines(result, plan),
    `Run it on the replica with the mysql client: it stops at the first error${plan.finish.length === 0 ? ', and ends with a row that proves' : '. What its end says proves'}`,
    'the repair. It is for this replica as it is now: if something has moved, it fails with error 1242; then plan again.',
    '',
    ...result.findings.flatMap(findingLines),
  ]
  const afterwards = statementsUnder('When all is well, to follow GTIDs again as before:', plan.afterwards)
  const undo = statementsUnder('To undo, as long as the replay has not begun (START … UNTIL has not run):', plan.undo)
  const resume =
    plan.resume.length === 0
      ? []
      : [
          'If the replay stops with an error, or this script is broken off behind CHANGE: remove the cause, then finish it with',
          ...toPutIn(plan.resume, result),
          ...plan.resume.map(({ sql }) => `  ${sql};`),
          'and do not plan again before that is done.',
        ]
  const finish =
    plan.finish.length === 0
      ? []
      : [
          'When it is through, set the mode back to STRICT in the parameter group, and finish the repair with',
          ...toPutIn(plan.finish, result),
          ...plan.finish.map(({ sql }) => `  ${sql};`),
        ]
  const tail = [...finish, ...afterwards, ...undo, ...resume]
  const end = tail.length === 0 ? '' : `\n${tail.map((text) => comment(text)).join('')}`
  return `${head.map((text) => comment(text)).join('')}${renderSteps(plan.steps)}${end}`
}

/** Only the script that was broken off knows it: the end of what a replica had executed that ran, or the sets of before a reset. */
function toPutIn(statements: readonly Statement[], { replica }: RepairResult): string[] {
  const text = statements.map(({ sql }) => sql).join('\n')
  if (text.includes('WINDOW_TO_REPLAY'))
    return ['  (put in WINDOW_TO_REPLAY and GTID_EXECUTED_BEFORE as this script has printed them)']
  if (replica?.isRunning === false || !text.includes('@file')) return []
  return ["  SET @file = 'FILE', @end = POSITION; -- as this script has printed: the window ends at FILE:POSITION"]
}

function statementsUnder(title: string, statements: readonly Statement[]): string[] {
  return statements.length === 0 ? [] : [title, ...statements.map(({ sql }) => `  ${sql};`)]
}

/** A step that explains itself begins a paragraph; those behind it share lines. */
function renderSteps(steps: readonly Step[]): string {
  let script = ''
  let line = ''
  for (const step of steps) {
    const statement = `${step.sql};`
    const isJoined = step.why === '' && line.length + 1 + statement.length <= WIDTH
    if (isJoined) line = line === '' ? statement : `${line} ${statement}`
    else {
      if (line !== '') script += `${line}\n`
      if (step.why !== '')
        script += `\n${fold(step.why, WIDTH)
          .map((text) => comment(text))
          .join('')}`
      line = statement
    }
  }
  return `${script}${line}\n`
}

/** What keeps a plan from being made, for people; no statement among it. */
export function renderRefusal(result: RepairResult): string {
  const blocking = result.findings.filter((f) => f.severity === 'blocking')
  const others = result.findings.filter((f) => f.severity !== 'blocking')
  const head = [
    'binpoint repair: no plan',
    ...blocking.flatMap(findingLines),
    ...result.considered.flatMap(({ strategy, because }) =>
      because.flatMap(({ code, message }) => hang(`strategy ${strategy} ${code}: ${message}`, WIDTH)),
    ),
    ...(blocking.some(({ code }) => healedByRows.has(code)) ? ['', ...fold(byRows, WIDTH)] : []),
    ...(others.length === 0 ? [] : ['', ...others.flatMap(findingLines)]),
  ]
  return head.map((text) => comment(text)).join('')
}

/** What a replay cannot heal, and a copy of the rows can. */
const healedByRows: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'PURGED',
  'STATEMENT_FORMAT',
  'DDL_IN_WINDOW',
  'CREATE_OR_REPLACE',
  'NO_PRIMARY_KEY',
  'UNIQUE_KEY_MOVE',
  'FOREIGN_KEY_CASCADE',
  'PARTIAL_ROW_IMAGE',
  'OWN_EVENTS',
  'LOOPBACK',
  'LOCAL_WRITES',
  'INCIDENT',
  'UNKNOWN_EVENT',
  'INDEX_GAP',
])

const byRows =
  'What a replay cannot heal, a copy of the rows that differ can; --strategy rows, which is to do that, is not there yet. By hand: compare ' +
  'and copy with pt-table-checksum and pt-table-sync, or, with both servers at one position, mysqldump --replace --no-create-info of the ' +
  'tables from the source, loaded on the replica with sql_log_bin = 0.'

function findingLines({ severity, code, message }: Finding): string[] {
  return hang(`${severity} ${code}: ${message}`, WIDTH)
}

/** No text of a server or a log may end a comment. */
function comment(line: string, mark: '--' | '#' = '--'): string {
  return line === '' ? `${mark}\n` : `${mark} ${line.replaceAll(/[\r\n]+/g, ' ')}\n`
}

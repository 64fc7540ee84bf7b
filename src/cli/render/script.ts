/** A plan as a script that the `mysql` client runs as it is: statements, and everything else as comments. */
import type { Finding } from '../../core/findings.ts'
import { formatCoordinate } from '../../core/coordinate.ts'
import type { Plan, RepairResult, Step } from '../../core/plan/plan.ts'
import { fold, formatBytes, plural } from './text.ts'

const WIDTH = 110

export function renderScript(result: RepairResult, plan: Plan): string {
  const { window } = plan
  const whom =
    result.replica === null
      ? `a replica (${plan.dialect})`
      : `${result.replica.address} (server_id ${result.replica.serverId}, ${result.replica.isRunning ? 'running' : 'stopped'})`
  const tables = window.byTable.map(
    (t) => `${t.schema}.${t.table}: ${t.inserts} inserted, ${t.updates} updated, ${t.deletes} deleted`,
  )
  const head = [
    ...fold(
      `binpoint repair: restarts ${whom} at ${formatCoordinate(plan.restart)} of ${plan.source}, and replays ` +
        `${plural(window.transactions, 'transaction')} (${formatBytes(window.bytes)}) up to ${formatCoordinate(window.to)}` +
        `${result.replica?.isRunning === false ? '' : ' and what the replica has executed since'}.`,
      WIDTH,
    ),
    ...tables,
    '',
    'Run it on the replica with the mysql client: it stops at the first error, and ends with a row that proves',
    'the repair. It is for this replica as it is now: if something has moved, it fails with error 1242; then plan again.',
    '',
    ...result.findings.flatMap(findingLines),
  ]
  const afterwards = statementsUnder('When all is well, to follow GTIDs again as before:', plan.afterwards)
  const undo = statementsUnder('To undo, as long as the replay has not begun (START … UNTIL has not run):', plan.undo)
  // Of a replica that ran, only the script that was broken off knows the end.
  const isEndKnown = result.replica?.isRunning === false
  const resume = [
    'If the replay stops with an error, or this script is broken off behind CHANGE: remove the cause, then finish it with',
    ...(isEndKnown
      ? []
      : ["  SET @file = 'FILE', @end = POSITION; -- as this script has printed: the window ends at FILE:POSITION"]),
    ...plan.resume.map(({ sql }) => `  ${sql};`),
    'and do not plan again before that is done.',
  ]
  const tail = [...afterwards, ...undo, ...resume]
  return `${head.map(comment).join('')}${renderSteps(plan.steps)}\n${tail.map(comment).join('')}`
}

function statementsUnder(title: string, statements: readonly { readonly sql: string }[]): string[] {
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
      if (step.why !== '') script += `\n${fold(step.why, WIDTH).map(comment).join('')}`
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
    ...(others.length === 0 ? [] : ['', ...others.flatMap(findingLines)]),
  ]
  return head.map(comment).join('')
}

function findingLines(finding: Finding): string[] {
  const [first = '', ...rest] = fold(`${finding.severity} ${finding.code}: ${finding.message}`, WIDTH)
  return [first, ...rest.map((line) => `  ${line}`)]
}

/** No text of a server or a log may end a comment. */
function comment(line: string): string {
  return line === '' ? '--\n' : `-- ${line.replaceAll(/[\r\n]+/g, ' ')}\n`
}

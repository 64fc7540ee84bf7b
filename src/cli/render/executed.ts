/** A repair that is about to be executed, and what came of it, for people. */
import type { Executed } from '../../app/execute/execute.ts'
import type { Proof } from '../../app/execute/prove.ts'
import { formatCoordinate } from '../../core/coordinate.ts'
import type { Plan, RepairResult } from '../../core/plan/plan.ts'
import { columns, fold, formatBytes, hang, plural, whyNot } from './text.ts'

const WIDTH = 100

/** What `yes` is said to. */
export function renderPlan(result: RepairResult, plan: Plan): string {
  const { window, restart, strategy } = plan
  const { replica } = result
  return [
    columns([
      [
        'replica',
        `${replica?.address ?? ''} (server_id ${replica?.serverId ?? 0}, ${replica?.isRunning === true ? 'running' : 'stopped'})`,
      ],
      ['source', plan.source],
      ['strategy', result.considered.length === 0 ? strategy : `${strategy} (not safe here: ${whyNot(result.considered)})`],
      ['restart', formatCoordinate(restart)],
      [
        'window',
        `${plural(window.transactions, 'transaction')} (${formatBytes(window.bytes)}) up to ${formatCoordinate(window.to)}`,
      ],
      ...window.byTable.map((t): [string, string] => [
        '',
        `${t.schema}.${t.table}: ${t.inserts} inserted, ${t.updates} updated, ${t.deletes} deleted`,
      ]),
    ]),
    ...result.findings
      .flatMap(({ severity, code, message }) => hang(`${severity} ${code}: ${message}`, WIDTH))
      .map((line) => `${line}\n`),
  ].join('')
}

export function renderExecuted(executed: Executed): string {
  const { outcome, restart, transactions, proof, journal, refusal } = executed
  const words: Readonly<Record<Executed['outcome'], string>> = {
    healed: 'HEALED: the tables of the window are equal on both servers',
    different: 'NOT HEALED: the window was replayed, and data still differ',
    undecided: 'NOT PROVEN: the window was replayed, and not every table could be compared',
    refused: 'REFUSED: at rest, the replica may not be repaired like this; everything is as it was',
  }
  const reasons = (refusal?.findings ?? []).filter(({ severity }) => severity === 'blocking')
  return [
    `${words[outcome]}\n`,
    columns([
      ['restart', formatCoordinate(restart)],
      ...(transactions === 0 ? [] : [['replayed', plural(transactions, 'transaction')] as const]),
      ...(proof === null ? [] : proofLines(proof)),
      ['journal', journal],
    ]),
    ...reasons.map(({ code, message }) => paragraph(`${code}: ${message}`)),
    ...(outcome === 'different' && proof !== null ? [paragraph(remedyOf(proof))] : []),
  ].join('')
}

function paragraph(text: string): string {
  return fold(text, WIDTH)
    .map((line) => `${line}\n`)
    .join('')
}

const byHand =
  'copy the rows that differ from the source: with both servers at one position, mysqldump --replace --no-create-info of the tables, loaded on ' +
  'the replica with sql_log_bin = 0, or pt-table-sync'

/** What to do about rows that still differ. */
function remedyOf({ recreation }: Proof): string {
  if (recreation === null) return `To go on: ${byHand}.`
  const { restart, notInLog, undecodable } = recreation
  const unmade = notInLog + undecodable
  const further =
    restart === null
      ? ''
      : `A replay brings back a row only from its INSERT: repair again with --from ${formatCoordinate(restart)}.`
  const lost =
    unmade === 0
      ? ''
      : `${plural(unmade, 'missing row')} cannot be found as inserted in the source's log: no replay heals them; ${byHand}.`
  return [further, lost].filter((part) => part !== '').join(' ')
}

function proofLines({ forward, back, backUnseen, tables, otherwise }: Proof): (readonly [string, string])[] {
  return [
    ['to replica', `moves: it has executed up to ${formatCoordinate(forward)}`],
    ['to source', back === null ? `not shown: ${backUnseen}` : `moves: the source reads ${formatCoordinate(back)}`],
    ...tables.map((t): readonly [string, string] => [
      'table',
      `${t.schema}.${t.table}: ${
        t.outcome === 'equal'
          ? `equal (${plural(t.rows, 'row')})`
          : `${t.outcome}${t.reason === null ? `: ${t.missing} missing, ${t.different} different, ${t.extra} only here` : `: ${t.reason}`}`
      }`,
    ]),
    ...otherwise.map((name): readonly [string, string] => ['table', `${name}: not defined as on the source (SHOW CREATE TABLE)`]),
  ]
}

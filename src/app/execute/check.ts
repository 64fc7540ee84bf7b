/** The plan made again with the replica at rest: what was planned while it ran was for where it would stop. */
import type { RepairResult } from '../../core/plan/plan.ts'
import { BinpointError } from '../../errors.ts'
import type { ServerConnection } from '../../server/connection.ts'
import { inspectSource } from '../../server/inspect/source.ts'
import { inspectTables } from '../../server/tables.ts'
import { planRepair } from '../repair.ts'
import type { ExecuteRequest } from './execute.ts'
import type { Checked } from './procedure.ts'

/** At rest, the plan that was made while the replica ran is no longer one. */
export class Refused extends Error {
  readonly result: RepairResult

  constructor(result: RepairResult) {
    super('the plan is no longer safe')
    this.result = result
  }
}

/** A part was written: it can only be finished. */
export function midway({ findings }: RepairResult): BinpointError {
  const why = findings.filter(({ severity }) => severity === 'blocking').map(({ code, message }) => `${code}: ${message}`)
  return new BinpointError('REPLICA_MOVED', `a part of the window is written, and the rest may not be: ${why.join('; ')}`, {
    hint: 'replication is stopped, in strict mode: remove the cause, and run the same command again, which goes on from the journal',
  })
}

/** Plans again, with the replica at rest. */
export async function checkAtRest(
  request: ExecuteRequest,
  replica: ServerConnection,
  source: ServerConnection,
): Promise<Checked> {
  const { head } = request.journal
  const inspection = await request.inspect(replica)
  const { facts } = inspection
  const { result, situation } = await planRepair({
    ...request.plan,
    ...(await request.refresh()),
    sourceFacts: await inspectSource(source, facts.identity),
    sourceTables: (names) => inspectTables(source, names),
    start: { coordinate: head.restart },
    replica: inspection,
    strategy: head.strategy,
    accept: new Set(head.accept),
  })
  if (situation === null || result.plan === null || result.findings.some((f) => f.severity === 'blocking'))
    throw new Refused(result)
  const { window, ddl } = situation
  const decided = ddl?.decisions ?? []
  return {
    restart: situation.restart,
    executed: facts.executed,
    gtidExecuted: facts.gtidExecuted,
    gtidSlavePos: facts.gtidSlavePos,
    gtidsBefore: situation.gtidsBefore,
    window: window.gtids.toString(),
    domains: [...window.domains],
    steppedOver: decided
      .filter(({ verdict }) => verdict.verdict === 'step-over')
      .map(({ start, end, gtid }) => ({ start, end, gtid })),
    repeated: decided.filter(({ verdict }) => verdict.verdict !== 'step-over').map(({ start }) => start),
    tables: situation.tables.map(({ schema, table }) => ({ schema, table })),
    sameDefinition: ddl?.sameDefinition ?? [],
    transactions: window.transactions,
    bytes: window.bytes,
  }
}

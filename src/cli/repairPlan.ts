/** What a plan of a repair is made from: both servers looked at, and the index brought up to date. */
import type { Inspection, RepairRequest } from '../app/repair.ts'
import type { IndexStore } from '../core/evidence/port.ts'
import type { Dialect } from '../core/plan/dialect.ts'
import type { StrategyName } from '../core/plan/plan.ts'
import type { ServerAddress } from '../core/ports.ts'
import { parseDuration } from '../core/time/duration.ts'
import { parseDialect } from '../dialect/choose.ts'
import { BinpointError } from '../errors.ts'
import type { ServerConnection } from '../server/connection.ts'
import type { Arguments } from './command.ts'
import { textOf } from './command.ts'
import type { Shell } from './shell.ts'
import { serverAddress } from './spec.ts'
import { needOf, refresh, sourceAddress, sourceOf, timeoutMs } from './workplace.ts'

export interface RepairOptions {
  readonly start: () => Promise<RepairRequest['start']>
  readonly strategy: StrategyName | 'auto'
  readonly accept: ReadonlySet<string>
  readonly executes: boolean
}

export async function preparePlan(
  args: Arguments,
  shell: Shell,
  known: IndexStore,
  open: AsyncDisposableStack,
  start: RepairRequest['start'],
  options: Omit<RepairOptions, 'start'>,
): Promise<RepairRequest> {
  const whom = whomOf(args)
  const source = open.use(await sourceOf(args, shell, known))
  // Before the index is brought up to date: the log that was read then reaches at least as far as the replica does.
  const replicaConnection =
    typeof whom === 'string' ? open.use(await connectTo(await serverAddress(whom, args, shell), args)) : null
  const replica: RepairRequest['replica'] =
    replicaConnection === null ? { dialect: whom as Dialect } : await inspection(replicaConnection, args)
  const address = await sourceAddress(args, shell, known)
  const sourceConnection = address === null ? null : open.use(await connectTo(address, args))
  const { inspectSource } = await import('../server/inspect/source.ts')
  const sourceFacts = sourceConnection === null ? null : await inspectSource(sourceConnection, replica.facts?.identity ?? null)
  const need = 'coordinate' in start ? await needOf(start.coordinate, source) : { timeUs: start.timeUs - start.skewUs }
  const { inspectTables } = await import('../server/tables.ts')
  return {
    ...(await refresh(known, source, need, args, shell, open)),
    source,
    sourceFacts,
    sourceTables: sourceConnection === null ? null : (names) => inspectTables(sourceConnection, names),
    access: { source: address, replica: replicaConnection?.address ?? null },
    executes: options.executes,
    start,
    replica,
    channel: textOf(args, 'channel') ?? '',
    strategy: options.strategy,
    accept: options.accept,
    waitSeconds: waitSecondsOf(args),
    nowUs: shell.nowUs(),
    signal: shell.signal,
  }
}

export async function inspection(connection: ServerConnection, args: Arguments): Promise<Inspection> {
  const { inspectReplica } = await import('../server/replica.ts')
  const { inspectTables } = await import('../server/tables.ts')
  const { inspectDdlFacts } = await import('../server/ddlFacts.ts')
  const inspected = await inspectReplica(connection, textOf(args, 'channel') ?? '')
  return { ...inspected, tables: (names) => inspectTables(connection, names), ddl: (names) => inspectDdlFacts(connection, names) }
}

export async function connectTo(address: ServerAddress, args: Arguments): Promise<ServerConnection> {
  const { connect } = await import('../server/connection.ts')
  return connect(address, timeoutMs(args))
}

export function waitSecondsOf(args: Arguments): number {
  return Math.max(1, Math.round(parseDuration(textOf(args, 'wait') ?? '1h') / 1_000_000))
}

export function strategyOf(args: Arguments): StrategyName | 'auto' {
  const text = textOf(args, 'strategy')
  return text === 'coordinates' || text === 'apply' || text === 'gtid' ? text : 'auto'
}

/** The text of --replica, or what --dialect means. */
function whomOf(args: Arguments): string | Dialect {
  const text = textOf(args, 'replica')
  const dialect = textOf(args, 'dialect')
  if (text !== undefined && dialect === undefined) return text
  if (text === undefined && dialect !== undefined) return parseDialect(dialect)
  throw new BinpointError('USAGE', 'give either --replica or --dialect', {
    hint: '--replica mysql://user@host:port to have it looked at, or --dialect mysql-5.6 to plan without',
  })
}

/** Looks at a source, and at a replica, and says what stands in the way of a repair. Changes nothing on either. */
import type { ReplicaIdentity } from '../core/plan/dialect.ts'
import type { SourceFacts } from '../core/plan/sourceFacts.ts'
import type { LogSource } from '../core/ports.ts'
import { BinpointError } from '../errors.ts'
import type { ServerConnection } from '../server/connection.ts'
import { inspectSource } from '../server/inspect/source.ts'
import type { InspectedReplica } from '../server/replica.ts'
import { inspectReplica } from '../server/replica.ts'
import type { Check, Reporter } from './doctor/check.ts'
import { reporterFor } from './doctor/check.ts'
import { fileChecks } from './doctor/fileChecks.ts'
import { replicaChecks, replicaPrivilegeChecks } from './doctor/replicaChecks.ts'
import { connectionChecks, examine } from './doctor/server.ts'
import { sourceChecks } from './doctor/sourceChecks.ts'

export type { Check } from './doctor/check.ts'

export interface DoctorRequest {
  /** Opens the source's log as the other commands do. */
  readonly openLog: () => Promise<LogSource>
  /** Null: the source is files. */
  readonly connectSource: (() => Promise<ServerConnection>) | null
  /** Null: there is none to look at. */
  readonly connectReplica: (() => Promise<ServerConnection>) | null
  readonly channel: string
  readonly signal?: AbortSignal | undefined
}

/** Throws USAGE for a channel that the replica does not have. */
export async function doctor({
  openLog,
  connectSource,
  connectReplica,
  channel,
  signal,
}: DoctorRequest): Promise<readonly Check[]> {
  const replica = connectReplica === null ? null : await examineReplica(connectReplica, channel)
  const inspected = replica?.inspected ?? null
  const source =
    connectSource === null
      ? { facts: null, checks: await examineFiles(openLog, signal) }
      : await examineSource(connectSource, openLog, inspected?.facts.identity ?? null)
  const related =
    inspected === null ? [] : replicaChecks(inspected.facts, inspected.dialect, source.facts, reporterFor('replica'))
  return [...source.checks, ...(replica?.checks ?? []), ...related]
}

interface ExaminedReplica {
  readonly inspected: InspectedReplica | null
  readonly checks: readonly Check[]
}

async function examineReplica(connect: () => Promise<ServerConnection>, channel: string): Promise<ExaminedReplica> {
  const report = reporterFor('replica')
  return reached(connect, report, { inspected: null }, async (connection) => {
    const patient = await examine(connection)
    const checks = await connectionChecks(patient, report)
    try {
      const inspected = await inspectReplica(connection, channel)
      return { inspected, checks: [...checks, ...replicaPrivilegeChecks(patient, inspected.facts, report)] }
    } catch (error) {
      if (!(error instanceof BinpointError) || !/^(MISSING_PRIVILEGE|UNSUPPORTED_SERVER)$/.test(error.code)) throw error
      // What the account lacks is said by the checks of its privileges.
      const isNone = error.code === 'UNSUPPORTED_SERVER'
      return {
        inspected: null,
        checks: [
          ...checks,
          ...(isNone ? [report.fail('replicates', error.message, error.hint)] : []),
          ...replicaPrivilegeChecks(patient, null, report),
        ],
      }
    }
  })
}

interface ExaminedSource {
  readonly facts: SourceFacts | null
  readonly checks: readonly Check[]
}

async function examineSource(
  connect: () => Promise<ServerConnection>,
  openLog: () => Promise<LogSource>,
  replica: ReplicaIdentity | null,
): Promise<ExaminedSource> {
  const report = reporterFor('source')
  return reached(connect, report, { facts: null }, async (connection) => {
    const patient = await examine(connection)
    const facts = await inspectSource(connection, replica)
    return {
      facts,
      checks: [...(await connectionChecks(patient, report)), ...(await sourceChecks(patient, facts, openLog, report))],
    }
  })
}

async function examineFiles(openLog: () => Promise<LogSource>, signal: AbortSignal | undefined): Promise<readonly Check[]> {
  await using log = await openLog()
  return await fileChecks(log, signal, reporterFor('source'))
}

/** A server that cannot be reached is a check that fails. */
async function reached<N extends object, T>(
  connect: () => Promise<ServerConnection>,
  report: Reporter,
  nothing: N,
  look: (connection: ServerConnection) => Promise<T>,
): Promise<T | (N & { readonly checks: readonly Check[] })> {
  let opened: ServerConnection
  try {
    opened = await connect()
  } catch (error) {
    if (!(error instanceof BinpointError)) throw error
    return { ...nothing, checks: [report.fail('reachable', error.message, error.hint)] }
  }
  await using connection = opened
  return await look(connection)
}

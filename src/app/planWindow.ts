/** The window of a plan, read from the log in one pass: what is counted, its DDL in order, and what lies behind it. */
import { GtidSet } from '../core/binlog/gtidSet.ts'
import { EventRole, roleOfType } from '../core/binlog/layout.ts'
import { decodeTableMap, tableIdLength } from '../core/binlog/tableMap.ts'
import type { Coordinate } from '../core/coordinate.ts'
import { compareCoordinates, FIRST_POSITION } from '../core/coordinate.ts'
import { layoutOf } from '../core/ddl/layout.ts'
import type { DdlSequence } from '../core/ddl/sequence.ts'
import { createDdlSequence } from '../core/ddl/sequence.ts'
import type { Finding, FindingCode } from '../core/findings.ts'
import { parseGtid } from '../core/gtid.ts'
import { finding } from '../core/plan/findings.ts'
import type { ReplicaFacts } from '../core/plan/replica.ts'
import type { Sighting, Window } from '../core/plan/window.ts'
import { createWindowCollector } from '../core/plan/window.ts'
import type { LogSource } from '../core/ports.ts'
import type { RawEvent, ScannedFile } from '../core/scan/scan.ts'
import type { Transaction } from '../core/transaction.ts'
import type { ErrorCode } from '../errors.ts'
import { BinpointError } from '../errors.ts'
import { readWindow } from './window.ts'

export interface PlanWindow {
  readonly window: Window
  readonly ddl: DdlSequence
  /** Transactions of the replica's own that it has not executed, as they lie behind the window. */
  readonly ownBehind: Sighting | null
}

/**
 * What the replica has executed from the restart on; of a replica that runs, and of one that is not known (null): all to the end of the log.
 * A log that cannot be read so far is a finding.
 */
export async function readPlanWindow(
  source: LogSource,
  restart: Coordinate,
  facts: ReplicaFacts | null,
  signal: AbortSignal | undefined,
): Promise<PlanWindow | { readonly finding: Finding }> {
  const collector = createWindowCollector()
  const ddl = createDdlSequence()
  const layouts = createLayouts()
  const isExecuted = executedBy(facts)
  let ownBehind: Sighting | null = null
  let to = restart
  try {
    const ending = await readWindow({
      source,
      from: restart,
      signal,
      onEvent: (event, startsAnew, file) => {
        collector.event(event.end - event.from)
        layouts.event(event, startsAnew, file)
      },
      onTransaction: (t) => {
        if (isExecuted(t)) {
          collector.add(t)
          ddl.add(layouts.add(t))
          to = { file: t.file, position: t.end }
        } else if (t.serverId === facts?.identity.serverId) {
          const first = ownBehind?.first ?? { file: t.file, position: t.start }
          ownBehind = { count: (ownBehind?.count ?? 0) + 1, first, example: '' }
        }
        return true
      },
    })
    // A file without a transaction yet: the replica is at its head, or still at the end of the one before.
    if (facts?.applierRuns !== false && ending !== null && ending.file !== to.file)
      to = { file: ending.file, position: FIRST_POSITION }
  } catch (error) {
    const code = error instanceof BinpointError ? findingOfError[error.code] : undefined
    if (!(error instanceof BinpointError) || code === undefined) throw error
    return {
      finding: finding(code, 'blocking', `the window cannot be read to its end: ${[error.message, error.hint].join('; ')}`),
    }
  }
  const end = facts !== null && !facts.applierRuns && compareCoordinates(to, facts.executed) < 0 ? facts.executed : to
  return { window: collector.window(restart, end), ddl: ddl.sequence(), ownBehind }
}

export function followsGtids({ gtidMode }: ReplicaFacts): boolean {
  return gtidMode === 'ON'
}

/** Whether the replica has executed a transaction: by GTID where it follows these, as a position says nothing then. */
function executedBy(facts: ReplicaFacts | null): (t: Transaction) => boolean {
  if (facts === null) return () => true
  const isBefore = (t: Transaction): boolean =>
    facts.applierRuns || compareCoordinates({ file: t.file, position: t.start }, facts.executed) < 0
  if (!followsGtids(facts)) return isBefore
  const isPassed = (t: Transaction): boolean => compareCoordinates({ file: t.file, position: t.start }, facts.executed) < 0
  const executed = GtidSet.parse(facts.gtidExecuted ?? '') ?? new GtidSet()
  // Without auto-positioning, a GTID that is missing before its place was passed over: it does not come any more.
  return (t) => {
    const gtid = parseGtid(t.gtid ?? '')
    if (gtid?.family !== 'mysql') return isBefore(t)
    return executed.contains(gtid.sid, gtid.number) || (!facts.autoPosition && isPassed(t))
  }
}

interface Layouts {
  readonly event: (event: RawEvent, startsAnew: boolean, file: ScannedFile) => void
  /** The transaction with the layouts of its tables, as far as they were seen. */
  readonly add: (t: Transaction) => Transaction & { readonly tables: readonly { readonly layout: string | null }[] }
}

/** How rows lie in a table, by the TABLE_MAPs of the transaction at hand; those in compressed transactions are not looked into. */
function createLayouts(): Layouts {
  const layouts = new Map<string, string>()
  return {
    event({ type, bytes, from }, startsAnew, file) {
      if (startsAnew) layouts.clear()
      if (roleOfType[type] !== EventRole.TABLE_MAP) return
      const mapped = decodeTableMap(bytes, from, tableIdLength(file.format?.postHeaderLengths[type - 1] ?? 8))
      layouts.set(`${mapped.schema}\0${mapped.table}`, layoutOf(mapped))
    },
    add: (t) => ({
      ...t,
      tables: t.tables.map((table) => ({ ...table, layout: layouts.get(`${table.schema}\0${table.table}`) ?? null })),
    }),
  }
}

/** What it means for a plan that its window cannot be read to the end. */
const findingOfError: Partial<Record<ErrorCode, FindingCode>> = {
  LOG_DAMAGED: 'INDEX_GAP',
  LOG_ENCRYPTED: 'ENCRYPTED_FILE',
  LOG_UNKNOWN_EVENT: 'UNKNOWN_EVENT',
}

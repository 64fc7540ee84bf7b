/** From what was asked to a restart coordinate: a boundary that was read from the log the source has now, or the reason why not. */
import type { AtAnswer } from '../core/answer.ts'
import type { Coordinate } from '../core/coordinate.ts'
import { compareBinlogNames, formatCoordinate } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { Finding } from '../core/findings.ts'
import { finding } from '../core/plan/findings.ts'
import type { LogSource } from '../core/ports.ts'
import { BinpointError } from '../errors.ts'
import { at } from './at.ts'
import { when } from './when.ts'

export type RestartRequest =
  | { readonly timeUs: number; readonly marginUs: number | null; readonly skewUs: number; readonly nowUs: number }
  | { readonly coordinate: Coordinate }

export interface Located {
  /** Null: there is none, and a blocking finding says why. */
  readonly restart: Coordinate | null
  readonly findings: readonly Finding[]
}

interface Log {
  readonly store: IndexStore
  readonly log: LogRow
  readonly source: LogSource
}

/** The index must be fresh (see buildIndex). Throws USAGE for a coordinate that is no boundary. */
export async function locateRestart(known: Log, start: RestartRequest): Promise<Located> {
  if ('coordinate' in start) return checkBoundary(known, start.coordinate)
  const { store, log, source } = known
  const answer = await at({ store, log, source, ...start })
  const { safe } = answer
  if (safe !== null) return { restart: { file: safe.file, position: safe.position }, findings: answer.findings }
  return { restart: null, findings: [...answer.findings, ...noCoordinate(answer)] }
}

async function checkBoundary({ store, log, source }: Log, coordinate: Coordinate): Promise<Located> {
  const files = (await source.listFiles()).map((file) => file.name)
  const [oldest = ''] = files
  if (!files.includes(coordinate.file) && compareBinlogNames(coordinate.file, oldest) < 0) {
    return {
      restart: null,
      findings: [purged(`the source no longer has ${coordinate.file}; its oldest file is ${oldest}`, { oldest })],
    }
  }
  const { outcome, transaction: holder } = await when({ store, log, source, what: { coordinate } })
  if (outcome === 'boundary' || outcome === 'end') return { restart: coordinate, findings: [] }
  throw new BinpointError(
    'USAGE',
    `${formatCoordinate(coordinate)} is not the start of a transaction in the log of ${log.source}`,
    {
      hint:
        holder === null
          ? 'binpoint ls lists the transactions with their coordinates'
          : `it lies inside the transaction at ${formatCoordinate({ file: holder.file, position: holder.start })}`,
    },
  )
}

function noCoordinate(answer: AtAnswer): Finding[] {
  if (answer.findings.some((f) => f.severity === 'blocking' && f.code !== 'UNPROVEN')) return []
  return [purged('the time lies before what the source still has of its log')]
}

function purged(what: string, evidence: Finding['evidence'] = {}): Finding {
  return finding(
    'PURGED',
    'blocking',
    `${what}: what was lost then can no longer be replayed. Copy the rows instead, or take a fresh copy of the data`,
    evidence,
  )
}

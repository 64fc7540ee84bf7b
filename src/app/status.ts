/** What the index holds of each source: coverage, gaps, landmarks, size. Reads the index alone. */
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { FileRow, GapRow } from '../core/evidence/rows.ts'

export interface LogStatus {
  readonly source: string
  readonly serverUuid: string | null
  readonly serverId: number
  readonly serverVersion: string
  /** Null: the log that the source has now (when it was last looked at). */
  readonly endedBy: string | null
  readonly files: readonly FileRow[]
  readonly transactions: number
  readonly bytes: number
  readonly ticks: number
  readonly firstSecond: number | null
  readonly lastSecond: number | null
  readonly gaps: readonly (GapRow & { readonly name: string })[]
  readonly landmarks: Readonly<Record<string, number>>
}

export interface StatusReport {
  readonly path: string
  readonly bytes: number
  readonly logs: readonly LogStatus[]
}

export function status(store: IndexStore, source?: string): StatusReport {
  const sources = source === undefined ? store.sources() : [source]
  return {
    path: store.path,
    bytes: store.size(),
    logs: sources.flatMap((name) => store.logs(name).map((log) => statusOf(store, log))),
  }
}

function statusOf(store: IndexStore, log: LogRow): LogStatus {
  const files = store.files(log)
  return {
    source: log.source,
    serverUuid: log.serverUuid,
    serverId: log.serverId,
    serverVersion: files.at(-1)?.serverVersion ?? '',
    endedBy: log.endedBy,
    files,
    ...store.counts(log),
    gaps: store.gaps(log).map((gap) => ({ ...gap, name: files.find((file) => file.ordinal === gap.file)?.name ?? '' })),
    landmarks: Object.fromEntries(store.marksIn(log).map(({ kind, count }) => [kind, count])),
  }
}

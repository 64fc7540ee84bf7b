/**
 * Whether replication may start at a coordinate, told by the structure of its file from the head on: needs no index, and reads
 * one file at most. Nothing else can tell: a position says nothing of itself, and no server checks it.
 */
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { LogSource } from '../core/ports.ts'
import { createScan } from '../core/scan/scan.ts'

export interface Place {
  /** `boundary`: between transactions. `inside`: of an event or a transaction. `beyond`: of what can be read of the file. */
  readonly kind: 'boundary' | 'inside' | 'beyond'
  /** The boundary at or before the coordinate. */
  readonly boundary: Coordinate
}

/** `relayLogs`: of a relay log, too, where replication starts nowhere: the boundaries are those between its transactions. */
export async function placeOf(source: LogSource, at: Coordinate, relayLogs: boolean = false): Promise<Place> {
  let kind: Place['kind'] | null = at.position === FIRST_POSITION ? 'boundary' : null
  let boundary = FIRST_POSITION
  const scan = createScan(
    {
      onEvent: ({ position }) => {
        if (position > at.position) kind = 'inside'
        else if (!scan.isInTransaction) boundary = position
        if (position === at.position) kind = boundary === position ? 'boundary' : 'inside'
        return kind === null
      },
      onTransaction: () => undefined,
      onFileEnd: ({ readEnd, coveredEnd }) => {
        if (kind !== null) return
        kind = at.position > readEnd ? 'beyond' : at.position === coveredEnd ? 'boundary' : 'inside'
        boundary = kind === 'inside' ? boundary : coveredEnd
        scan.stop()
      },
    },
    { decrypted: source.kind === 'server', relayLogs },
  )
  if (kind === null) await source.read({ from: { file: at.file, position: FIRST_POSITION } }, scan)
  return { kind: kind ?? 'beyond', boundary: { file: at.file, position: boundary } }
}

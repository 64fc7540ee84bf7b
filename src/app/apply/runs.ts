/**
 * Cuts a transaction's rows events into runs. A statement of the source begins with TABLE_MAPs of all its tables, also of those that foreign
 * keys lead to, and its last rows event says so. Where a run ends inside of a statement, its last rows event is made the last one of
 * a statement, and the next run begins with the TABLE_MAPs again: so that no run is much larger than its largest event, however
 * large the statement is.
 */
import { decodeTableMap } from '../../core/binlog/tableMap.ts'
import { rowsTableId } from '../../core/binlog/rows.ts'
import { continueStatement, endStatement, RowsFlag, rowsFlags } from './events.ts'
import type { Run } from './orders.ts'

/** A run is ended when it has so many bytes: beyond, a statement that carries more is no faster. */
export const RUN_BYTES: number = 256 << 10

interface Map {
  readonly event: Buffer
  readonly name: string
}

export interface RunCutter {
  readonly tableMap: (event: Buffer, idLength: 4 | 6) => void
  /** Returns a run that ended before this event. Undefined where the statement has no TABLE_MAP of that id. */
  readonly rows: (event: Buffer, idLength: 4 | 6) => Run | null | undefined
  /** Ends the run at hand; null: there is none. */
  readonly end: () => Run | null
  /** Forgets what is at hand. */
  readonly clear: () => void
}

export function createRunCutter(): RunCutter {
  /** Of the statement at hand. */
  const maps = new Map<number, Map>()
  /** Flags of the statement's first rows event; null before it. */
  let firstFlags: number | null = null
  let parts: Buffer[] = []
  let size = 0
  let rowsEvents = 0
  const tables = new Set<string>()
  /** TABLE_MAPs of the statement are in the run. */
  let isMapped = false
  let last: { readonly event: Buffer; readonly idLength: 4 | 6 } | null = null

  function push(event: Buffer): void {
    parts.push(event)
    size += event.length
  }

  function end(): Run | null {
    if (last === null) return null
    endStatement(last.event, last.idLength)
    const run = { bytes: Buffer.concat(parts, size), rowsEvents, tables: [...tables] }
    parts = []
    size = rowsEvents = 0
    tables.clear()
    isMapped = false
    last = null
    return run
  }

  return {
    tableMap(event, idLength) {
      const { id, schema, table } = decodeTableMap(event, 0, idLength)
      maps.set(id, { event, name: `${schema}.${table}` })
    },
    rows(event, idLength) {
      const map = maps.get(rowsTableId(event, 0, idLength))
      if (map === undefined) return undefined
      const ended = size + event.length > RUN_BYTES ? end() : null
      if (!isMapped) {
        for (const { event: mapEvent } of maps.values()) push(mapEvent)
        isMapped = true
        if (firstFlags !== null) continueStatement(event, idLength, firstFlags)
      }
      const flags = rowsFlags(event, idLength)
      firstFlags ??= flags
      push(event)
      rowsEvents++
      tables.add(map.name)
      last = { event, idLength }
      if ((flags & RowsFlag.STATEMENT_END) !== 0) {
        maps.clear()
        isMapped = false
        firstFlags = null
      }
      return ended
    },
    end,
    clear() {
      end()
      maps.clear()
      firstFlags = null
    },
  }
}

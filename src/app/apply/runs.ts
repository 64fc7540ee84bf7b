/**
 * Cuts a transaction's rows events into runs. A statement of the source begins with TABLE_MAPs of all its tables, also of those that foreign
 * keys lead to, and its last rows event says so. Where a run ends inside of a statement, its last rows event is made the last one of
 * a statement, and the next run begins with the TABLE_MAPs again: so that no run is much larger than its largest event, however
 * large the statement is.
 */
import { AT_SIZE } from '../../core/binlog/layout.ts'
import { decodeTableMap } from '../../core/binlog/tableMap.ts'
import { rowsTableId } from '../../core/binlog/rows.ts'
import { continueStatement, endStatement, RowsFlag, rowsFlags } from './events.ts'
import type { Run } from './orders.ts'

/** A run is ended when it has so many bytes: beyond, a statement that carries more is no faster. */
export const RUN_BYTES: number = 256 << 10

/** Runs stand in pieces of memory of this size: an allocation for each event, or each small transaction, would cost more than sending it. */
const PIECE_BYTES = 1 << 19

interface TableMap {
  readonly event: Buffer
  readonly name: string
}

/** Where an event is: bytes[from, bodyEnd), `bodyEnd` without CRC. */
export interface EventPlace {
  readonly bytes: Buffer
  readonly from: number
  readonly bodyEnd: number
}

export interface RunCutter {
  readonly tableMap: (event: EventPlace, idLength: 4 | 6) => void
  /** Returns a run that ended before this event. Undefined where the statement has no TABLE_MAP of that id. */
  readonly rows: (event: EventPlace, idLength: 4 | 6) => Run | null | undefined
  /** Ends the run at hand; null: there is none. */
  readonly end: () => Run | null
  /** Forgets what is at hand. */
  readonly clear: () => void
}

export function createRunCutter(): RunCutter {
  /** Of the statement at hand. */
  const maps = new Map<number, TableMap>()
  /** Flags of the statement's first rows event; null before it. */
  let firstFlags: number | null = null
  /** TABLE_MAPs of the statement are in the run. */
  let isMapped = false
  let piece: Buffer = Buffer.alloc(0)
  /** The run at hand is piece[start, at). */
  let start = 0
  let at = 0
  let rowsEvents = 0
  const tables = new Set<string>()
  let last: { readonly from: number; readonly idLength: 4 | 6 } | null = null

  function push({ bytes, from, bodyEnd }: EventPlace): void {
    const length = bodyEnd - from
    if (at + length > piece.length) {
      const run = piece.subarray(start, at)
      piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, run.length + length))
      at = run.copy(piece)
      if (last !== null) last = { ...last, from: last.from - start }
      start = 0
    }
    bytes.copy(piece, at, from, bodyEnd)
    piece.writeUInt32LE(length, at + AT_SIZE)
    at += length
  }

  function end(): Run | null {
    if (last === null) return null
    endStatement(piece, last.from, last.idLength)
    const run = { bytes: piece.subarray(start, at), rowsEvents, tables: [...tables] }
    start = at
    rowsEvents = 0
    tables.clear()
    isMapped = false
    last = null
    return run
  }

  return {
    tableMap({ bytes, from, bodyEnd }, idLength) {
      const event = Buffer.from(bytes.subarray(from, bodyEnd))
      const { id, schema, table } = decodeTableMap(event, 0, idLength)
      maps.set(id, { event, name: `${schema}.${table}` })
    },
    rows(event, idLength) {
      const map = maps.get(rowsTableId(event.bytes, event.from, idLength))
      if (map === undefined) return undefined
      const ended = at - start + (event.bodyEnd - event.from) > RUN_BYTES ? end() : null
      const isFirst = !isMapped
      if (isFirst) for (const { event: bytes } of maps.values()) push({ bytes, from: 0, bodyEnd: bytes.length })
      isMapped = true
      push(event)
      const from = at - (event.bodyEnd - event.from)
      if (isFirst && firstFlags !== null) continueStatement(piece, from, idLength, firstFlags)
      const flags = rowsFlags(piece, from, idLength)
      firstFlags ??= flags
      rowsEvents++
      tables.add(map.name)
      last = { from, idLength }
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

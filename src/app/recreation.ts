/**
 * Where a restart must reach back to so that rows come back which the replica has lost. A replay makes a missing row again only from its INSERT:
 * an idempotent UPDATE or DELETE of a row that is not there is skipped. So for each row its last INSERT is looked for, and where an UPDATE gave it
 * its key, the last INSERT ahead of that of the row that it was before. The log is read backwards, a file at a time.
 *
 * Keys are compared as text, exactly: whatever a collation makes equal, a row has the bytes that an INSERT or UPDATE of the log gave it.
 */
import { AT_TYPE, EventRole, EventType, roleOfType } from '../core/binlog/layout.ts'
import { forEachInnerEvent } from '../core/binlog/payload.ts'
import type { ValuePlaces } from '../core/binlog/rows.ts'
import { forEachRow, rowsKind, rowsTableId } from '../core/binlog/rows.ts'
import type { MappedTable } from '../core/binlog/tableMap.ts'
import { decodeTableMap, tableIdLength } from '../core/binlog/tableMap.ts'
import type { KeyColumn, ValuePrinter } from '../core/binlog/values.ts'
import { valuePrinter } from '../core/binlog/values.ts'
import type { Coordinate } from '../core/coordinate.ts'
import { compareCoordinates, FIRST_POSITION } from '../core/coordinate.ts'
import type { LogSource } from '../core/ports.ts'
import type { RawEvent, ScannedFile } from '../core/scan/scan.ts'
import type { TableComparison } from '../server/compare/compareTables.ts'
import { readWindow } from './window.ts'

export interface LostRows {
  readonly schema: string
  readonly table: string
  /** Columns that the table has now: where it had others, its rows in the log are not read. */
  readonly columns: number
  readonly key: readonly KeyColumn[]
  /** By column, as core/binlog/values.ts prints them. */
  readonly missing: readonly Readonly<Record<string, string>>[]
}

export interface RecreationRequest {
  readonly source: LogSource
  /** A boundary that the search does not go behind; null: the beginning of the log. */
  readonly from: Coordinate | null
  readonly tables: readonly LostRows[]
  readonly signal?: AbortSignal | undefined
}

export interface Recreation {
  /** The start of a transaction: the least that a restart must reach for the rows that were found; null: none was. */
  readonly restart: Coordinate | null
  /** Rows that no INSERT in the log makes. */
  readonly notInLog: number
  /** Rows of which that is not known, as rows of their table could not be read in the log. */
  readonly undecodable: number
}

/** What a comparison found missing, and named. */
export function lostRowsOf(comparisons: readonly TableComparison[]): readonly LostRows[] {
  return comparisons.flatMap(({ schema, table, columns, key, differences }) => {
    const missing = differences.filter(({ kind }) => kind === 'missing').map((difference) => difference.key)
    return missing.length === 0 ? [] : [{ schema, table, columns, key, missing }]
  })
}

/** Throws LOG_DAMAGED and the like, as for any range of the log. */
export async function recreationOf({ source, from, tables, signal }: RecreationRequest): Promise<Recreation> {
  const files = (await source.listFiles()).map(({ name }) => name)
  const oldest = from === null ? 0 : Math.max(0, files.indexOf(from.file))
  const wanted = createWanted(tables)
  let restart: Coordinate | null = null
  let undecodable = 0
  for (let i = files.length - 1; i >= oldest && wanted.keys.size > 0;) {
    const file = files[i] ?? ''
    const position = i === oldest && from !== null ? from.position : FIRST_POSITION
    const { births, unreadable } = await birthsIn(source, { file, position }, wanted, signal)
    for (const lost of unreadable) undecodable += wanted.drop(lost)
    const found = [...births].filter(([id]) => wanted.keys.has(id))
    for (const [id] of found) wanted.keys.delete(id)
    for (const [, { start, was, lost, row }] of found) {
      if (was !== null) wanted.add(was, { lost, before: { file, row } })
      else if (restart === null || compareCoordinates(start, restart) < 0) restart = start
    }
    // The row that another one was before may have been made in the same file.
    if (found.every(([, birth]) => birth.was === null)) i -= 1
  }
  return { restart, notInLog: wanted.keys.size, undecodable }
}

interface Wanted {
  readonly tables: readonly LostRows[]
  /** What is looked for; `before`: only ahead of that row of that file. */
  readonly keys: Map<string, WantedKey>
  readonly add: (id: string, key: WantedKey) => void
  /** Returns how many keys of the table there were. */
  readonly drop: (lost: LostRows) => number
  readonly tableOf: (table: MappedTable) => LostRows | undefined
  readonly idOf: (lost: LostRows, values: readonly string[]) => string
}

interface WantedKey {
  readonly lost: LostRows
  readonly before: { readonly file: string; readonly row: number } | null
}

function createWanted(tables: readonly LostRows[]): Wanted {
  const byName = new Map(tables.map((lost) => [JSON.stringify([lost.schema, lost.table]), lost]))
  const keys = new Map<string, WantedKey>()
  const idOf = (lost: LostRows, values: readonly string[]): string => JSON.stringify([lost.schema, lost.table, ...values])
  for (const lost of tables)
    for (const key of lost.missing)
      keys.set(
        idOf(
          lost,
          lost.key.map(({ name }) => key[name] ?? ''),
        ),
        { lost, before: null },
      )
  return {
    tables,
    keys,
    idOf,
    tableOf: ({ schema, table }) => byName.get(JSON.stringify([schema, table])),
    add(id, key) {
      // Two rows may have been one key at different times: the earlier one's birth lies ahead of both.
      if (isBefore(key.before, keys.get(id)?.before ?? null)) keys.set(id, key)
    },
    drop(lost) {
      const its = [...keys].filter(([, key]) => key.lost === lost)
      for (const [id] of its) keys.delete(id)
      return its.length
    },
  }
}

/** Null lies behind everything. Of two files the one that was read last is the earlier one, and is read for nothing else. */
function isBefore(a: WantedKey['before'], b: WantedKey['before']): boolean {
  if (a === null || b === null) return b === null
  return a.file !== b.file ? compareCoordinates({ file: a.file, position: 0 }, { file: b.file, position: 0 }) < 0 : a.row < b.row
}

interface Birth {
  readonly lost: LostRows
  /** Counts the rows of the file that were looked at. */
  readonly row: number
  /** The key that an UPDATE changed; null: an INSERT. */
  readonly was: string | null
  readonly start: Coordinate
}

/** The last birth of each wanted key in a file, and the tables of which rows could not be read in it. */
async function birthsIn(
  source: LogSource,
  from: Coordinate,
  wanted: Wanted,
  signal: AbortSignal | undefined,
): Promise<{ readonly births: ReadonlyMap<string, Birth>; readonly unreadable: ReadonlySet<LostRows> }> {
  const births = new Map<string, Birth>()
  const reader = createRowReader(wanted, from.file)
  await readWindow({
    source,
    from,
    until: { file: from.file, position: Number.MAX_SAFE_INTEGER },
    signal,
    onEvent: reader.event,
    onTransaction: (t) => {
      for (const [id, birth] of reader.take()) births.set(id, { ...birth, start: { file: t.file, position: t.start } })
      return true
    },
  })
  return { births, unreadable: reader.unreadable }
}

/** How the key of a table's rows is read; null: not at all. */
interface Mapped {
  readonly table: MappedTable
  readonly lost: LostRows
  readonly printers: readonly ValuePrinter[] | null
}

interface RowReader {
  readonly event: (event: RawEvent, startsAnew: boolean, file: ScannedFile) => void
  /** The births of the transaction that is over. */
  readonly take: () => ReadonlyMap<string, Omit<Birth, 'start'>>
  readonly unreadable: ReadonlySet<LostRows>
}

function createRowReader(wanted: Wanted, file: string): RowReader {
  const unreadable = new Set<LostRows>()
  const maps = new Map<number, Mapped>()
  let births = new Map<string, Omit<Birth, 'start'>>()
  let row = 0

  function tableMap(bytes: Buffer, from: number, idLength: 4 | 6): void {
    const table = decodeTableMap(bytes, from, idLength)
    const lost = wanted.tableOf(table)
    if (lost === undefined) maps.delete(table.id)
    else maps.set(table.id, { table, lost, printers: printersOf(table, lost) })
  }

  function rows(type: number, bytes: Buffer, from: number, end: number, isWhole: boolean, idLength: 4 | 6): void {
    const mapped = maps.get(rowsTableId(bytes, from, idLength))
    if (mapped === undefined || rowsKind(type) === 'delete') return
    const { lost, table, printers } = mapped
    const columns = lost.key.map(({ position }) => position - 1)
    let isRead = isWhole && printers !== null
    const keyOf = (images: Buffer, places: ValuePlaces): string => {
      const values = columns.map((column, i) => printed(printers?.[i], images, places, column))
      isRead &&= values.every((value) => value !== null)
      return wanted.idOf(
        lost,
        values.map((value) => value ?? ''),
      )
    }
    isRead &&= forEachRow(bytes, from, end, type, table, idLength, columns, (images, image, after) => {
      row += 1
      const was = rowsKind(type) === 'update' ? keyOf(images, image) : null
      const id = keyOf(images, was === null ? image : after)
      const key = wanted.keys.get(id)
      if (key !== undefined && id !== was && isBefore({ file, row }, key.before)) births.set(id, { lost, row, was })
    })
    if (!isRead) unreadable.add(lost)
  }

  function take(type: number, bytes: Buffer, from: number, end: number, isWhole: boolean, scanned: ScannedFile): void {
    const idLength = tableIdLength(scanned.format?.postHeaderLengths[type - 1] ?? 8)
    const role = roleOfType[type]
    if (role === EventRole.TABLE_MAP) tableMap(bytes, from, idLength)
    else if (role === EventRole.ROWS) rows(type, bytes, from, end, isWhole, idLength)
    else if (type === EventType.PARTIAL_ROW_DATA) giveUp()
  }

  /** Whose rows could not be read, is not known. */
  function giveUp(): void {
    for (const lost of wanted.tables) unreadable.add(lost)
  }

  return {
    unreadable,
    event({ type, bytes, from, bodyEnd }, startsAnew, scanned) {
      const role = roleOfType[type]
      if (startsAnew || role === EventRole.GTID || role === EventRole.MARIADB_GTID) {
        births = new Map()
        maps.clear()
      }
      if (role !== EventRole.PAYLOAD) take(type, bytes, from, bodyEnd, true, scanned)
      else {
        const isRead = forEachInnerEvent(bytes, from, bodyEnd, (inner, at, end, isWhole) =>
          take(inner[at + AT_TYPE] ?? 0, inner, at, end, isWhole, scanned),
        )
        if (!isRead) giveUp()
      }
    },
    take() {
      const its = births
      births = new Map()
      return its
    },
  }
}

function printersOf(table: MappedTable, lost: LostRows): readonly ValuePrinter[] | null {
  if (table.types.length !== lost.columns) return null
  const printers = lost.key.map((column) => {
    const i = column.position - 1
    return valuePrinter(table.types[i] ?? 0, table.metadata[i] ?? 0, column)
  })
  return printers.every((printer) => printer !== null) ? printers : null
}

function printed(printer: ValuePrinter | undefined, images: Buffer, places: ValuePlaces, column: number): string | null {
  const start = places[2 * column] ?? 0
  return start === 0 || printer === undefined ? null : printer(images, start, places[2 * column + 1] ?? 0)
}

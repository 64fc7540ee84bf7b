/**
 * Transactions in full: the bodies of their events, decoded on the way through the scan. For ranges that people or plans look
 * at; the bulk scan does without. The grammar alone decides what belongs together; this only collects. Memory: what is kept of a
 * transaction does not grow with its rows or statements, whatever it expands to.
 */
import { u16 } from '../binlog/bytes.ts'
import { queryErrorCode, querySchema, queryStatement } from '../binlog/query.ts'
import { decodeMysqlGtid } from '../binlog/gtid.ts'
import { AT_FLAGS, AT_TYPE, EventRole, EventType, Flag, HEADER_LENGTH, minimumSizeOfType, roleOfType } from '../binlog/layout.ts'
import { decodeMariaDbGtid } from '../binlog/mariadbGtid.ts'
import { forEachInnerEvent } from '../binlog/payload.ts'
import { rowsTableId, summarizeRows } from '../binlog/rows.ts'
import type { StatementKind } from '../binlog/statement.ts'
import { classifyStatement, xaIdentifier } from '../binlog/statement.ts'
import type { MappedTable } from '../binlog/tableMap.ts'
import { decodeTableMap, tableIdLength } from '../binlog/tableMap.ts'
import { ownSeconds } from '../clock/ownTime.ts'
import type { Statement, TableChange, Transaction, TransactionKind } from '../transaction.ts'
import type { ScannedTransaction } from './grammar.ts'
import { MarkBit, marksOf } from './marks.ts'
import type { RawEvent, ScannedFile } from './scan.ts'
import { createStatementList } from './statementList.ts'

interface MutableTableChange {
  schema: string
  table: string
  rows: number | null
  inserts: number
  updates: number
  deletes: number
  partialImages: boolean
  /** From 0. */
  updatedColumns: Set<number> | null
}

export interface DetailCollector {
  /** Takes the body of an event; `startsAnew` when no transaction is open before it. */
  readonly event: (event: RawEvent, startsAnew: boolean, file: ScannedFile) => void
  /** Makes the value when the grammar says that the transaction is complete, or that it never will be. */
  readonly finish: (t: ScannedTransaction, file: ScannedFile, complete: boolean) => Transaction
}

export function createDetailCollector(): DetailCollector {
  let gtid: string | null = null
  let originalCommitUs: number | null = null
  let xid: string | null = null
  let marks = 0
  const list = createStatementList()
  const changes = new Map<string, MutableTableChange>()
  const tables = new Map<number, MappedTable>()
  /** As in the grammar: a BEGIN cuts off what another one began and no terminator has ended, but for MariaDB's groups and compressed events. */
  let isBegun = false
  let isCutByBegin = true

  function clear(): void {
    isBegun = false
    isCutByBegin = true
    gtid = null
    originalCommitUs = null
    xid = null
    marks = 0
    list.clear()
    changes.clear()
    tables.clear()
  }

  function body(type: number, bytes: Buffer, from: number, end: number, file: ScannedFile): void {
    switch (roleOfType[type]) {
      case EventRole.GTID: {
        const decoded = decodeMysqlGtid(bytes, from, end)
        gtid = decoded?.gtid ?? null
        originalCommitUs = decoded !== null && decoded.originalCommitUs > 0 ? decoded.originalCommitUs : null
        return
      }
      case EventRole.MARIADB_GTID:
        gtid = decodeMariaDbGtid(bytes, from, end).gtid
        isCutByBegin = false
        return
      case EventRole.TERMINATOR:
        isBegun = false
        return
      case EventRole.PAYLOAD: {
        isCutByBegin = false
        const isRead = forEachInnerEvent(bytes, from, end, (chunk, at, innerEnd, isWhole) =>
          innerEvent(chunk, at, innerEnd, isWhole, file),
        )
        if (!isRead) marks |= MarkBit['unknown-event']
        return
      }
      case undefined:
      default:
        plainBody(type, bytes, from, end, true, file)
    }
  }

  /** Of an event of a compressed transaction: the grammar has not seen it. */
  function innerEvent(bytes: Buffer, from: number, end: number, isWhole: boolean, file: ScannedFile): void {
    const type = bytes[from + AT_TYPE] ?? 0
    const role = roleOfType[type] ?? EventRole.UNKNOWN
    const flags = u16(bytes, from + AT_FLAGS)
    if (!innerRoles.has(role) || end - from < (minimumSizeOfType[type] ?? 0)) marks |= MarkBit['unknown-event']
    else {
      if (role === EventRole.QUERY && (flags & Flag.THREAD_SPECIFIC) !== 0) marks |= MarkBit['temporary-table']
      if (role === EventRole.LOAD_BLOCK || role === EventRole.LOAD_STATEMENT) marks |= MarkBit['load-data'] | MarkBit.statement
      if (type === EventType.XA_PREPARE && bytes[from + HEADER_LENGTH] === 0) marks |= MarkBit['xa-prepare']
      plainBody(type, bytes, from, end, isWhole, file)
    }
  }

  /** Of an event that may stand in a compressed transaction or alone. `isWhole` false: the rest of it is not there. */
  function plainBody(type: number, bytes: Buffer, from: number, end: number, isWhole: boolean, file: ScannedFile): void {
    switch (roleOfType[type]) {
      case EventRole.QUERY:
      case EventRole.LOAD_STATEMENT:
        if (type !== EventType.DELETE_FILE && type !== EventType.EXEC_LOAD) query(type, bytes, from, end)
        return
      case EventRole.TABLE_MAP: {
        const table = decodeTableMap(bytes, from, idLengthOf(type, file))
        tables.set(table.id, table)
        return
      }
      case EventRole.ROWS:
        rows(type, bytes, from, end, isWhole, file)
        return
      case EventRole.BODY:
        // Parts of a rows event that is put together from them (MariaDB 12.3): whose rows, they do not say.
        if (type === EventType.PARTIAL_ROW_DATA) marks |= MarkBit['unknown-event']
        return
      case undefined:
      default:
    }
  }

  function query(type: number, bytes: Buffer, from: number, end: number): void {
    // EXECUTE_LOAD_QUERY has a file id, two offsets and a mode between QUERY's post-header and its status variables.
    const loadHeader = type === EventType.EXECUTE_LOAD_QUERY ? EXECUTE_LOAD_EXTRA : 0
    const statement =
      loadHeader === 0 ? queryStatement(bytes, from, end) : bytes.subarray(executeLoadTextStart(bytes, from, end), end)
    if (statement === null) {
      marks |= MarkBit['unknown-event']
      return
    }
    const kind = classifyStatement(statement, 0, statement.length)
    if (kind === 'begin' && isBegun && isCutByBegin) clear()
    isBegun = kind === 'begin' || kind === 'xa-start' || (isBegun && !endsTransaction.has(kind))
    if (kind === 'begin' || kind === 'commit' || kind === 'rollback' || kind === 'savepoint') return
    const isXa = kind.startsWith('xa-')
    if (isXa) xid = xaIdentifier(statement.toString('utf8', 0, MAX_XA_STATEMENT))
    const schema = loadHeader === 0 ? querySchema(bytes, from) : ''
    const kept = kind === 'ddl' || kind === 'truncate' || kind === 'dml' ? kind : isXa ? 'xa' : 'other'
    list.add({ schema, kind: kept, errorCode: queryErrorCode(bytes, from) }, statement)
    if (kind === 'dml') marks |= MarkBit.statement
    if (kind === 'ddl' || kind === 'truncate') marks |= MarkBit.ddl
  }

  function rows(type: number, bytes: Buffer, from: number, end: number, isWhole: boolean, file: ScannedFile): void {
    const idLength = idLengthOf(type, file)
    const table = tables.get(rowsTableId(bytes, from, idLength))
    if (table === undefined) {
      marks |= MarkBit['unknown-event']
      return
    }
    const whole = summarizeRows(bytes, from, end, type, table, idLength)
    const summary = isWhole ? whole : { ...whole, rows: null, updatedColumns: null }
    const key = `${table.schema}\0${table.table}`
    let change = changes.get(key)
    if (change === undefined) {
      const { schema, table: name } = table
      change = {
        schema,
        table: name,
        rows: 0,
        inserts: 0,
        updates: 0,
        deletes: 0,
        partialImages: false,
        updatedColumns: new Set(),
      }
      changes.set(key, change)
    }
    const n = summary.rows ?? 0
    change.rows = change.rows === null || summary.rows === null ? null : change.rows + n
    if (summary.kind === 'insert') change.inserts += n
    else if (summary.kind === 'update') change.updates += n
    else change.deletes += n
    change.partialImages ||= summary.partialImages
    if (summary.updatedColumns === null) change.updatedColumns = null
    else for (const column of summary.updatedColumns) change.updatedColumns?.add(column)
  }

  return {
    event(event, startsAnew, file) {
      const role = roleOfType[event.type]
      if (startsAnew || role === EventRole.GTID || role === EventRole.MARIADB_GTID) clear()
      body(event.type, event.bytes, event.from, event.bodyEnd, file)
    },
    finish(t, file, complete) {
      const bits = t.marks | marks | (file.format !== null && t.serverId !== file.format.serverId ? MarkBit['foreign-origin'] : 0)
      const statements = list.statements()
      const exactUs = t.commitUs > 0 ? t.commitUs : null
      const changed = [...changes.values()].map((change): TableChange => {
        const { updatedColumns: updated } = change
        return { ...change, updatedColumns: updated === null ? null : [...updated].map((i) => i + 1).toSorted((a, b) => a - b) }
      })
      return {
        file: file.name,
        start: t.start,
        end: t.end,
        gtid,
        serverId: t.serverId,
        kind: kindOf(bits, changed, statements),
        firstStampSeconds: t.firstStampSeconds,
        lastStampSeconds: t.maxStampSeconds,
        immediateCommitUs: exactUs,
        originalCommitUs: exactUs === null ? null : originalCommitUs,
        commit: { notBeforeUs: exactUs ?? ownUs(t, file), notAfterUs: exactUs },
        threadId: t.threadId === 0 ? null : t.threadId,
        tables: changed,
        statements,
        marks: marksOf(bits),
        xid,
        events: t.events,
        complete,
      }
    },
  }
}

/** What a payload may hold; anything else in it is damage, a nested payload too. */
const innerRoles: ReadonlySet<number> = new Set([
  EventRole.BODY,
  EventRole.QUERY,
  EventRole.TERMINATOR,
  EventRole.PREFIX,
  EventRole.ROWS,
  EventRole.TABLE_MAP,
  EventRole.LOAD_BLOCK,
  EventRole.LOAD_STATEMENT,
])

const endsTransaction: ReadonlySet<StatementKind> = new Set<StatementKind>(['commit', 'rollback', 'xa-rollback'])

/** Two identifiers of 64 bytes in hex, and the words around them. */
const MAX_XA_STATEMENT = 400

/** What it says itself of when it committed by this server's clock, at the earliest; null: nothing. */
function ownUs(t: ScannedTransaction, file: ScannedFile): number | null {
  const seconds = file.format === null ? 0 : ownSeconds(t, file.format)
  return seconds === 0 ? null : seconds * 1_000_000
}

/** file_id u32, filename offsets 2 x u32, duplicate handling u8. */
const EXECUTE_LOAD_EXTRA = 13

function executeLoadTextStart(bytes: Buffer, from: number, end: number): number {
  const statusLength = u16(bytes, from + 19 + 11)
  const schemaLength = bytes[from + 19 + 8] ?? 0
  return Math.min(end, from + 19 + 13 + EXECUTE_LOAD_EXTRA + statusLength + schemaLength + 1)
}

function idLengthOf(type: number, file: ScannedFile): 4 | 6 {
  return tableIdLength(file.format?.postHeaderLengths[type - 1] ?? 8)
}

function kindOf(bits: number, tables: readonly TableChange[], statements: readonly Statement[]): TransactionKind {
  if ((bits & (MarkBit['xa-prepare'] | MarkBit['xa-end'])) !== 0) return 'xa'
  if ((bits & (MarkBit.incident | MarkBit['unknown-event'])) !== 0) return 'other'
  const isDdl = (bits & MarkBit.ddl) !== 0
  const isStatement = (bits & MarkBit.statement) !== 0
  const kinds = Number(tables.length > 0) + Number(isStatement) + Number(isDdl)
  if (kinds > 1) return 'mixed'
  if (tables.length > 0) return 'rows'
  if (isDdl) return 'ddl'
  if (isStatement) return 'statement'
  return statements.length === 0 ? 'empty' : 'other'
}

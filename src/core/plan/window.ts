/** What a window holds, counted as its transactions go by: the facts that decide whether it may be replayed. */
import type { Coordinate } from '../coordinate.ts'
import { GtidSet } from '../binlog/gtidSet.ts'
import { parseGtid } from '../gtid.ts'
import type { Mark, TableChange, Transaction } from '../transaction.ts'

export interface WindowTable {
  readonly schema: string
  readonly table: string
  readonly inserts: number
  readonly updates: number
  readonly deletes: number
  /** Columns (from 1) to which updates gave other values; null where that is not known. */
  readonly updatedColumns: readonly number[] | null
}

/** Transactions of one sort: how many, and the first one. */
export interface Sighting {
  readonly count: number
  readonly first: Coordinate
  /** The statement, for DDL and statements; else empty. */
  readonly example: string
}

export interface Window {
  readonly from: Coordinate
  readonly to: Coordinate
  readonly transactions: number
  readonly bytes: number
  readonly byTable: readonly WindowTable[]
  readonly sightings: ReadonlyMap<WindowSight, Sighting>
  /** Transactions by origin. */
  readonly origins: ReadonlyMap<number, Sighting>
  /** MySQL's GTIDs of the window; empty where it has none. */
  readonly gtids: GtidSet
  /** MariaDB's domains. */
  readonly domains: ReadonlySet<number>
  /** Stamps of its transactions (Unix seconds), the least and the greatest; 0 where there are none. */
  readonly firstSeconds: number
  readonly lastSeconds: number
  /** Bytes of its largest event. */
  readonly largestEvent: number
  readonly openBefore: OpenBefore
}

/** What was begun before the window and is ended, or used, in it. */
export interface OpenBefore {
  /** Identifiers of prepared XA transactions. */
  readonly xids: ReadonlySet<string>
  /** Sessions with temporary tables; see sessionOf. */
  readonly sessions: ReadonlySet<string>
}

export type WindowSight =
  | Mark
  | 'truncate'
  | 'create-table'
  | 'partial-images'
  | 'unknown-rows'
  | 'xa-end-without-prepare'
  | 'xa-left-open'
  | 'temporary-table-from-before'

export interface WindowCollector {
  /** Takes the size of an event of a transaction that is then added. */
  readonly event: (bytes: number) => void
  readonly add: (transaction: Transaction) => void
  readonly window: (from: Coordinate, to: Coordinate) => Window
}

export function createWindowCollector(): WindowCollector {
  const tables = new Map<string, WindowTable>()
  const sightings = new Map<WindowSight, Sighting>()
  const origins = new Map<number, Sighting>()
  const prepared = new Map<string, Transaction>()
  const openXids = new Set<string>()
  const openSessions = new Set<string>()
  const sessionsWithTable = new Set<string>()
  const gtids = new GtidSet()
  const domains = new Set<number>()
  let firstSeconds = 0
  let lastSeconds = 0
  let largestEvent = 0
  let transactions = 0
  let bytes = 0

  function see<Key>(map: Map<Key, Sighting>, key: Key, t: Transaction, example = ''): void {
    const known = map.get(key)
    map.set(
      key,
      known === undefined
        ? { count: 1, first: { file: t.file, position: t.start }, example }
        : { ...known, count: known.count + 1 },
    )
  }

  function addXa(t: Transaction): void {
    const xid = t.xid ?? ''
    if (t.marks.includes('xa-prepare')) prepared.set(xid, t)
    else if (t.marks.includes('xa-end') && !prepared.delete(xid)) {
      openXids.add(xid)
      see(sightings, 'xa-end-without-prepare', t, xid)
    }
  }

  /** The first of a session that names temporary tables is the making of one, or it uses one that is older than the window. */
  function addTemporary(t: Transaction): void {
    const session = sessionOf(t)
    if (makesTemporaryTable(t)) sessionsWithTable.add(session)
    else if (!sessionsWithTable.has(session) && !t.statements.every((s) => /^\W*DROP\s/i.test(s.text))) {
      openSessions.add(session)
      see(sightings, 'temporary-table-from-before', t, t.statements[0]?.text ?? '')
    }
  }

  return {
    event(size) {
      largestEvent = Math.max(largestEvent, size)
    },
    add(t) {
      transactions++
      bytes += t.end - t.start
      see(origins, t.serverId, t)
      firstSeconds = firstSeconds === 0 ? t.firstStampSeconds : Math.min(firstSeconds, t.firstStampSeconds)
      lastSeconds = Math.max(lastSeconds, t.lastStampSeconds)
      const statement = t.statements[0]?.text ?? ''
      for (const mark of t.marks) see(sightings, mark, t, mark === 'ddl' || mark === 'statement' ? statement : '')
      if (t.statements.some((s) => s.kind === 'truncate')) see(sightings, 'truncate', t, statement)
      if (t.statements.some((s) => s.kind === 'ddl' && /^\W*CREATE\s+(OR\s+REPLACE\s+)?TABLE/i.test(s.text)))
        see(sightings, 'create-table', t, statement)
      if (t.kind === 'xa') addXa(t)
      if (t.marks.includes('temporary-table')) addTemporary(t)
      const gtid = parseGtid(t.gtid ?? '')
      if (gtid?.family === 'mysql') gtids.add(gtid.sid, gtid.number)
      else if (gtid?.family === 'mariadb') domains.add(gtid.domain)
      for (const change of t.tables) {
        const key = `${change.schema}\0${change.table}`
        tables.set(key, sum(tables.get(key), change))
        if (change.partialImages) see(sightings, 'partial-images', t, `${change.schema}.${change.table}`)
        if (change.rows === null) see(sightings, 'unknown-rows', t, `${change.schema}.${change.table}`)
      }
    },
    window: (from, to) => {
      for (const [xid, t] of prepared) see(sightings, 'xa-left-open', t, xid)
      prepared.clear()
      return {
        from,
        to,
        transactions,
        bytes,
        byTable: [...tables.values()],
        sightings,
        origins,
        gtids,
        domains,
        firstSeconds,
        lastSeconds,
        largestEvent,
        openBefore: { xids: openXids, sessions: openSessions },
      }
    },
  }
}

/** Temporary tables belong to a session of an origin. */
export function sessionOf({ serverId, threadId }: Transaction): string {
  return `${serverId}:${threadId}`
}

export function makesTemporaryTable({ statements }: Transaction): boolean {
  return statements.some((s) => /^\W*(?:!\d*\W*)?CREATE\s+(OR\s+REPLACE\s+)?TEMPORARY\s/i.test(s.text))
}

function sum(known: WindowTable | undefined, change: TableChange): WindowTable {
  const { schema, table, inserts, updates, deletes, updatedColumns } = change
  if (known === undefined) return { schema, table, inserts, updates, deletes, updatedColumns }
  const columns = known.updatedColumns === null || updatedColumns === null ? null : known.updatedColumns.concat(updatedColumns)
  return {
    schema,
    table,
    inserts: known.inserts + inserts,
    updates: known.updates + updates,
    deletes: known.deletes + deletes,
    updatedColumns: columns === null ? null : [...new Set(columns)].toSorted((a, b) => a - b),
  }
}

/** Only TRUNCATE, no other DDL. */
export function hasOnlyTruncates(window: Window): boolean {
  return (window.sightings.get('truncate')?.count ?? 0) === (window.sightings.get('ddl')?.count ?? 0)
}

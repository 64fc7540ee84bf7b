/**
 * What stands on the replica while the window is replayed: at first what it has now, then what each replayed statement leaves. And what the
 * source had at the same place of its log, as far as the log tells: where the two differ, rows have no table to go to.
 */
import type { ChangedTable } from './sequence.ts'
import type { ObjectKind, TableName } from './statement.ts'

/** What the replica has now. Asked with names as the log has them. */
export interface ReplicaTables {
  /** MariaDB's slave_ddl_exec_mode; MySQL is as STRICT. */
  readonly ddlMode: 'STRICT' | 'IDEMPOTENT'
  /** lower_case_table_names is not 0 on the source or the replica. */
  readonly foldsCase: boolean
  readonly hasSchema: (schema: string) => boolean
  readonly hasTable: (table: TableName) => boolean
  readonly hasIndex: (table: TableName, index: string) => boolean
  readonly hasPartition: (table: TableName, partition: string) => boolean
  /** Tables with a foreign key to this one, of any schema. */
  readonly childrenOf: (table: TableName) => readonly TableName[]
}

/** A table from its CREATE to its DROP. */
export interface Life {
  /**
   * `now`: as the replica has it today, perhaps already what a later statement of the window makes of it; `made`: made by the replay, so it
   * is what the source had, and every statement does to it what it did there; `unsure`: made by an IF NOT EXISTS that did nothing on the
   * source if it had the table.
   */
  readonly origin: 'now' | 'made' | 'unsure'
  /** The CREATE, where it is in the window. */
  text: string | null
  mayRefuseRows: boolean
  /** The window changes its partitions, or its columns. */
  isAltered: boolean
  readonly layouts: Set<string | null>
}

export interface StandingTable {
  readonly name: TableName
  exists: boolean
  /** Null: the window does not tell. */
  sourceHas: boolean | null
  /** Of the replica's table in the replay, the last one last. */
  readonly lives: Life[]
  /** The window changes what it is, not only its rows. */
  isDefined: boolean
  /** It has been altered or made anew in the window so far: what took its shape then is perhaps not what it is now. */
  hasNewShape: boolean
  readonly indexes: Map<string, boolean>
  readonly partitions: Map<string, boolean>
  /** The replay has emptied a partition: what is in it by its name now may have come from another one since. */
  hasCutPartition: boolean
  /** The replay has repeated a change of the partitions, as the replica did not have it. */
  lacksPartitioning: boolean
}

export interface Standing {
  readonly replica: ReplicaTables
  readonly table: (name: TableName) => StandingTable
  /** Those that were asked for, of one schema or of all. */
  readonly tables: (schema?: string) => readonly StandingTable[]
  /** Of a table that the replica has now: the replay has dropped it, or made it anew. */
  readonly isGone: (name: TableName) => boolean
  readonly hasSchema: (schema: string) => boolean
  readonly setSchema: (schema: string, exists: boolean) => void
  /** Whether the object is there; null: not known. */
  readonly hasObject: (object: ObjectKind, name: TableName) => boolean | null
  readonly setObject: (object: ObjectKind, name: TableName, exists: boolean) => void
  readonly isSame: (a: TableName, b: TableName) => boolean
}

export function createStanding(replica: ReplicaTables): Standing {
  const fold = (name: string): string => (replica.foldsCase ? name.toLowerCase() : name)
  const keyOf = ({ schema, table }: TableName): string => JSON.stringify([fold(schema), fold(table)])
  const tables = new Map<string, StandingTable>()
  const schemas = new Map<string, boolean>()
  /** Dropped in the replay: nothing is in them but what the replay made since. */
  const emptied = new Set<string>()
  const objects = new Map<string, boolean>()
  /** Names of routines are compared without regard to case; folding all of them is only careful where it makes two into one. */
  const objectKey = (object: ObjectKind, { schema, table }: TableName): string =>
    JSON.stringify([fold(schema), object, table.toLowerCase()])

  const tablesIn = (schema?: string): readonly StandingTable[] =>
    [...tables.values()].filter(({ name }) => schema === undefined || fold(name.schema) === fold(schema))

  return {
    replica,
    table(name) {
      const known = tables.get(keyOf(name))
      if (known !== undefined) return known
      const isEmptied = emptied.has(fold(name.schema))
      const exists = !isEmptied && replica.hasTable(name)
      const table: StandingTable = {
        name,
        exists,
        sourceHas: isEmptied ? false : null,
        lives: exists ? [{ origin: 'now', text: null, mayRefuseRows: false, isAltered: false, layouts: new Set() }] : [],
        isDefined: false,
        hasNewShape: false,
        indexes: new Map(),
        partitions: new Map(),
        hasCutPartition: false,
        lacksPartitioning: false,
      }
      tables.set(keyOf(name), table)
      return table
    },
    tables: tablesIn,
    isGone(name) {
      const known = tables.get(keyOf(name))
      return known === undefined ? emptied.has(fold(name.schema)) : lifeOf(known)?.origin !== 'now'
    },
    hasSchema: (schema) => schemas.get(fold(schema)) ?? replica.hasSchema(schema),
    setSchema(schema, exists) {
      schemas.set(fold(schema), exists)
      emptied.add(fold(schema))
      for (const key of objects.keys()) if (key.startsWith(`[${JSON.stringify(fold(schema))},`)) objects.delete(key)
      tablesIn(schema).forEach(end)
    },
    hasObject: (object, name) => objects.get(objectKey(object, name)) ?? (emptied.has(fold(name.schema)) ? false : null),
    setObject: (object, name, exists) => void objects.set(objectKey(object, name), exists),
    isSame: (a, b) => keyOf(a) === keyOf(b),
  }
}

/** The life that the table has now; undefined where it does not exist. */
export function lifeOf(table: StandingTable): Life | undefined {
  return table.exists ? table.lives.at(-1) : undefined
}

export function begin(table: StandingTable, life: Omit<Life, 'layouts' | 'isAltered'>): void {
  table.exists = true
  table.sourceHas = true
  table.isDefined = true
  table.hasNewShape = true
  table.lives.push({ ...life, isAltered: false, layouts: new Set() })
  table.indexes.clear()
  table.partitions.clear()
  table.hasCutPartition = false
  table.lacksPartitioning = false
}

export function end(table: StandingTable): void {
  table.exists = false
  table.sourceHas = false
}

/** Rows of the table are changed here. False: the replica has none to put them in. */
export function putRows(table: StandingTable, { layout = null }: ChangedTable): boolean {
  table.sourceHas = true
  lifeOf(table)?.layouts.add(layout)
  return table.exists
}

/** Tables that the source had here, or may have had, and the replica has not. */
export function missing(standing: Standing): readonly StandingTable[] {
  return standing.tables().filter((table) => table.sourceHas !== false && !table.exists)
}

export function nameOf({ schema, table }: TableName): string {
  return `${schema}.${table}`
}

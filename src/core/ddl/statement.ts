/** What a logged statement of data definition does: as much of it as its repetition depends upon. */

export interface TableName {
  readonly schema: string
  readonly table: string
}

export type ObjectKind = 'view' | 'procedure' | 'function' | 'trigger' | 'event'

export interface CreateTable {
  readonly action: 'create-table'
  readonly table: TableName
  readonly isOrReplace: boolean
  readonly isIfNotExists: boolean
  readonly isTemporary: boolean
  /** The table whose shape it takes. */
  readonly like: TableName | null
  /** Its rows come from a query in the statement. In a log of rows only where they are rows of the same transaction: see hasRows of a step. */
  readonly isFromQuery: boolean
  /** It has a foreign key: the other table must be there. */
  readonly hasReferences: boolean
  /** It has a CHECK, or partitions, or may have: rows can be refused that fit its columns. */
  readonly mayRefuseRows: boolean
}

/** An identifier of an index or a partition is as it is written; servers compare them without regard to case. */
export type AlterClause =
  | { readonly change: 'add-index'; readonly index: string; readonly isUnique: boolean }
  | { readonly change: 'drop-index'; readonly index: string }
  | { readonly change: 'rename-index'; readonly index: string; readonly to: string }
  /** VISIBLE, INVISIBLE, IGNORED, NOT IGNORED. */
  | { readonly change: 'show-index'; readonly index: string }
  /** An option of the table that leaves rows as they are, and that can be set as often as one likes. */
  | { readonly change: 'option' }
  /** ALGORITHM and LOCK: how, not what. */
  | { readonly change: 'manner' }
  /** Null: all of them. */
  | { readonly change: 'truncate-partition'; readonly partitions: readonly string[] | null }
  | { readonly change: 'drop-partition'; readonly partitions: readonly string[] }
  | { readonly change: 'add-partition'; readonly partitions: readonly string[] }
  | { readonly change: 'reorganize-partition'; readonly partitions: readonly string[]; readonly into: readonly string[] }
  /** ANALYZE, CHECK, OPTIMIZE, REBUILD and REPAIR PARTITION. */
  | { readonly change: 'maintain-partition' }
  /** The table gets another name, or changes rows with another table. */
  | { readonly change: 'other-table' }
  /** Anything else: it may change how rows lie in the table. */
  | { readonly change: 'other' }

export type Ddl =
  | CreateTable
  | {
      readonly action: 'drop-table'
      readonly tables: readonly TableName[]
      readonly isIfExists: boolean
      readonly isTemporary: boolean
    }
  | { readonly action: 'truncate-table'; readonly table: TableName }
  /** Also CREATE INDEX and DROP INDEX. */
  | { readonly action: 'alter-table'; readonly table: TableName; readonly clauses: readonly AlterClause[] }
  | { readonly action: 'rename-table'; readonly tables: readonly TableName[] }
  | {
      readonly action: 'create-database'
      readonly schema: string
      readonly isOrReplace: boolean
      readonly isIfNotExists: boolean
    }
  | { readonly action: 'drop-database'; readonly schema: string; readonly isIfExists: boolean }
  | {
      readonly action: 'create-object'
      readonly object: ObjectKind
      readonly name: TableName
      readonly isOrReplace: boolean
      readonly isIfNotExists: boolean
    }
  | {
      readonly action: 'drop-object'
      readonly object: ObjectKind
      readonly names: readonly TableName[]
      readonly isIfExists: boolean
    }
  /** Users, roles and what they may do. `isRepeatable`: IF EXISTS, IF NOT EXISTS or OR REPLACE. */
  | { readonly action: 'account'; readonly isRepeatable: boolean }
  /** ANALYZE, CHECK, OPTIMIZE and REPAIR TABLE, FLUSH: no row and no definition is another afterwards. */
  | { readonly action: 'maintain'; readonly tables: readonly TableName[] }
  /** Not understood. */
  | { readonly action: 'other' }

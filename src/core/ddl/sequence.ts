/**
 * The DDL of a window in the order of the log, and between two of them the tables whose rows changed: what a decision on its repetition
 * needs, in memory that does not grow with the rows.
 */
import type { Coordinate } from '../coordinate.ts'
import { parseDdl } from './parse.ts'
import type { Ddl, TableName } from './statement.ts'

export interface ChangedTable extends TableName {
  /**
   * How rows lie in it, in any form that is the same for the same column types (those of TABLE_MAP); null or left out: not known, and
   * then taken for another one than before.
   */
  readonly layout?: string | null
}

/** A transaction as `Transaction` has it. */
export interface LoggedTransaction {
  readonly file: string
  readonly start: number
  readonly end: number
  readonly gtid: string | null
  readonly marks: readonly string[]
  readonly tables: readonly ChangedTable[]
  readonly statements: readonly {
    readonly schema: string
    readonly text: string
    readonly kind: string
    readonly errorCode: number
    /** Whether the session checked foreign keys; left out: not known, and then taken for yes. */
    readonly checksForeignKeys?: boolean
  }[]
}

export interface LoggedDdl {
  readonly ddl: Ddl
  readonly schema: string
  readonly text: string
  readonly errorCode: number
  readonly checksForeignKeys: boolean
}

export interface DdlStep {
  readonly kind: 'ddl'
  readonly start: Coordinate
  /** Where what follows begins. */
  readonly end: Coordinate
  readonly gtid: string | null
  /** More than one only in damaged or strange logs. */
  readonly statements: readonly LoggedDdl[]
  /** Rows of the same transaction: CREATE TABLE … SELECT. */
  readonly tables: readonly ChangedTable[]
}

export interface RowsStep {
  readonly kind: 'rows'
  /** Of the first of them. */
  readonly start: Coordinate
  readonly tables: readonly ChangedTable[]
}

export type DdlSequence = readonly (DdlStep | RowsStep)[]

export interface DdlSequenceCollector {
  /** In log order. */
  readonly add: (transaction: LoggedTransaction) => void
  readonly sequence: () => DdlSequence
}

export function createDdlSequence(): DdlSequenceCollector {
  const steps: (DdlStep | RowsStep)[] = []
  let rows: Map<string, ChangedTable> | null = null

  function addRows({ file, start, tables }: LoggedTransaction): void {
    if (tables.length === 0) return
    if (rows === null) {
      rows = new Map()
      const found = rows
      steps.push({
        kind: 'rows',
        start: { file, position: start },
        get tables() {
          return [...found.values()]
        },
      })
    }
    for (const { schema, table, layout = null } of tables)
      rows.set(JSON.stringify([schema, table, layout]), { schema, table, layout })
  }

  return {
    add(transaction) {
      const statements = transaction.statements.filter(({ kind }) => isDefinition(kind))
      if (statements.length === 0) {
        addRows(transaction)
        return
      }
      rows = null
      // START ALTER and COMMIT ALTER have the same text, and only together they do anything (MariaDB).
      const isHalf = transaction.marks.includes('two-phase-alter')
      steps.push({
        kind: 'ddl',
        start: { file: transaction.file, position: transaction.start },
        end: { file: transaction.file, position: transaction.end },
        gtid: transaction.gtid,
        tables: transaction.tables.map(({ schema, table, layout = null }) => ({ schema, table, layout })),
        statements: statements.map(({ schema, text, errorCode, checksForeignKeys = true }) => ({
          ddl: isHalf ? { action: 'other' } : parseDdl(text, schema),
          schema,
          text,
          errorCode,
          checksForeignKeys,
        })),
      })
    },
    sequence: () => steps,
  }
}

/** What changes rows by statement, and XA, is judged elsewhere. */
function isDefinition(kind: string): boolean {
  return kind !== 'dml' && kind !== 'xa'
}

/** What must be known of the replica: each table once. */
export function tablesOf(sequence: DdlSequence): readonly TableName[] {
  const found = new Map<string, TableName>()
  const add = ({ schema, table }: TableName): void => void found.set(JSON.stringify([schema, table]), { schema, table })
  for (const step of sequence) {
    step.tables.forEach(add)
    if (step.kind === 'ddl') for (const { ddl } of step.statements) tablesNamed(ddl).forEach(add)
  }
  return [...found.values()]
}

function tablesNamed(ddl: Ddl): readonly TableName[] {
  switch (ddl.action) {
    case 'create-table':
      return ddl.like === null ? [ddl.table] : [ddl.table, ddl.like]
    case 'truncate-table':
    case 'alter-table':
      return [ddl.table]
    case 'drop-table':
    case 'rename-table':
    case 'maintain':
      return ddl.tables
    case 'create-database':
    case 'drop-database':
    case 'create-object':
    case 'drop-object':
    case 'account':
    case 'other':
      return []
    default:
      return ddl satisfies never
  }
}

/**
 * What a logged statement is. The words that open and close a transaction are compared as the servers do it
 * (mysql-server trx_boundary_parser.cpp): BEGIN and COMMIT byte for byte, so that text that only looks like one is a statement.
 * The rest goes by the first keyword behind comments; a keyword that is not known to change rows counts as DDL, the careful side.
 */

export type StatementKind =
  | 'begin'
  | 'commit'
  | 'rollback'
  | 'savepoint'
  | 'xa-start'
  | 'xa-end'
  | 'xa-commit'
  | 'xa-rollback'
  | 'dml'
  | 'truncate'
  | 'ddl'
  | 'other'

const dmlWords = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'LOAD', 'CALL', 'DO', 'SELECT', 'WITH', 'VALUES', 'HANDLER'])

/** Where a statement, however long, has its first keyword behind its comments. */
const FAR_ENOUGH = 1 << 20

/** Classifies the statement bytes[from, to). */
export function classifyStatement(bytes: Buffer, from: number, to: number): StatementKind {
  const length = to - from
  if (length === 5 && bytes.toString('latin1', from, to) === 'BEGIN') return 'begin'
  if (length === 6 && bytes.toString('latin1', from, to) === 'COMMIT') return 'commit'
  const head = bytes.toString('latin1', from, Math.min(to, from + 48))
  if (head.startsWith('XA ')) return classifyXa(head)
  const upper = head.toUpperCase()
  if (upper.startsWith('ROLLBACK')) return upper.startsWith('ROLLBACK TO ') ? 'savepoint' : 'rollback'
  if (upper.startsWith('SAVEPOINT') || upper.startsWith('RELEASE SAVEPOINT')) return 'savepoint'
  const word = firstKeyword(upper) ?? firstKeyword(bytes.toString('latin1', from, Math.min(to, from + FAR_ENOUGH)).toUpperCase())
  if (word === null) return length > FAR_ENOUGH ? 'ddl' : 'other'
  if (dmlWords.has(word)) return 'dml'
  return word === 'TRUNCATE' ? 'truncate' : 'ddl'
}

function classifyXa(head: string): StatementKind {
  const word = /^XA +(START|BEGIN|END|PREPARE|COMMIT|ROLLBACK)/.exec(head)?.[1]
  if (word === 'START' || word === 'BEGIN') return 'xa-start'
  if (word === 'COMMIT') return 'xa-commit'
  if (word === 'ROLLBACK') return 'xa-rollback'
  return 'xa-end'
}

/** Space, a comment to the end of a line, or a plain comment. A version comment (`/*!` and `/*M!`) is code: only its opening is skipped. */
const ignorable = /(?:[\s(;]|--(?=\s)[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|\/\*M?!\d*|\/\*(?!M?!)[\s\S]*?\*\/)*/y

function firstKeyword(upper: string): string | null {
  ignorable.lastIndex = 0
  const skipped = ignorable.exec(upper)?.[0].length ?? 0
  return /^[A-Z_]+/.exec(upper.slice(skipped, skipped + 32))?.[0] ?? null
}

/** The XA identifier of an `XA …` statement as the log prints it (`X'61',X'',1`), else null. */
export function xaIdentifier(statement: string): string | null {
  return (
    /^XA +(?:START|BEGIN|END|PREPARE|COMMIT|ROLLBACK) +(X'[^;]*?)(?: ONE PHASE)?$/i.exec(statement.trim())?.[1]?.trim() ?? null
  )
}

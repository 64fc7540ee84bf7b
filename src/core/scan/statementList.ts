/**
 * The statements of one transaction, with bounded memory: a transaction may hold millions of them, or one of a gigabyte. What
 * decides safety is kept of all (kinds are marks besides), the text of the first ones.
 */
import type { Statement } from '../transaction.ts'

/** Statements, and characters of text, that are kept of a transaction. DDL is always kept: none has more than a few. */
const MAX_STATEMENTS = 10_000
const MAX_TEXT = 1 << 20
/** Enough to see what a statement does. */
const SHORT_TEXT = 1000

export interface StatementList {
  readonly add: (statement: Omit<Statement, 'text'>, text: Buffer) => void
  readonly clear: () => void
  readonly statements: () => readonly Statement[]
}

export function createStatementList(): StatementList {
  let kept: Statement[] = []
  let textLeft = MAX_TEXT
  let leftOut = 0

  return {
    add(statement, text) {
      const isSafetyRelevant = statement.kind === 'ddl' || statement.kind === 'truncate' || statement.kind === 'xa'
      if (kept.length >= (isSafetyRelevant ? 2 : 1) * MAX_STATEMENTS || (textLeft <= 0 && !isSafetyRelevant)) {
        leftOut++
        return
      }
      const most = Math.max(textLeft, SHORT_TEXT)
      const isCut = text.length > most
      kept.push({ ...statement, text: `${text.toString('utf8', 0, Math.min(text.length, most))}${isCut ? '…' : ''}` })
      textLeft -= Math.min(text.length, most)
    },
    clear() {
      kept = []
      textLeft = MAX_TEXT
      leftOut = 0
    },
    statements() {
      if (leftOut === 0) return kept
      return [...kept, { schema: '', text: `/* and ${leftOut} more */`, kind: 'other', errorCode: 0 }]
    },
  }
}

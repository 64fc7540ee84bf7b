/** What the statements of a window that define tables mean for its replay. */
import { formatCoordinate } from '../coordinate.ts'
import type { DdlDecision, DdlReplay } from '../ddl/replay.ts'
import type { Finding } from '../findings.ts'
import type { Dialect } from './dialect.ts'
import { finding } from './findings.ts'

/** Decisions that are told one by one. */
const MOST_TOLD = 20

export function ddlFindings({ blocks, decisions }: DdlReplay, dialect: Dialect): Finding[] {
  const out: Finding[] = []
  const [first] = blocks
  if (first !== undefined) {
    const statement = first.statement === '' ? '' : `${first.statement.slice(0, 200)} at ${formatCoordinate(first.at)}: `
    const more = blocks.length === 1 ? '' : ` (and ${blocks.length - 1} more)`
    const isEmptied = dialect.family === 'mariadb' && /^\W*CREATE\s+(OR\s+REPLACE\s+)?TABLE/i.test(first.statement)
    out.push(
      finding(
        isEmptied ? 'CREATE_OR_REPLACE' : 'DDL_IN_WINDOW',
        'blocking',
        `${statement}${first.because}; ${first.remedy}${more}`,
        {
          at: formatCoordinate(first.at),
          statement: first.statement.slice(0, 200),
          blocks: blocks.length,
        },
      ),
    )
  }
  for (const decision of decisions.slice(0, MOST_TOLD)) {
    if (decision.verdict.verdict === 'block') continue
    const isTruncate = decision.statements.every(({ ddl }) => ddl.action === 'truncate-table')
    out.push(
      finding(isTruncate ? 'TRUNCATE_IN_WINDOW' : 'DDL_IN_WINDOW', 'warning', formatDecision(decision), {
        at: formatCoordinate(decision.start),
        verdict: decision.verdict.verdict,
      }),
    )
  }
  return out
}

/** In a few words: what is done with a statement. */
export function formatDecision({ start, statements, verdict }: DdlDecision): string {
  const words = { replay: 'is repeated', 'step-over': 'is stepped over', block: 'blocks' }[verdict.verdict]
  return `${statements[0]?.text.slice(0, 100) ?? ''} at ${formatCoordinate(start)} ${words}: ${verdict.because}`
}

/** Making findings, and what an operator may take upon himself. */
import type { Finding, FindingCode, Severity } from '../findings.ts'

export function finding(code: FindingCode, severity: Severity, message: string, evidence: Finding['evidence'] = {}): Finding {
  return { code, severity, message, evidence }
}

/** Findings that an operator may take upon himself: the others make the plan wrong, not risky. */
export const acceptable: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'DDL_IN_WINDOW',
  'NON_TRANSACTIONAL',
  'FOREIGN_KEY_CASCADE',
  'UNIQUE_KEY_MOVE',
  'NO_PRIMARY_KEY',
  'PARTIAL_ROW_IMAGE',
  'PRIVILEGE',
  'FILTERS',
])

/** Turns what was accepted by name into warnings. */
export function acceptFindings(findings: readonly Finding[], accepted: ReadonlySet<string>): Finding[] {
  return findings.map((f) =>
    f.severity === 'blocking' && accepted.has(f.code) && acceptable.has(f.code)
      ? { ...f, severity: 'warning', message: `accepted: ${f.message}` }
      : f,
  )
}

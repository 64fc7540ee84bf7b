/** Making findings, and what an operator may take upon himself. */
import type { Coordinate } from '../coordinate.ts'
import { formatCoordinate, MAX_RESTART_POSITION } from '../coordinate.ts'
import type { Finding, FindingCode, Severity } from '../findings.ts'

export function finding(code: FindingCode, severity: Severity, message: string, evidence: Finding['evidence'] = {}): Finding {
  return { code, severity, message, evidence }
}

/** Of a coordinate that no replica can be sent to; null where one can. */
export function positionFinding(at: Coordinate): Finding | null {
  if (at.position <= MAX_RESTART_POSITION) return null
  return finding(
    'POSITION_OVER_4G',
    'blocking',
    `${formatCoordinate(at)} lies beyond 4 GiB, and servers cut such a position to 32 bits without a word: restart at the head of the next file (position 4) if nothing before it is needed, else at an earlier boundary`,
    { file: at.file, position: at.position, max: MAX_RESTART_POSITION },
  )
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
  'DOWNSTREAM',
  'LOCAL_WRITES',
  'SEMI_SYNC_LAST',
  'GTID_RESET',
  'TRIGGERS_RBR',
])

/** Turns what was accepted by name into warnings. */
export function acceptFindings(findings: readonly Finding[], accepted: ReadonlySet<string>): Finding[] {
  return findings.map((f) =>
    f.severity === 'blocking' && accepted.has(f.code) && acceptable.has(f.code)
      ? { ...f, severity: 'warning', message: `accepted: ${f.message}` }
      : f,
  )
}

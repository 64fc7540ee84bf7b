/**
 * What each finding and each error means, why it matters, and what to do: the text of `binpoint explain` and of docs/findings.md. Long, and
 * only loaded for these two.
 */
import type { ErrorCode } from '../errors.ts'
import { errorExplanations } from './explanations/errors.ts'
import { findingExplanations } from './explanations/findings.ts'
import type { FindingCode } from './findings.ts'
import { acceptable } from './plan/findings.ts'

export interface Explanation {
  readonly means: string
  readonly matters: string
  readonly todo: string
}

export interface Explained extends Explanation {
  readonly code: string
  /** A code may be that of a finding and of an error: then it has an entry for each. */
  readonly kind: 'finding' | 'error'
  /** A finding that forbids a plan unless it is accepted by name. */
  readonly isAcceptable: boolean
}

/** In the order of the alphabet, findings first. */
export const explanations: readonly Explained[] = [
  ...entries(findingExplanations).map(([code, explanation]): Explained => ({
    code,
    kind: 'finding',
    isAcceptable: acceptable.has(code),
    ...explanation,
  })),
  ...entries(errorExplanations).map(([code, explanation]): Explained => ({
    code,
    kind: 'error',
    isAcceptable: false,
    ...explanation,
  })),
]

function entries<C extends FindingCode | ErrorCode>(
  record: Readonly<Record<C, Explanation>>,
): readonly (readonly [C, Explanation])[] {
  const codes = Object.keys(record).toSorted() as C[]
  return codes.map((code) => [code, record[code]])
}

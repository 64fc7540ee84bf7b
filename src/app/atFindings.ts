/** The findings of an answer to a time, in words. */
import type { FileRow } from '../core/evidence/rows.ts'
import type { Finding } from '../core/findings.ts'
import type { Found } from './locate.ts'

/** What a statement is taken to last at most where nothing in the log bounds it (microseconds). */
export const DEFAULT_MARGIN_US = 60_000_000

export interface Hole {
  readonly file: number
  readonly position: number
  readonly cause: string
}

export function stampFinding(safe: Found | null, latest: Found | null): Finding {
  return {
    code: 'TIME_STATEMENT_START',
    severity: 'warning',
    message:
      'stamps in this log say when statements started, not when they committed; safe lies before all that may have committed at or after the time',
    evidence: { safe: safe?.transaction.start ?? null, latest: latest?.transaction.start ?? null },
  }
}

export function marginFinding(marginUs: number, isDefault: boolean): Finding {
  const seconds = marginUs / 1_000_000
  return {
    code: 'MARGIN',
    severity: 'warning',
    message: `safe allows for statements that ran for up to ${seconds} s before they committed${isDefault ? ' (the default)' : ''}; if a longer one can have been running at the time, give a larger --margin`,
    evidence: { marginSeconds: seconds, default: isDefault },
  }
}

export function gapFinding(gap: Hole, files: readonly FileRow[]): Finding {
  const name = files.find((file) => file.ordinal === gap.file)?.name ?? ''
  return {
    code: 'INDEX_GAP',
    severity: 'blocking',
    message: `the log cannot be read from ${name}:${gap.position} to the head of the next file (${gap.cause}); the time may lie there`,
    evidence: { file: name, position: gap.position, cause: gap.cause },
  }
}

export function beginningFinding([first]: readonly FileRow[]): Finding {
  const begin = { file: first?.name ?? '', position: first?.coveredFrom ?? 0 }
  return {
    code: 'INDEX_GAP',
    severity: 'blocking',
    message: `the index begins at ${begin.file}:${begin.position}, and what lies ahead of it may have committed at that time: index from an earlier file`,
    evidence: begin,
  }
}

export function purgedFinding(file: string, here: ReadonlySet<string>): Finding {
  const oldest = [...here][0] ?? null
  return {
    code: 'PURGED',
    severity: 'blocking',
    message: `the source no longer has ${file}; its oldest file is ${oldest ?? 'none'}`,
    evidence: { file, oldest },
  }
}

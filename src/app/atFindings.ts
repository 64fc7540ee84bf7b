/** The findings of an answer to a time, in words. */
import { ambiguousTo } from '../core/clock/sourceClock.ts'
import { formatCoordinate } from '../core/coordinate.ts'
import type { BoundRow, FileRow, LandmarkRow } from '../core/evidence/rows.ts'
import type { Finding } from '../core/findings.ts'
import { formatDuration } from '../core/time/duration.ts'
import { formatUtcShort } from '../core/time/format.ts'

export interface Hole {
  readonly file: number
  readonly position: number
  readonly cause: string
}

export function nameOf(files: readonly FileRow[], ordinal: number): string {
  return files.find((file) => file.ordinal === ordinal)?.name ?? ''
}

export function secondText(second: number): string {
  return formatUtcShort(second * 1_000_000)
}

export function stampFinding(): Finding {
  return {
    code: 'TIME_STATEMENT_START',
    severity: 'warning',
    message:
      'stamps in this log say when statements started, not when they committed: safe is where the log last proves that everything before it had committed by the time. --margin D trusts that no statement ran for longer than D',
    evidence: {},
  }
}

export function marginFinding(marginUs: number): Finding {
  return {
    code: 'MARGIN',
    severity: 'warning',
    message: `safe trusts that no statement ran for longer than ${formatDuration(marginUs)} before it committed; the log alone proves less. Leave --margin out for what is proven`,
    evidence: { marginSeconds: marginUs / 1_000_000 },
  }
}

/** The time lies behind the head of the oldest file, and yet nothing can be answered. */
export function unprovenFinding(file: FileRow, bound: BoundRow | null): Finding {
  const from = bound === null ? null : formatUtcShort(bound.notAfterUs)
  return {
    code: 'UNPROVEN',
    severity: 'blocking',
    message: `nothing proves that what lies ahead of ${file.name} had committed by that time: the stamp at its head, ${secondText(file.stampSeconds)}, is of the start of the statement that rotated the log${from === null ? '' : `, and the first proof is of ${from}`}. With --margin D, statements are trusted to run for no longer than D; or give a source that has older files`,
    evidence: { file: file.name, stamp: file.stampSeconds, provenFrom: from },
  }
}

/** Steps of the clock that make the time ambiguous. */
export function stepFindings(steps: readonly LandmarkRow[], files: readonly FileRow[], timeUs: number): Finding[] {
  const second = Math.floor(timeUs / 1_000_000)
  return steps.flatMap(({ file, start, step }) => {
    if (step === null || second < step.toSeconds || second > ambiguousTo(step)) return []
    const at = formatCoordinate({ file: nameOf(files, file), position: start })
    return [
      {
        code: 'CLOCK_STEP',
        severity: 'warning',
        message: `the source's clock was put back before ${at}, from ${secondText(step.fromSeconds)} or later to ${secondText(step.toSeconds)} or earlier: the time may have come twice, and the earliest place counts. If the later one is meant, take a coordinate behind ${at} from binpoint ls`,
        evidence: { at, from: step.fromSeconds, to: step.toSeconds },
      } satisfies Finding,
    ]
  })
}

export function gapFindings(gaps: readonly Hole[], files: readonly FileRow[]): Finding[] {
  return gaps.flatMap((gap) => [gapFinding(gap, files), ...(isEncrypted(gap) ? [encryptedFinding(gap, files)] : [])])
}

function gapFinding(gap: Hole, files: readonly FileRow[]): Finding {
  const name = nameOf(files, gap.file)
  return {
    code: 'INDEX_GAP',
    severity: 'blocking',
    message: `the log cannot be read from ${name}:${gap.position} to the head of the next file (${gap.cause}); the time may lie there`,
    evidence: { file: name, position: gap.position, cause: gap.cause },
  }
}

function isEncrypted({ cause }: Hole): boolean {
  return cause === 'encrypted' || cause.startsWith('encrypted:')
}

function encryptedFinding({ file }: Hole, files: readonly FileRow[]): Finding {
  const name = nameOf(files, file)
  return {
    code: 'ENCRYPTED_FILE',
    severity: 'blocking',
    message: `${name} is encrypted, and its key is with the server: read it through the server, which sends it in the clear (--source mysql://USER@HOST:PORT)`,
    evidence: { file: name },
  }
}

export function beginningFinding([first]: readonly FileRow[]): Finding {
  const begin = { file: first?.name ?? '', position: first?.coveredFrom ?? 0 }
  return {
    code: 'INDEX_GAP',
    severity: 'blocking',
    message: `the index begins at ${formatCoordinate(begin)}, and what lies ahead of it may have committed at that time: index from an earlier file`,
    evidence: begin,
  }
}

export function purgedFinding(file: string, here: ReadonlySet<string>): Finding {
  const oldest = [...here][0] ?? null
  return {
    code: 'PURGED',
    severity: 'blocking',
    message: `the answer lies in ${file}, which the source no longer has: its oldest file is ${oldest ?? 'none'}. Give a copy of the older files as --source, copy the rows, or take a fresh copy of the data`,
    evidence: { file, oldest },
  }
}

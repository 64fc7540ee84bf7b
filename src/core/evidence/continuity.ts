/**
 * Whether one file of the log follows another without a hole. A ROTATE names the next file; a file without one (a clean shutdown, a
 * crash) is followed by the next number, as servers count. Only numbers are compared: a copy may have been given another base name.
 */
import type { FileEnding } from '../scan/ending.ts'
import { isHole } from '../scan/ending.ts'
import type { FileRow } from './rows.ts'

/** How a file ended that its server did not close. */
export interface OpenEnding extends FileEnding {
  /** Inside an event or a transaction, or at once, in a file that its server had closed. */
  readonly isCut: boolean
}

/** Why something may be missing between `last` and the file `next`; null when `next` follows. `open`: how this run saw `last` end. */
export function holeBetween(last: FileRow, open: OpenEnding | null, next: string): string | null {
  if (isHole(last.endedBy)) return null // is one already
  if (last.endedBy === null && open === null) return `purged before it was indexed: up to ${next}`
  const named = last.next ?? successorOf(last.name)
  if (named !== null && numberOf(next) !== null && numberOf(named) !== numberOf(next)) return `missing: ${named}`
  return open?.isCut === true
    ? `${open.kind}: ${open.detail === '' ? 'it has no event' : open.detail}, and another file follows`
    : null
}

function numberOf(name: string): number | null {
  const digits = /\.(\d{6,})$/.exec(name)?.[1]
  return digits === undefined ? null : Number(digits)
}

function successorOf(name: string): string | null {
  const number = numberOf(name)
  return number === null ? null : name.replace(/\d+$/, String(number + 1).padStart(6, '0'))
}

/** The marks of a scanned transaction as bits, so that the scan sets them without allocating, and their names. */
import type { Mark } from '../transaction.ts'

const names = [
  'ddl',
  'statement',
  'non-transactional',
  'xa-prepare',
  'xa-end',
  'temporary-table',
  'load-data',
  'incident',
  'unknown-event',
  'huge',
  'set-timestamp',
  'foreign-origin',
  'two-phase-alter',
  'skip-replication',
  'rolled-back',
  'compressed',
  'server-start',
  'clock-step',
] as const satisfies readonly Mark[]

/** Bit of each mark, in the order of `names`; the numbers are stored nowhere. */
export const MarkBit: Readonly<Record<Mark, number>> = Object.fromEntries(names.map((name, i) => [name, 1 << i])) as Record<
  Mark,
  number
>

export function marksOf(bits: number): Mark[] {
  return names.filter((name) => (bits & MarkBit[name]) !== 0)
}

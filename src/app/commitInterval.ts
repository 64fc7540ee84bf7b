/**
 * When a transaction was committed, by what it says itself and by what an index knows of what lies behind it. A stamp that is known to
 * be wrong is no evidence. Exact stamps stay as they are.
 */
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { FileRow } from '../core/evidence/rows.ts'
import type { CommitInterval, Transaction } from '../core/transaction.ts'
import { createNotAfter } from './notAfter.ts'

/** `format`: fingerprint of the FORMAT_DESCRIPTION that it was read with; quick when transactions come in log order. */
export type CommitOf = (t: Transaction, format: string | undefined) => CommitInterval

export interface CommitEvidence {
  /** Of the source, as fresh or old as it may be; null: there is none. */
  readonly index: { readonly store: IndexStore; readonly log: LogRow } | null
  /** Nothing in the log was committed later (Unix microseconds). */
  readonly nowUs: number
}

export function createCommitOf({ index, nowUs }: CommitEvidence): CommitOf {
  const bound = index === null ? () => Number.POSITIVE_INFINITY : boundOf(index)
  return (t, format) => {
    if (t.immediateCommitUs !== null) return t.commit
    const boundUs = bound(t, format)
    const { notBeforeUs } = t.commit
    return {
      notBeforeUs: notBeforeUs !== null && notBeforeUs < Math.min(boundUs, nowUs + 1) ? notBeforeUs : null,
      notAfterUs: boundUs === Number.POSITIVE_INFINITY ? null : boundUs,
    }
  }
}

function boundOf({
  store,
  log,
}: {
  readonly store: IndexStore
  readonly log: LogRow
}): (t: Transaction, format?: string) => number {
  const files = new Map(store.files(log).map((file): [string, FileRow] => [file.name, file]))
  const notAfter = createNotAfter(store, log)
  return (t, format) => {
    const file = files.get(t.file)
    // Of the very file that is indexed, and of what is indexed of it.
    if (file === undefined || file.format !== format || !t.complete) return Number.POSITIVE_INFINITY
    if (t.start < file.coveredFrom || t.end > file.coveredEnd) return Number.POSITIVE_INFINITY
    return notAfter({ file: file.ordinal, position: t.end })
  }
}

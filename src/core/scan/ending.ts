/** How the reading of a file ended, by name. */

/**
 * How a file ended. `rotate` and `stop`: closed by the server. `end`: at the end of an event outside of a transaction, with
 * neither: still being written, or left by a crash. `truncated`: inside an event. `incomplete`: inside a transaction.
 * The others: nothing behind this point can be read.
 */
export type FileEndingKind =
  | 'rotate'
  | 'stop'
  | 'end'
  | 'truncated'
  | 'incomplete'
  | 'empty'
  | 'damaged'
  | 'unknown-event'
  | 'not-a-binlog'
  | 'encrypted'
  | 'old-format'
  | 'relay-log'
  | 'missing'
  | 'unreadable'
  | 'stopped'

export interface FileEnding {
  readonly file: string
  readonly kind: FileEndingKind
  /** End of the last whole event that was accepted. */
  readonly readEnd: number
  /** End of the last event outside of a transaction: everything before it is known. */
  readonly coveredEnd: number
  /** For `rotate`: the next file's name. */
  readonly next: string | null
  /** Server's clock at `rotate` and `stop` (Unix seconds), else null. */
  readonly stampSeconds: number | null
  /** One line for people: what was seen and where; empty for the usual endings. */
  readonly detail: string
}

/** Endings behind which the log goes on unread. */
export function isHole(kind: FileEndingKind | null): boolean {
  switch (kind) {
    case 'damaged':
    case 'unknown-event':
    case 'not-a-binlog':
    case 'encrypted':
    case 'old-format':
    case 'relay-log':
    case 'missing':
    case 'unreadable':
      return true
    case 'rotate':
    case 'stop':
    case 'end':
    case 'truncated':
    case 'incomplete':
    case 'empty':
    case 'stopped':
    case null:
      return false
    default:
      return kind satisfies never
  }
}

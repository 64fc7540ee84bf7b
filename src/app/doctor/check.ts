/** What doctor says of one thing: a value, worded where it is looked at. */
export type Side = 'source' | 'replica'

export interface Check {
  /** Stable, in words with hyphens. */
  readonly id: string
  readonly on: Side
  /** `warn`: a repair is possible, but something speaks against it or will not be shown. */
  readonly outcome: 'pass' | 'warn' | 'fail'
  readonly message: string
  /** The statement, setting or option that makes it pass; null where it passes, or none does. */
  readonly fix: string | null
}

export interface Reporter {
  readonly pass: (id: string, message: string) => Check
  readonly warn: (id: string, message: string, fix?: string) => Check
  readonly fail: (id: string, message: string, fix?: string) => Check
}

export function reporterFor(on: Side): Reporter {
  return {
    pass: (id, message) => ({ id, on, outcome: 'pass', message, fix: null }),
    warn: (id, message, fix) => ({ id, on, outcome: 'warn', message, fix: fix ?? null }),
    fail: (id, message, fix) => ({ id, on, outcome: 'fail', message, fix: fix ?? null }),
  }
}

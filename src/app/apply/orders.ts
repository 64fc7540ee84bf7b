/** What is to be done in the session, in the order of the log: what the machine makes of events, and the sender does. */
import type { SessionSettings } from './sessionSettings.ts'

/** The transaction of the source that something comes from. */
export interface Origin {
  readonly gtid: string | null
  readonly file: string
  /** Where it begins. */
  readonly start: number
}

/** Rows events with their TABLE_MAPs, back to back, that one BINLOG statement takes. */
export interface Run {
  readonly bytes: Buffer
  readonly rowsEvents: number
  /** `schema.table` of each. */
  readonly tables: readonly string[]
}

export type Order =
  /** The FORMAT_DESCRIPTION of what follows. */
  | { readonly kind: 'format'; readonly event: Buffer }
  /** A whole transaction in one run. */
  | { readonly kind: 'transaction'; readonly origin: Origin; readonly settings: SessionSettings; readonly run: Run }
  /** A larger one in parts: begin, runs, and commit, or rollback where the log has no end of it. */
  | { readonly kind: 'begin'; readonly origin: Origin; readonly settings: SessionSettings }
  | { readonly kind: 'run'; readonly origin: Origin; readonly run: Run }
  | { readonly kind: 'commit'; readonly origin: Origin }
  | { readonly kind: 'rollback'; readonly origin: Origin }
  /** One that changes no row. */
  | { readonly kind: 'nothing'; readonly origin: Origin }
  | { readonly kind: 'statement'; readonly origin: Origin; readonly statement: LoggedStatement }

/** A statement that was logged as text. */
export interface LoggedStatement {
  readonly settings: SessionSettings
  /** The default schema; null: the statement needs none. */
  readonly schema: string | null
  readonly text: string
  /** The error that it ended with on its source; 0: none. */
  readonly errorCode: number
  /** Its time, as SET TIMESTAMP takes it. */
  readonly timestamp: string
}

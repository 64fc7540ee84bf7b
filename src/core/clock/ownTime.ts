/**
 * What a transaction says of its own commit time. Stamps are of the statement's start and of the origin's clock, and SET TIMESTAMP
 * forges them; exact stamps (MySQL >= 8.0.1) and stamp + exec_time of a QUERY are of this server's clock, whatever the stamps say.
 */
import type { ScannedTransaction } from '../scan/grammar.ts'
import { MarkBit } from '../scan/marks.ts'

export interface OwnTime {
  /** Exact commit stamp (Unix microseconds); 0: none. */
  readonly exactUs: number
  /** Not before this second (Unix seconds); 0 where it says nothing of this server's clock. */
  readonly ownSeconds: number
}

/** The server whose log it is, as the FORMAT_DESCRIPTION of the file says. */
export interface Writer {
  readonly serverId: number
  readonly family: 'mysql' | 'mariadb'
}

export function ownTimeOf(t: ScannedTransaction, writer: Writer): OwnTime {
  return { exactUs: t.commitUs, ownSeconds: ownSeconds(t, writer) }
}

/** Not before this second by what the transaction itself says; 0 where it says nothing. */
export function ownSeconds(t: ScannedTransaction, writer: Writer): number {
  if (t.commitUs > 0) return Math.floor(t.commitUs / 1_000_000)
  const written = writtenSeconds(t, writer)
  const hasOwnStamps = t.serverId === writer.serverId && (t.marks & MarkBit['set-timestamp']) === 0
  return hasOwnStamps && t.maxStampSeconds > written ? t.maxStampSeconds : written
}

/**
 * When a QUERY event of it was made, by the writer's clock; 0: no event says. A replica's applier that is MariaDB 11.8 gives an exec_time
 * of 0, and so the origin's clock.
 */
export function writtenSeconds(t: ScannedTransaction, writer: Writer): number {
  return t.serverId === writer.serverId || writer.family === 'mysql' ? t.writtenSeconds : 0
}

/** It says of itself that it committed at a time or later. Whole seconds are cut off: the second of the time may be behind it. */
export function claims({ exactUs, ownSeconds: seconds }: OwnTime, timeUs: number): boolean {
  return exactUs > 0 ? exactUs >= timeUs : seconds > 0 && seconds >= Math.floor(timeUs / 1_000_000)
}

/** It is known to have committed before `notAfterUs`, and its stamp says otherwise: a forged one, or one of the future. */
export function isRefuted({ exactUs, ownSeconds: seconds }: OwnTime, notAfterUs: number): boolean {
  return exactUs === 0 && seconds * 1_000_000 >= notAfterUs
}

/**
 * If no statement runs for longer than the margin: it, and so all ahead of it, had committed before the time. A stamp that lies further
 * back than `knownSeconds`, what is known to have passed before it, allows is forged, and shows nothing.
 */
export function isBeforeByMargin(t: OwnTime, timeUs: number, marginUs: number, knownSeconds: number): boolean {
  if (t.exactUs > 0) return t.exactUs < timeUs
  if (t.ownSeconds === 0 || t.ownSeconds * 1_000_000 + marginUs < knownSeconds * 1_000_000) return false
  return !claims(t, timeUs - marginUs)
}

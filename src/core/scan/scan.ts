/**
 * From bytes to transactions: one synchronous loop over a batch, used by every way in. It frames events, keeps what a file's
 * head says, checks structure (and CRCs when asked), and hands each event to the grammar. It never skips what it does not
 * understand: the file then has an ending with a name, and nothing behind it is looked at.
 *
 * Positions are given by the way in: counted bytes for files, the wire's rule for streams. end_log_pos is only compared.
 */
import { u16, u32 } from '../binlog/bytes.ts'
import { checksumHolds, eventCrc } from '../binlog/checksum.ts'
import { checkedRun, LEAST_RUN } from '../binlog/checksumRun.ts'
import type { LogFormat } from '../binlog/format.ts'
import { decodeFormat, decodeRotate, fingerprintOf } from '../binlog/format.ts'
import { decodeGtidList, decodePreviousGtids } from '../binlog/gtidSet.ts'
import {
  AT_END_LOG_POS,
  AT_FLAGS,
  AT_SERVER_ID,
  AT_SIZE,
  AT_STAMP,
  AT_TYPE,
  EventRole,
  EventType,
  eventTypeName,
  Flag,
  HEADER_LENGTH,
  MAX_EVENT_SIZE,
  minimumSizeOfType,
  roleOfType,
} from '../binlog/layout.ts'
import { FIRST_POSITION } from '../coordinate.ts'
import type { EventSink, FileEndCause } from '../ports.ts'
import type { FileEnding, FileEndingKind } from './ending.ts'
import type { Executed } from './executed.ts'
import { createExecuted, resetExecuted } from './executed.ts'
import { firstEventFault, formatFault } from './fault.ts'
import type { ScannedTransaction } from './grammar.ts'
import { abandon, createGrammar, isOpen, offer, takeEvent } from './grammar.ts'
import type { Reach } from './usual.ts'
import { takeUsual } from './usual.ts'

/** What is known of the file at hand. */
export interface ScannedFile {
  readonly name: string
  format: LogFormat | null
  /** Fingerprint of the FORMAT_DESCRIPTION and, when the file was read from its head, of PREVIOUS_GTIDS or GTID_LIST. */
  fingerprint: string
  inUse: boolean
  /** GTIDs executed before this file; null when it does not say or was not read from its head. */
  previousGtids: string | null
  /** Events whose end_log_pos is not where they end although their checksum holds (copied or edited logs). */
  positionMismatches: number
  transactions: number
  /**
   * Only of a relay log, where ScanOptions let it in: server_id of the replica that wrote it. The events of others bear the positions
   * that they have in the source's log.
   */
  relayServerId?: number
}

export interface ScanListener {
  /** The file's head is known: format, and executed GTIDs if the file says. Before its first transaction. */
  readonly onFile?: (file: ScannedFile) => void
  readonly onTransaction: (transaction: ScannedTransaction, file: ScannedFile) => void
  /** A transaction that begins at `start` and never ends in the log. */
  readonly onAbandoned?: (start: number, file: ScannedFile) => void
  readonly onFileEnd?: (ending: FileEnding, file: ScannedFile) => void
  readonly onBatchEnd?: (arrivedAtUs: number | undefined) => void
  /** MariaDB's BINLOG_CHECKPOINT at a position: all transactions of files ahead of the one of this name are done with. */
  readonly onCheckpoint?: (stampSeconds: number, name: string, position: number) => void
  /**
   * Sees every event before the grammar does: for readers that want bodies. `start` of the transaction it belongs to follows
   * from onTransaction, which comes after the last of its events. Returning false stops the scan before this event.
   */
  readonly onEvent?: (event: RawEvent) => boolean
}

/** One event inside a batch; valid during the call only. Reused. */
export interface RawEvent {
  type: number
  bytes: Buffer
  from: number
  /** End of the body, without CRC. */
  bodyEnd: number
  position: number
  end: number
}

export interface ScanOptions {
  /** 'structure': CRCs only where the structure is in doubt. 'all': every event. */
  readonly checksums?: 'structure' | 'all'
  /** True for streams: a server sends the events of an encrypted log in the clear. */
  readonly decrypted?: boolean
  /**
   * Relay logs are read too, instead of refused. Positions are those in the relay log, where replication starts nowhere. A
   * transaction may go on in the next file: then it ends there.
   */
  readonly relayLogs?: boolean
}

export interface Scan extends EventSink {
  readonly executed: Executed
  readonly file: ScannedFile | null
  /** End of the last event outside of a transaction in the file at hand, before its ROTATE or STOP. */
  readonly coveredEnd: number
  /** Start of the last event that ended at `coveredEnd`, and its stored CRC or, without checksums, a CRC of it. */
  readonly lastEventStart: number
  readonly lastEventCrc: number
  readonly isInTransaction: boolean
  /** The transaction at hand. Reused. */
  readonly transaction: Readonly<ScannedTransaction>
  /** End of the last event that was accepted. */
  readonly readEnd: number
  /** Asks to stop: `done` is true from now on. */
  stop(): void
}

/** The only incident there is, in MySQL and in MariaDB; with another number an event is invalid (control_events.cpp, Incident_event). */
const LOST_EVENTS = 1

export function createScan(listener: ScanListener, options: ScanOptions = {}): Scan {
  const executed = createExecuted()
  const checkAll = options.checksums === 'all'
  const decrypted = options.decrypted === true
  const relayLogs = options.relayLogs === true
  const onlyGrammar = listener.onEvent === undefined
  let file: ScannedFile | null = null
  let headSeen = false
  let fileDone = false
  let checksumLength = 0
  let lastEventCrc = 0
  let partial = false
  /** Up to this index of the batch at hand, checksums are known to hold. */
  let checkedTo = 0
  /** End of ROTATE or STOP: covered when the file is left, as only then it is said how the file ended. */
  let closedEnd = 0
  let ending: { kind: FileEndingKind; detail: string; next: string | null; stampSeconds: number | null } | null = null

  const reach: Reach = { isDone: false, readEnd: 0, coveredEnd: 0, lastEventStart: 0, lastEventAt: -1 }
  const grammar = createGrammar(
    executed,
    (transaction) => {
      if (file === null) return
      file.transactions++
      listener.onTransaction(transaction, file)
    },
    (start) => {
      if (file !== null) listener.onAbandoned?.(start, file)
    },
  )

  const raw: RawEvent = { type: 0, bytes: Buffer.alloc(0), from: 0, bodyEnd: 0, position: 0, end: 0 }

  /** The head of a file ends where its first transaction begins, at the latest. */
  function announce(): void {
    if (headSeen || file === null) return
    headSeen = true
    listener.onFile?.(file)
  }

  function endWith(kind: FileEndingKind, detail: string): void {
    ending = { kind, detail, next: null, stampSeconds: null }
    fileDone = true
  }

  function beginFile(name: string): void {
    file = { name, format: null, fingerprint: '', inUse: false, previousGtids: null, positionMismatches: 0, transactions: 0 }
    headSeen = false
    fileDone = false
    checksumLength = 0
    reach.readEnd = reach.coveredEnd = FIRST_POSITION
    reach.lastEventStart = lastEventCrc = closedEnd = 0
    partial = false
    ending = null
  }

  function take(bytes: Buffer, from: number, to: number, position: number): number {
    let at = from
    let isNext = position === reach.readEnd
    partial = false
    offer(grammar, bytes)
    checkedTo = checkRun(bytes, from, to)
    while (!reach.isDone && !fileDone) {
      if (at < to && closedEnd > 0) {
        endWith('damaged', `bytes stand at ${closedEnd}, behind the event that closes the file`)
        break
      }
      if (headSeen && onlyGrammar && isNext) {
        const usualTo = checkAll && checksumLength > 0 ? checkedTo : to
        at = takeUsual(reach, grammar, checksumLength, at, usualTo, position + (at - from))
      }
      if (reach.isDone) break
      if (at + HEADER_LENGTH > to) {
        partial = at < to
        break
      }
      const size = u32(bytes, at + AT_SIZE)
      const start = position + (at - from)
      const type = bytes[at + AT_TYPE] ?? 0
      if (file?.format === null && type !== EventType.FORMAT_DESCRIPTION) {
        const { kind, detail } = firstEventFault(type, start)
        endWith(kind, detail)
        break
      }
      if (size < HEADER_LENGTH + checksumLength || size > MAX_EVENT_SIZE) {
        endWith('damaged', `the event at ${start} says it has ${size} bytes`)
        break
      }
      if (at + size > to) {
        partial = true
        break
      }
      if (!isNext && start < reach.readEnd && type !== EventType.FORMAT_DESCRIPTION) {
        endWith('damaged', `an event that ends at ${start + size} follows one that ends at ${reach.readEnd}`)
        break
      }
      if (!one(bytes, at, size, type, start, isNext)) break
      isNext = true
      at += size
      // Behind the head, it is known whether there are checksums.
      if (type === EventType.FORMAT_DESCRIPTION) checkedTo = checkRun(bytes, at, to)
    }
    const last = reach.lastEventAt
    if (last >= 0) lastEventCrc = eventCrc(bytes, last, u32(bytes, last + AT_SIZE), checksumLength)
    reach.lastEventAt = -1
    return at
  }

  function isRelayLog(): boolean {
    return file?.relayServerId !== undefined
  }

  function checkRun(bytes: Buffer, from: number, to: number): number {
    if (!checkAll || checksumLength === 0 || to - from < LEAST_RUN) return from
    return checkedRun(bytes, grammar.view, from, to)
  }

  /** Takes one event; `isNext`: nothing was left out before it. False: it was not accepted (the file ends before it). */
  function one(bytes: Buffer, from: number, size: number, type: number, position: number, isNext: boolean): boolean {
    const end = position + size
    const flags = u16(bytes, from + AT_FLAGS)
    // A ROTATE of the source says where the events that follow come from.
    if (relayLogs && file !== null && isArtificialRotate(type, flags, bytes, from))
      file.relayServerId ??= file.format?.serverId ?? 0
    const isOfSource = type === EventType.ROTATE && isRelayLog() && !isOwnEvent(file?.relayServerId, flags, bytes, from)
    const role = isOfSource ? EventRole.CONTROL : (roleOfType[type] ?? EventRole.UNKNOWN)
    const endLogPos = u32(bytes, from + AT_END_LOG_POS)
    if (role === EventRole.FORMAT_DESCRIPTION) return formatDescription(bytes, from, size, position)
    if (size < (minimumSizeOfType[type] ?? 0) + checksumLength) {
      endWith('damaged', `the ${eventTypeName(type)} event at ${position} has only ${size} bytes`)
      return false
    }
    if (role === EventRole.UNKNOWN && (flags & Flag.IGNORABLE) === 0) {
      endWith(
        'unknown-event',
        `the event at ${position} has type ${type}, which this version does not know and no reader may skip`,
      )
      return false
    }
    if (role === EventRole.INCIDENT && u16(bytes, from + HEADER_LENGTH) !== LOST_EVENTS) {
      endWith('damaged', `the INCIDENT event at ${position} has a number that no server knows: every replica stops there`)
      return false
    }
    const misplaced = endLogPos !== 0 && endLogPos !== end >>> 0
    if (checksumLength > 0 && from >= checkedTo && (checkAll || misplaced || !isNext) && !checksumHolds(bytes, from, size)) {
      endWith('damaged', `the ${eventTypeName(type)} event at ${position} fails its checksum`)
      return false
    }
    if (misplaced && file !== null && !isRelayLog()) file.positionMismatches++
    const bodyEnd = from + size - checksumLength
    announceBefore(role)
    if (listener.onEvent !== undefined) {
      raw.type = type
      raw.bytes = bytes
      raw.from = from
      raw.bodyEnd = bodyEnd
      raw.position = position
      raw.end = end
      if (!listener.onEvent(raw)) {
        reach.isDone = true
        return false
      }
    }
    switch (role) {
      case EventRole.FILE_END:
        if (!fileEnd(type, bytes, from, size, flags, position)) return false
        break
      case EventRole.PREVIOUS_GTIDS:
        previousGtids(type, bytes, from, bodyEnd)
        break
      case EventRole.START_ENCRYPTION:
        if (!decrypted) {
          endWith('encrypted', `everything behind ${position} is encrypted`)
          return false
        }
        break
      case EventRole.OLD_FORMAT:
        endWith('damaged', `a START event stands at ${position}, inside a version 4 file`)
        return false
      case EventRole.CONTROL:
        // None is written inside of a transaction: a reading that goes on would see it twice.
        if (type === EventType.BINLOG_CHECKPOINT && !isOpen(grammar)) checkpoint(bytes, from, bodyEnd, position)
        break
      case EventRole.UNKNOWN:
        // A type that may be skipped: inside a transaction it belongs to it, outside it is nothing.
        if (isOpen(grammar)) takeEvent(grammar, role, type, from, bodyEnd, position, end)
        break
      default:
        takeEvent(grammar, role, type, from, bodyEnd, position, end)
    }
    reach.readEnd = end
    if (role === EventRole.FILE_END) closedEnd = end
    else if (!isOpen(grammar)) {
      reach.coveredEnd = end
      reach.lastEventStart = position
      reach.lastEventAt = from
    }
    return true
  }

  function checkpoint(bytes: Buffer, from: number, bodyEnd: number, position: number): void {
    const nameAt = from + HEADER_LENGTH + 4
    if (nameAt > bodyEnd) return
    const name = bytes.toString('utf8', nameAt, Math.min(nameAt + u32(bytes, from + HEADER_LENGTH), bodyEnd))
    announce() // stands behind all else that a file begins with
    listener.onCheckpoint?.(u32(bytes, from + AT_STAMP), name, position)
  }

  function announceBefore(role: number): void {
    if (headSeen) return
    if (role !== EventRole.PREVIOUS_GTIDS && role !== EventRole.START_ENCRYPTION && role !== EventRole.CONTROL) announce()
  }

  function formatDescription(bytes: Buffer, from: number, size: number, position: number): boolean {
    if (file === null) return false
    if (isRelayLog() && file.format !== null) return formatOfSource(file, bytes, from, size, position)
    if (file.format !== null) {
      endWith('relay-log', `a second FORMAT_DESCRIPTION stands at ${position}, as only relay logs have`)
      return false
    }
    const format = decodeFormat(bytes, from, size)
    const fault = formatFault(format, { bytes, from, size, position }, { decrypted, checkAll, relayLogs })
    if (format === null || fault !== null) {
      if (fault !== null) endWith(fault.kind, fault.detail)
      return false
    }
    file.format = format
    file.fingerprint = format.fingerprint
    file.inUse = (u16(bytes, from + AT_FLAGS) & Flag.BINLOG_IN_USE) !== 0
    if ((u16(bytes, from + AT_FLAGS) & Flag.RELAY_LOG) !== 0) file.relayServerId = format.serverId
    checksumLength = format.checksumLength
    reach.readEnd = reach.coveredEnd = position + size
    reach.lastEventStart = position
    return true
  }

  /** In a relay log: the events that follow are written as it says. end_log_pos is 0 where a replica wrote it again. */
  function formatOfSource(relayLog: ScannedFile, bytes: Buffer, from: number, size: number, position: number): boolean {
    const format = decodeFormat(bytes, from, size)
    const fault = formatFault(format, { bytes, from, size, position }, { decrypted: true, checkAll, relayLogs })
    if (format === null || fault !== null) {
      if (fault !== null) endWith(fault.kind, fault.detail)
      return false
    }
    relayLog.format = format
    checksumLength = format.checksumLength
    reach.readEnd = position + size
    if (!isOpen(grammar)) reach.coveredEnd = reach.readEnd
    return true
  }

  function previousGtids(type: number, bytes: Buffer, from: number, bodyEnd: number): void {
    if (file === null || isOpen(grammar)) return
    const known = type === EventType.GTID_LIST ? decodeGtidList(bytes, from, bodyEnd) : decodePreviousGtids(bytes, from, bodyEnd)
    resetExecuted(executed, known)
    file.previousGtids = known?.toString() ?? null
    file.fingerprint = fingerprintOf([file.fingerprint, file.previousGtids ?? ''])
  }

  function fileEnd(type: number, bytes: Buffer, from: number, size: number, flags: number, position: number): boolean {
    const stampSeconds = u32(bytes, from + AT_STAMP)
    if (type === EventType.ROTATE && size <= HEADER_LENGTH + 8 + checksumLength) {
      endWith('damaged', `the ROTATE event at ${position} names no file`)
      return false
    }
    if (isArtificialRotate(type, flags, bytes, from)) {
      endWith('relay-log', `an artificial ROTATE stands at ${position}, as only relay logs have`)
      return false
    }
    if (!isRelayLog()) abandon(grammar)
    ending =
      type === EventType.STOP
        ? { kind: 'stop', next: null, stampSeconds, detail: '' }
        : { kind: 'rotate', next: decodeRotate(bytes, from, size, checksumLength), stampSeconds, detail: '' }
    return true
  }

  function endFile(cause: FileEndCause): void {
    if (file === null) return
    const inside = isOpen(grammar)
    const insideStart = grammar.current.start
    const isDamaged = ending?.kind === 'damaged'
    if (!isRelayLog() || ending?.kind !== 'rotate') abandon(grammar)
    announce()
    listener.onFileEnd?.(
      {
        file: file.name,
        kind: endingKind(cause, inside),
        readEnd: reach.readEnd,
        // Where more follows, a reading that goes on must see again that the file was closed.
        coveredEnd: isDamaged ? reach.coveredEnd : Math.max(reach.coveredEnd, closedEnd),
        next: ending?.next ?? null,
        stampSeconds: ending?.stampSeconds ?? null,
        detail: ending?.detail ?? endingDetail(cause, inside, insideStart),
      },
      file,
    )
    file = null
  }

  function endingKind(cause: FileEndCause, inside: boolean): FileEndingKind {
    if (ending !== null) return ending.kind
    if (cause !== 'end') return cause
    if (reach.isDone) return 'stopped'
    if (file?.format === null) return partial ? 'truncated' : 'empty'
    if (partial) return 'truncated'
    return inside ? 'incomplete' : 'end'
  }

  function endingDetail(cause: FileEndCause, inside: boolean, insideStart: number): string {
    if (cause !== 'end') return ''
    if (partial) return `the file ends inside the event at ${reach.readEnd}`
    return inside ? `the file ends inside the transaction at ${insideStart}` : ''
  }

  return {
    get done() {
      return reach.isDone
    },
    get fileDone() {
      return fileDone
    },
    get file() {
      return file
    },
    get coveredEnd() {
      return reach.coveredEnd
    },
    get lastEventStart() {
      return reach.lastEventStart
    },
    get lastEventCrc() {
      return lastEventCrc
    },
    get isInTransaction() {
      return isOpen(grammar)
    },
    transaction: grammar.current,
    get readEnd() {
      return reach.readEnd
    },
    executed,
    beginFile,
    take,
    endFile,
    endBatch: (arrivedAtUs) => listener.onBatchEnd?.(arrivedAtUs),
    stop() {
      reach.isDone = true
    },
  }
}

function isArtificialRotate(type: number, flags: number, bytes: Buffer, from: number): boolean {
  return type === EventType.ROTATE && ((flags & Flag.ARTIFICIAL) !== 0 || u32(bytes, from + AT_STAMP) === 0)
}

/** Of a relay log: whether the replica made the event itself. Servers before 5.1 do not mark theirs. */
export function isOwnEvent(relayServerId: number | undefined, flags: number, bytes: Buffer, from: number): boolean {
  return (flags & Flag.RELAY_LOG) !== 0 || u32(bytes, from + AT_SERVER_ID) === relayServerId
}

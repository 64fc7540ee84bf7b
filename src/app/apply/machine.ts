/**
 * From the events of a window to orders for the session: the rows of chosen transactions, and what their statements are to come to. A plan has
 * looked at the window before; what cannot be sent is refused here again, as a part of a window would be worse than none of it.
 */
import { decodeMysqlGtid } from '../../core/binlog/gtid.ts'
import {
  AT_FLAGS,
  AT_STAMP,
  AT_TYPE,
  EventRole,
  EventType,
  eventTypeName,
  Flag,
  minimumSizeOfType,
  roleOfType,
} from '../../core/binlog/layout.ts'
import type { LogFormat } from '../../core/binlog/format.ts'
import { u16, u32 } from '../../core/binlog/bytes.ts'
import { AT_MARIADB_FLAGS, decodeMariaDbGtid, MariaDbGtidFlag } from '../../core/binlog/mariadbGtid.ts'
import { queryErrorCode, querySchema, queryStatement } from '../../core/binlog/query.ts'
import type { StatementKind } from '../../core/binlog/statement.ts'
import { classifyStatement } from '../../core/binlog/statement.ts'
import { decodeStatusVariables } from '../../core/binlog/statusVariables.ts'
import { tableIdLength } from '../../core/binlog/tableMap.ts'
import type { Coordinate } from '../../core/coordinate.ts'
import { formatCoordinate } from '../../core/coordinate.ts'
import { BinpointError } from '../../errors.ts'
import { neededPacket } from './events.ts'
import type { LoggedStatement, Order, Origin } from './orders.ts'
import type { EventPlace } from './runs.ts'
import { createRunCutter } from './runs.ts'
import type { SessionSettings } from './sessionSettings.ts'
import { sessionSettings } from './sessionSettings.ts'
import { statementText } from './statementText.ts'

export type StatementAction = 'skip' | 'execute'

export interface MachineRequest {
  readonly choose: (transaction: Origin) => boolean
  /** What becomes of the DDL statement of a chosen transaction that begins there; undefined: it may not be there. */
  readonly statementAction: (transaction: Coordinate) => StatementAction | undefined
  /** The session takes rows events of version 1. */
  readonly takesVersion1: boolean
  readonly maxAllowedPacket: number
  readonly give: (order: Order) => void
}

export interface Machine {
  /** Takes an event of the log that begins at `at`. Of a chosen TRANSACTION_PAYLOAD returns true: its events are expected next. */
  readonly event: (event: EventPlace, at: Coordinate, format: LogFormat) => boolean
  /** Takes an event out of the payload that was taken last. */
  readonly innerEvent: (event: EventPlace, format: LogFormat) => void
  /** The payload is over; `isWhole`: all of it could be read. */
  readonly endPayload: (isWhole: boolean) => void
  /** No more events: throws LOG_DAMAGED where a chosen transaction has no end. */
  readonly end: () => void
}

/** The transaction at hand. */
interface Open {
  readonly origin: Origin
  readonly isChosen: boolean
  /** BEGIN, or a group of MariaDB's that a terminator ends. */
  isBegun: boolean
  hasRows: boolean
  /** Its first run was given, so that it goes on in parts. */
  isSent: boolean
  settings: SessionSettings
}

/**
 * What MySQL >= 8.0.21 logs of CREATE TABLE … SELECT in row format: the rows of the table follow in the same transaction. The option stands behind
 * the columns, which the server writes a line each, with no line's end inside of a string.
 */
const START_TRANSACTION = /^([^\n]*(?:\n {2}[^\n]*)*\n\)[^'"`\n]*?) START TRANSACTION/

const version1 = new Set<number>([EventType.WRITE_ROWS_V1, EventType.UPDATE_ROWS_V1, EventType.DELETE_ROWS_V1])
const version2 = new Set<number>([EventType.WRITE_ROWS, EventType.UPDATE_ROWS, EventType.DELETE_ROWS])

export function createMachine(request: MachineRequest): Machine {
  const { give } = request
  const cutter = createRunCutter()
  let open: Open | null = null
  let at: Coordinate = { file: '', position: 0 }

  function begin(gtid: string | null): Open {
    abandon()
    const origin = { gtid, file: at.file, start: at.position }
    open = { origin, isChosen: request.choose(origin), isBegun: false, hasRows: false, isSent: false, settings: new Map() }
    return open
  }

  /** Drops what is open: the log has no end of it, so that it was never committed there. */
  function abandon(): void {
    if (open?.isSent === true) give({ kind: 'rollback', origin: open.origin })
    cutter.clear()
    open = null
  }

  function finish(transaction: Open): void {
    open = null
    if (!transaction.isChosen) return
    const { origin, settings, isSent } = transaction
    const run = cutter.end()
    cutter.clear()
    if (isSent) {
      if (run !== null) give({ kind: 'run', origin, run })
      give({ kind: 'commit', origin })
    } else if (run === null) give({ kind: 'nothing', origin })
    else give({ kind: 'transaction', origin, settings, run })
  }

  function take(event: EventPlace, format: LogFormat): boolean {
    const { bytes, from, bodyEnd } = event
    const type = bytes[from + AT_TYPE] ?? 0
    const role = roleOfType[type] ?? EventRole.UNKNOWN
    if (bodyEnd - from < (minimumSizeOfType[type] ?? 0)) throw refused(`a damaged ${eventTypeName(type)} event`)
    switch (role) {
      case EventRole.GTID: {
        const gtid = decodeMysqlGtid(bytes, from, bodyEnd)
        if (gtid === null) throw refused('a GTID event of an unknown form')
        begin(gtid.gtid)
        return false
      }
      case EventRole.MARIADB_GTID:
        begin(decodeMariaDbGtid(bytes, from, bodyEnd).gtid).isBegun =
          ((bytes[from + AT_MARIADB_FLAGS] ?? 0) & MariaDbGtidFlag.STANDALONE) === 0
        return false
      case EventRole.QUERY:
        query(event)
        return false
      case EventRole.TERMINATOR:
        if (type === EventType.XA_PREPARE) refuseChosen(open ?? begin(null), 'an XA transaction')
        finish(open ?? begin(null))
        return false
      case EventRole.PAYLOAD:
        return (open ?? begin(null)).isChosen || skipPayload()
      case EventRole.TABLE_MAP:
      case EventRole.ROWS:
        rows(event, role, type, format)
        return false
      case EventRole.INCIDENT:
        throw refused('an INCIDENT: changes of the source that it did not log')
      case EventRole.PREFIX:
      case EventRole.LOAD_BLOCK:
      case EventRole.LOAD_STATEMENT:
        refuseChosen(open ?? begin(null), `a change that was logged as a statement (${eventTypeName(type)})`)
        return false
      case EventRole.BODY:
        if (type === EventType.PARTIAL_ROW_DATA) refuseChosen(open ?? begin(null), 'a rows event in parts (PARTIAL_ROW_DATA)')
        return false
      default:
        // Between transactions, or of a type that may be skipped.
        return false
    }
  }

  function skipPayload(): false {
    open = null
    return false
  }

  function query({ bytes, from, bodyEnd }: EventPlace): void {
    const statement = queryStatement(bytes, from, bodyEnd)
    if (statement === null) throw refused('a statement that cannot be decompressed')
    const kind = classifyStatement(statement, 0, statement.length)
    // BEGIN inside of a transaction: what was open was cut short by a crash.
    const transaction = open === null || (kind === 'begin' && open.isBegun) ? begin(null) : open
    switch (kind) {
      case 'xa-start':
        refuseChosen(transaction, 'an XA transaction')
        transaction.isBegun = true
        return
      case 'begin':
        transaction.isBegun = true
        if (transaction.isChosen) transaction.settings = sessionSettings(decodeStatusVariables(bytes, from, bodyEnd))
        return
      case 'commit':
        finish(transaction)
        return
      case 'ddl':
      case 'truncate':
        if (transaction.isChosen) ddl(transaction, { bytes, from, bodyEnd }, statement)
        break
      default:
        if (transaction.isChosen && !isHarmless(kind, statement)) throw refused(`the statement ${excerpt(statement)}`)
    }
    if (!transaction.isBegun || kind === 'rollback' || kind === 'xa-rollback') finish(transaction)
  }

  function ddl(transaction: Open, event: EventPlace, statement: Buffer): void {
    const { origin } = transaction
    const action = request.statementAction({ file: origin.file, position: origin.start })
    if (action === undefined) throw refused(`the statement ${excerpt(statement)}`)
    if (action === 'skip') return
    const logged = loggedStatement(event, statement)
    const text = transaction.isBegun ? logged.text.replace(START_TRANSACTION, '$1') : logged.text
    // It commits by itself: only ahead of the rows of its transaction can it be run.
    if (transaction.isBegun && (text === logged.text || transaction.hasRows))
      throw refused(`a statement inside of a transaction, ${excerpt(statement)}`)
    give({ kind: 'statement', origin, statement: { ...logged, text } })
  }

  function loggedStatement({ bytes, from, bodyEnd }: EventPlace, statement: Buffer): LoggedStatement {
    const variables = decodeStatusVariables(bytes, from, bodyEnd)
    const text = statementText(statement, variables.charset?.client ?? null)
    if (text === null)
      throw refused(
        `the statement ${excerpt(statement)}, in a character set (${variables.charset?.client ?? 0}) that is not known here`,
      )
    const schema = querySchema(bytes, from)
    return {
      settings: sessionSettings(variables),
      schema: schema === '' || (u16(bytes, from + AT_FLAGS) & Flag.SUPPRESS_USE) !== 0 ? null : schema,
      text,
      errorCode: queryErrorCode(bytes, from),
      timestamp: `${u32(bytes, from + AT_STAMP)}.${String(variables.microseconds).padStart(6, '0')}`,
    }
  }

  function rows({ bytes, from, bodyEnd }: EventPlace, role: number, type: number, format: LogFormat): void {
    const transaction = open ?? begin(null)
    if (!transaction.isChosen) return
    if (!transaction.isBegun) throw refused('rows outside of a transaction, as servers before 5.1 wrote them')
    const idLength = tableIdLength(format.postHeaderLengths[type - 1] ?? 8)
    if (role === EventRole.TABLE_MAP) {
      cutter.tableMap({ bytes, from, bodyEnd }, idLength)
      return
    }
    refuseType(type)
    transaction.hasRows = true
    const size = bodyEnd - from
    if (neededPacket(size) > request.maxAllowedPacket) throw tooLarge(size)
    const run = cutter.rows({ bytes, from, bodyEnd }, idLength)
    if (run === undefined) throw refused(`a ${eventTypeName(type)} event without its TABLE_MAP`)
    if (run === null) return
    if (!transaction.isSent) give({ kind: 'begin', origin: transaction.origin, settings: transaction.settings })
    transaction.isSent = true
    give({ kind: 'run', origin: transaction.origin, run })
  }

  function refuseType(type: number): void {
    if (version2.has(type)) return
    if (!version1.has(type)) throw refused(`a ${eventTypeName(type)} event`)
    if (request.takesVersion1) return
    throw new BinpointError(
      'UNSUPPORTED_SERVER',
      `${where()}: rows events of version 1 (${eventTypeName(type)}), as MySQL up to 5.5 and MariaDB write them, are refused by MySQL >= 8.4`,
      {
        hint: 'repair this replica with another strategy',
      },
    )
  }

  function refuseChosen(transaction: Open, what: string): void {
    if (transaction.isChosen) throw refused(what)
  }

  function refused(what: string): BinpointError {
    return new BinpointError('REPLAY_FAILED', `${where()} has ${what}, which cannot be sent to a session`, {
      hint: 'nothing of this transaction was written; plan again, with a window or a strategy that does without it',
    })
  }

  function tooLarge(size: number): BinpointError {
    return new BinpointError(
      'REPLAY_FAILED',
      `${where()} has an event of ${size} bytes; as a statement it needs a max_allowed_packet of ${neededPacket(size)}, and the replica has ${request.maxAllowedPacket}`,
      {
        hint: `on the replica: SET GLOBAL max_allowed_packet = ${Math.ceil(neededPacket(size) / 1024) * 1024}; then run it again`,
      },
    )
  }

  function where(): string {
    return `the transaction at ${formatCoordinate(open === null ? at : { file: open.origin.file, position: open.origin.start })}`
  }

  return {
    event(event, position, format) {
      at = position
      return take(event, format)
    },
    innerEvent(event, format) {
      if (open === null) throw refused('a compressed part that goes on behind its end')
      const type = event.bytes[event.from + AT_TYPE] ?? 0
      if (take(event, format)) throw refused(`a compressed ${eventTypeName(type)}`)
    },
    endPayload(isWhole) {
      if (!isWhole) throw refused('a compressed part that is damaged')
      if (open !== null) throw refused('a compressed part that has no end')
    },
    end() {
      const left = open
      abandon()
      if (left?.isChosen !== true) return
      throw new BinpointError(
        'LOG_DAMAGED',
        `the window ends inside of the transaction at ${formatCoordinate({ file: left.origin.file, position: left.origin.start })}`,
        {
          hint: 'a window ends at the end of a transaction; plan again',
        },
      )
    },
  }
}

/** Savepoints change no row by themselves: a ROLLBACK TO is logged only where the rows behind it cannot be taken back. */
function isHarmless(kind: StatementKind, statement: Buffer): boolean {
  return kind === 'savepoint' && !/^ROLLBACK/i.test(statement.toString('latin1', 0, 16))
}

function excerpt(statement: Buffer): string {
  const text = statement.toString('utf8', 0, 120).replaceAll(/\s+/g, ' ')
  return `'${text}${statement.length > 120 ? '…' : ''}'`
}

/** How a replica stands at this moment, by one short statement: what a repair that is being executed looks at again and again. */
import type { Coordinate } from '../core/coordinate.ts'
import type { Dialect } from '../core/plan/dialect.ts'
import { BinpointError } from '../errors.ts'
import { addressText } from './address.ts'
import type { ServerConnection } from './connection.ts'
import { applierRuns, errorOf, executedOf, receiverRuns, secondsBehind, usingGtid } from './inspect/channels.ts'
import { text } from './rows.ts'

export interface ApplierState {
  readonly receiverRuns: boolean
  readonly applierRuns: boolean
  /** The end of the last transaction that was executed, in the source's log. */
  readonly executed: Coordinate
  readonly applierError: ThreadError | null
  readonly receiverError: ThreadError | null
  /** The applier was started with an UNTIL. */
  readonly hasUntil: boolean
  readonly autoPosition: boolean
  /** MariaDB: `No`, `Slave_Pos` or `Current_Pos`; null on MySQL. */
  readonly usingGtid: string | null
  /** It runs, and says that it is 0 seconds behind. */
  readonly isCaughtUp: boolean
}

export interface ThreadError {
  readonly number: number
  readonly message: string
}

/** Throws UNSUPPORTED_SERVER where the server has no such channel, and what the connection throws. */
export async function applierState(connection: ServerConnection, dialect: Dialect, channel: string): Promise<ApplierState> {
  const [row] = await connection.query(dialect.showStatus(channel))
  if (row === undefined) {
    throw new BinpointError('UNSUPPORTED_SERVER', `${addressText(connection.address)} is no replica (any more)`, {
      hint: 'someone has reset its replication: see SHOW REPLICA STATUS, and plan again',
    })
  }
  return {
    receiverRuns: receiverRuns(row),
    applierRuns: applierRuns(row),
    executed: executedOf(row),
    applierError: errorOf(row, 'SQL'),
    receiverError: errorOf(row, 'IO'),
    hasUntil: !/^(none)?$/i.test(text(row, 'Until_Condition')),
    autoPosition: text(row, 'Auto_Position') === '1',
    usingGtid: usingGtid(row),
    isCaughtUp: secondsBehind(row) === '0',
  }
}

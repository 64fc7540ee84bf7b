/** How a replica stands at this moment, by one short statement: what a repair that is being executed looks at again and again. */
import type { Coordinate } from '../core/coordinate.ts'
import type { Dialect } from '../core/plan/dialect.ts'
import { BinpointError } from '../errors.ts'
import { addressText } from './address.ts'
import type { Row, ServerConnection } from './connection.ts'
import { text } from './rows.ts'

export interface ApplierState {
  readonly receiverRuns: boolean
  readonly applierRuns: boolean
  /** The end of the last transaction that was executed, in the source's log. */
  readonly executed: Coordinate
  readonly received: Coordinate
  readonly applierError: ThreadError | null
  readonly receiverError: ThreadError | null
  /** The applier was started with an UNTIL. */
  readonly hasUntil: boolean
  readonly autoPosition: boolean
  /** MariaDB: `No`, `Slave_Pos` or `Current_Pos`; null on MySQL. */
  readonly usingGtid: string | null
  readonly secondsBehind: number | null
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
  const pick = (name: string): string => text(row, name) || text(row, oldName(name))
  return {
    receiverRuns: pick('Replica_IO_Running') === 'Yes',
    applierRuns: pick('Replica_SQL_Running') === 'Yes',
    executed: { file: pick('Relay_Source_Log_File'), position: Number(pick('Exec_Source_Log_Pos')) },
    received: { file: pick('Source_Log_File'), position: Number(pick('Read_Source_Log_Pos')) },
    applierError: errorOf(row, 'SQL'),
    receiverError: errorOf(row, 'IO'),
    hasUntil: !/^(none)?$/i.test(text(row, 'Until_Condition')),
    autoPosition: text(row, 'Auto_Position') === '1',
    usingGtid: row['Using_Gtid'] === undefined ? null : text(row, 'Using_Gtid'),
    secondsBehind: pick('Seconds_Behind_Source') === '' ? null : Number(pick('Seconds_Behind_Source')),
  }
}

function errorOf(row: Row, thread: 'IO' | 'SQL'): ThreadError | null {
  const number = Number(text(row, `Last_${thread}_Errno`))
  return number === 0 ? null : { number, message: text(row, `Last_${thread}_Error`) }
}

/** As before MySQL 8.0.22, and in MariaDB. */
function oldName(name: string): string {
  return name.replace('Replica_', 'Slave_').replace('Source', 'Master')
}

/** A server's own binlog, and who reads it. */
import type { Coordinate } from '../../core/coordinate.ts'
import type { DumpThread, LogReader } from '../../core/plan/replica.ts'
import type { ServerConnection } from '../connection.ts'
import { text } from '../rows.ts'
import type { Privileges } from './privileges.ts'
import { orUnseen } from './unseen.ts'

/** Null where it writes none, or the account may not see it. */
export async function ownLogEnd(connection: ServerConnection): Promise<Coordinate | null> {
  const [row] = await orUnseen(() => connection.queryFirst('SHOW BINARY LOG STATUS', 'SHOW MASTER STATUS'), [])
  return row === undefined ? null : { file: text(row, 'File'), position: Number(text(row, 'Position')) }
}

/** Those that have registered; null where the account may not see them. */
export async function logReaders(connection: ServerConnection): Promise<readonly LogReader[] | null> {
  const rows = await orUnseen(() => connection.queryFirst('SHOW REPLICAS', 'SHOW SLAVE HOSTS'), null)
  return (
    rows?.map((row) => ({
      serverId: Number(text(row, 'Server_Id') || text(row, 'Server_id')),
      serverUuid: text(row, 'Replica_UUID') || text(row, 'Slave_UUID') || null,
      host: text(row, 'Host'),
    })) ?? null
  )
}

/** Null where the account sees its own threads only. */
export async function dumpThreads(connection: ServerConnection, privileges: Privileges): Promise<readonly DumpThread[] | null> {
  if (!privileges.hasAny('PROCESS')) return null
  const rows = await connection.query(
    `SELECT ID AS id, HOST AS host FROM information_schema.PROCESSLIST WHERE COMMAND IN ('Binlog Dump', 'Binlog Dump GTID')`,
  )
  return rows.map((row) => ({ id: Number(text(row, 'id')), host: text(row, 'host') }))
}

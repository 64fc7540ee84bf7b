/** What a MySQL server has executed, by GTID. */
import type { ServerConnection } from '../connection.ts'
import { text } from '../rows.ts'
import { withoutSpace } from './channels.ts'

export async function gtidExecuted(connection: ServerConnection): Promise<string> {
  const [row] = await connection.query('SELECT @@GLOBAL.gtid_executed AS gtids')
  return withoutSpace(text(row, 'gtids'))
}

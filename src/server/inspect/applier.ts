/** What stopped an applier, and what SQL shows of where it stands. */
import type { ReplicaFacts, Standing } from '../../core/plan/replica.ts'
import type { Row, ServerConnection } from '../connection.ts'
import { literal, text } from '../rows.ts'
import { channelName, errorOf } from './channels.ts'
import { orUnseen } from './unseen.ts'

/**
 * The status of a parallel applier only says that "the coordinator stopped because there were errors in the workers"; the table and
 * the row are in the worker's own message (MySQL >= 5.7, with its performance schema).
 */
export async function applierErrorOf(connection: ServerConnection, status: Row): Promise<ReplicaFacts['applierError']> {
  const error = errorOf(status, 'SQL')
  if (error === null) return null
  const [worker] = await orUnseen(
    () =>
      connection.query(
        `SELECT LAST_ERROR_NUMBER AS number, LAST_ERROR_MESSAGE AS message FROM performance_schema.replication_applier_status_by_worker WHERE CHANNEL_NAME = ${literal(channelName(status))} AND LAST_ERROR_NUMBER <> 0 ORDER BY LAST_ERROR_TIMESTAMP DESC LIMIT 1`,
      ),
    [],
  )
  const message = text(worker, 'message')
  if (message === '' || error.message.includes(message)) return error
  return { number: Number(text(worker, 'number')), message: `${error.message} ${message}` }
}

/** Expressions that the server or the account does not know, or that have no value here, are left out. */
export async function standingOf(connection: ServerConnection, expressions: readonly string[]): Promise<readonly Standing[]> {
  const standing: Standing[] = []
  for (const expression of expressions) {
    const [row] = await orUnseen(() => connection.query(`SELECT ${expression} AS value`), [])
    const value = row?.['value']
    if (value !== null && value !== undefined) standing.push({ expression, value: text(row, 'value') })
  }
  return standing
}

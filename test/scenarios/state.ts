/** What is compared: the data of a server, its settings, and where its replication stands. */
import type { Row, Server } from '../support/servers/index.ts'
import { endOfLog, replicaStatus } from '../support/servers/index.ts'

const systemSchemas = ['mysql', 'sys', 'information_schema', 'performance_schema']

/** Every table of the users: CHECKSUM TABLE, and all rows in order. */
export async function dataOf(server: Server): Promise<Readonly<Record<string, unknown>>> {
  const tables = await server.query(
    "SELECT CONCAT('`', TABLE_SCHEMA, '`.`', TABLE_NAME, '`') AS name, (SELECT COUNT(*) FROM information_schema.COLUMNS AS c " +
      'WHERE c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME) AS columns ' +
      "FROM information_schema.TABLES AS t WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN (?) ORDER BY 1",
    [systemSchemas],
  )
  const all: Record<string, unknown> = {}
  for (const { name, columns } of tables) {
    const [checksum] = await server.query(`CHECKSUM TABLE ${String(name)}`)
    const order = Array.from({ length: Number(columns) }, (_, index) => index + 1)
    const rows = await server.query(`SELECT * FROM ${String(name)} ORDER BY ${order.join(', ')}`)
    all[String(name)] = { checksum: String(checksum?.['Checksum']), rows: rows.map((row) => JSON.stringify(row)) }
  }
  return all
}

/** Variables that move by themselves. */
const moving = /^gtid_(executed|purged|owned|.*_pos|binlog_state)$|^(timestamp|rand_seed\d|pseudo_thread_id)$/
/** Of the status, what somebody has set. */
const given =
  /^((Source|Master)_(Host|User|Port|Connect_Retry|Retry_Count|SSL.*|Bind|Delay|Server_Id)|Auto_Position|Using_Gtid|SQL_Delay|Replicate_.*|Until_.*|Channel_Name|Connection_name|Parallel_Mode)$/

/** Every global variable, and every option of its replication. */
export async function settingsOf(server: Server): Promise<Row> {
  const variables = await server.query('SHOW GLOBAL VARIABLES')
  const status = await replicaStatus(server)
  return Object.fromEntries([
    ...variables.map((row) => [String(row['Variable_name']), row['Value']] as const).filter(([name]) => !moving.test(name)),
    ...Object.entries(status?.raw ?? {}).filter(([name]) => given.test(name)),
  ])
}

/** A column of a row; empty where there is none. */
export function text(row: Row | undefined, column: string): string {
  const value = row?.[column]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** Where everything stands: what may not move by as much as a byte where the tool has refused. */
export async function standingOf(server: Server): Promise<unknown> {
  const status = await replicaStatus(server)
  const still = Object.entries(status?.raw ?? {}).filter(([name]) => !/_State$|^Seconds_Behind/.test(name))
  return { status: Object.fromEntries(still), log: await endOfLog(server), gtids: await gtidsOf(server) }
}

/** What has been executed, as GTIDs; null where the server has none, or none of MySQL's. */
export async function gtidsOf(server: Server): Promise<string | null> {
  if (server.kind.startsWith('mariadb')) return null
  const [row] = await server.query("SHOW GLOBAL VARIABLES LIKE 'gtid_executed'")
  return text(row, 'Value').replaceAll(/\s/g, '')
}

/** A server's log in the server's own words (SHOW BINLOG EVENTS): which transactions lie where, each named after what wrote it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row, Server } from '../support/servers/index.ts'

export interface Place {
  readonly file: string
  readonly position: number
}

export interface Logged extends Place {
  readonly end: number
  /** The tag of its first row, or the beginning of its statement. */
  readonly name: string
}

/**
 * In log order. Rows carry tags: the first quoted word of the statement that wrote them, which the log has because the server was told
 * to log the text of row changes.
 */
export async function readServerLog(server: Server): Promise<readonly Logged[]> {
  const logged: Logged[] = []
  for (const { Log_name: file } of await server.query('SHOW BINARY LOGS')) {
    let open: { position: number; isGroup: boolean; name: string } | null = null
    for (const event of await server.query(`SHOW BINLOG EVENTS IN '${String(file)}'`)) {
      const { type, info, position } = eventOf(event)
      if (open === null && !/^(Query|Gtid|Anonymous_Gtid)$/.test(type)) continue
      open ??= { position, isGroup: info.startsWith('BEGIN GTID'), name: '' }
      if (type === 'Rows_query' || type === 'Annotate_rows') open.name ||= /'([\w-]+)'/.exec(info)?.[1] ?? info
      else if (type === 'Query' && /^BEGIN\b/.test(info)) open.isGroup = true
      else if (type === 'Xid' || (type === 'Query' && (!open.isGroup || info.startsWith('COMMIT')))) {
        const name = open.name || info.replace(/^use `\w+`; /, '').slice(0, 15)
        logged.push({ file: String(file), position: open.position, end: Number(event['End_log_pos']), name })
        open = null
      }
    }
  }
  return logged
}

/** Where a coordinate is: the index of the transaction that begins there, their number at the end of the log, -1 at no boundary. */
export function placeIn(log: readonly Logged[], { file, position }: Place): number {
  const last = log.at(-1)
  if (last !== undefined && file === last.file && position >= last.end) return log.length
  return log.findIndex((logged) => logged.file === file && logged.position === position)
}

/**
 * MariaDB: returns when the newest file has a checkpoint that shows the server's clock: one that its background thread writes some time after the
 * file was begun, in another second than the file's stamp. Files are begun, stamped a second early, until there is one.
 */
export async function checkpointed(server: Server): Promise<void> {
  for (const giveUpAt = Date.now() + 20_000; ;) {
    const file = String((await server.query('SHOW BINARY LOGS')).at(-1)?.['Log_name'])
    const stamps = await ownCheckpoint(server, file, giveUpAt)
    if (stamps.checkpoint !== stamps.file) return
    const session = await server.connect()
    await session.query('SET TIMESTAMP = UNIX_TIMESTAMP() - 1')
    await session.query('FLUSH LOGS')
  }
}

const CHECKPOINT = 161

/** Stamps of a file's head, and of the checkpoint in it that names the file itself. */
async function ownCheckpoint(server: Server, name: string, giveUpAt: number): Promise<{ file: number; checkpoint: number }> {
  for (;;) {
    const bytes = readFileSync(join(server.binlogDir, name))
    for (let at = 4; at + 19 <= bytes.length; at += bytes.readUInt32LE(at + 9)) {
      const body = at + 19 + 4
      if (bytes[at + 4] !== CHECKPOINT || bytes.toString('latin1', body, body + name.length) !== name) continue
      return { file: bytes.readUInt32LE(4), checkpoint: bytes.readUInt32LE(at) }
    }
    if (Date.now() > giveUpAt) throw new Error(`${name} has no checkpoint`)
    await server.query('DO SLEEP(0.05)')
  }
}

function eventOf(event: Row): { readonly type: string; readonly info: string; readonly position: number } {
  return { type: String(event['Event_type']), info: String(event['Info']), position: Number(event['Pos']) }
}

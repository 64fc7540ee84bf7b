/**
 * A bare socket that drains a dump: mysql2 logs in, then the bytes are counted and thrown away as they come.
 * Arguments: host, port, user, first file. Prints the seconds from the command to the end of the log.
 */
import { createConnection } from 'mysql2'
import type { Connection } from 'mysql2'
import type { Socket } from 'node:net'

const COM_BINLOG_DUMP = 0x12
/** Not to wait at the end, and (MariaDB) to send ANNOTATE_ROWS too: what binpoint asks for. */
const FLAGS = 3
const FIRST_POSITION = 4
const SERVER_ID = 0x9abc_def0

const [host = '', port = '', user = '', file = ''] = process.argv.slice(2)
const connection = createConnection({ host, port: Number(port), user })
await ask(connection, "SET @master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32', @mariadb_slave_capability = 4")
const { stream } = connection as unknown as { readonly stream: Socket }
// From here on mysql2 has no part in it.
stream.removeAllListeners()
stream.on('error', (error) => {
  throw error
})
const startedMs = performance.now()
stream.on('data', (chunk: Buffer) => {
  const status = statusAtEnd(chunk)
  if (status === null) return
  if (status === 'error') throw new Error(`the server refused the dump: ${chunk.toString('latin1')}`)
  process.stdout.write(`${(performance.now() - startedMs) / 1000}\n`)
  stream.destroy()
})
stream.write(dumpCommand(file))

function ask(on: Connection, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    on.query(sql, (error) => (error === null ? resolve() : reject(error)))
  })
}

function dumpCommand(name: string): Buffer {
  const packet = Buffer.alloc(4 + 11 + name.length)
  packet.writeUIntLE(packet.length - 4, 0, 3)
  packet.writeUInt8(COM_BINLOG_DUMP, 4)
  packet.writeUInt32LE(FIRST_POSITION, 5)
  packet.writeUInt16LE(FLAGS, 9)
  packet.writeUInt32LE(SERVER_ID, 11)
  packet.write(name, 15)
  return packet
}

/** The EOF packet ends the dump: five bytes of body (0xfe, warnings, status), and nothing behind it. */
function statusAtEnd(chunk: Buffer): 'end' | 'error' | null {
  if (chunk[4] === 0xff && chunk.readUIntLE(0, 3) === chunk.length - 4) return 'error'
  const at = chunk.length - 9
  return at >= 0 && chunk.readUIntLE(at, 3) === 5 && chunk[at + 4] === 0xfe ? 'end' : null
}

/**
 * Serves binlog files as a MySQL or MariaDB source on loopback: enough of a server for zongji, both mysqlbinlogs and replicas
 * to read the log as it is, without a database. Any account is let in; nothing can be changed.
 */
import type { AddressInfo, Server, Socket } from 'node:net'
import mysql from 'mysql2'
import type { Connection } from 'mysql2'
import { BinpointError } from '../errors.ts'
import { listBinlogFiles } from './directory.ts'
import { readServedFormat } from './replayFormat.ts'
import type { Served } from './replayFormat.ts'
import type { Session } from './replayQueries.ts'
import { answer } from './replayQueries.ts'
import { streamDump } from './replayDump.ts'

export interface Replay extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly serverVersion: string
  readonly files: readonly string[]
}

export interface ReplayRequest {
  /** A directory, an `.index` file, or binlog files. */
  readonly paths: readonly string[]
  /** 0, the default: a free one. */
  readonly port?: number
}

const HOST = '127.0.0.1'
const COM_BINLOG_DUMP = 0x12
const COM_REGISTER_SLAVE = 0x15
const ER_UNKNOWN_COM_ERROR = 1047
/** LONG_PASSWORD, LONG_FLAG, CONNECT_WITH_DB, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, PLUGIN_AUTH. */
const CAPABILITIES = 0x1 | 0x4 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x8_0000
const UTF8MB4 = 45

/** What is used of mysql2's server connection beyond its public face. */
interface ServerSide extends Omit<Connection, 'on'> {
  sequenceId: number
  readonly stream: Socket
  on: (event: string, listener: (...args: readonly never[]) => void) => unknown
  serverHandshake: (config: Readonly<Record<string, unknown>>) => void
  writeOk: () => void
  writeError: (error: { readonly code: number; readonly message: string }) => void
  writeColumns: (columns: readonly Readonly<Record<string, unknown>>[]) => void
  writeTextRow: (row: readonly (string | null)[]) => void
  writeEof: () => void
}

/** Throws NO_BINLOGS, SOURCE_NOT_FOUND, PORT_IN_USE, and what makes the first file unreadable. */
export async function startReplay(request: ReplayRequest): Promise<Replay> {
  const served = await readServedFormat(() => listBinlogFiles(request.paths))
  const server = mysql.createServer(() => undefined)
  const connections = new Map<number, ServerSide>()
  let lastId = 0
  server.on('connection', (raw: Connection) => {
    const connection = raw as unknown as ServerSide
    const id = ++lastId
    connections.set(id, connection)
    serve(connection, id, served, (victim) => connections.get(victim)?.stream.destroy())
    connection.stream.on('close', () => connections.delete(id))
  })
  const port = await listen(server, request.port ?? 0)
  return {
    host: HOST,
    port,
    serverVersion: served.version,
    files: (await served.list()).map((file) => file.name),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const connection of connections.values()) connection.stream.destroy()
        server.close(() => resolve())
      }),
  }
}

function listen(server: ReturnType<typeof mysql.createServer>, port: number): Promise<number> {
  const inner = (server as unknown as { readonly _server: Server })._server
  return new Promise((resolve, reject) => {
    inner.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? new BinpointError('PORT_IN_USE', `port ${port} of ${HOST} is taken`, {
              hint: 'give another --port, or none for a free one',
              cause,
            })
          : cause,
      )
    })
    inner.listen(port, HOST, () => resolve((inner.address() as AddressInfo).port))
  })
}

function serve(connection: ServerSide, id: number, served: Served, kill: (id: number) => void): void {
  const session: Session = { heartbeatMs: 0, checksum: 'NONE' }
  // A result is several small packets; each must not wait for the one before to be acknowledged.
  connection.stream.setNoDelay(true)
  /** Each command begins a new sequence; mysql2's server side does not. */
  const reply = (write: () => void): void => {
    write()
    connection.sequenceId = 0
  }
  const query = (sql: string): void => {
    const result = answer(sql, { id, served, session, kill })
    void result.then((said) =>
      reply(() => {
        if (said.kind === 'ok') connection.writeOk()
        else if (said.kind === 'error') connection.writeError({ code: said.code, message: said.message })
        else {
          connection.writeColumns(said.columns.map(textColumn))
          for (const row of said.rows) connection.writeTextRow(row)
          connection.writeEof()
        }
      }),
    )
  }
  connection.on('error', () => connection.stream.destroy())
  connection.on('query', query)
  // mysql2 takes every text that begins with SET or PREPARE for a prepared statement.
  connection.on('stmt_prepare', query)
  connection.on(
    'packet',
    (packet: { readonly buffer: Buffer; readonly start: number; readonly end: number }, isKnown: boolean, command: number) => {
      if (isKnown) {
        if (command !== 0x03) connection.sequenceId = 0
        return
      }
      if (command === COM_REGISTER_SLAVE) return reply(() => connection.writeOk())
      if (command !== COM_BINLOG_DUMP) {
        return reply(() =>
          connection.writeError({ code: ER_UNKNOWN_COM_ERROR, message: `replay does not know command ${command}` }),
        )
      }
      // Behind header and command: position u32, flags u16, server_id u32, file name.
      const at = packet.start + 5
      const request = {
        position: packet.buffer.readUInt32LE(at),
        isBlocking: (packet.buffer.readUInt16LE(at + 4) & 1) === 0,
        file: packet.buffer.toString('utf8', at + 10, packet.end).replace(/\0$/, ''),
        ...session,
      }
      void streamDump(connection.stream, served, request).then((error) => {
        if (error !== null && !connection.stream.destroyed) {
          connection.sequenceId = error.sequenceId
          connection.writeError(error)
        }
        connection.sequenceId = 0
      })
    },
  )
  connection.serverHandshake({
    protocolVersion: 10,
    serverVersion: served.handshakeVersion,
    connectionId: id,
    statusFlags: 2,
    characterSet: UTF8MB4,
    capabilityFlags: CAPABILITIES,
    authCallback: (_account: unknown, done: (error: null) => void) => {
      done(null)
      connection.sequenceId = 0
    },
  })
}

function textColumn(name: string): Readonly<Record<string, unknown>> {
  const empty = { catalog: 'def', schema: '', table: '', orgTable: '' }
  return {
    ...empty,
    name,
    orgName: name,
    characterSet: UTF8MB4,
    columnLength: 1024,
    columnType: 253,
    type: 253,
    flags: 0,
    decimals: 0,
  }
}

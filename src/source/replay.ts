/**
 * Serves binlog files as a MySQL or MariaDB source on loopback: enough of a server for zongji, both mysqlbinlogs and replicas
 * to read the log as it is, without a database. Any account is let in, and nothing can be changed, so that it must not be
 * reached from elsewhere: it listens on loopback addresses only. Stopping ends every connection, dumps included.
 */
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { isIP } from 'node:net'
import mysql from 'mysql2'
import { BinpointError } from '../errors.ts'
import { listBinlogFiles } from './directory.ts'
import { readServedFormat } from './replayFormat.ts'
import type { ServerSide } from './replaySession.ts'
import { serveConnection } from './replaySession.ts'

export interface Replay extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** As the log says it. */
  readonly serverVersion: string
  /** Names of the files that were there at the start. */
  readonly files: readonly string[]
  stop(): Promise<void>
}

export interface ReplayRequest {
  /** A directory, an `.index` file, or binlog files. */
  readonly paths: readonly string[]
  /** A loopback address; 127.0.0.1 unless given. */
  readonly host?: string
  /** 0, the default: a free one. */
  readonly port?: number
}

/** Throws NO_BINLOGS, SOURCE_NOT_FOUND, NOT_A_BINLOG, PORT_IN_USE, USAGE (an address that others can reach). */
export async function startReplay(request: ReplayRequest): Promise<Replay> {
  const host = request.host ?? '127.0.0.1'
  if (!isLoopback(host)) {
    throw new BinpointError('USAGE', `${host} is no loopback address, and replay lets any account in`, { hint: 'use 127.0.0.1' })
  }
  const served = await readServedFormat(() => listBinlogFiles(request.paths))
  const files = (await served.list()).map((file) => file.name)
  const server = mysql.createServer(() => undefined)
  // mysql2 keeps the server that has the events and the address to itself.
  const inner = (server as unknown as { readonly _server: Server })._server
  const sessions = new Map<number, { readonly stream: ServerSide['stream']; readonly ended: Promise<void> }>()
  let lastId = 0
  server.on('connection', (raw: unknown) => {
    const connection = raw as ServerSide
    const id = ++lastId
    const kill = (victim: number): boolean => {
      const session = sessions.get(victim)
      session?.stream.destroy()
      return session !== undefined
    }
    const ended = serveConnection(connection, id, served, kill).finally(() => sessions.delete(id))
    sessions.set(id, { stream: connection.stream, ended })
  })
  const port = await listen(inner, host, request.port ?? 0)
  const stop = async (): Promise<void> => {
    const closed = inner.listening ? once(inner, 'close') : null
    inner.close()
    const open = [...sessions.values()]
    for (const session of open) session.stream.destroy()
    await Promise.all([closed, ...open.map((session) => session.ended)])
  }
  return { host, port, serverVersion: served.version, files, stop, [Symbol.asyncDispose]: stop }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? new BinpointError('PORT_IN_USE', `port ${port} of ${host} is taken`, {
              hint: 'give another --port, or none for a free one',
              cause,
            })
          : cause,
      )
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

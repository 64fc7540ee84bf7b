/**
 * A server in a temporary folder on a free loopback port, from a ready template, in about a second. Disposing of it ends it and deletes
 * everything; a watchdog does so if the test process dies first.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import type { Connection, ConnectionOptions } from 'mysql2/promise'
import { availability } from './cache.ts'
import { recipes } from './catalog.ts'
import type { ServerKind } from './catalog.ts'
import { openClock } from './clock.ts'
import type { Clock } from './clock.ts'
import { launch } from './launch.ts'
import type { Launched } from './launch.ts'
import { replicationOptions } from './options.ts'
import { runClient } from './programs.ts'
import { run } from './run.ts'
import type { RunResult } from './run.ts'
import { makeTemplate } from './template.ts'
import { startWatchdog } from './watchdog.ts'

export interface StartOptions {
  readonly kind: ServerKind
  /** Server options, after the ones of options.ts: they win. */
  readonly options?: readonly string[]
  /** 1 unless given. */
  readonly serverId?: number
  /** Written into the data directory before the first start, by name. */
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** Whether its clock can be moved, by `setClock`. Not for MariaDB 10.5. */
  readonly clock?: boolean
}

export type Row = Readonly<Record<string, unknown>>

export interface Server extends AsyncDisposable {
  readonly kind: ServerKind
  /** `@@version`. */
  readonly version: string
  readonly host: string
  readonly port: number
  readonly socket: string
  /** The binlogs and relay logs are here too, unless `--log-bin` says otherwise. */
  readonly dataDir: string
  readonly binlogDir: string
  /** Changes with a restart. */
  readonly pid: number
  /** Runs one statement as root, always in the same session. Rows, or none. */
  query(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
  /** Runs statements one after another in that session. */
  run(...statements: readonly string[]): Promise<void>
  /** A connection of its own, as root unless told otherwise; closed with the server. */
  connect(options?: ConnectionOptions): Promise<Connection>
  /** The server's own command-line client, as root, with `sql` as its input. */
  client(sql: string, args?: readonly string[]): Promise<RunResult>
  /** Moves its clock so far away from the machine's; 0 puts it right. Only for a server that was started with `clock`. */
  setClock(offsetSeconds: number): void
  /** A clean shutdown. */
  stop(): Promise<void>
  /** Power cut. */
  kill(): Promise<void>
  /** Starts it again on the same port and data; a running one is shut down first. `options` come after those of the first start. */
  restart(options?: readonly string[]): Promise<void>
}

const host = '127.0.0.1'

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)

export async function startServer(asked: StartOptions): Promise<Server> {
  const { kind, options = [], serverId = 1, files = {}, env = {} } = asked
  const available = availability(kind)
  if (!available.available) throw new Error(`${kind} is not here: ${available.why}`)
  const template = await makeTemplate(kind)
  const folder = mkdtempSync(join(tmpdir(), 'binpoint-server-'))
  const watchdog = startWatchdog(folder)
  const dataDir = join(folder, 'data')
  mkdirSync(dataDir)
  let connections: Connection[] = []
  let session: Promise<Connection> | undefined
  let running: Launched | undefined
  let clock: Clock | undefined

  const start = async (port: number, more: readonly string[]): Promise<void> => {
    const own = replicationOptions(recipes[kind], serverId)
    running = await launch(kind, folder, [...own, `--port=${port}`, ...options, ...more], { ...env, ...clock?.env })
    watchdog.watch(running.pid)
  }
  const end = async (how: 'shutDown' | 'kill'): Promise<void> => {
    for (const connection of connections) connection.destroy()
    connections = []
    session = undefined
    await running?.[how]()
    running = undefined
    watchdog.watch(null)
  }
  const connect = async (more: ConnectionOptions = {}): Promise<Connection> => {
    const address = more.host === undefined && more.port === undefined ? { socketPath: join(folder, 'socket') } : {}
    const connection = await createConnection({ ...address, user: 'root', dateStrings: true, supportBigNumbers: true, ...more })
    // The server may go first: what is asked of the connection then fails by itself.
    connection.on('error', () => {})
    connections.push(connection)
    return connection
  }
  const query = async (sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> => {
    session ??= connect()
    const [rows] = await (await session).query(sql, [...values])
    const answer: unknown = rows
    return Array.isArray(answer) ? answer.filter(isRow) : []
  }
  const dispose = async (): Promise<void> => {
    await end('kill')
    rmSync(folder, { recursive: true, force: true })
    watchdog.release()
  }

  try {
    if (asked.clock === true) clock = openClock(kind, folder)
    await run('cp', ['-a', '--reflink=auto', `${template}/.`, dataDir])
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dataDir, name), text)
    const port = await startOnFreePort((free) => start(free, []))
    const version = String((await query('SELECT @@version AS version'))[0]?.['version'])
    return {
      kind,
      version,
      host,
      port,
      socket: join(folder, 'socket'),
      dataDir,
      binlogDir: dataDir,
      get pid() {
        if (running === undefined) throw new Error(`${kind} is not running`)
        return running.pid
      },
      query,
      run: async (...statements) => {
        for (const statement of statements) await query(statement)
      },
      connect,
      client: (sql, args = []) => runClient(kind, [`--socket=${join(folder, 'socket')}`, '--user=root', ...args], { stdin: sql }),
      setClock: (offsetSeconds) => {
        if (clock === undefined) throw new Error(`${kind} was started without \`clock\``)
        clock.set(offsetSeconds)
      },
      stop: () => end('shutDown'),
      kill: () => end('kill'),
      restart: async (more = []) => {
        await end('shutDown')
        await start(port, more)
      },
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Another process may take a port between looking and binding: then with another one. */
async function startOnFreePort(start: (port: number) => Promise<void>): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort()
    try {
      await start(port)
      return port
    } catch (error) {
      if (attempt === 3 || !/port|bind/i.test(String(error))) throw error
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, host, () => {
      const address = probe.address()
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'))
        else resolve(address.port)
      })
    })
  })
}

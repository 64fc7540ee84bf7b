/**
 * A log over the network, from a server that has it: indexing it through zongji, against `mysqlbinlog --read-from-remote-server
 * --raw` and a bare socket. All over TCP on loopback, without TLS.
 */
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startServer } from '../test/support/servers/index.ts'
import type { Server, ServerKind } from '../test/support/servers/index.ts'
import type { Command } from './command.ts'
import { binpoint, outputOf, peakOf, secondsOf } from './command.ts'
import { fastestOf, peakTarget, removeIndex, target } from './file.ts'
import type { MeasuredLog } from './log.ts'
import { LOG_NAME } from './log.ts'
import { race } from './race.ts'
import { readersOf } from './readers.ts'
import type { Reader } from './readers.ts'
import type { Target } from './target.ts'
import { megabytes } from './target.ts'

const TURNS = 5
const USER = 'bench'

export async function measureServer(log: MeasuredLog, say: (line: string) => void): Promise<Target[]> {
  const { kind } = log
  say(`\n${kind}: a log of ${megabytes(log.bytes)} from a server`)
  await using server = await serve(log)
  const folder = mkdtempSync(join(tmpdir(), 'binpoint-bench-'))
  try {
    const index = join(folder, 'index')
    const command = binpoint('index', `mysql://${USER}@${server.host}:${server.port}`, '--ssl-mode', 'DISABLED', '--index', index)
    const ours = async (run: (command: Command) => Promise<number>): Promise<number> => {
      try {
        return await run(command)
      } finally {
        removeIndex(index)
      }
    }
    const readers = [...readersOf(kind, 'server')]
    const took = await race(
      {
        'bare socket': async () => Number(await outputOf(bareSocket(server))),
        ...Object.fromEntries(readers.map(([name, reader]) => [name, () => copyWith(reader, server, kind, folder)] as const)),
        'binpoint index': () => ours(secondsOf),
      },
      TURNS,
      say,
    )
    const peak = await ours(peakOf)
    const fastest = fastestOf(readers.map(([name]) => took(name)))
    const median = took('binpoint index').median
    return [
      target(`${kind}: index from a server, against ${fastest.name} --raw`, fastest.median / median, 4),
      target(`${kind}: the same, against a bare socket`, took('bare socket').median / median, 0.5),
      peakTarget(`${kind}: memory of index from a server`, peak),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A server that finds the measured log among its own and never purges it. */
async function serve({ kind, path }: MeasuredLog): Promise<Server> {
  const keep = kind.startsWith('mysql') ? '--binlog-expire-logs-seconds=0' : '--expire-logs-days=0'
  const server = await startServer({ kind, options: [keep] })
  try {
    await server.run(`CREATE USER ${USER}@'%'`, `GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO ${USER}@'%'`)
    await server.stop()
    for (const name of readdirSync(server.binlogDir)) if (name.startsWith('mysql-bin.')) rmSync(join(server.binlogDir, name))
    symlinkSync(path, join(server.binlogDir, LOG_NAME))
    writeFileSync(join(server.binlogDir, 'mysql-bin.index'), `./${LOG_NAME}\n`)
    await server.restart()
    return server
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

/** Prints the seconds from the dump command to the end of the log: its rate is that of the server and the socket alone. */
function bareSocket({ host, port }: Server): Command {
  return {
    command: process.execPath,
    args: [fileURLToPath(new URL('drain.ts', import.meta.url)), host, String(port), USER, LOG_NAME],
  }
}

async function copyWith(reader: Reader, { host, port }: Server, kind: ServerKind, folder: string): Promise<number> {
  const copies = mkdtempSync(join(folder, 'raw-'))
  const withoutTls = kind.startsWith('mysql') ? '--ssl-mode=DISABLED' : '--skip-ssl'
  try {
    return await secondsOf(
      reader(
        '--read-from-remote-server',
        '--raw',
        `--host=${host}`,
        `--port=${port}`,
        `--user=${USER}`,
        withoutTls,
        `--result-file=${copies}/`,
        LOG_NAME,
      ),
    )
  } finally {
    rmSync(copies, { recursive: true })
  }
}

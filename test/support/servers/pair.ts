/**
 * Two servers that replicate from each other, one active, one passive: the topology that this tool is for. By file and position, or
 * with GTIDs and auto-positioning; both write what they apply into their own binlogs.
 */
import type { ServerKind } from './catalog.ts'
import { endOfLog, replicateFrom, waitForReplica, words } from './replication.ts'
import type { Position } from './replication.ts'
import { startServer } from './start.ts'
import type { Server } from './start.ts'

export interface PairOptions {
  readonly kind: ServerKind
  /** For both servers. */
  readonly options?: readonly string[]
  /** GTIDs with auto-positioning, which is MySQL 9.7's way unless told otherwise; no other server is set up so. */
  readonly gtids?: boolean
}

export interface Pair extends AsyncDisposable {
  readonly active: Server
  readonly passive: Server
  readonly gtids: boolean
  /** Returns when each has executed all that the other has. */
  caughtUp(timeoutSeconds?: number): Promise<void>
  /**
   * The silent loss: what `write` writes to the active is skipped by the passive, which then runs on without an error.
   * Gives the part of the active's log that was lost. `write` must not rotate the log.
   */
  lose(write: () => Promise<void>): Promise<{ readonly start: Position; readonly end: Position }>
}

export async function startPair({ kind, options = [], gtids = kind === 'mysql-9.7' }: PairOptions): Promise<Pair> {
  if (gtids && kind !== 'mysql-9.7') throw new Error(`no pair with GTIDs for ${kind}`)
  const startOne = (serverId: number): Promise<Server> =>
    startServer({
      kind,
      serverId,
      options: [
        '--log-slave-updates=ON',
        '--auto-increment-increment=2',
        `--auto-increment-offset=${serverId}`,
        ...(kind === 'mysql-9.7' && !gtids ? ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'] : []),
        ...options,
      ],
    })
  const [active, passive] = await both(startOne(1), startOne(2))
  const dispose = async (): Promise<void> => {
    await Promise.all([active[Symbol.asyncDispose](), passive[Symbol.asyncDispose]()])
  }
  const caughtUp = async (timeoutSeconds?: number): Promise<void> => {
    // Twice: what the passive has of its own comes back to it through the active.
    for (let round = 1; round <= 2; round += 1) {
      await waitForReplica(passive, active, timeoutSeconds)
      await waitForReplica(active, passive, timeoutSeconds)
    }
  }
  try {
    const start: Position = { file: 'mysql-bin.000001', position: 4 }
    await replicateFrom(passive, active, gtids ? 'gtids' : start)
    await replicateFrom(active, passive, gtids ? 'gtids' : start)
    await caughtUp()
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    active,
    passive,
    gtids,
    caughtUp,
    lose: async (write) => {
      const { replica } = words(passive)
      await caughtUp()
      await passive.run(`STOP ${replica}`)
      const start = await endOfLog(active)
      await write()
      const end = await endOfLog(active)
      await (gtids ? skipByGtid(active, passive) : skipByCounter(active, passive, start, end))
      await passive.run(`START ${replica}`)
      await caughtUp()
      return { start, end }
    },
    [Symbol.asyncDispose]: dispose,
  }
}

/** The counter counts events, and never ends within a transaction. */
async function skipByCounter(active: Server, passive: Server, start: Position, end: Position): Promise<void> {
  if (start.file !== end.file)
    throw new Error(`the log was rotated from ${start.file} to ${end.file}: what is lost must be in one file`)
  const events = await active.query(`SHOW BINLOG EVENTS IN '${start.file}' FROM ${start.position}`)
  if (events.length > 0) await passive.query(`SET GLOBAL sql_slave_skip_counter = ${events.length}`)
}

/** As after a repair that went wrong: the passive has an empty transaction for each lost one. */
async function skipByGtid(active: Server, passive: Server): Promise<void> {
  const [executed] = await passive.query('SELECT @@GLOBAL.gtid_executed AS gtids')
  const [missing] = await active.query('SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, ?) AS gtids', [String(executed?.['gtids'])])
  for (const gtid of singleGtids(String(missing?.['gtids']))) await passive.run(`SET gtid_next = '${gtid}'`, 'BEGIN', 'COMMIT')
  await passive.query(`SET gtid_next = 'AUTOMATIC'`)
}

/** `uuid:1-3:7` to each of its GTIDs; one source, no tags. */
function singleGtids(set: string): readonly string[] {
  const [uuid, ...intervals] = set.replaceAll(/\s/g, '').split(':')
  return intervals.flatMap((interval) => {
    const [first = 0, last = first] = interval.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => `${uuid}:${first + index}`)
  })
}

/** Where one of two does not start, the other one is ended. */
async function both(first: Promise<Server>, second: Promise<Server>): Promise<readonly [Server, Server]> {
  const settled = await Promise.allSettled([first, second])
  const [one, two] = settled
  if (one.status === 'fulfilled' && two.status === 'fulfilled') return [one.value, two.value]
  for (const result of settled) if (result.status === 'fulfilled') await result.value[Symbol.asyncDispose]()
  throw settled.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))[0]
}

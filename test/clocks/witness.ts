/**
 * A server that a test writes to and watches as a client: what its clock shows at a moment, and which rows are there by then. What was
 * not there had its commit before it, whatever the log says of it; so that must lie at or behind `safe` for this time.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Connection } from 'mysql2/promise'
import { expect } from 'vitest'
import { binpoint } from '../cli/run.ts'
import { expectValid } from '../cli/schema.ts'
import { accounts, startServer } from '../support/servers/index.ts'
import type { Server, ServerKind } from '../support/servers/index.ts'
import type { Logged, Place } from './serverLog.ts'
import { checkpointed, placeIn, readServerLog } from './serverLog.ts'

export interface Moment {
  /** What the server's clock showed (Unix microseconds). */
  readonly timeUs: number
  /** The tags of the rows that were there just behind that time. */
  readonly there: ReadonlySet<string>
}

export interface Answer {
  readonly outcome: string
  /** The names of the transactions, `end` for the end of the log. */
  readonly safe: string | null
  readonly latest: string | null
  readonly reason: string | null
  readonly codes: readonly string[]
}

export interface Written {
  /** The main session unless given. */
  readonly session?: Connection
  /** An SQL expression, for a second column. */
  readonly pad?: string
}

export interface Witness extends AsyncDisposable {
  readonly server: Server
  /** One row with this tag, in its own transaction unless the session has one open. */
  write(tag: string, how?: Written): Promise<void>
  /** Returns in another second of the server's clock. */
  nextSecond(): Promise<void>
  moment(): Promise<Moment>
  /** Begins a file, and waits until the server has written all that it writes by itself into it. */
  rotate(): Promise<void>
  /** The same for a file that was begun otherwise. */
  settle(): Promise<void>
  /** Asks for the time of a moment, with an index of its own and with one of the whole log, and shows that no answer loses anything. */
  ask(moment: Moment, ...options: readonly string[]): Promise<Answer>
  /** Follows the server over the network, with an index that has seen what came when. */
  follow(): Followed
}

export interface Followed {
  stop(): Promise<void>
  /** The same as Witness.ask, by this index. */
  ask(moment: Moment): Promise<Answer>
}

export interface WitnessOptions {
  readonly serverId?: number
  readonly options?: readonly string[]
}

/** Transactions are named by the text of their row changes, which MariaDB logs by default. MariaDB's checkpoints wait for InnoDB's log. */
export const witnessOptions = (kind: ServerKind): readonly string[] =>
  kind.startsWith('mariadb') ? ['--innodb-flush-log-at-trx-commit=1'] : ['--binlog-rows-query-log-events=ON']

const asReader = { BINPOINT_PASSWORD: accounts.reader.password }

export async function openWitness(kind: ServerKind, { serverId = 1, options = [] }: WitnessOptions = {}): Promise<Witness> {
  const isMariaDb = kind.startsWith('mariadb')
  const server = await startServer({ kind, serverId, clock: true, options: [...witnessOptions(kind), ...options] })
  const folder = mkdtempSync(join(tmpdir(), 'binpoint-clock-'))
  /** What the clock showed ahead of each write. */
  const begun = new Map<string, number>()

  const clock = async (): Promise<number> => {
    const [row] = await server.query('SELECT ROUND(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000) AS us')
    return Number(row?.['us'])
  }
  const tags = async (): Promise<Set<string>> => {
    const rows = await server.query('SELECT tag FROM d.t')
    return new Set(rows.map((row) => String(row['tag'])))
  }
  const settle = async (): Promise<void> => {
    if (isMariaDb) await checkpointed(server)
  }
  const nextSecond = async (): Promise<void> => {
    await server.query('DO SLEEP(1.05 - MICROSECOND(SYSDATE(6)) / 1000000)')
  }

  /** `asked`: the source, and options. */
  const answer = async (moment: Moment, asked: readonly string[]): Promise<Answer> => {
    const log = await readServerLog(server)
    const all = await tags()
    // By the clock, too: it may have shown the time more than once.
    const late = log.filter(({ name }) => all.has(name) && (!moment.there.has(name) || (begun.get(name) ?? 0) >= moment.timeUs))
    const time = `@${(moment.timeUs / 1_000_000).toFixed(6)}`
    const args = ['at', time, '--json', '--source', ...asked]
    const { stdout, stderr, status } = await binpoint(args, { env: asReader, nowUs: await clock() })
    expect({ stderr, status }).toEqual({ stderr: '', status: expect.toBeOneOf([0, 1]) })
    const printed: PrintedAnswer = JSON.parse(stdout)
    expectValid('at', printed)
    if (!args.includes('--margin')) expectNothingLost(basename(asked[2] ?? ''), printed, log, late)
    return inNames(printed, log)
  }

  await server.run('CREATE DATABASE d', 'CREATE TABLE d.t (tag VARCHAR(32) PRIMARY KEY, pad LONGTEXT) ENGINE=InnoDB')
  await nextSecond()
  return {
    server,
    write: async (tag, { session, pad = "''" } = {}) => {
      begun.set(tag, await clock())
      const sql = `INSERT INTO d.t (tag, pad) SELECT '${tag}', ${pad}`
      await (session === undefined ? server.run(sql) : session.query(sql))
    },
    nextSecond,
    moment: async () => {
      const timeUs = await clock()
      return { timeUs, there: await tags() }
    },
    rotate: async () => {
      await server.run('FLUSH LOGS')
      await settle()
    },
    settle,
    ask: async (moment, ...more) => {
      const whole = join(folder, 'whole.sqlite')
      const own = join(mkdtempSync(join(folder, 'own-')), 'own.sqlite')
      expect(await binpoint(['index', server.binlogDir, '--index', whole])).toMatchObject({ status: 0 })
      const ofWhole = await answer(moment, [server.binlogDir, '--index', whole, ...more])
      const ofOwn = await answer(moment, [server.binlogDir, '--index', own, ...more])
      // A step that was not read is not known.
      const { safe, latest } = ofWhole
      expect(ofOwn).toMatchObject(ofWhole.codes.includes('CLOCK_STEP') ? {} : { safe, latest })
      return ofWhole
    },
    follow: () => {
      const index = join(mkdtempSync(join(folder, 'followed-')), 'followed.sqlite')
      const url = `mysql://${accounts.reader.user}@${server.host}:${server.port}`
      const stop = new AbortController()
      const ended = binpoint(['index', url, '--follow', '--index', index], { env: asReader, signal: stop.signal })
      return {
        stop: async () => {
          stop.abort()
          expect((await ended).stderr).not.toContain('error')
        },
        ask: (moment) => answer(moment, [url, '--index', index]),
      }
    },
    [Symbol.asyncDispose]: async () => {
      rmSync(folder, { recursive: true })
      await server[Symbol.asyncDispose]()
    },
  }
}

interface PrintedAnswer {
  readonly outcome: string
  readonly safe: Place | null
  readonly latest: Place | null
  readonly distance: { readonly reason: string } | null
  readonly findings: readonly { readonly code: string }[]
}

function expectNothingLost(index: string, { safe }: PrintedAnswer, log: readonly Logged[], late: readonly Logged[]): void {
  if (safe === null) return
  const lost = log.slice(0, placeIn(log, safe)).filter((logged) => late.includes(logged))
  expect(lost.map(({ name }) => `${name}, by ${index}`)).toEqual([])
}

/** Fails where a coordinate is no boundary. */
function inNames({ outcome, safe, latest, distance, findings }: PrintedAnswer, log: readonly Logged[]): Answer {
  const name = (place: Place | null): string | null => {
    if (place === null) return null
    const index = placeIn(log, place)
    expect({ place, index }).toEqual({ place, index: expect.toSatisfy((found: number) => found >= 0) })
    return log[index]?.name ?? 'end'
  }
  return {
    outcome,
    safe: name(safe),
    latest: name(latest),
    reason: distance?.reason ?? null,
    codes: findings.map(({ code }) => code),
  }
}

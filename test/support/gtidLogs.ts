/**
 * Logs with GTIDs, made by hand, and beside them what a server would say was executed at every boundary: counted one by one, without a
 * set or a position of the code that is tested. MySQL's come out of order, with tags, and some without a GTID; MariaDB's from several
 * servers in a domain, with numbers that go back.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { EventType } from '../../src/core/binlog/layout.ts'
import { beginLog, body } from './bytes.ts'
import type { LogInMaking } from './bytes.ts'
import type { ListEntry } from './gtids.ts'
import { gtidList, previousGtids, taggedGtid } from './gtids.ts'

export type GtidFamily = 'mysql' | 'mariadb'

export type GtidStep =
  /** By one of four origins. MySQL logs no number twice: the next free one is taken. */
  | { readonly kind: 'transaction'; readonly origin: number; readonly number: number }
  /** MySQL with gtid_mode=OFF. */
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'rotate' }
  /** MySQL: into gtid_purged by hand, and a new file. Its head has it, and no file the transaction. */
  | { readonly kind: 'purge'; readonly origin: number; readonly number: number }

export interface GtidLog {
  readonly boundaries: readonly Boundary[]
  readonly transactions: readonly { readonly gtid: string; readonly file: string; readonly start: number }[]
  /** Those of `purge`. */
  readonly purged: readonly string[]
}

export interface Boundary {
  readonly file: string
  readonly position: number
  /** Null: the file shows no GTID, here or behind. */
  readonly executed: string | null
}

interface Count {
  /** Counts a transaction, and gives its GTID event. */
  readonly add: (origin: number, number: number) => Added
  readonly executed: () => string
  /** What stands at the head of a file. */
  readonly head: () => Buffer
}

interface Added {
  readonly gtid: string
  readonly type: number
  readonly event: Buffer
  readonly serverId?: number
}

export function gtidSteps(family: GtidFamily): fc.Arbitrary<GtidStep[]> {
  const origin = fc.nat(3)
  const number = fc.integer({ min: 1, max: 25 })
  const transaction = { weight: 20, arbitrary: fc.record({ kind: fc.constant('transaction' as const), origin, number }) }
  const rotate = { weight: 3, arbitrary: fc.constant({ kind: 'rotate' } as const) }
  const anonymous = { weight: 1, arbitrary: fc.constant({ kind: 'anonymous' } as const) }
  const purge = { weight: 1, arbitrary: fc.record({ kind: fc.constant('purge' as const), origin, number }) }
  const steps: fc.Arbitrary<GtidStep> =
    family === 'mysql' ? fc.oneof(transaction, rotate, anonymous, purge) : fc.oneof(transaction, rotate)
  return fc.array(steps, { minLength: 1, maxLength: 40 })
}

/** Writes the files into a folder. The last one is still open. */
export function writeGtidLog(folder: string, family: GtidFamily, steps: readonly GtidStep[], serverId: number = 1): GtidLog {
  const count = family === 'mysql' ? countMysql() : countMariaDb()
  const boundaries: Boundary[] = []
  const transactions: { gtid: string; file: string; start: number }[] = []
  const purged: string[] = []
  let ordinal = 1
  const name = (): string => `mysql-bin.${String(ordinal).padStart(6, '0')}`
  let log: LogInMaking
  let inFile: Boundary[]
  let firstGtid: string | null | undefined

  const note = (position: number): void => void inFile.push({ file: name(), position, executed: count.executed() })
  const begin = (): void => {
    log = beginLog({ version: family === 'mysql' ? '9.7.0' : '10.11.18-MariaDB-log', serverId })
    log.add(family === 'mysql' ? EventType.PREVIOUS_GTIDS : EventType.GTID_LIST, count.head())
    inFile = []
    firstGtid = undefined
    note(4)
    note(log.position)
  }
  const end = (): void => {
    writeFileSync(join(folder, name()), log.bytes())
    const showsGtids = family === 'mariadb' || typeof firstGtid === 'string'
    for (const boundary of inFile) {
      boundaries.push({ ...boundary, executed: boundary.executed === '' && !showsGtids ? null : boundary.executed })
    }
  }
  const rotate = (): void => {
    log.add(EventType.ROTATE, body.rotate(`mysql-bin.${String(ordinal + 1).padStart(6, '0')}`))
    end()
    ordinal++
    begin()
  }
  const write = (added: Added | null): void => {
    if (firstGtid === undefined) firstGtid = added?.gtid ?? null
    const start = addTransaction(log, added)
    if (added !== null) transactions.push({ gtid: added.gtid, file: name(), start })
    note(log.position)
  }

  begin()
  for (const step of steps) {
    if (step.kind === 'transaction') write(count.add(step.origin, step.number))
    else if (step.kind === 'anonymous') write(null)
    else {
      if (step.kind === 'purge') purged.push(count.add(step.origin, step.number).gtid)
      rotate()
    }
  }
  end()
  return { boundaries, transactions, purged }
}

function addTransaction(log: LogInMaking, added: Added | null): number {
  const header = added?.serverId === undefined ? {} : { serverId: added.serverId }
  const anonymous = body.gtid('00000000-0000-0000-0000-000000000000', 0)
  const start = log.add(added?.type ?? EventType.ANONYMOUS_GTID, added?.event ?? anonymous, header)
  if (added?.type !== EventType.MARIADB_GTID) log.add(EventType.QUERY, body.query('BEGIN'), header)
  log.add(EventType.QUERY, body.query('INSERT INTO t VALUES (1)'), header)
  log.add(EventType.XID, body.xid(), header)
  return start
}

const uuids = ['3e11fa47-71ca-11e1-9e33-c80aa9429562', '1a22fa47-71ca-11e1-9e33-c80aa9429562'] as const
const mysqlOrigins = [
  { uuid: uuids[0], tag: '' },
  { uuid: uuids[1], tag: '' },
  { uuid: uuids[0], tag: 'backup' },
  { uuid: uuids[1], tag: '_z9' },
] as const

function countMysql(): Count {
  const numbers = new Map<string, Set<number>>()
  const executed = (): string =>
    uuids
      .toSorted()
      .map((uuid) => {
        const tags = ['', '_z9', 'backup'].map((tag) => {
          const ranges = rangesOf(numbers.get(`${uuid}:${tag}`) ?? new Set())
          return ranges === '' ? '' : `${tag === '' ? '' : `:${tag}`}${ranges}`
        })
        return tags.join('') === '' ? '' : uuid + tags.join('')
      })
      .filter((text) => text !== '')
      .join(',')
  return {
    executed,
    head: () => previousGtids(executed()),
    add(origin, number) {
      const { uuid, tag } = mysqlOrigins[origin % 4] ?? mysqlOrigins[0]
      const known = numbers.get(`${uuid}:${tag}`) ?? new Set()
      numbers.set(`${uuid}:${tag}`, known)
      let free = number
      while (known.has(free)) free++
      known.add(free)
      return tag === ''
        ? { gtid: `${uuid}:${free}`, type: EventType.GTID, event: body.gtid(uuid, free) }
        : { gtid: `${uuid}:${tag}:${free}`, type: EventType.GTID_TAGGED, event: taggedGtid(uuid, tag, free) }
    },
  }
}

/** `:1-3:5` */
function rangesOf(numbers: ReadonlySet<number>): string {
  return [...numbers]
    .filter((n) => !numbers.has(n - 1))
    .toSorted((a, b) => a - b)
    .map((first) => {
      let last = first
      while (numbers.has(last + 1)) last++
      return last === first ? `:${first}` : `:${first}-${last}`
    })
    .join('')
}

const mariadbOrigins = [
  { domain: 0, serverId: 1 },
  { domain: 0, serverId: 2 },
  { domain: 7, serverId: 1 },
  { domain: 4_000_000_000, serverId: 3 },
] as const

function countMariaDb(): Count {
  /** The most recent one last. */
  let list: ListEntry[] = []
  return {
    executed: () =>
      list
        .filter(({ domain }, i) => !list.slice(i + 1).some((later) => later.domain === domain))
        .toSorted((a, b) => a.domain - b.domain)
        .map(({ domain, serverId, sequence }) => `${domain}-${serverId}-${sequence}`)
        .join(','),
    head: () => gtidList(list),
    add(origin, sequence) {
      const { domain, serverId } = mariadbOrigins[origin % 4] ?? mariadbOrigins[0]
      list = [...list.filter((known) => known.domain !== domain || known.serverId !== serverId), { domain, serverId, sequence }]
      return {
        gtid: `${domain}-${serverId}-${sequence}`,
        type: EventType.MARIADB_GTID,
        event: body.mariaDbGtid(sequence, { domain }),
        serverId,
      }
    },
  }
}

/**
 * Made-up histories of a server, and the logs that it would have written: what the test knows of each commit beside what the log shows.
 * Stamps are put where real servers put them: of the statement's start; those of a ROTATE, and of the FORMAT_DESCRIPTION behind it, of
 * the statement that rotated the log; true ones in STOP, at a start, and in MariaDB's second BINLOG_CHECKPOINT of a file.
 */
import * as fc from 'fast-check'
import { EventType } from '../../src/core/binlog/layout.ts'
import type { LogInMaking } from './bytes.ts'
import { beginLog, body } from './bytes.ts'
import type { MemoryFile } from './memory.ts'

export const SECOND = 1_000_000
export const BEGIN_US: number = 1_700_000_000 * SECOND

export const kinds = ['mysql-5.7', 'mysql-8.4', 'mariadb'] as const
export type Kind = (typeof kinds)[number]

/** One transaction as it is thought up, and what happens ahead of it. */
export interface Idea {
  /** Since the commit before (microseconds). */
  readonly afterUs: number
  /** From its beginning to the commit, if its session was free for so long (microseconds). */
  readonly lastsUs: number
  /** How far into it the first row is written (0 to 1). */
  readonly writtenAt: number
  /** One statement that commits by itself, or several and a COMMIT. */
  readonly isAutocommit: boolean
  readonly session: number
  /** SET TIMESTAMP: its stamps are this many seconds from the history's begin; null: not forged. */
  readonly forgedTo: number | null
  readonly isForeign: boolean
  readonly before: 'nothing' | 'flush' | 'restart' | 'crash'
  /** Its commit rotates the log. */
  readonly rotates: boolean
  /** The clock is stepped by so much ahead of it, while the server is busy; 0: it is not. */
  readonly stepUs: number
}

export interface Commit {
  readonly file: number
  readonly start: number
  readonly end: number
  /** By the server's clock (Unix microseconds). */
  readonly committedUs: number
  /** What it says of itself: its stamps, and when its BEGIN was written, where that is logged (seconds). */
  readonly says: number
  readonly idea: Idea | null
}

/** Everything up to `end` of `file` had committed before `notAfterUs`, as the log shows. */
export interface Proof {
  readonly file: number
  readonly end: number
  readonly notAfterUs: number
}

export interface History {
  readonly files: readonly MemoryFile[]
  readonly commits: readonly Commit[]
  readonly proofs: readonly Proof[]
  /** The server's clock at the end. */
  readonly endUs: number
}

export interface IdeaOptions {
  /** `far`: to times that no transaction of the history has. */
  readonly forged: false | 'any' | 'far'
  readonly foreign: boolean
  readonly steps: boolean
  /** The longest transaction (microseconds). */
  readonly longestUs: number
}

export function ideas({ forged, foreign, steps, longestUs }: IdeaOptions): fc.Arbitrary<Idea[]> {
  const rarely = <T>(usual: T, weight: number, arbitrary: fc.Arbitrary<T>, isPossible: boolean = true): fc.Arbitrary<T> =>
    isPossible ? fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary }) : fc.constant(usual)
  const one: fc.Arbitrary<Idea> = fc.record({
    afterUs: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 1, max: 900_000 }),
      fc.constant(SECOND),
      fc.integer({ min: SECOND, max: 40 * SECOND }),
      fc.integer({ min: SECOND, max: 4000 * SECOND }),
    ),
    lastsUs: fc.oneof(fc.integer({ min: 0, max: 50_000 }), fc.integer({ min: 0, max: longestUs })),
    writtenAt: fc.double({ min: 0, max: 1, noNaN: true }),
    isAutocommit: fc.boolean(),
    session: fc.integer({ min: 1, max: 4 }),
    forgedTo: rarely<number | null>(
      null,
      8,
      forged === 'far'
        ? fc.oneof(fc.integer({ min: -500_000_000, max: -7200 }), fc.integer({ min: 1_000_000, max: 300_000_000 }))
        : fc.oneof(fc.integer({ min: -500_000_000, max: 300_000_000 }), fc.integer({ min: -7200, max: 7200 })),
      forged !== false,
    ),
    isForeign: rarely(false, 8, fc.constant(true), foreign),
    before: rarely<Idea['before']>('nothing', 8, fc.constantFrom('flush', 'restart', 'crash')),
    rotates: rarely(false, 8, fc.constant(true)),
    stepUs: rarely(
      0,
      5,
      fc.oneof(fc.integer({ min: -7200, max: -10 }), fc.integer({ min: 10, max: 7200 })).map((seconds) => seconds * SECOND),
      steps,
    ),
  })
  return fc.array(one, { minLength: 1, maxLength: 40 })
}

const versions: Readonly<Record<Kind, string>> = {
  'mysql-5.7': '5.7.44-log',
  'mysql-8.4': '8.4.3',
  mariadb: '10.11.6-MariaDB-log',
}
const BUSY_SESSION = 99
/** After a rotation, MariaDB's background thread takes about so long. */
const CHECKPOINT_US = SECOND
const FOREIGN_ID = 9
const FOREIGN_CLOCK_SECONDS = -3600

export function write(kind: Kind, list: readonly Idea[]): History {
  const files: { name: string; log: LogInMaking }[] = []
  const commits: Commit[] = []
  const proofs: Proof[] = []
  /** When the session's last transaction ended, in real time, and where it stands. */
  let sessions = new Map<number, { freeUs: number; file: number; end: number }>()
  let nowUs = BEGIN_US
  /** From real time to the server's clock, and since when it is so. */
  let clockUs = 0
  let steppedUs = BEGIN_US
  let checkpointAtUs: number | null = null
  let fileStamp = 0
  let hasExact = false
  const second = (realUs: number): number => Math.floor((realUs + clockUs) / SECOND)
  const current = (): LogInMaking => {
    const file = files.at(-1)
    if (file === undefined) throw new Error('no file yet')
    return file.log
  }
  const nameOf = (index: number): string => `mysql-bin.${String(index + 1).padStart(6, '0')}`
  const prove = (end: number, reading: number): void =>
    void proofs.push({ file: files.length - 1, end, notAfterUs: (reading + 1) * SECOND })

  function begin(stamp: number, isStart: boolean): void {
    const log = beginLog({ version: versions[kind], stamp, created: isStart ? stamp : 0 })
    files.push({ name: nameOf(files.length), log })
    hasExact = false
    if (isStart) prove(4, stamp)
    if (kind !== 'mariadb') return
    log.add(EventType.GTID_LIST, Buffer.alloc(4), { stamp })
    log.add(EventType.BINLOG_CHECKPOINT, checkpointOf(nameOf(Math.max(0, files.length - (isStart ? 1 : 2)))), { stamp })
    // The session that rotated may write it itself: then with its own stamp.
    const isBySession = files.length % 3 === 0
    if (!isStart && isBySession) log.add(EventType.BINLOG_CHECKPOINT, checkpointOf(nameOf(files.length - 1)), { stamp })
    checkpointAtUs = isStart || isBySession ? null : nowUs + CHECKPOINT_US
    fileStamp = stamp
  }

  function rotate(stamp: number): void {
    current().add(EventType.ROTATE, body.rotate(nameOf(files.length)), { stamp })
    begin(stamp, false)
  }

  function restart(isClean: boolean): void {
    if (isClean) {
      const at = current().add(EventType.STOP, body.stop(), { stamp: second(nowUs) })
      prove(at + 23, second(nowUs))
    }
    begin(second(nowUs), true)
    sessions = new Map()
  }

  /** What the background thread writes by now. */
  function background(): void {
    if (checkpointAtUs === null || checkpointAtUs > nowUs) return
    current().add(EventType.BINLOG_CHECKPOINT, checkpointOf(nameOf(files.length - 1)), { stamp: second(checkpointAtUs) })
    // In the second of the head's stamp it cannot be told from one that a session wrote.
    if (second(checkpointAtUs) !== fileStamp) prove(4, second(checkpointAtUs))
    checkpointAtUs = null
  }

  function commit(of: Omit<Idea, 'afterUs' | 'before' | 'rotates' | 'stepUs'>, idea: Idea | null): number {
    const log = current()
    const session = sessions.get(of.session)
    const begunUs = Math.max(nowUs - of.lastsUs, session?.freeUs ?? 0, steppedUs)
    const writtenUs = begunUs + Math.floor((nowUs - begunUs) * of.writtenAt)
    const forged = of.forgedTo === null ? null : BEGIN_US / SECOND + of.forgedTo
    const foreign = of.isForeign ? FOREIGN_CLOCK_SECONDS : 0
    const first = forged ?? second(begunUs) + foreign
    const last = forged ?? (of.isAutocommit ? first : second(nowUs) + foreign)
    const serverId = of.isForeign ? FOREIGN_ID : 1
    const head = { stamp: first, serverId }
    const end = { stamp: last, serverId }
    const start = log.position
    const number = commits.length + 1
    const committedUs = nowUs + clockUs
    if (kind === 'mysql-8.4') {
      log.add(EventType.ANONYMOUS_GTID, body.gtid('0'.repeat(32), 0, committedUs), end)
      if (!hasExact) proofs.push({ file: files.length - 1, end: 4, notAfterUs: committedUs + 1 })
      hasExact = true
    }
    if (kind === 'mariadb') log.add(EventType.MARIADB_GTID, body.mariaDbGtid(number), end)
    else {
      const execTime = (second(writtenUs) - first) >>> 0
      log.add(EventType.QUERY, body.query('BEGIN', { thread: of.session, execTime }), head)
    }
    log.add(EventType.TABLE_MAP, body.tableMap('d', 't'), head)
    log.add(kind === 'mariadb' ? EventType.WRITE_ROWS_V1 : EventType.WRITE_ROWS, rowsOf(kind, number), head)
    log.add(EventType.XID, body.xid(number), end)
    commits.push({
      file: files.length - 1,
      start,
      end: log.position,
      committedUs,
      says: kind === 'mysql-5.7' ? Math.max(last, second(writtenUs)) : last,
      idea,
    })
    if (kind === 'mysql-5.7' && !of.isForeign) {
      if (session !== undefined)
        proofs.push({ file: session.file, end: session.end, notAfterUs: (second(writtenUs) + 1) * SECOND })
      sessions.set(of.session, { freeUs: nowUs, file: files.length - 1, end: log.position })
    }
    return last
  }

  function quick(): void {
    commit({ lastsUs: 0, writtenAt: 0, isAutocommit: true, session: BUSY_SESSION, forgedTo: null, isForeign: false }, null)
  }

  /** The clock is stepped while the server is busy: the log shows how far it had come, and where it went on. */
  function step(byUs: number): void {
    for (let i = 0; i < 2; i++) {
      nowUs += SECOND
      background()
      quick()
    }
    clockUs += byUs
    steppedUs = nowUs
    nowUs += SECOND
    quick()
    // Who was in the middle of something is not looked at: a statement that sees both sides of a step.
    checkpointAtUs = null
  }

  begin(second(nowUs), true)
  for (const idea of list) {
    if (idea.stepUs !== 0) step(idea.stepUs)
    nowUs += idea.afterUs
    background()
    if (idea.before === 'flush') rotate(idea.forgedTo === null ? second(nowUs) : BEGIN_US / SECOND + idea.forgedTo)
    else if (idea.before !== 'nothing') restart(idea.before === 'restart')
    const stamp = commit(idea, idea)
    if (idea.rotates) rotate(stamp)
  }
  return {
    files: files.map(({ name, log }) => ({ name, bytes: log.bytes() })),
    commits,
    proofs,
    endUs: nowUs + clockUs,
  }
}

function checkpointOf(name: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(name.length)
  return Buffer.concat([length, Buffer.from(name)])
}

/** The event of version 1 has no extra data in its head. */
function rowsOf(kind: Kind, value: number): Buffer {
  const rows = body.writeRows(value)
  return kind === 'mariadb' ? Buffer.concat([rows.subarray(0, 8), rows.subarray(10)]) : rows
}

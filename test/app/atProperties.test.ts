/**
 * Logs of made-up histories, where the test knows when each transaction committed: nothing that committed at or after the time lies
 * ahead of `safe`, as long as no statement ran for longer than the margin; what is between the two answers is counted right.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { at } from '../../src/app/at.ts'
import { atOffline } from '../../src/app/atOffline.ts'
import { buildIndex } from '../../src/app/index.ts'
import type { AtAnswer } from '../../src/core/answer.ts'
import { EventType } from '../../src/core/binlog/layout.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import type { LogInMaking } from '../support/bytes.ts'
import { beginLog, body } from '../support/bytes.ts'
import { temporaryFolder } from '../support/logs.ts'

const SECOND = 1_000_000
const BEGIN_US = 1_700_000_000 * SECOND
const MARGIN_US = 10 * SECOND

/** One transaction as it is thought up. */
interface Idea {
  /** Since the commit before (microseconds). */
  readonly afterUs: number
  /** From the statement's start to the commit, at most MARGIN_US. */
  readonly lastsUs: number
  readonly session: number
  /** Seconds that SET TIMESTAMP moves its stamps by, beyond the history's begin; 0: not forged. */
  readonly forgedBy: number
  readonly isForeign: boolean
  /** The log is rotated before it. */
  readonly rotates: boolean
}

interface Written {
  readonly file: number
  readonly start: number
  readonly end: number
  readonly committedUs: number
  /** Seconds. */
  readonly stamp: number
}

type Kind = 'mysql-5.7' | 'mysql-8.4' | 'mariadb'

const idea: fc.Arbitrary<Idea> = fc.record({
  afterUs: fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 900_000 }),
    fc.constant(SECOND),
    fc.integer({ min: SECOND, max: 40 * SECOND }),
  ),
  lastsUs: fc.oneof(fc.integer({ min: 0, max: 50_000 }), fc.integer({ min: 0, max: MARGIN_US })),
  session: fc.integer({ min: 1, max: 3 }),
  forgedBy: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -90_000, max: -2_000 }) },
  ),
  isForeign: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  rotates: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
})

const history = fc.array(idea, { minLength: 1, maxLength: 40 })

/** Writes the files into the folder; returns what is in them. */
function write(folder: string, kind: Kind, ideas: readonly Idea[]): Written[] {
  const written: Written[] = []
  const names: string[] = []
  const version = { 'mysql-5.7': '5.7.44-log', 'mysql-8.4': '8.4.3', mariadb: '10.11.6-MariaDB-log' }[kind]
  const idleSince = new Map<number, number>()
  let nowUs = BEGIN_US
  let log = begin()

  function begin(): LogInMaking {
    names.push(`mysql-bin.${String(names.length + 1).padStart(6, '0')}`)
    const seconds = Math.floor(nowUs / SECOND)
    return beginLog({ version, stamp: seconds, created: names.length === 1 ? seconds : 0 })
  }
  function save(): void {
    writeFileSync(join(folder, names.at(-1) ?? ''), log.bytes())
  }

  for (const { afterUs, lastsUs, session, forgedBy, isForeign, rotates } of ideas) {
    if (rotates) {
      const next = `mysql-bin.${String(names.length + 1).padStart(6, '0')}`
      log.add(EventType.ROTATE, body.rotate(next), { stamp: Math.floor(nowUs / SECOND) })
      save()
      log = begin()
    }
    nowUs += afterUs
    const begunUs = Math.max(nowUs - lastsUs, idleSince.get(session) ?? BEGIN_US)
    idleSince.set(session, nowUs)
    const stamp = Math.floor(begunUs / SECOND) + forgedBy - (isForeign ? 3600 : 0)
    const start = add(kind, stamp, { session, committedUs: nowUs, serverId: isForeign ? 9 : 1, number: written.length + 1 })
    written.push({ file: names.length - 1, start, end: log.position, committedUs: nowUs, stamp })
  }
  save()
  writeFileSync(join(folder, 'mysql-bin.index'), names.map((name) => `./${name}\n`).join(''))
  return written

  function add(
    kindOfLog: Kind,
    stamp: number,
    of: { session: number; committedUs: number; serverId: number; number: number },
  ): number {
    const header = { stamp, serverId: of.serverId }
    const execTime = (Math.floor(of.committedUs / SECOND) - stamp) >>> 0
    const first = {
      'mysql-5.7': () => null,
      'mysql-8.4': () => log.add(EventType.ANONYMOUS_GTID, body.gtid('0'.repeat(32), 0, of.committedUs), header),
      mariadb: () => log.add(EventType.MARIADB_GTID, body.mariaDbGtid(of.number), header),
    }[kindOfLog]()
    const begun =
      kindOfLog === 'mariadb' ? null : log.add(EventType.QUERY, body.query('BEGIN', { thread: of.session, execTime }), header)
    log.add(EventType.TABLE_MAP, body.tableMap('d', 't'), header)
    log.add(kindOfLog === 'mariadb' ? EventType.WRITE_ROWS_V1 : EventType.WRITE_ROWS, rowsOf(kindOfLog, of.number), header)
    log.add(EventType.XID, body.xid(of.number), header)
    return first ?? begun ?? 0
  }
}

/** The event of version 1 has no extra data in its head. */
function rowsOf(kind: Kind, value: number): Buffer {
  const rows = body.writeRows(value)
  return kind === 'mariadb' ? Buffer.concat([rows.subarray(0, 8), rows.subarray(10)]) : rows
}

interface Asked {
  readonly ideas: readonly Idea[]
  readonly timeUs: number
  readonly marginUs: number
  readonly skewUs: number
}

/** A time of the history, often right on a commit or on a second. */
const asked: fc.Arbitrary<Asked> = history.chain((ideas) => {
  const lengthUs = ideas.reduce((sum, one) => sum + one.afterUs, 0)
  let sinceUs = 0
  const commits = ideas.map((one) => BEGIN_US + (sinceUs += one.afterUs))
  return fc.record({
    ideas: fc.constant(ideas),
    timeUs: fc.oneof(
      fc.integer({ min: BEGIN_US, max: BEGIN_US + lengthUs + 5 * SECOND }),
      fc.integer({ min: 0, max: Math.ceil(lengthUs / SECOND) + 3 }).map((seconds) => BEGIN_US + seconds * SECOND),
      fc.constantFrom(...commits),
      fc.constantFrom(...commits).map((us) => us + 1),
    ),
    marginUs: fc.constantFrom(MARGIN_US, MARGIN_US + 1, 60 * SECOND),
    skewUs: fc.constantFrom(0, 1, 5 * SECOND),
  })
})

async function answers(
  kind: Kind,
  { ideas, timeUs, marginUs, skewUs }: Asked,
): Promise<{ written: readonly Written[]; online: AtAnswer; offline: AtAnswer; again: AtAnswer }> {
  const folder = temporaryFolder()
  const written = write(folder, kind, ideas)
  await using source = openFileSource(folder, [join(folder, 'mysql-bin.index')])
  using store = openStore(':memory:')
  const { log } = await buildIndex({ store, source })
  expect(store.counts(log).transactions).toBe(written.length)
  const online = await at({ store, log, source, timeUs, marginUs, skewUs })
  const again = await at({ store, log, source, timeUs: timeUs - skewUs, marginUs, skewUs: 0 })
  return { written, online, again, offline: atOffline({ store, log, timeUs, marginUs, skewUs }) }
}

const orderOf = (place: { file: string; position: number }): number => Number(place.file.slice(-6)) * 1e9 + place.position
const orderOfWritten = (t: Written): number => (t.file + 1) * 1e9 + t.start

/** What committed at or after the time, and lies ahead of the answer. */
function lost(written: readonly Written[], answer: AtAnswer): readonly Written[] {
  const { safe } = answer
  if (safe === null) return []
  return written.filter((t) => t.committedUs >= answer.effectiveUs && orderOfWritten(t) < orderOf(safe))
}

for (const kind of ['mysql-5.7', 'mysql-8.4', 'mariadb'] as const) {
  describe(`a history in a log of ${kind}`, () => {
    test('nothing of the time or later lies ahead of safe', async () => {
      await fc.assert(
        fc.asyncProperty(asked, async (one) => {
          const { written, online, offline, again } = await answers(kind, one)
          expect(lost(written, online)).toEqual([])
          // Where all stamps are foreign or forged, ticks alone cannot tell.
          const isForeign = one.ideas.some((each) => each.isForeign)
          expect(isForeign ? [] : lost(written, offline)).toEqual([])
          const covered = Math.floor(BEGIN_US / SECOND) + 1
          expect(online.outcome === 'before-first').toBe(online.effectiveUs < covered * SECOND)
          expect({ ...online, askedUs: 0 }).toEqual({ ...again, askedUs: 0 })
        }),
        { numRuns: 80 },
      )
    })

    test('both answers are boundaries, in order, and what lies between is counted', async () => {
      await fc.assert(
        fc.asyncProperty(asked, async (one) => {
          const { written, online, offline } = await answers(kind, one)
          for (const { safe, latest, distance } of [online, offline]) {
            if (safe === null || latest === null) continue
            const ends = new Set(written.map((t) => t.end))
            const isEnd = (place: { position: number }): boolean => ends.has(place.position)
            const starts = new Set(written.map(orderOfWritten))
            expect([starts.has(orderOf(safe)) || isEnd(safe), starts.has(orderOf(latest)) || isEnd(latest)]).toEqual([true, true])
            expect(orderOf(safe)).toBeLessThanOrEqual(orderOf(latest))
            const between = written.filter((t) => orderOfWritten(t) >= orderOf(safe) && orderOfWritten(t) < orderOf(latest))
            expect(distance).toMatchObject({
              transactions: between.length,
              bytes: between.reduce((sum, t) => sum + (t.end - t.start), 0),
            })
          }
        }),
        { numRuns: 50 },
      )
    })

    test('without forged stamps, latest is the first one of the time, and safe not earlier than the margin asks for', async () => {
      await fc.assert(
        fc.asyncProperty(asked, async (one) => {
          const ideas = one.ideas.map((each) => ({ ...each, forgedBy: 0, isForeign: false }))
          const { written, online } = await answers(kind, { ...one, ideas })
          if (online.safe === null || online.latest === null) return
          const { effectiveUs: timeUs } = online
          const has = (us: number) => (t: Written) =>
            kind === 'mysql-8.4' ? t.committedUs >= us : t.stamp >= Math.floor(us / SECOND)
          const first = written.find(has(timeUs))
          expect(first === undefined ? online.outcome : orderOf(online.latest)).toBe(
            first === undefined ? 'after-last' : orderOfWritten(first),
          )
          const exact = { safe: online.latest, distance: { reason: 'exact' }, findings: [] }
          expect(online).toMatchObject(kind === 'mysql-8.4' ? exact : {})
          const safe = orderOf(online.safe)
          const byMargin = written.findIndex(has(timeUs - one.marginUs))
          const tooMany = written
            .slice(0, Math.max(0, byMargin))
            .filter((t) => orderOfWritten(t) >= safe)
            .filter(
              (t, _i, [oldest]) =>
                t === oldest && Math.max(...written.slice(0, written.indexOf(t) + 1).map((w) => w.stamp)) === t.stamp,
            )
          expect(tooMany).toEqual([])
        }),
        { numRuns: 50 },
      )
    })
  })
}

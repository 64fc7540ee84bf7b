/**
 * The servers' own mysqlbinlogs tell the same transactions of every file that they can read: the same boundaries, GTIDs, stamps, origins and
 * numbers of events. Each runs once per file, and a grammar of its own reads what it prints.
 */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mysqlbinlog } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import type { Log, Reader } from './files.ts'
import { fixtureLogs, named, readers, sharedLogs } from './files.ts'
import type { Facts, Located } from './grammar.ts'
import { isAsWritten, tellTransactions } from './grammar.ts'
import { parseListing } from './listing.ts'
import { outcomes, refused } from './outcomes.ts'
import type { Detailed } from './scanned.ts'
import { scanInDetail } from './scanned.ts'
import { walk } from './walk.ts'

for (const reader of readers) {
  describeWith(reader, `in the words of ${reader}'s mysqlbinlog,`, () => {
    const logs = [...sharedLogs, ...fixtureLogs].filter(
      ({ name, readers: able }) => able.includes(reader) && !refused.includes(outcomes.get(name)?.kind ?? 'end'),
    )

    test.each(named(logs))('%s has these transactions', async (_name, log) => {
      const scanned = await scanInDetail(log.path)
      const { events, complaints } = await list(reader, log, scanned)
      expect(complaints).toEqual([])

      const places = new Set([...events.map(({ event }) => event.position), scanned.ending.readEnd])
      const boundaries = scanned.transactions.flatMap(({ start, end }) => [start, end])
      expect([...boundaries, ...scanned.abandoned].filter((at) => !places.has(at))).toEqual([])

      const told = tellTransactions(events)
      const listed = told.transactions.map(({ facts }) => facts)
      expect(comparable(factsOf(scanned, listed), reader, events)).toEqual(comparable(listed, reader, events))
      expect(isVague(reader, events) ? [] : scanned.abandoned).toEqual(isVague(reader, events) ? [] : told.unfinished)

      const measured = told.transactions.filter((one) => one.facts.transactionLength > 0 && one.isAsWritten)
      expect(measured.filter(({ facts }) => facts.end - facts.start !== facts.transactionLength)).toEqual([])
    })
  })
}

/** MySQL's prints ROWS_QUERY events only with -vv; MariaDB's would fail at rows of types that it does not know. */
const optionsOf: Readonly<Record<Reader, readonly string[]>> = {
  'mysql-9.7': ['-vv', '--base64-output=decode-rows', '--verify-binlog-checksum'],
  'mariadb-10.11': ['--base64-output=decode-rows', '--verify-binlog-checksum'],
}

interface Listed {
  readonly events: readonly Located[]
  /** What makes the listing no opinion on this file; none is expected. */
  readonly complaints: readonly string[]
}

/** The events as listed, up to where the scan ended: the end of the file, unless it is cut or damaged. There the program stops as well. */
async function list(reader: Reader, log: Log, { ending }: Detailed): Promise<Listed> {
  const { stdout, stderr, exitCode } = await mysqlbinlog(reader, [...optionsOf[reader], log.path])
  const { events, headless } = parseListing(stdout)
  const { starts, end } = walk(readFileSync(log.path))
  const read = starts.filter((start) => start < ending.readEnd)
  const complaints: string[] = []
  if (ending.kind !== 'damaged' && ending.kind !== 'truncated') {
    if (exitCode !== 0) complaints.push(`exit status ${exitCode}`)
    complaints.push(...(/^ERROR.*/m.exec(stderr) ?? []), ...headless.map((at) => `no header at ${at}`))
  }
  const positions = events.map(({ position }) => position)
  complaints.push(...read.filter((start) => !positions.includes(start)).map((at) => `no event at ${at}`))
  complaints.push(...positions.filter((at) => !read.includes(at)).map((at) => `an event at ${at}, behind what was read`))
  const ended = new Map(starts.map((start, i) => [start, starts[i + 1] ?? end]))
  return { events: events.map((event) => ({ event, end: ended.get(event.position) ?? 0 })), complaints }
}

/** The same of ours. The session only where the listing shows it: MariaDB >= 11.8 has it in its GTID event too, and that is not printed. */
function factsOf({ transactions, gtids, lengths }: Detailed, listed: readonly Facts[]): Facts[] {
  return transactions.map((t, i) => ({
    start: t.start,
    end: t.end,
    gtid: gtids[i] ?? null,
    serverId: t.serverId,
    firstStamp: t.firstStampSeconds,
    maxStamp: t.maxStampSeconds,
    events: t.events,
    threadId: listed[i]?.threadId === null ? null : t.threadId,
    written: t.writtenSeconds,
    commitUs: t.commitUs,
    transactionLength: lengths.get(t.start) ?? 0,
  }))
}

/** MariaDB's prints MySQL's GTID events as `Ignorable`, like others: nothing tells where a transaction begins, only where it ends. */
function isVague(reader: Reader, events: readonly Located[]): boolean {
  return reader === 'mariadb-10.11' && events.some(({ event }) => event.title === 'Ignorable')
}

/** All that the listing tells. Where it is vague, a transaction that was cut out of the file cannot be seen: only what is before counts. */
function comparable(facts: readonly Facts[], reader: Reader, events: readonly Located[]): readonly Facts[] | number[] {
  if (!isVague(reader, events)) return facts
  const edited = events.find((located) => !isAsWritten(located))?.event.position ?? Infinity
  return facts.map(({ end }) => end).filter((end) => end <= edited)
}

/** A GTID is found by few heads and one file; a "no" is only said where nothing is left in which it could be. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FoundGtid } from '../../src/app/findGtid.ts'
import { findGtid } from '../../src/app/findGtid.ts'
import { buildIndex } from '../../src/app/index.ts'
import { EventType } from '../../src/core/binlog/layout.ts'
import type { IndexStore, LogRow } from '../../src/core/evidence/port.ts'
import { parseGtid } from '../../src/core/gtid.ts'
import type { LogSource, ReadRequest } from '../../src/core/ports.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import { addRows, beginLog, body } from '../support/bytes.ts'
import type { GtidLog, GtidStep } from '../support/gtidLogs.ts'
import { gtidSteps, writeGtidLog } from '../support/gtidLogs.ts'
import { temporaryFolder } from '../support/logs.ts'

interface Read {
  readonly file: string
  readonly from: number
  /** It took nothing behind the head of the file. */
  readonly isHead: boolean
}

interface Counted {
  readonly source: LogSource
  /** Since the last look. */
  readonly reads: () => { readonly heads: number; readonly files: readonly string[]; readonly from: readonly number[] }
}

function countedSource(folder: string, log: GtidLog): Counted {
  const files = openFileSource(folder, [folder])
  const headEnds = new Map(
    log.boundaries
      .filter(({ position }) => position > 4)
      .toReversed()
      .map((b) => [b.file, b.position]),
  )
  const seen: Read[] = []
  return {
    source: {
      ...files,
      read: async (request: ReadRequest, sink) => {
        let taken = 0
        await files.read(request, {
          ...sink,
          get done() {
            return sink.done
          },
          get fileDone() {
            return sink.fileDone
          },
          take(bytes, from, to, position) {
            const end = sink.take(bytes, from, to, position)
            taken = position + (end - from)
            return end
          },
        })
        const { file, position } = request.from
        seen.push({ file, from: position, isHead: taken <= (headEnds.get(file) ?? 0) })
      },
    },
    reads() {
      const all = seen.splice(0)
      const bodies = all.filter(({ isHead }) => !isHead)
      return {
        heads: all.length - bodies.length,
        files: [...new Set(bodies.map(({ file }) => file))],
        from: bodies.map(({ from }) => from),
      }
    },
  }
}

async function find(source: LogSource, text: string, index?: { store: IndexStore; log: LogRow }): Promise<FoundGtid> {
  const gtid = parseGtid(text)
  if (gtid === null) throw new Error(`${text} is no GTID`)
  return findGtid({ source, gtid, index })
}

const nameOf = (ordinal: number): string => `mysql-bin.${String(ordinal).padStart(6, '0')}`

/** 500 files of four transactions each: the fourth is of another origin that counts by itself, or of the same one. */
function manyFiles(other: number): GtidStep[] {
  return Array.from({ length: 500 }, (_, i): GtidStep[] => [
    ...[1, 2, 3].map((n): GtidStep => ({ kind: 'transaction', origin: 0, number: i * 4 + n })),
    { kind: 'transaction', origin: other, number: other === 0 ? i * 4 + 4 : i + 1 },
    { kind: 'rotate' },
  ])
    .flat()
    .slice(0, -1)
}

const MOST_HEADS = 2 * Math.ceil(Math.log2(500))

describe.each([
  { name: 'mysql, with tags', family: 'mysql', other: 2, headsWithIndex: 2 },
  { name: 'mariadb', family: 'mariadb', other: 0, headsWithIndex: 2 },
  // An index has only the last GTID of a domain, whichever server's it is.
  { name: 'mariadb, with two servers in a domain', family: 'mariadb', other: 1, headsWithIndex: MOST_HEADS },
] as const)('of 500 files of $name', ({ family, other, headsWithIndex }) => {
  test('one is found with the heads of at most 2 x log2(500), and read alone; with an index, with two', async () => {
    const folder = temporaryFolder()
    const made = writeGtidLog(folder, family, manyFiles(other))
    const { source, reads } = countedSource(folder, made)
    using store = openStore(':memory:')
    const { log } = await buildIndex({ store, source })
    reads()
    const asked = made.transactions.filter((_, i) => i % 163 === 0 || i === made.transactions.length - 1)
    expect(asked.length).toBeGreaterThan(10)
    for (const { gtid, file, start } of asked) {
      const { transaction } = await find(source, gtid)
      expect(transaction).toMatchObject({ gtid, file, start })
      const plain = reads()
      expect(plain.files).toEqual([file])
      expect(plain.heads).toBeLessThanOrEqual(MOST_HEADS)
      expect((await find(source, gtid, { store, log })).transaction).toMatchObject({ gtid, file, start })
      const indexed = reads()
      expect(indexed.files).toEqual([file])
      expect(indexed.heads).toBeLessThanOrEqual(headsWithIndex)
    }
  })

  test('a newer one than the index knows is found all the same', async () => {
    const folder = temporaryFolder()
    const steps = manyFiles(other)
    const known = steps.slice(0, 5 * 200)
    writeGtidLog(folder, family, known)
    using store = openStore(':memory:')
    await using old = openFileSource(folder, [folder])
    const { log } = await buildIndex({ store, source: old })
    const made = writeGtidLog(folder, family, steps)
    const { source, reads } = countedSource(folder, made)
    for (const { gtid, file, start } of made.transactions.filter((_, i) => i % 401 === 0)) {
      expect((await find(source, gtid, { store, log })).transaction).toMatchObject({ gtid, file, start })
      const { heads, files } = reads()
      expect(files).toEqual([file])
      expect(heads).toBeLessThanOrEqual(MOST_HEADS)
    }
  })
})

describe.each(['mysql', 'mariadb'] as const)('any log of %s', (family) => {
  test('what is there is found, and what is not is not, purged or never written, with and without an index', async () => {
    await fc.assert(
      fc.asyncProperty(gtidSteps(family), fc.nat(5), fc.constantFrom('none', 'old', 'fresh'), async (steps, gone, indexed) => {
        const folder = temporaryFolder()
        const made = writeGtidLog(folder, family, steps)
        await using source = openFileSource(folder, [folder])
        using store = openStore(':memory:')
        const names = readdirSync(folder).sort()
        if (indexed === 'old') await buildIndex({ store, source })
        const purged = names.slice(0, Math.min(gone, names.length - 1))
        for (const name of purged) rmSync(join(folder, name))
        if (indexed === 'fresh') await buildIndex({ store, source })
        const log = store.currentLog(folder)
        const index = log === null ? undefined : { store, log }
        const places = (gtid: string): string[] =>
          made.transactions
            .filter((t) => t.gtid === gtid && !purged.includes(t.file))
            .map(({ file, start }) => `${file}:${start}`)
        const never = family === 'mysql' ? ['3e11fa47-71ca-11e1-9e33-c80aa9429562:999'] : ['0-1-999', '5-1-1']
        for (const gtid of new Set([...made.transactions.map((t) => t.gtid), ...made.purged, ...never])) {
          const { transaction, findings } = await find(source, gtid, index)
          const there = places(gtid)
          const found = transaction === null ? null : `${transaction.file}:${transaction.start}`
          // MariaDB may have it more than once; any of them will do.
          const place = there.find((one) => one === found) ?? there[0] ?? null
          const codes = findings.map(({ code }) => code)
          const isGone = place === null && !never.includes(gtid)
          // MariaDB's numbers go back here: then its heads need not say what came before.
          const why = isGone && (family === 'mysql' || codes.length > 0) ? ['PURGED'] : []
          expect({ gtid, found, codes }).toEqual({ gtid, found: place, codes: why })
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe('a no', () => {
  const steps: GtidStep[] = [1, 2, 3, 4, 5].flatMap((i): GtidStep[] => [
    { kind: 'transaction', origin: 0, number: i * 10 },
    { kind: 'rotate' },
  ])

  test('names the oldest file of a log that was purged, after a look at heads alone (MySQL)', async () => {
    const folder = temporaryFolder()
    const made = writeGtidLog(folder, 'mysql', steps)
    for (const ordinal of [1, 2, 3]) rmSync(join(folder, nameOf(ordinal)))
    const { source, reads } = countedSource(folder, made)
    const gtid = made.transactions[1]?.gtid ?? ''
    const { transaction, findings } = await find(source, gtid)
    expect(transaction).toBeNull()
    expect(findings).toMatchObject([{ code: 'PURGED', evidence: { gtid, oldest: nameOf(4), executedBefore: nameOf(4) } }])
    expect(findings[0]?.message).toContain(`before ${nameOf(4)}, the oldest file`)
    expect(reads().files).toEqual([])
  })

  test('is not said by a number that was never used, though later ones were (MariaDB): all files are read', async () => {
    const folder = temporaryFolder()
    const made = writeGtidLog(folder, 'mariadb', steps)
    const { source, reads } = countedSource(folder, made)
    expect(await find(source, '0-1-25')).toEqual({ transaction: null, findings: [] })
    expect(reads().files.toSorted()).toEqual([1, 2, 3, 4, 5].map(nameOf))
  })

  test('is not said by heads that do not grow, as after a restart of the numbers', async () => {
    const folder = temporaryFolder()
    const numbers = [100, 101, 3, 4, 102, 50, 103]
    const made = writeGtidLog(
      folder,
      'mariadb',
      numbers.flatMap((number): GtidStep[] => [{ kind: 'transaction', origin: 0, number }, { kind: 'rotate' }]),
    )
    await using source = openFileSource(folder, [folder])
    for (const { gtid, file } of made.transactions) expect((await find(source, gtid)).transaction).toMatchObject({ gtid, file })
  })

  test('says that MySQL counts it as executed where no file holds it', async () => {
    const folder = temporaryFolder()
    const made = writeGtidLog(folder, 'mysql', [...steps.slice(0, 4), { kind: 'purge', origin: 1, number: 7 }, ...steps.slice(4)])
    await using source = openFileSource(folder, [folder])
    const [gtid = ''] = made.purged
    const { transaction, findings } = await find(source, gtid)
    expect(transaction).toBeNull()
    expect(findings).toMatchObject([{ code: 'PURGED', evidence: { gtid, oldest: nameOf(1), executedBefore: nameOf(4) } }])
  })

  test('is an error where the transaction may lie in what cannot be read', async () => {
    const folder = temporaryFolder()
    const made = writeGtidLog(folder, 'mysql', steps)
    const path = join(folder, nameOf(3))
    const bytes = readFileSync(path)
    bytes.writeUInt32LE(5, (made.transactions[2]?.start ?? 0) + 9) // a size that no event has
    writeFileSync(path, bytes)
    await using source = openFileSource(folder, [folder])
    await expect(find(source, made.transactions[2]?.gtid ?? '')).rejects.toMatchObject({ code: 'LOG_DAMAGED' })
    for (const { gtid, file } of made.transactions.filter((_, i) => i !== 2)) {
      expect((await find(source, gtid)).transaction).toMatchObject({ gtid, file })
    }
    bytes.write('fd', 0, 'hex')
    writeFileSync(path, bytes)
    await expect(find(source, made.transactions[2]?.gtid ?? '')).rejects.toMatchObject({ code: 'LOG_ENCRYPTED' })
    for (const { gtid, file } of made.transactions.filter((_, i) => i !== 2)) {
      expect((await find(source, gtid)).transaction).toMatchObject({ gtid, file })
    }
  })

  test('is said at once where the GTID is of the other kind of server', async () => {
    const folder = temporaryFolder()
    const made = writeGtidLog(folder, 'mysql', steps)
    const { source, reads } = countedSource(folder, made)
    expect(await find(source, '0-1-10')).toEqual({ transaction: null, findings: [] })
    expect(reads().files).toEqual([])
  })
})

describe('what an index says', () => {
  test('where in a file to begin, and the rest of the file is read where it is not there', async () => {
    const folder = temporaryFolder()
    const numbers = Array.from({ length: 30 }, (_, i) => i + 1)
    const made = writeGtidLog(
      folder,
      'mysql',
      numbers.map((number): GtidStep => ({ kind: 'transaction', origin: 0, number })),
    )
    const { source, reads } = countedSource(folder, made)
    using store = openStore(':memory:')
    const { log } = await buildIndex({ store, source })
    const places = made.transactions.filter((_, i) => i % 10 === 0)
    const at = (start: number): string => made.boundaries.find(({ position }) => position === start)?.executed ?? ''
    const known = (gtidSetOf: (start: number) => string): IndexStore => ({
      ...store,
      checkpointBefore: (_log, _file, position) => {
        const place = places.findLast(({ start }) => start <= position)
        return place === undefined ? null : { file: 0, start: place.start, gtidSet: gtidSetOf(place.start) }
      },
    })
    for (const [i, { gtid, start }] of made.transactions.entries()) {
      reads()
      expect((await find(source, gtid, { store: known(at), log })).transaction).toMatchObject({ gtid, start })
      expect(reads().from).toEqual([places[Math.floor(i / 10)]?.start, start])
      // A checkpoint that lies: it has nothing.
      expect((await find(source, gtid, { store: known(() => ''), log })).transaction).toMatchObject({ gtid, start })
    }
  })

  test('nothing of another file of the same name', async () => {
    const folder = temporaryFolder()
    const steps = (origin: number): GtidStep[] =>
      [1, 2, 3].flatMap((number): GtidStep[] => [{ kind: 'transaction', origin, number }, { kind: 'rotate' }])
    const old = writeGtidLog(folder, 'mysql', steps(0))
    await using source = openFileSource(folder, [folder])
    using store = openStore(':memory:')
    const { log } = await buildIndex({ store, source })
    const made = writeGtidLog(folder, 'mysql', [...steps(2), ...steps(1)].toReversed(), 2)
    // In the middle of what is there now.
    const inside: IndexStore = {
      ...store,
      checkpointBefore: (_log, file, position) => {
        const start = old.transactions[0]?.start ?? 0
        return { file, start: position > start + 30 ? start + 30 : 4, gtidSet: '' }
      },
    }
    for (const { gtid, file, start } of made.transactions) {
      expect((await find(source, gtid, { store, log })).transaction).toMatchObject({ gtid, file, start })
      expect((await find(source, gtid, { store: inside, log })).transaction).toMatchObject({ gtid, file, start })
    }
  })
})

test('files of a time without GTIDs lie ahead of it: they say nothing', async () => {
  const folder = temporaryFolder()
  const made = writeGtidLog(
    folder,
    'mysql',
    [1, 2, 3, 4].flatMap((number): GtidStep[] => [{ kind: 'transaction', origin: 0, number }, { kind: 'rotate' }]),
  )
  for (const ordinal of [1, 2]) {
    const log = beginLog({ version: '5.6.24' })
    addRows(log, 1)
    log.add(EventType.ROTATE, body.rotate(nameOf(ordinal + 1)))
    writeFileSync(join(folder, nameOf(ordinal)), log.bytes())
  }
  await using source = openFileSource(folder, [folder])
  for (const { gtid, file } of made.transactions.slice(2))
    expect((await find(source, gtid)).transaction).toMatchObject({ gtid, file })
  expect((await find(source, made.transactions[0]?.gtid ?? '')).transaction).toBeNull()
})

test('a head that fails its checksum says nothing', async () => {
  const folder = temporaryFolder()
  const made = writeGtidLog(
    folder,
    'mysql',
    [1, 2, 3, 4].flatMap((number): GtidStep[] => [{ kind: 'transaction', origin: 0, number }, { kind: 'rotate' }]),
  )
  const path = join(folder, nameOf(3))
  const bytes = readFileSync(path)
  const head = made.boundaries.find(({ file, position }) => file === nameOf(3) && position > 4)?.position ?? 0
  bytes.writeUInt32LE(900, head - 4 - 8) // the end of its last interval
  writeFileSync(path, bytes)
  await using source = openFileSource(folder, [folder])
  for (const { gtid, file } of made.transactions) expect((await find(source, gtid)).transaction).toMatchObject({ gtid, file })
})

/** Every file ends as it must, with a name, and what was found up to there holds together: judged from the bytes alone, without a server. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { FileEndingKind } from '../../src/core/scan/ending.ts'
import type { Log } from './files.ts'
import { fixtureLogs, haveShared, named, sharedLogs } from './files.ts'
import { outcomes, refused } from './outcomes.ts'
import type { Detailed } from './scanned.ts'
import { scanForIndex, scanInDetail } from './scanned.ts'
import type { Walked } from './walk.ts'
import { walk } from './walk.ts'

const ROTATE = 4
const STOP = 3

describe.skipIf(!haveShared)('a shared binlog (skipped where ../shared/binlogs is absent)', () => {
  test('is in the table of outcomes if the manifest marks it', () => {
    const marked = sharedLogs.filter(({ described, readers }) => {
      if (described === null || readers.length === 0) return true
      const { isRelay, binlogVersion, badChecksums, trailingBytes, notes } = described
      return isRelay || binlogVersion !== '4' || badChecksums > 0 || trailingBytes > 0 || notes !== ''
    })
    expect(marked.map(({ name }) => name).filter((name) => !outcomes.has(name))).toEqual([])
    expect(marked).not.toHaveLength(0)
  })

  test('is there if the table of outcomes names it', () => {
    const known = new Set([...sharedLogs, ...fixtureLogs].map(({ name }) => name))
    expect([...outcomes.keys()].filter((name) => !known.has(name))).toEqual([])
  })

  test.each(named(sharedLogs))('%s ends as it must', endsAsItMust)

  test.each(named(sharedLogs.filter(({ name }) => !refused.includes(outcomes.get(name)?.kind ?? 'end'))))(
    '%s is in use, and has displaced events, if the manifest says so',
    async (_name, { path, described }) => {
      const { file } = await scanForIndex(path)
      expect({ inUse: file.inUse, displaced: file.positionMismatches }).toEqual({
        inUse: described?.inUse,
        displaced: described?.positionMismatches,
      })
    },
  )
})

describe('for the index, which leaves checksums alone,', () => {
  const intact = [...sharedLogs, ...fixtureLogs].filter(({ described }) => described === null || described.badChecksums === 0)

  test.each(named(intact))('%s reads as it does with every checksum verified', async (_name, { path }) => {
    const { gtids, lengths, ...verified } = await scanInDetail(path)
    expect(gtids).toHaveLength(verified.transactions.length)
    expect(lengths.size).toBeLessThanOrEqual(verified.transactions.length + verified.abandoned.length)
    expect(await scanForIndex(path)).toEqual(verified)
  })
})

describe('a fixture', () => {
  test.each(named(fixtureLogs))('%s ends as it must', endsAsItMust)
})

describe('the GTIDs executed at the end of a fixture', () => {
  const pairs = fixtureLogs.flatMap((log, i) => {
    const next = fixtureLogs[i + 1]
    const isFollowed = next !== undefined && folderOf(next.name) === folderOf(log.name) && !log.name.startsWith('encrypted/')
    return isFollowed ? [{ name: log.name, path: log.path, next: next.path }] : []
  })

  test.each(named(pairs))('%s are what the server wrote at the head of the next file', async (_name, { path, next }) => {
    const { executed } = await scanForIndex(path)
    const { file } = await scanForIndex(next)
    expect(executed).toBe(file.previousGtids)
  })
})

async function endsAsItMust(name: string, log: Log): Promise<void> {
  const bytes = readFileSync(log.path)
  const walked = walk(bytes)
  const outcome = outcomes.get(name)
  const detailed = await scanInDetail(log.path)
  const { ending, transactions, file } = detailed
  expect(ending).toMatchObject({ kind: outcome?.kind ?? ordinaryEnding(walked), file: file.name })
  // What is not ordinary is explained; MySQL's encrypted files have no event to point at.
  expect(ending.detail === '').toBe(
    outcome === undefined || (ending.kind === 'encrypted' && ending.readEnd === 4) || ending.kind === 'end',
  )
  expect(/\.\d+$/.test(ending.next ?? '')).toBe(ending.kind === 'rotate')
  expect(refused.includes(ending.kind) ? [...transactions, ...detailed.abandoned] : []).toEqual([])
  holdsTogether(detailed, walked)
}

function ordinaryEnding({ lastType, rest }: Walked): FileEndingKind {
  expect(rest).toBe(0)
  return lastType === ROTATE ? 'rotate' : lastType === STOP ? 'stop' : 'end'
}

/** Every boundary is where an event starts, or the end of the last whole one; transactions do not overlap. */
function holdsTogether({ transactions, abandoned, ending }: Detailed, { starts, end }: Walked): void {
  const places = new Set([...starts, end, 4])
  const boundaries = transactions.flatMap(({ start, end: after }) => [start, after])
  expect([...boundaries, ...abandoned, ending.readEnd, ending.coveredEnd].filter((at) => !places.has(at))).toEqual([])
  expect(boundaries).toEqual([...boundaries].sort((a, b) => a - b))
  expect(transactions.filter(({ start, end: after }) => after <= start)).toEqual([])
  // What is open at the end is not covered.
  const open = cut.has(ending.kind) ? abandoned.filter((start) => start >= (boundaries.at(-1) ?? 0)) : []
  expect(ending.coveredEnd).toBe(open.at(-1) ?? ending.readEnd)
}

const cut = new Set<FileEndingKind>(['damaged', 'truncated', 'incomplete'])

function folderOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/'))
}

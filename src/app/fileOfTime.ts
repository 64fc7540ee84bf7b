/**
 * Which file to begin with for a time, by reading the heads of a few: the newest one ahead of which everything is proven to have committed
 * by then. From the newest file back in growing steps, then by halving: times asked for are mostly recent, and a server may have
 * thousands of files. Where a head shows a later time than asked, though files behind it do not, the clock was put back, and the file
 * chosen lies ahead of it: the earliest candidate counts.
 */
import { afterStep, holds, showReading, stepBack, UNSEEN_CLOCK } from '../core/clock/sourceClock.ts'
import { createEvidence } from '../core/evidence/accumulate.ts'
import type { BoundRow } from '../core/evidence/rows.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { LogFile, LogSource } from '../core/ports.ts'
import { createScan } from '../core/scan/scan.ts'

export interface FileOfTime {
  readonly file: LogFile
  /** What proves that all ahead of it had committed by the time; null: nothing, it is the oldest file. */
  readonly bound: BoundRow | null
  /** How many heads were read, of how many files. */
  readonly headsRead: number
  readonly files: number
}

/** How much of a file its head is (bytes): proof mostly comes with the first transactions. */
const HEAD_BYTES = 256 << 10

/** So many heads that show nothing of the clock are looked past. */
const MOST_LOOKED_BACK = 8

interface Head {
  /** When the file was begun, by the stamp at its head: good enough to search by, proves nothing. Infinite where there is none. */
  readonly begunUs: number
  readonly bound: BoundRow | null
}

/** Null: the source has no file. */
export async function fileOfTime(source: LogSource, files: readonly LogFile[], timeUs: number): Promise<FileOfTime | null> {
  const heads = new Map<number, Head>()
  const head = async (index: number): Promise<Head> => {
    const known = heads.get(index) ?? (await readHeadEvidence(source, files[index]?.name ?? ''))
    heads.set(index, known)
    return known
  }
  const isBegunBefore = async (index: number): Promise<boolean> => {
    const { bound, begunUs } = await head(index)
    return (bound?.notAfterUs ?? begunUs) <= timeUs
  }

  let after = files.length
  let before = files.length - 1
  for (let step = 1; before >= 0 && !(await isBegunBefore(before)); step *= 2) {
    after = before
    before = before === 0 ? -1 : Math.max(0, before - step)
  }
  while (after - before > 1) {
    const middle = (before + after) >> 1
    if (await isBegunBefore(middle)) before = middle
    else after = middle
  }
  const isProven = async (index: number): Promise<boolean> => {
    const { bound } = await head(index)
    // A step of the clock right ahead of it would else not be seen: it takes a head that shows the clock.
    for (let i = index - 1; i >= Math.max(0, index - MOST_LOOKED_BACK); i--) if ((await head(i)).bound !== null) break
    return bound !== null && bound.notAfterUs <= timeUs && holdingHeads(heads).has(index)
  }
  for (let step = 1; before > 0 && !(await isProven(before)); step *= 2) before = Math.max(0, before - step)
  const chosen = Math.max(0, before)
  const file = files[chosen]
  if (file === undefined) return null
  const { bound } = await head(chosen)
  return { file, bound: (await isProven(chosen)) ? bound : null, headsRead: heads.size, files: files.length }
}

/** Those whose bound holds beside what the heads ahead of them show. A step of the clock between heads that were not read is not seen. */
function holdingHeads(heads: ReadonlyMap<number, Head>): ReadonlySet<number> {
  const holding = new Set<number>()
  let clock = UNSEEN_CLOCK
  for (const [index, { bound }] of [...heads].sort(([a], [b]) => a - b)) {
    if (bound === null) continue
    const seconds = Math.floor((bound.notAfterUs - 1) / 1_000_000)
    const step = stepBack(clock, seconds)
    if (step === null && holds(clock, bound.notAfterUs)) holding.add(index)
    clock = step === null ? showReading(clock, seconds) : afterStep(clock, step)
  }
  return holding
}

/** The first bound that the head of a file gives: everything ahead of the file had committed before it. */
async function readHeadEvidence(source: LogSource, name: string): Promise<Head> {
  let bound: BoundRow | null = null
  let begunUs = Number.POSITIVE_INFINITY
  const take = (): void => {
    bound ??= evidence.drain().bounds[0] ?? null
    if (bound !== null) scan.stop()
  }
  const scan = createScan(
    {
      onFile: (file) => {
        if (file.format !== null) begunUs = (file.format.stampSeconds + 1) * 1_000_000
        evidence.file(file, 0, true)
        take()
      },
      onTransaction: (t) => {
        evidence.transaction(t)
        take()
      },
      onCheckpoint: (stampSeconds, of, position) => {
        evidence.checkpoint(stampSeconds, of, position)
        take()
      },
    },
    { decrypted: source.kind === 'server' },
  )
  const evidence = createEvidence(scan.executed, null)
  await source.read({ from: { file: name, position: FIRST_POSITION }, until: { file: name, position: HEAD_BYTES } }, scan)
  return { begunUs, bound }
}

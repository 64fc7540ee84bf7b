/** A closed file: indexing it, against finding one late time in it with `mysqlbinlog --start-datetime`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from './command.ts'
import { binpoint, outputOf, peakOf, secondsOf } from './command.ts'
import type { MeasuredLog } from './log.ts'
import { race } from './race.ts'
import type { Times } from './race.ts'
import { readersOf } from './readers.ts'
import type { Target } from './target.ts'
import { megabytes, times } from './target.ts'

const TURNS = 5
export const PEAK_LIMIT = 200_000_000

export async function measureFile({ kind, path, bytes }: MeasuredLog, say: (line: string) => void): Promise<Target[]> {
  say(`\n${kind}: a closed file of ${megabytes(bytes)}`)
  const folder = mkdtempSync(join(tmpdir(), 'binpoint-bench-'))
  try {
    const index = join(folder, 'index')
    const command = (...more: readonly string[]): Command => binpoint('index', path, '--index', index, ...more)
    /** Each run makes the index anew. */
    const fresh = async <T>(run: (command: Command) => Promise<T>, ...more: readonly string[]): Promise<T> => {
      try {
        return await run(command(...more))
      } finally {
        removeIndex(index)
      }
    }
    const late = await lateTime(path, index)
    const readers = [...readersOf(kind, 'file')]
    const took = await race(
      {
        cat: () => secondsOf({ command: 'cat', args: [path] }),
        ...Object.fromEntries(
          readers.map(([name, reader]) => [name, () => secondsOf(reader(`--start-datetime=${late}`, path))] as const),
        ),
        'binpoint index': () => fresh(secondsOf),
        'binpoint index --verify-checksums': () => fresh(secondsOf, '--verify-checksums'),
      },
      TURNS,
      say,
    )
    const peak = Math.max(await fresh(peakOf), await fresh(peakOf, '--verify-checksums'))
    const fastest = fastestOf(readers.map(([name]) => took(name)))
    const against = (name: string): number => fastest.median / took(name).median
    return [
      target(`${kind}: index a file, against ${fastest.name}`, against('binpoint index'), 4),
      target(`${kind}: the same with every CRC checked`, against('binpoint index --verify-checksums'), 0.5),
      peakTarget(`${kind}: memory of index on a file`, peak),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A second behind the last transaction: all of the file is read, and nothing of it printed. */
async function lateTime(path: string, index: string): Promise<string> {
  await secondsOf(binpoint('index', path, '--index', index))
  const status = JSON.parse(await outputOf(binpoint('status', '--json', '--index', index))) as { logs: { to: string }[] }
  removeIndex(index)
  const lastMs = Date.parse(status.logs[0]?.to ?? '')
  return new Date(lastMs + 1000).toISOString().slice(0, 19).replace('T', ' ')
}

export function removeIndex(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
}

export function fastestOf(all: readonly Times[]): Times {
  return all.reduce((best, one) => (one.median < best.median ? one : best))
}

export function target(what: string, ratio: number, least: number): Target {
  return { what, target: `>= ${least}x`, measured: times(ratio), isMet: ratio >= least }
}

export function peakTarget(what: string, peak: number): Target {
  return { what, target: `<= ${megabytes(PEAK_LIMIT)}`, measured: megabytes(peak), isMet: peak <= PEAK_LIMIT }
}

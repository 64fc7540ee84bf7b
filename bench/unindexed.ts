/** An answer without an index, from a directory of 200 files: against indexing two of them, which is what it has to read. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binpoint, secondsOf } from './command.ts'
import { makeDirectory } from './directory.ts'
import { removeIndex } from './file.ts'
import type { MeasuredLog } from './log.ts'
import { race } from './race.ts'
import type { Target } from './target.ts'

const TURNS = 5

export async function measureUnindexed(log: MeasuredLog, say: (line: string) => void): Promise<Target[]> {
  const { kind } = log
  say(`\n${kind}: 200 files of 100 MB, and no index`)
  const folder = mkdtempSync(join(tmpdir(), 'binpoint-bench-'))
  try {
    const source = join(folder, 'binlogs')
    const { second, around } = makeDirectory(log, source)
    const index = join(folder, 'index')
    const fresh = async (...args: readonly string[]): Promise<number> => {
      removeIndex(index)
      return secondsOf(binpoint(...args, '--index', index))
    }
    const took = await race(
      {
        'binpoint index, two files': () => fresh('index', ...around.map((name) => join(source, name))),
        'binpoint at': () => fresh('at', `@${second}`, '--source', source),
      },
      TURNS,
      say,
    )
    const allowed = 1.5 * took('binpoint index, two files').median + 0.3
    const { median } = took('binpoint at')
    return [
      {
        what: `${kind}: at without an index, in 200 files of 100 MB`,
        target: `<= ${allowed.toFixed(2)} s (1.5x indexing two files + 0.3 s)`,
        measured: `${median.toFixed(2)} s`,
        isMet: median <= allowed,
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What is resident at most when a log holds one very large transaction. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binpoint, peakOf } from './command.ts'
import { peakTarget } from './file.ts'
import { makeHuge } from './huge.ts'
import type { MeasuredLog } from './log.ts'
import { LOG_NAME } from './log.ts'
import type { Target } from './target.ts'
import { megabytes } from './target.ts'

export async function measureMemory(log: MeasuredLog, say: (line: string) => void): Promise<Target[]> {
  const { kind } = log
  say(`\n${kind}: a transaction of 2 GB`)
  const folder = mkdtempSync(join(tmpdir(), 'binpoint-bench-'))
  try {
    const path = join(folder, LOG_NAME)
    const second = makeHuge(log, path)
    const peaks = new Map<string, number>()
    const measure = async (name: string, ...args: readonly string[]): Promise<void> => {
      const peak = await peakOf(binpoint(...args, '--index', join(folder, 'index')))
      say(`  ${name.padEnd(5)}  ${megabytes(peak)}`)
      peaks.set(name, peak)
    }
    await measure('index', 'index', path)
    await measure('at', 'at', `@${second}`, '--source', path)
    await measure('ls', 'ls', '--source', path)
    return [...peaks].map(([name, peak]) => peakTarget(`${kind}: memory of ${name} on a transaction of 2 GB`, peak))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * An answer from an index of 30 days, a tick each second: the ticks of a real log stand behind as many made-up ones as 30
 * days have, so that `at` does all of its work: it finds the log unchanged, looks the time up, and reads the log there again.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openStore } from '../src/store/store.ts'
import { binpoint, secondsOf } from './command.ts'
import { medianOf, race } from './race.ts'
import type { Target } from './target.ts'
import { makeIndex, TICKS } from './ticks.ts'

const TURNS = 15
const LOOKUPS = 200
const ROUNDS = 101

export async function measureAt(say: (line: string) => void): Promise<Target[]> {
  const folder = mkdtempSync(join(tmpdir(), 'binpoint-bench-'))
  try {
    const story = fileURLToPath(new URL('../fixtures/rollbar', import.meta.url))
    const source = join(story, 'active')
    const index = join(folder, 'index')
    say(`\nan index of ${TICKS.toLocaleString('en')} ticks`)
    await makeIndex(index, source)
    const { divergence } = JSON.parse(await readFile(join(story, 'story.json'), 'utf8')) as { divergence: { time: string } }
    const took = await race(
      {
        'node -e 0': () => secondsOf({ command: process.execPath, args: ['-e', '0'] }),
        'binpoint at': () => secondsOf(binpoint('at', divergence.time, '--source', source, '--index', index)),
      },
      TURNS,
      say,
    )
    const allowed = 1.5 * took('node -e 0').median + 0.1
    const lookupUs = microsecondsOfLookup(index, source)
    say(`  a lookup      ${lookupUs.toFixed(1)} us`)
    const bytes = statSync(index).size / TICKS
    return [
      {
        what: 'at with a 30-day index, whole process',
        target: `<= ${(allowed * 1000).toFixed(0)} ms (1.5x an empty node + 100 ms)`,
        measured: `${(took('binpoint at').median * 1000).toFixed(0)} ms`,
        isMet: took('binpoint at').median <= allowed,
      },
      { what: 'a lookup in it', target: '<= 50 us', measured: `${lookupUs.toFixed(1)} us`, isMet: lookupUs <= 50 },
      { what: 'size of the index, per tick', target: '<= 64 bytes', measured: `${bytes.toFixed(1)} bytes`, isMet: bytes <= 64 },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The bound of a time and the tick behind it: what an answer asks the index. Times all over the 30 days. */
function microsecondsOfLookup(index: string, source: string): number {
  using store = openStore(index)
  const log = store.currentLog(source)
  if (log === null) throw new Error(`the index has nothing of ${source}`)
  const last = store.lastTick(log)
  if (last === null) throw new Error('the index has no tick')
  const lookUp = (second: number): void => {
    let file = store.boundAt(log, second * 1_000_000)?.file ?? 0
    while (store.tickInFile(log, file, second) === null) if (++file > last.file) throw new Error(`no tick at ${second}`)
  }
  // A stride that shares no factor with the number of ticks visits them without a pattern.
  const rounds = Array.from({ length: ROUNDS }, (_unused, round) => {
    const startedMs = performance.now()
    for (let i = 0; i < LOOKUPS; i++) lookUp(last.second - (((round * LOOKUPS + i) * 1_299_709) % TICKS))
    return ((performance.now() - startedMs) * 1000) / LOOKUPS
  })
  return medianOf(rounds)
}

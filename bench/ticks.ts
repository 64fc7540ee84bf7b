/** An index of 30 days: made-up ticks, one each second, and behind them the real rows of a real log. */
import { buildIndex } from '../src/app/index.ts'
import type { EvidenceRows, EvidenceState } from '../src/core/evidence/accumulate.ts'
import type { IndexStore, LogRow } from '../src/core/evidence/port.ts'
import type { BoundRow, FileRow, TickRow } from '../src/core/evidence/rows.ts'
import { openSource } from '../src/source/open.ts'
import { openStore } from '../src/store/store.ts'

export const TICKS: number = 30 * 86_400
/** A tick of a busy server: 40 kB and 50 transactions a second, in files of 1 GB. */
const TICK_BYTES = 40_000
const TRANSACTIONS = 50
const TICKS_PER_FILE = 25_000
const EARLIER_FILES = Math.ceil(TICKS / TICKS_PER_FILE)

export async function makeIndex(path: string, directory: string): Promise<void> {
  await using source = await openSource({ kind: 'files', paths: [directory] })
  using real = openStore(':memory:')
  const { log, files } = await buildIndex({ store: real, source })
  const [first] = files
  if (first === undefined || log.state === null) throw new Error(`${directory} has no log`)
  using store = openStore(path)
  let made = store.beginLog({ ...log, source: source.name })
  for (let n = 0; n < EARLIER_FILES; n++) {
    const rows = earlierRows(n, first.stampSeconds - TICKS)
    made = store.commit(made, { files: [earlierFile(first, n)], rows, arrivals: [], gaps: [], state: log.state })
  }
  const rows = { ticks: ticksOf(real, log).map(behind), bounds: boundsOf(real, log).map(behind), checkpoints: [], landmarks: [] }
  const moved = files.map((file) => ({ ...file, ordinal: file.ordinal + EARLIER_FILES }))
  store.commit(made, { files: moved, rows, arrivals: [], gaps: [], state: stateBehind(log.state) })
}

function earlierFile(like: FileRow, n: number): FileRow {
  const end = TICK_BYTES * TICKS_PER_FILE
  const name = `earlier-bin.${String(n + 1).padStart(6, '0')}`
  return { ...like, ordinal: n, name, coveredEnd: end, endedBy: 'rotate' }
}

function earlierRows(file: number, startSecond: number): EvidenceRows {
  const ticks: TickRow[] = []
  const bounds: BoundRow[] = []
  for (let i = 0; i < TICKS_PER_FILE && file * TICKS_PER_FILE + i < TICKS; i++) {
    const second = startSecond + file * TICKS_PER_FILE + i
    const start = 4 + i * TICK_BYTES
    const end = start + TICK_BYTES
    // Stamps that are exact take most room.
    ticks.push({ second, file, start, end, maxUs: second * 1_000_000 + 999_999, transactions: TRANSACTIONS, bytes: TICK_BYTES })
    if (i === 0) bounds.push({ file, end: start, notAfterUs: (second + 1) * 1_000_000, kind: 'exact' })
  }
  return { ticks, bounds, checkpoints: [], landmarks: [] }
}

function ticksOf(store: IndexStore, log: LogRow): TickRow[] {
  const ticks: TickRow[] = []
  for (let tick = store.lastTick(log); tick !== null; tick = store.tickBefore(log, tick)) ticks.push(tick)
  return ticks.toReversed()
}

/** Every bound, from the last one backwards. */
function boundsOf(store: IndexStore, log: LogRow): BoundRow[] {
  const bounds: BoundRow[] = []
  let bound = store.boundAt(log, Number.MAX_SAFE_INTEGER)
  for (; bound !== null; bound = store.boundAt(log, bound.notAfterUs - 1)) bounds.push(bound)
  return bounds.toReversed()
}

function behind<Row extends { readonly file: number }>(row: Row): Row {
  return { ...row, file: row.file + EARLIER_FILES }
}

function stateBehind(state: EvidenceState): EvidenceState {
  return {
    ...state,
    tick: state.tick === null ? null : behind(state.tick),
    landmarks: state.landmarks.map(behind),
    checkpoint: state.checkpoint === null ? null : behind(state.checkpoint),
    sessions: state.sessions.map(([thread, file, ...rest]) => [thread, file + EARLIER_FILES, ...rest] as const),
  }
}

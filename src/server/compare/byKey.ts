/**
 * Compares a table in the order of a key: chunks by their sums, of the chunks that differ the rows by their hashes, and the rows that differ
 * for as long as it takes. The ends of the chunks are the source's; behind the last one, a chunk is open.
 */
import type { TableName } from '../tables.ts'
import type { CompareRequest, Compared, RowDifference } from './compareTables.ts'
import type { Position } from './encode.ts'
import type { FoundRow, Range, RowReader, Sum } from './reader.ts'
import { openReader } from './reader.ts'
import type { Column, Key } from './shape.ts'
import { compareSteadily } from './steady.ts'

/** What a chunk should take on the slower server (milliseconds). */
const CHUNK_MS = 200
const FIRST_ROWS = 1000
const MIN_ROWS = 100
/** Their hashes and keys fit memory. */
const MAX_ROWS = 20_000
/** Rows that are looked at together until it is known whether they differ. */
const SUSPECTS = 1000

export async function compareByKey(
  request: CompareRequest,
  table: TableName,
  columns: readonly Column[],
  key: Key,
): Promise<Compared> {
  const sides: Sides = {
    source: openReader(request.source, table, columns, key),
    replica: openReader(request.replica, table, columns, key),
  }
  const found = new Map<string, RowDifference>()
  const isEnough = (): boolean => found.size >= Math.max(1, request.maxDifferences)
  let suspects: Position[] = []
  let undecided = 0
  let rows = 0

  async function settle(): Promise<void> {
    for (let i = 0; i < suspects.length && !isEnough(); i += SUSPECTS)
      undecided += await decide(request, sides, suspects.slice(i, i + SUSPECTS), found)
    suspects = []
  }

  let size = FIRST_ROWS
  for (let from: Position | null = null, isOver = false; !isOver && !isEnough();) {
    request.signal?.throwIfAborted()
    const chunk = await readChunk(sides, from, size)
    rows += chunk.source.rows
    request.onProgress?.({ table, rows })
    if (!isEqual(chunk.source, chunk.replica)) suspects.push(...(await suspectsOf(sides, chunk.range)))
    if (suspects.length >= SUSPECTS) await settle()
    from = chunk.range.to
    isOver = from === null
    size = nextSize(size, chunk.tookMs)
  }
  await settle()
  const differences = [...found.values()].slice(0, Math.max(1, request.maxDifferences))
  if (isEnough())
    return { rows, outcome: 'different', reason: `ended at ${differences.length} differences, there may be more`, differences }
  const reason =
    undecided === 0 ? null : `rows that changed all the time, or that the replica did not catch up with: ${undecided}`
  return { rows, outcome: found.size > 0 ? 'different' : undecided > 0 ? 'undecided' : 'equal', reason, differences }
}

interface Sides {
  readonly source: RowReader
  readonly replica: RowReader
}

interface Chunk {
  readonly range: Range
  readonly source: Sum
  readonly replica: Sum
  readonly tookMs: number
}

/** About `size` rows behind `from`, and on either side not many more. */
async function readChunk({ source, replica }: Sides, from: Position | null, size: number): Promise<Chunk> {
  let to = await source.nth({ from, to: null }, size)
  for (;;) {
    const range = { from, to }
    const began = performance.now()
    const [ofSource, ofReplica] = await Promise.all([source.sum(range), replica.sum(range)])
    const isOverfull = !isEqual(ofSource, ofReplica) && ofReplica.rows > 2 * size
    const cut = isOverfull ? await replica.nth(range, size) : null
    if (cut === null) return { range, source: ofSource, replica: ofReplica, tookMs: performance.now() - began }
    to = cut
  }
}

function isEqual(a: Sum, b: Sum): boolean {
  return a.rows === b.rows && a.hash === b.hash
}

function nextSize(size: number, tookMs: number): number {
  const factor = Math.min(4, Math.max(0.25, CHUNK_MS / Math.max(1, tookMs)))
  return Math.round(Math.min(MAX_ROWS, Math.max(MIN_ROWS, size * factor)))
}

/** Where the two sides have not the same row: to be looked at again. */
async function suspectsOf({ source, replica }: Sides, range: Range): Promise<readonly Position[]> {
  const [ofSource, ofReplica] = await Promise.all([source.list(range), replica.list(range)])
  const differing = [...ofSource].filter(([id, row]) => ofReplica.get(id)?.hash !== row.hash)
  const extra = [...ofReplica].filter(([id]) => !ofSource.has(id))
  return [...differing, ...extra].map(([, row]) => row.position)
}

/** Adds the differences at the positions to `found`; returns how many are undecided. */
async function decide(
  request: CompareRequest,
  sides: Sides,
  positions: readonly Position[],
  found: Map<string, RowDifference>,
): Promise<number> {
  const rowsAt =
    (reader: RowReader) =>
    (indexes: readonly number[]): Promise<readonly (FoundRow | null)[]> =>
      reader.lookUp(indexes.map((index) => positions[index] ?? []))
  const verdicts = await compareSteadily<FoundRow>(positions.length, {
    source: rowsAt(sides.source),
    replica: rowsAt(sides.replica),
    hash: (row) => row.hash,
    catchUp: request.catchUp,
    signal: request.signal,
  })
  for (const verdict of verdicts) {
    if (verdict.kind !== 'different') continue
    const { source, replica } = verdict
    const key = (source ?? replica)?.key ?? {}
    // By what was found, not by what was looked for: 'A' and 'a' may be one key, and then the row was looked for twice.
    found.set(JSON.stringify(key), { kind: source === null ? 'extra' : replica === null ? 'missing' : 'different', key })
  }
  return verdicts.filter((verdict) => verdict.kind === 'undecided').length
}

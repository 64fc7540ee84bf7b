/**
 * From a time or a place to the first transaction there, exactly: the index names the tick, the log is read again for the rest.
 * Invariant: what is returned was read from the log now, with its checksums, and agrees with the index in every boundary.
 */
import { familyOf } from '../core/binlog/format.ts'
import type { OwnTime } from '../core/clock/ownTime.ts'
import { claims, isRefuted, ownTimeOf } from '../core/clock/ownTime.ts'
import type { IndexStore, LogRow, Place } from '../core/evidence/port.ts'
import type { FileRow, TickRow } from '../core/evidence/rows.ts'
import type { LogSource } from '../core/ports.ts'
import { isHole } from '../core/scan/ending.ts'
import { createScan } from '../core/scan/scan.ts'
import { BinpointError } from '../errors.ts'
import { damaged, otherLog } from './window.ts'

/** A transaction without its tables and statements: what finding one needs. */
export interface Timed extends OwnTime {
  readonly start: number
  readonly end: number
  readonly serverId: number
  readonly firstStampSeconds: number
  readonly lastStampSeconds: number
}

export interface Found extends Timed {
  readonly tick: TickRow
  /** All transactions of the tick, and the index of this one. */
  readonly list: readonly Timed[]
  readonly index: number
}

export interface Located {
  /** Null: the end of the log. */
  readonly found: Found | null
  /** Transactions ahead of it that claim the time, and are known to have committed before their stamps say. */
  readonly refuted: readonly Found[]
}

export interface Locator {
  /** The first transaction at or behind a place whose own time is `timeUs` or later, and not refuted. */
  readonly firstClaiming: (timeUs: number, from: Place) => Promise<Located>
  /** The first transaction that starts at or behind a place; null when there is none. */
  readonly firstFrom: (place: Place) => Promise<Found | null>
  /** The one right ahead of another one, or (null) the last one of the log. */
  readonly before: (found: Found | null) => Promise<Found | null>
}

/** `nowUs`: nothing in the log committed later. */
export function createLocator(store: IndexStore, log: LogRow, source: LogSource, nowUs: number): Locator {
  const files = new Map<number, FileRow>(store.files(log).map((file) => [file.ordinal, file]))
  let last: { readonly key: string; readonly list: Promise<readonly Timed[]> } | null = null

  /** The tick that was read last is often read again; to keep all of them would take room. */
  function read(tick: TickRow): Promise<readonly Timed[]> {
    const key = `${tick.file}:${tick.start}`
    if (last?.key !== key) last = { key, list: readTick(source, tick, files.get(tick.file)) }
    return last.list
  }

  /** The first tick at or behind `from` that holds what claims the time; those behind it in the same file may. */
  function firstTick(timeUs: number, from: Place): TickRow | null {
    for (const file of files.keys()) {
      if (file < from.file) continue
      const tick = store.tickInFile(log, file, Math.floor(timeUs / 1_000_000))
      // A stamp of the future lifts the seconds of all ticks behind it, to the end of the file.
      if (tick !== null)
        return isAhead({ file: tick.file, position: tick.end }, from) ? store.tickContaining(log, from.file, from.position) : tick
    }
    return null
  }

  return {
    async firstClaiming(timeUs, from) {
      const refuted: Found[] = []
      const second = Math.floor(timeUs / 1_000_000)
      for (let tick = firstTick(timeUs, from); tick !== null; tick = store.tickAfter(log, tick)) {
        if (tick.second < second || (tick.maxUs !== null && tick.maxUs < timeUs)) continue
        const list = await read(tick)
        for (const [index, t] of list.entries()) {
          if (!claims(t, timeUs) || isAhead({ file: tick.file, position: t.start }, from)) continue
          const found = { ...t, tick, list, index }
          if (!isRefuted(t, Math.min(nowUs, store.notAfter(log, { file: tick.file, position: t.end }, timeUs))))
            return { found, refuted }
          if (refuted.length < MAX_REFUTED) refuted.push(found)
        }
      }
      return { found: null, refuted }
    },
    async firstFrom(place) {
      for (let tick = store.tickContaining(log, place.file, place.position); tick !== null; tick = store.tickAfter(log, tick)) {
        const list = await read(tick)
        const { file } = tick
        const index = list.findIndex((t) => !isAhead({ file, position: t.start }, place))
        const t = list[index]
        if (t !== undefined) return { ...t, tick, list, index }
      }
      return null
    },
    async before(found) {
      if (found !== null && found.index > 0) return at(found.tick, found.list, found.index - 1)
      const tick = found === null ? store.lastTick(log) : store.tickBefore(log, found.tick)
      if (tick === null) return null
      const list = await read(tick)
      return at(tick, list, list.length - 1)
    },
  }
}

/** Enough to name them; there may be thousands. */
const MAX_REFUTED = 100

function at(tick: TickRow, list: readonly Timed[], index: number): Found | null {
  const t = list[index]
  return t === undefined ? null : { ...t, tick, list, index }
}

/** In log order. */
export function isAhead(a: Place, b: Place): boolean {
  return a.file < b.file || (a.file === b.file && a.position < b.position)
}

async function readTick(source: LogSource, tick: TickRow, file: FileRow | undefined): Promise<readonly Timed[]> {
  if (file === undefined) throw new Error(`the index has a tick in file ${tick.file}, which it does not list`)
  const list: Timed[] = []
  const writer = { serverId: file.serverId, family: familyOf(file.serverVersion) }
  let failure: BinpointError | null = null
  const scan = createScan(
    {
      onFile: ({ name, format }) => {
        if (format?.fingerprint === file.format) return
        failure = otherLog(source, name)
        scan.stop()
      },
      onTransaction: (t) => {
        const { start, end, serverId, firstStampSeconds, maxStampSeconds: lastStampSeconds } = t
        list.push({ start, end, serverId, firstStampSeconds, lastStampSeconds, ...ownTimeOf(t, writer) })
      },
      onFileEnd: (end) => {
        if (isHole(end.kind)) failure ??= damaged(source, { file: file.name, position: end.coveredEnd }, end)
      },
    },
    { checksums: 'all', decrypted: source.kind === 'server' },
  )
  await source.read({ from: { file: file.name, position: tick.start }, until: { file: file.name, position: tick.end } }, scan)
  if (failure !== null) throw failure as BinpointError
  if (list.length !== tick.transactions || list[0]?.start !== tick.start || list.at(-1)?.end !== tick.end) {
    throw new BinpointError(
      'LOG_IDENTITY',
      `${source.name} holds other transactions in ${file.name}:${tick.start}-${tick.end} than when it was indexed`,
      { hint: 'the file was replaced or damaged: index again with another --index file, and compare' },
    )
  }
  return list
}

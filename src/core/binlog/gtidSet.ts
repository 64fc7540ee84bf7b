/**
 * What a server has executed up to a point: MySQL's GTID set (UUIDs, tags, intervals) or MariaDB's position (the last GTID
 * of each domain). Mutable and fast to add to, as the scan adds every transaction; text and back for the index.
 */
import { u32, u64, uuid } from './bytes.ts'
import { HEADER_LENGTH } from './layout.ts'

/** Sorted, disjoint, not touching: [start, end) pairs flattened. */
type Intervals = number[]

export class GtidSet {
  /** By `uuid` or `uuid:tag`. */
  readonly #bySid: Map<string, Intervals> = new Map()

  add(sid: string, gno: number): void {
    this.addInterval(sid, gno, gno + 1)
  }

  /** Adds [start, end), as far as they are numbers of transactions: these begin with 1. */
  addInterval(sid: string, from: number, end: number): void {
    const start = Math.max(1, from)
    if (start >= end) return
    let intervals = this.#bySid.get(sid)
    if (intervals === undefined) this.#bySid.set(sid, (intervals = []))
    const last = intervals.length - 1
    if (last > 0 && start === intervals[last]) {
      intervals[last] = end
      return
    }
    insertInterval(intervals, start, end)
  }

  contains(sid: string, gno: number): boolean {
    const intervals = this.#bySid.get(sid) ?? []
    for (let i = 0; i < intervals.length; i += 2) {
      if (gno >= (intervals[i] ?? 0) && gno < (intervals[i + 1] ?? 0)) return true
    }
    return false
  }

  /** The transactions of this set that `other` has too. */
  intersect(other: GtidSet): GtidSet {
    const out = new GtidSet()
    for (const [sid, mine] of this.#bySid) {
      const theirs = other.#bySid.get(sid) ?? []
      for (let i = 0; i < mine.length; i += 2) {
        for (let j = 0; j < theirs.length; j += 2) {
          const start = Math.max(mine[i] ?? 0, theirs[j] ?? 0)
          const end = Math.min(mine[i + 1] ?? 0, theirs[j + 1] ?? 0)
          if (start < end) out.addInterval(sid, start, end)
        }
      }
    }
    return out
  }

  /** The transactions of this set that `other` has not. */
  subtract(other: GtidSet): GtidSet {
    const out = new GtidSet()
    for (const [sid, mine] of this.#bySid) {
      const theirs = other.#bySid.get(sid) ?? []
      for (let i = 0; i < mine.length; i += 2) {
        let from = mine[i] ?? 0
        const end = mine[i + 1] ?? 0
        for (let j = 0; j < theirs.length && from < end; j += 2) {
          out.addInterval(sid, from, Math.min(end, theirs[j] ?? 0))
          from = Math.max(from, theirs[j + 1] ?? 0)
        }
        out.addInterval(sid, from, end)
      }
    }
    return out
  }

  /** Whether this set has all of `other`. */
  includes(other: GtidSet): boolean {
    return this.intersect(other).size === other.size
  }

  get size(): number {
    let n = 0
    for (const intervals of this.#bySid.values()) {
      for (let i = 0; i < intervals.length; i += 2) n += (intervals[i + 1] ?? 0) - (intervals[i] ?? 0)
    }
    return n
  }

  /** As the server prints it: UUIDs in order, tags behind their UUID, `uuid:1-5:7,uuid2:tag:1`. */
  toString(): string {
    const byUuid = new Map<string, string>()
    for (const sid of [...this.#bySid.keys()].sort()) {
      const [id = '', tag] = sid.split(':')
      const parts = formatIntervals(this.#bySid.get(sid) ?? [])
      if (parts === '') continue
      const own = tag === undefined ? `:${parts}` : `:${tag}:${parts}`
      byUuid.set(id, (byUuid.get(id) ?? id) + own)
    }
    return [...byUuid.values()].join(',')
  }

  /** Parses a server's text; white space and upper case are fine. Null: not a GTID set. */
  static parse(source: string): GtidSet | null {
    const out = new GtidSet()
    for (const entry of source.toLowerCase().replaceAll(/\s/g, '').split(',')) {
      if (entry === '') continue
      const [id = '', ...parts] = entry.split(':')
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return null
      let sid = id
      for (const part of parts) {
        const interval = /^(\d{1,20})(?:-(\d{1,20}))?$/.exec(part)
        if (interval === null) {
          if (!isTag(part)) return null
          sid = `${id}:${part}`
          continue
        }
        const start = Number(interval[1])
        if (start === 0) return null
        out.addInterval(sid, start, Number(interval[2] ?? interval[1]) + 1)
      }
    }
    return out
  }
}

/** What may stand between a UUID and its numbers (mysql-server, Tag). */
export function isTag(part: string): boolean {
  return /^[a-z_][a-z0-9_]{0,31}$/.test(part)
}

function insertInterval(intervals: Intervals, start: number, end: number): void {
  let i = 0
  while (i < intervals.length && (intervals[i + 1] ?? 0) < start) i += 2
  let j = i
  let from = start
  let to = end
  while (j < intervals.length && (intervals[j] ?? 0) <= to) {
    from = Math.min(from, intervals[j] ?? from)
    to = Math.max(to, intervals[j + 1] ?? to)
    j += 2
  }
  intervals.splice(i, j - i, from, to)
}

function formatIntervals(intervals: Intervals): string {
  const parts: string[] = []
  for (let i = 0; i < intervals.length; i += 2) {
    const start = intervals[i] ?? 0
    const last = (intervals[i + 1] ?? 0) - 1
    parts.push(start === last ? `${start}` : `${start}-${last}`)
  }
  return parts.join(':')
}

/** PREVIOUS_GTIDS: all that was executed before this file. `end` without CRC. Null: not of a known form. */
export function decodePreviousGtids(bytes: Buffer, from: number, end: number): GtidSet | null {
  const out = new GtidSet()
  let at = from + HEADER_LENGTH
  if (at + 8 > end) return null
  // Since 8.3 a set with tags has 1 in byte 7, the count in bytes 1 to 6, and a tag behind each UUID.
  const tagged = bytes[at + 7] === 1
  let count = tagged ? u32(bytes, at + 1) : u32(bytes, at)
  at += 8
  for (; count > 0; count--) {
    if (at + 24 > end) return null
    let sid = uuid(bytes, at)
    at += 16
    if (tagged) {
      const length = (bytes[at] ?? 0) >> 1
      const tag = bytes.toString('latin1', at + 1, at + 1 + length)
      if (length > 0 && !isTag(tag)) return null
      if (length > 0) sid += `:${tag}`
      at += 1 + length
    }
    let intervals = u32(bytes, at)
    at += 8
    if (at + intervals * 16 > end) return null
    for (; intervals > 0; intervals--) {
      out.addInterval(sid, u64(bytes, at), u64(bytes, at + 8))
      at += 16
    }
  }
  return out
}

/** MariaDB: the last GTID of each domain, as in gtid_slave_pos. */
export class GtidPosition {
  readonly #byDomain: Map<number, { serverId: number; sequence: number }> = new Map()

  set(domain: number, serverId: number, sequence: number): void {
    const last = this.#byDomain.get(domain)
    if (last === undefined) {
      this.#byDomain.set(domain, { serverId, sequence })
      return
    }
    last.serverId = serverId
    last.sequence = sequence
  }

  get(domain: number): { readonly serverId: number; readonly sequence: number } | undefined {
    return this.#byDomain.get(domain)
  }

  /** By domain. */
  entries(): readonly GtidListEntry[] {
    return [...this.#byDomain].sort(([a], [b]) => a - b).map(([domain, last]) => ({ domain, ...last }))
  }

  toString(): string {
    return this.entries()
      .map(({ domain, serverId, sequence }) => `${domain}-${serverId}-${sequence}`)
      .join(',')
  }

  static parse(source: string): GtidPosition | null {
    const out = new GtidPosition()
    for (const entry of source.replaceAll(/\s/g, '').split(',')) {
      if (entry === '') continue
      const match = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/.exec(entry)
      if (match === null) return null
      out.set(Number(match[1]), Number(match[2]), Number(match[3]))
    }
    return out
  }
}

export interface GtidListEntry {
  readonly domain: number
  readonly serverId: number
  readonly sequence: number
}

/**
 * GTID_LIST: for every domain the last GTID of each server that wrote in it, the domain's most recent one last
 * (rpl_gtid.cc, rpl_binlog_state::get_gtid_list). `end` without CRC. Null: cut short.
 */
export function decodeGtidListEntries(bytes: Buffer, from: number, end: number): GtidListEntry[] | null {
  const out: GtidListEntry[] = []
  const count = u32(bytes, from + HEADER_LENGTH) & 0x0fff_ffff
  let at = from + HEADER_LENGTH + 4
  if (at + count * 16 > end) return null
  for (let i = 0; i < count; i++, at += 16) {
    out.push({ domain: u32(bytes, at), serverId: u32(bytes, at + 4), sequence: u64(bytes, at + 8) })
  }
  return out
}

/** The same as a position: the most recent GTID of each domain. */
export function decodeGtidList(bytes: Buffer, from: number, end: number): GtidPosition | null {
  const entries = decodeGtidListEntries(bytes, from, end)
  if (entries === null) return null
  const out = new GtidPosition()
  for (const { domain, serverId, sequence } of entries) out.set(domain, serverId, sequence)
  return out
}

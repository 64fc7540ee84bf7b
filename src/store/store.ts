/**
 * The index on SQLite: the only place with SQL on it. Invariant: a commit holds new rows and how far they reach in one
 * transaction, and is refused when somebody else has written to the same log in between; so a kill at any instant, or two
 * writers, leave an index without a hole and without a double.
 */
import type { EvidenceState } from '../core/evidence/accumulate.ts'
import type { IndexBatch, IndexStore, LogRow, Place } from '../core/evidence/port.ts'
import type { ArrivalRow, BoundRow, CheckpointRow, FileRow, GapRow, LandmarkRow, TickRow } from '../core/evidence/rows.ts'
import { isBehind } from '../core/evidence/bounds.ts'
import { BinpointError } from '../errors.ts'
import { guarded, openDatabase } from './open.ts'

const logColumns =
  'id, source, fingerprint, server_uuid AS serverUuid, server_id AS serverId, ended_by AS endedBy, revision, state'
const fileColumns =
  'ordinal, name, format, fingerprint, server_version AS serverVersion, server_id AS serverId, stamp AS stampSeconds, shown AS shownSeconds, ' +
  'covered_from AS coveredFrom, covered_end AS coveredEnd, anchor_start AS anchorStart, anchor_crc AS anchorCrc, ended_by AS endedBy, next'
const tickColumns = 'second, file, start, "end", max_us AS maxUs, transactions, bytes'
const landmarkColumns = 'file, start, kind, last_start AS lastStart, count, step_from AS stepFrom, step_to AS stepTo'

const LOG_BEGIN: Place = { file: 0, position: 0 }
const LOG_END: Place = { file: Number.MAX_SAFE_INTEGER, position: 0 }

/** Bounds that are read at once. */
const BOUNDS = 500

type RawLog = Omit<LogRow, 'state'> & { readonly state: string }
type RawLandmark = Omit<LandmarkRow, 'step'> & { readonly stepFrom: number | null; readonly stepTo: number | null }

function landmarkOf({ stepFrom, stepTo, ...landmark }: RawLandmark): LandmarkRow {
  return { ...landmark, step: stepFrom === null || stepTo === null ? null : { fromSeconds: stepFrom, toSeconds: stepTo } }
}

/** Opens or makes the index at `path` (`:memory:` for none on disk). Throws INDEX_* errors. */
export function openStore(path: string): IndexStore {
  const db = openDatabase(path)
  // The row types are the reader's word for what the columns of its statement are.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  const query = <Row>(sql: string): ((...values: readonly unknown[]) => Row | null) => {
    const prepared = db.prepare(sql)
    return (...values) => guarded(path, () => (prepared.get(...values) as Row | undefined) ?? null)
  }
  const list = <Row>(sql: string): ((...values: readonly unknown[]) => Row[]) => {
    const prepared = db.prepare(sql)
    return (...values) => guarded(path, () => prepared.all(...values) as Row[])
  }
  const each = <Row>(sql: string): ((...values: readonly unknown[]) => Generator<Row>) => {
    const prepared = db.prepare(sql)
    return function* (...values) {
      try {
        yield* prepared.iterate(...values) as Iterable<Row>
      } catch (error) {
        guarded(path, () => {
          throw error
        })
      }
    }
  }

  const currentLog = query<RawLog>(`SELECT ${logColumns} FROM log WHERE source = ? AND ended_by IS NULL`)
  const logs = list<RawLog>(`SELECT ${logColumns} FROM log WHERE source = ? ORDER BY id`)
  const files = list<FileRow>(`SELECT ${fileColumns} FROM file WHERE log = ? ORDER BY ordinal`)
  const tickInFile = query<TickRow>(
    `SELECT ${tickColumns} FROM tick WHERE log = ? AND file = ? AND second >= ? ORDER BY second, start LIMIT 1`,
  )
  const tickAfter = query<TickRow>(
    `SELECT ${tickColumns} FROM tick WHERE log = ? AND (file, second, start) > (?, ?, ?) ORDER BY file, second, start LIMIT 1`,
  )
  const tickBefore = query<TickRow>(
    `SELECT ${tickColumns} FROM tick WHERE log = ? AND (file, second, start) < (?, ?, ?) ORDER BY file DESC, second DESC, start DESC LIMIT 1`,
  )
  const lastTick = query<TickRow>(
    `SELECT ${tickColumns} FROM tick WHERE log = ? ORDER BY file DESC, second DESC, start DESC LIMIT 1`,
  )
  const ticks = each<TickRow>(
    `SELECT ${tickColumns} FROM tick WHERE log = ? AND (file, second, start) >= (?, ?, ?) AND (file, second, start) < (?, ?, ?)
     ORDER BY file, second, start`,
  )
  const sumTicks = query<{ transactions: number; bytes: number }>(
    `SELECT coalesce(sum(transactions), 0) AS transactions, coalesce(sum(bytes), 0) AS bytes FROM tick
     WHERE log = ? AND (file, second, start) >= (?, ?, ?) AND (file, second, start) < (?, ?, ?)`,
  )
  const boundAt = query<BoundRow>(
    `SELECT file, "end", not_after_us AS notAfterUs, kind FROM bound WHERE log = ? AND not_after_us <= ? ORDER BY not_after_us DESC LIMIT 1`,
  )
  const arrivalAt = query<BoundRow>(
    `SELECT file, "end", not_after_us AS notAfterUs, 'arrival' AS kind FROM arrival WHERE log = ? AND not_after_us <= ? ORDER BY not_after_us DESC LIMIT 1`,
  )
  const boundBehind = query<{ notAfterUs: number }>(
    `SELECT not_after_us AS notAfterUs FROM bound WHERE log = ? AND not_after_us > ? AND (file, "end") >= (?, ?) ORDER BY not_after_us LIMIT 1`,
  )
  const arrivalBehind = query<{ notAfterUs: number }>(
    `SELECT not_after_us AS notAfterUs FROM arrival WHERE log = ? AND not_after_us > ? AND (file, "end") >= (?, ?) ORDER BY not_after_us LIMIT 1`,
  )
  const boundsAfter = list<BoundRow>(
    `SELECT * FROM (SELECT file, "end", not_after_us AS notAfterUs, kind FROM bound
       WHERE log = ? AND not_after_us > ? ORDER BY not_after_us LIMIT ${BOUNDS})
     UNION ALL
     SELECT * FROM (SELECT file, "end", not_after_us AS notAfterUs, 'arrival' AS kind FROM arrival
       WHERE log = ? AND not_after_us > ? ORDER BY not_after_us LIMIT ${BOUNDS})
     ORDER BY notAfterUs LIMIT ${BOUNDS}`,
  )
  const lastArrival = query<ArrivalRow>(
    `SELECT file, "end", not_after_us - error_us AS atUs, error_us AS errorUs FROM arrival WHERE log = ? ORDER BY not_after_us DESC LIMIT 1`,
  )
  const firstBound = query<BoundRow>(
    'SELECT file, "end", not_after_us AS notAfterUs, kind FROM bound WHERE log = ? ORDER BY not_after_us LIMIT 1',
  )
  const checkpointBefore = query<CheckpointRow>(
    `SELECT file, start, gtid_set AS gtidSet FROM checkpoint WHERE log = ? AND (file, start) <= (?, ?) ORDER BY file DESC, start DESC LIMIT 1`,
  )
  const landmarks = list<RawLandmark>(`SELECT ${landmarkColumns} FROM landmark WHERE log = ? ORDER BY file, start, kind`)
  const landmarksIn = list<RawLandmark>(
    `SELECT ${landmarkColumns} FROM landmark WHERE log = ? AND (file, start) >= (?, ?) AND (file, start) < (?, ?) ORDER BY file, start, kind`,
  )
  // SQLite takes bare columns from the row that has the minimum.
  const marksIn = list<Pick<LandmarkRow, 'kind' | 'file' | 'start' | 'count'>>(
    `SELECT kind, file, start, count FROM (SELECT kind, file, start, sum(count) AS count, min((file << 44) + start)
       FROM landmark WHERE log = ? AND (file, start) >= (?, ?) AND (file, start) < (?, ?) GROUP BY kind) ORDER BY kind`,
  )
  const clockSteps = list<RawLandmark>(
    `SELECT ${landmarkColumns} FROM landmark WHERE log = ? AND kind = 'clock-step' ORDER BY file, start`,
  )
  const gaps = list<GapRow>('SELECT file, position, cause FROM gap WHERE log = ? ORDER BY file, position')

  const insertLog = db.prepare(
    `INSERT INTO log (source, fingerprint, server_uuid, server_id, revision, state) VALUES (?, ?, ?, ?, 0, 'null')`,
  )
  const overtake = db.prepare(
    'UPDATE log SET revision = revision + 1, state = ? WHERE id = ? AND revision = ? AND ended_by IS NULL',
  )
  const putFile = db.prepare(
    `INSERT OR REPLACE INTO file (log, ordinal, name, format, fingerprint, server_version, server_id, stamp, shown, covered_from,
       covered_end, anchor_start, anchor_crc, ended_by, next) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const putTick = db.prepare(
    `INSERT OR REPLACE INTO tick (log, second, file, start, "end", max_us, transactions, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const dropBounds = db.prepare('DELETE FROM bound WHERE log = ? AND not_after_us >= ? AND (file, "end") <= (?, ?)')
  const putBound = db.prepare('INSERT OR REPLACE INTO bound (log, not_after_us, file, "end", kind) VALUES (?, ?, ?, ?, ?)')
  const putCheckpoint = db.prepare('INSERT OR REPLACE INTO checkpoint (log, file, start, gtid_set) VALUES (?, ?, ?, ?)')
  const putLandmark = db.prepare(
    'INSERT OR REPLACE INTO landmark (log, file, start, kind, last_start, count, step_from, step_to) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const putArrival = db.prepare(
    'INSERT OR REPLACE INTO arrival (log, not_after_us, file, "end", error_us) VALUES (?, ?, ?, ?, ?)',
  )
  const dropGaps = db.prepare('DELETE FROM gap WHERE log = ? AND file = ?')
  const putGap = db.prepare('INSERT OR REPLACE INTO gap (log, file, position, cause) VALUES (?, ?, ?, ?)')

  function addBound(log: number, bound: BoundRow): void {
    const known = boundAt(log, bound.notAfterUs)
    if (known !== null && (known.file > bound.file || (known.file === bound.file && known.end >= bound.end))) return
    dropBounds.run(log, bound.notAfterUs, bound.file, bound.end)
    putBound.run(log, bound.notAfterUs, bound.file, bound.end, bound.kind)
  }

  const write = db.transaction((log: LogRow, batch: IndexBatch): void => {
    if (overtake.run(JSON.stringify(batch.state), log.id, log.revision).changes !== 1) {
      throw new BinpointError('INDEX_BUSY', `another process is writing the index ${path} for ${log.source}`, {
        hint: 'let one of them do it: answers read what the other one writes',
      })
    }
    for (const f of batch.files) {
      dropGaps.run(log.id, f.ordinal)
      putFile.run(
        log.id,
        f.ordinal,
        f.name,
        f.format,
        f.fingerprint,
        f.serverVersion,
        f.serverId,
        f.stampSeconds,
        f.shownSeconds,
        f.coveredFrom,
        f.coveredEnd,
        f.anchorStart,
        f.anchorCrc,
        f.endedBy,
        f.next,
      )
    }
    for (const t of batch.rows.ticks) putTick.run(log.id, t.second, t.file, t.start, t.end, t.maxUs, t.transactions, t.bytes)
    for (const bound of batch.rows.bounds) addBound(log.id, bound)
    for (const c of batch.rows.checkpoints) putCheckpoint.run(log.id, c.file, c.start, c.gtidSet)
    for (const l of batch.rows.landmarks)
      putLandmark.run(
        log.id,
        l.file,
        l.start,
        l.kind,
        l.lastStart,
        l.count,
        l.step?.fromSeconds ?? null,
        l.step?.toSeconds ?? null,
      )
    for (const a of batch.arrivals) putArrival.run(log.id, a.atUs + a.errorUs, a.file, a.end, a.errorUs)
    for (const g of batch.gaps) putGap.run(log.id, g.file, g.position, g.cause)
  })

  /**
   * Seconds never decrease along a file: halving their range finds a position as fast as an index on positions, which would take room.
   * `file` may be one without ticks: then the first tick behind it.
   */
  function tickContaining(log: number, file: number, position: number): TickRow | null {
    const isBefore = (tick: TickRow | null): tick is TickRow => tick !== null && tick.file === file && tick.end <= position
    const none = { second: 0, file, start: 0 }
    let tick = tickInFile(log, file, 0) ?? tickAfter(log, file, Number.MAX_SAFE_INTEGER, 0)
    if (!isBefore(tick)) return tick
    let before = tick.second
    let behind = (tickBefore(log, file + 1, 0, 0) ?? none).second + 1
    while (behind - before > 1) {
      const middle = Math.floor((before + behind) / 2)
      const found = tickInFile(log, file, middle)
      if (isBefore(found)) {
        before = middle
        tick = found
      } else behind = middle
    }
    while (isBefore(tick)) tick = tickAfter(log, tick.file, tick.second, tick.start)
    return tick
  }

  /** The one that proves more. */
  function anyBoundAt(log: number, timeUs: number): BoundRow | null {
    const bound = boundAt(log, timeUs)
    const arrival = arrivalAt(log, timeUs)
    return bound === null || (arrival !== null && isBehind(arrival, bound)) ? arrival : bound
  }

  const parsed = (log: RawLog): LogRow => ({ ...log, state: JSON.parse(log.state) as EvidenceState | null })

  return {
    path,
    sources: () => list<{ source: string }>('SELECT DISTINCT source FROM log ORDER BY source')().map((row) => row.source),
    currentLog: (source) => {
      const log = currentLog(source)
      return log === null ? null : parsed(log)
    },
    logs: (source) => logs(source).map(parsed),
    beginLog: (log) =>
      guarded(path, () => {
        const { lastInsertRowid } = insertLog.run(log.source, log.fingerprint, log.serverUuid, log.serverId)
        return { ...log, id: Number(lastInsertRowid), endedBy: null, revision: 0, state: null }
      }),
    endLog: (log, cause) => guarded(path, () => void db.prepare('UPDATE log SET ended_by = ? WHERE id = ?').run(cause, log.id)),
    commit: (log, batch) => {
      guarded(path, () => write.immediate(log, batch))
      return { ...log, revision: log.revision + 1, state: batch.state }
    },
    files: (log) => files(log.id),
    tickInFile: (log, file, second) => tickInFile(log.id, file, second),
    tickAfter: (log, t) => tickAfter(log.id, t.file, t.second, t.start),
    tickBefore: (log, t) => tickBefore(log.id, t.file, t.second, t.start),
    lastTick: (log) => lastTick(log.id),
    tickContaining: (log, file, position) => tickContaining(log.id, file, position),
    ticks: (log, from, to) => ticks(log.id, from.file, from.second, from.start, to.file, to.second, to.start),
    sumTicks: (log, from, to) =>
      sumTicks(
        log.id,
        from.file,
        from.second,
        from.start,
        to?.file ?? Number.MAX_SAFE_INTEGER,
        to?.second ?? 0,
        to?.start ?? 0,
      ) ?? {
        transactions: 0,
        bytes: 0,
      },
    boundAt: (log, timeUs) => anyBoundAt(log.id, timeUs),
    notAfter: (log, { file, position }, afterUs) =>
      Math.min(
        ...[boundBehind, arrivalBehind].map(
          (find) => find(log.id, afterUs, file, position)?.notAfterUs ?? Number.POSITIVE_INFINITY,
        ),
      ),
    boundsAfter: (log, afterUs) => boundsAfter(log.id, afterUs, log.id, afterUs),
    firstBound: (log) => firstBound(log.id),
    lastArrival: (log) => lastArrival(log.id),
    checkpointBefore: (log, file, position) => checkpointBefore(log.id, file, position),
    landmarksIn: (log, from, to) => landmarksIn(log.id, from.file, from.position, to.file, to.position).map(landmarkOf),
    marksIn: (log, from = LOG_BEGIN, to = LOG_END) => marksIn(log.id, from.file, from.position, to.file, to.position),
    clockSteps: (log) => clockSteps(log.id).map(landmarkOf),
    gaps: (log) => gaps(log.id),
    dump: (log) => ({
      files: files(log.id),
      ticks: list(`SELECT ${tickColumns} FROM tick WHERE log = ? ORDER BY file, second, start`)(log.id),
      bounds: list('SELECT not_after_us, file, "end", kind FROM bound WHERE log = ? ORDER BY not_after_us')(log.id),
      checkpoints: list('SELECT file, start, gtid_set FROM checkpoint WHERE log = ? ORDER BY file, start')(log.id),
      landmarks: landmarks(log.id).map(landmarkOf),
      gaps: gaps(log.id),
    }),
    counts: (log) =>
      query<ReturnType<IndexStore['counts']>>(
        `SELECT count(*) AS ticks, coalesce(sum(transactions), 0) AS transactions, coalesce(sum(bytes), 0) AS bytes,
           min(second) AS firstSecond, max(second) AS lastSecond FROM tick WHERE log = ?`,
      )(log.id) ?? { ticks: 0, transactions: 0, bytes: 0, firstSecond: null, lastSecond: null },
    size: () => (db.pragma('page_count', { simple: true }) as number) * (db.pragma('page_size', { simple: true }) as number),
    [Symbol.dispose]: () => {
      db.close()
    },
  }
}

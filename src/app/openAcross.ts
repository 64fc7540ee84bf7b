/**
 * Where a restart must go back to so that nothing is open across it: to the PREPARE of an XA transaction that is ended behind it, to the making
 * of a temporary table that is used behind it. The log is read backwards, a file at a time.
 */
import type { Coordinate } from '../core/coordinate.ts'
import { compareCoordinates, FIRST_POSITION } from '../core/coordinate.ts'
import type { OpenBefore } from '../core/plan/window.ts'
import { makesTemporaryTable, sessionOf } from '../core/plan/window.ts'
import type { LogSource } from '../core/ports.ts'
import type { Transaction } from '../core/transaction.ts'
import { readWindow } from './window.ts'

/** The least of the beginnings that the log has; null: it has none of them. */
export async function beginningOf(source: LogSource, restart: Coordinate, open: OpenBefore): Promise<Coordinate | null> {
  const xids = new Set(open.xids)
  const sessions = new Set(open.sessions)
  const files = (await source.listFiles()).map(({ name }) => name)
  let least: Coordinate | null = null
  for (let i = files.indexOf(restart.file); i >= 0 && xids.size + sessions.size > 0; i--) {
    const found = await beginningsIn(source, files[i] ?? '', restart, { xids, sessions })
    for (const [name, at] of found) {
      xids.delete(name)
      sessions.delete(name)
      least = least === null || compareCoordinates(at, least) < 0 ? at : least
    }
  }
  return least
}

/** Of each one that is looked for: the last PREPARE, the first making of a table. */
async function beginningsIn(
  source: LogSource,
  file: string,
  restart: Coordinate,
  { xids, sessions }: OpenBefore,
): Promise<ReadonlyMap<string, Coordinate>> {
  const found = new Map<string, Coordinate>()
  await readWindow({
    source,
    from: { file, position: FIRST_POSITION },
    until: file === restart.file ? restart : { file, position: Number.MAX_SAFE_INTEGER },
    onTransaction: (t: Transaction) => {
      const at = { file: t.file, position: t.start }
      if (t.xid !== null && xids.has(t.xid) && t.marks.includes('xa-prepare')) found.set(t.xid, at)
      const session = sessionOf(t)
      if (sessions.has(session) && !found.has(session) && makesTemporaryTable(t)) found.set(session, at)
      return true
    },
  })
  return found
}

/** What a file says of the GTIDs before it: PREVIOUS_GTIDS or GTID_LIST, in full, with its checksum verified. A short read. */
import { checksumHolds } from '../core/binlog/checksum.ts'
import type { GtidListEntry } from '../core/binlog/gtidSet.ts'
import { decodeGtidListEntries, decodePreviousGtids, GtidSet } from '../core/binlog/gtidSet.ts'
import { EventType } from '../core/binlog/layout.ts'
import type { Gtid } from '../core/gtid.ts'
import type { LogSource } from '../core/ports.ts'
import type { RawEvent, ScannedFile } from '../core/scan/scan.ts'
import { readHead } from './head.ts'

export interface GtidHead {
  /** Null: the file has no event. */
  readonly file: ScannedFile | null
  /** MySQL's set, or MariaDB's last GTID of each server in each domain. Null: the file does not say, or cannot be read. */
  readonly previous: GtidSet | readonly GtidListEntry[] | null
}

export async function readGtidHead(source: LogSource, name: string): Promise<GtidHead> {
  let previous: GtidHead['previous'] = null
  const file = await readHead(source, name, (event) => {
    previous = decodePrevious(event)
  })
  return { file, previous }
}

function decodePrevious({ type, bytes, from, bodyEnd, position, end }: RawEvent): GtidHead['previous'] {
  const size = end - position
  if (bodyEnd - from < size && !checksumHolds(bytes, from, size)) return null
  return type === EventType.GTID_LIST ? decodeGtidListEntries(bytes, from, bodyEnd) : decodePreviousGtids(bytes, from, bodyEnd)
}

/** Whether a file says that a GTID (MariaDB: or a later one of the same server) came before it. Null: it does not say. */
export function sayBefore({ previous }: GtidHead, gtid: Gtid): boolean | null {
  if (previous instanceof GtidSet) return gtid.family === 'mysql' ? previous.contains(gtid.sid, gtid.number) : null
  if (previous === null || gtid.family === 'mysql') return null
  return previous.some(
    ({ domain, serverId, sequence }) => domain === gtid.domain && serverId === gtid.serverId && sequence >= gtid.sequence,
  )
}

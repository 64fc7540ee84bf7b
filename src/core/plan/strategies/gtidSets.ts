/**
 * The window as a set of GTIDs, in SQL on the replica: all of the source's that it has executed since the restart, without its own. It is
 * computed there, after the STOP, so that nothing that was executed meanwhile is left out: what is replayed must reach to the end.
 */
import type { GtidSet } from '../../binlog/gtidSet.ts'

/** The greatest number that a GTID may have. */
const LAST_GNO = '9223372036854775806'

export interface WindowSets {
  /** Executed before the restart, as the source's log says. */
  readonly before: string
  /** All GTIDs of those who wrote in the window, but for the replica's own. */
  readonly writers: string
}

export function windowSets(window: GtidSet, gtidsBefore: string, ownUuid: string): WindowSets {
  const sids = window
    .toString()
    .replaceAll('\n', '')
    .split(',')
    .flatMap((part) => sidsOf(part))
    .filter((sid) => sid !== '' && sid.split(':')[0] !== ownUuid.toLowerCase())
  return { before: gtidsBefore.replaceAll(/\s/g, ''), writers: sids.map((sid) => `${sid}:1-${LAST_GNO}`).join(',') }
}

/** `uuid:1-3:tag:7` names two: `uuid` and `uuid:tag`. */
function sidsOf(part: string): string[] {
  const [uuid = '', ...rest] = part.trim().toLowerCase().split(':')
  const tags = rest.filter((item) => !/^\d/.test(item)).map((tag) => `${uuid}:${tag}`)
  return /^\d/.test(rest[0] ?? '') ? [uuid, ...tags] : tags
}

/** What is in the set `executed` (an expression) and belongs to the window. */
export function windowExpression({ before, writers }: WindowSets, executed: string): string {
  return intersection(`GTID_SUBTRACT(${executed}, '${before}')`, writers)
}

/** What is in the set (an expression) and was written by the server. */
export function ownExpression(set: string, uuid: string): string {
  return intersection(set, `${uuid}:1-${LAST_GNO}`)
}

/** MySQL only subtracts. */
function intersection(set: string, other: string): string {
  return `GTID_SUBTRACT(${set}, GTID_SUBTRACT(${set}, '${other}'))`
}

/**
 * The proof behind a repair: what the source has in its log arrives on the replica, what the replica logs arrives on the source, and the
 * tables of the window are equal. Both threads running and 0 seconds behind prove nothing: a reader may have gone deaf.
 */
import type { Coordinate } from '../../core/coordinate.ts'
import { compareBinlogNames, compareCoordinates, formatCoordinate } from '../../core/coordinate.ts'
import type { ReplicaFacts } from '../../core/plan/replica.ts'
import { BinpointError } from '../../errors.ts'
import type { TableComparison } from '../../server/compare/compareTables.ts'
import { compareTables } from '../../server/compare/compareTables.ts'
import type { ServerConnection } from '../../server/connection.ts'
import { gtidExecuted } from '../../server/inspect/gtids.ts'
import { inspectSource } from '../../server/inspect/source.ts'
import { ownLogEnd } from '../../server/inspect/ownLog.ts'
import { quoteName } from '../../dialect/quote.ts'
import { text } from '../../server/rows.ts'
import type { Recreation } from '../recreation.ts'
import { lostRowsOf, recreationOf } from '../recreation.ts'
import type { Operation } from './operation.ts'
import type { Checked } from './procedure.ts'

export interface Proof {
  readonly outcome: 'healed' | 'different' | 'undecided'
  /** How far the replica has come in the source's log. */
  readonly forward: Coordinate
  /** Null: the source does not replicate from the replica, or the replica may not be made to begin a file. */
  readonly back: Coordinate | null
  /** Why nothing was shown of the way back; empty: it was. */
  readonly backUnseen: string
  readonly tables: readonly TableComparison[]
  /** Tables that the window defines, and that are not defined alike. */
  readonly otherwise: readonly string[]
  /** Where a restart would have to begin for the rows that are still missing; null: none is. */
  readonly recreation: Recreation | null
}

const NO_WAY_BACK = 'the source does not replicate from the replica'

/** How long each direction may take to move (milliseconds). */
const MOVE_MS = 60_000
/** Differing keys that are kept of a table. */
const MAX_DIFFERENCES = 20_000

/** Throws REPLAY_FAILED where a direction does not move. */
export async function prove(
  op: Operation,
  source: ServerConnection,
  facts: ReplicaFacts,
  { tables: names, sameDefinition }: Pick<Checked, 'tables' | 'sameDefinition'>,
): Promise<Proof> {
  const forward = await catchUp(op, source)
  const { back, backUnseen } = await showBack(op, source, facts)
  const tables = await compareTables({
    source,
    replica: op.connection,
    tables: names,
    catchUp: () =>
      catchUp(op, source).then(
        () => true,
        () => false,
      ),
    maxDifferences: MAX_DIFFERENCES,
    signal: op.signal,
  })
  const otherwise = await otherwiseDefined(op.connection, source, sameDefinition)
  const has = (outcome: TableComparison['outcome']): boolean => tables.some((table) => table.outcome === outcome)
  const isUnseen = has('undecided') || (back === null && backUnseen !== NO_WAY_BACK)
  const outcome = otherwise.length > 0 || has('different') ? 'different' : isUnseen ? 'undecided' : 'healed'
  return { outcome, forward, back, backUnseen, tables, otherwise, recreation: await recreationIn(op, tables) }
}

/** A replay brings back a row only from its INSERT. */
async function recreationIn(op: Operation, comparisons: readonly TableComparison[]): Promise<Recreation | null> {
  const tables = lostRowsOf(comparisons)
  return tables.length === 0 ? null : recreationOf({ source: op.log, from: null, tables, signal: op.signal })
}

interface TableName {
  readonly schema: string
  readonly table: string
}

async function otherwiseDefined(
  replica: ServerConnection,
  source: ServerConnection,
  tables: readonly TableName[],
): Promise<readonly string[]> {
  const out: string[] = []
  for (const table of tables) {
    if ((await definitionOf(replica, table)) !== (await definitionOf(source, table))) out.push(`${table.schema}.${table.table}`)
  }
  return out
}

/** Without the next number, and with the lines in one order: that of indexes is not what a replay promises. */
async function definitionOf(connection: ServerConnection, { schema, table }: TableName): Promise<string> {
  try {
    const [row] = await connection.query(`SHOW CREATE TABLE ${quoteName(schema)}.${quoteName(table)}`)
    return text(row, 'Create Table')
      .replaceAll(/ AUTO_INCREMENT=\d+/g, '')
      .replaceAll(/,\n/g, '\n')
      .split('\n')
      .toSorted()
      .join('\n')
  } catch (error) {
    if (error instanceof BinpointError && error.code === 'SERVER_ERROR') return ''
    throw error
  }
}

/**
 * Waits until the replica has executed all that the source's log has now: by GTID where it finds its place by them, as its position then
 * stands at the last transaction that it was sent.
 */
async function catchUp(op: Operation, source: ServerConnection): Promise<Coordinate> {
  const end = await ownLogEnd(source)
  if (end === null) throw new BinpointError('LOG_DISABLED', 'the source writes no binary log (any more)')
  const gtids = (await op.state()).autoPosition ? await gtidExecuted(source) : null
  const giveUpAt = performance.now() + Math.max(MOVE_MS, op.timeLeftMs())
  for (;;) {
    const state = await op.state()
    const isThere = gtids === null ? compareCoordinates(state.executed, end) >= 0 : await hasExecuted(op, gtids)
    if (isThere) return gtids === null ? state.executed : end
    if (!state.applierRuns || performance.now() > giveUpAt) {
      const why = state.applierError ?? state.receiverError
      throw new BinpointError(
        'REPLAY_FAILED',
        `behind the window, the replica does not reach ${formatCoordinate(end)}: it stands at ${formatCoordinate(state.executed)}${why === null ? '' : `, error ${why.number}: ${why.message}`}`,
        {
          hint: 'the window itself is replayed; see SHOW REPLICA STATUS, and run the same command again to go on with the proof',
        },
      )
    }
    await op.pause()
  }
}

async function hasExecuted(op: Operation, gtids: string): Promise<boolean> {
  const [row] = await op.connection.query(`SELECT GTID_SUBSET('${gtids}', @@GLOBAL.gtid_executed) AS has`)
  return text(row, 'has') === '1'
}

/**
 * A new file of the replica's binlog is seen by whoever reads it, and changes nothing. After a RESET the names begin anew, and a reader
 * that has gone deaf may stand at any of them: only one that it did not stand at before shows that it reads.
 */
async function showBack(
  op: Operation,
  source: ServerConnection,
  facts: ReplicaFacts,
): Promise<{ readonly back: Coordinate | null; readonly backUnseen: string }> {
  const { fromReplica, seesChannels } = await inspectSource(source, facts.identity)
  if (!seesChannels) return { back: null, backUnseen: 'the account may not see whether the source replicates from the replica' }
  if (fromReplica === null) return { back: null, backUnseen: NO_WAY_BACK }
  const stood = fromReplica.received.file
  let end: Coordinate | null
  try {
    do {
      await op.run('rotate', 'FLUSH NO_WRITE_TO_BINLOG BINARY LOGS')
      end = await ownLogEnd(op.connection)
    } while (end?.file === stood)
  } catch (error) {
    if (!(error instanceof BinpointError) || !/^(MISSING_PRIVILEGE|ACCESS_DENIED|SERVER_ERROR)$/.test(error.code)) throw error
    return { back: null, backUnseen: `the replica could not be made to begin a new file of its binlog: ${error.message}` }
  }
  if (end === null) return { back: null, backUnseen: 'the replica writes no binary log' }
  const giveUpAt = performance.now() + MOVE_MS
  for (;;) {
    op.timeLeftMs()
    const reader = (await inspectSource(source, facts.identity)).fromReplica ?? fromReplica
    const { received, executed, applierRuns, error } = reader
    const isRead = received.file !== stood && compareBinlogNames(received.file, end.file) >= 0
    if (isRead && applierRuns && error === null && compareBinlogNames(executed.file, end.file) >= 0)
      return { back: executed, backUnseen: '' }
    if (performance.now() > giveUpAt) {
      throw new BinpointError(
        'REPLAY_FAILED',
        `the source does not read the replica's new file ${end.file}: it stands at ${formatCoordinate(received)}${error === null ? '' : `, ${error}`}`,
        {
          hint: `restart the source's channel '${fromReplica.channel}'; the window itself is replayed`,
        },
      )
    }
    await op.pause()
  }
}

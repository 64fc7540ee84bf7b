/** What follows from where the replica stands and what it is, for one window. Each finding says what to do. */
import type { Coordinate } from '../coordinate.ts'
import { formatCoordinate } from '../coordinate.ts'
import type { Finding } from '../findings.ts'
import { finding } from './findings.ts'
import type { ReplicaFacts, TableFacts } from './replica.ts'
import { isOtherServer } from './replica.ts'
import type { Window, WindowTable } from './window.ts'

/** What follows from where the replica stands and what it is. */
export function replicaFindings(window: Window, replica: ReplicaFacts, tables: readonly TableFacts[]): Finding[] {
  const out: Finding[] = []
  if (replica.parallelWorkers > 0 && !replica.applierRuns)
    out.push(
      finding(
        'PARALLEL_GAPS',
        'warning',
        `the replica applies with ${replica.parallelWorkers} workers and is stopped: it may have executed more than its position says. If CHANGE fails with error 1802, run START REPLICA (before MySQL 8.0.22: START SLAVE) UNTIL SQL_AFTER_MTS_GAPS first and plan again`,
      ),
    )
  if (replica.delaySeconds > 0)
    out.push(
      finding(
        'DELAYED',
        'warning',
        `the replica is delayed by ${replica.delaySeconds} s: the replay and the waits take that much longer`,
      ),
    )
  if (replica.applierError !== null)
    out.push(
      finding(
        'REPLICATION_ERROR',
        'warning',
        `the applier has stopped with error ${replica.applierError.number}: ${replica.applierError.message}. If that was in the script of a repair, finish that one instead, as its end says: this plan's window ends where the replica stands now`,
      ),
    )
  if (replica.skipCounter > 0 || replica.skipErrors !== 'OFF')
    out.push(
      finding(
        'SKIPPED_EVENTS',
        'blocking',
        replica.skipCounter > 0
          ? `the next START of the replica passes over ${replica.skipCounter} event(s) (sql_slave_skip_counter), of the replay or of what comes behind it. Set it to 0 and plan again`
          : `the replica passes over errors (slave_skip_errors = ${replica.skipErrors}): rows of the replay that it cannot write would be lost without a word, as the ones before. Start it without slave_skip_errors, and plan again`,
        { skipCounter: replica.skipCounter, skipErrors: replica.skipErrors },
      ),
    )
  out.push(...costFindings(window, replica))
  out.push(...runningFindings(replica))
  out.push(
    finding(
      'READS_GO_BACK',
      'warning',
      'while the window is replayed, its rows show old values: take the replica out of traffic and pause automatic failover',
    ),
  )
  if (tables.length > 0 && !replica.seesAllKeys)
    out.push(
      finding(
        'PRIVILEGE',
        'blocking',
        `the account does not see the foreign keys of all tables on ${replica.address}, so that one that cascades would go unseen. Grant it REFERENCES ON *.*, or accept it by name if no foreign key cascades or sets NULL`,
      ),
    )
  return [...out, ...tables.flatMap((table) => tableFindings(table, window, replica))]
}

/** From here on a replay is one that people wait for. */
const LARGE_BYTES = 1e9
const LONG_SECONDS = 3600

function costFindings(window: Window, replica: ReplicaFacts): Finding[] {
  const out: Finding[] = []
  const seconds = window.lastSeconds - window.firstSeconds
  if (window.bytes >= LARGE_BYTES || seconds >= LONG_SECONDS)
    out.push(
      finding(
        'LONG_REPLAY',
        'warning',
        `the window is ${window.transactions} transactions and ${window.bytes} bytes, which the source took ${seconds} s to write: the replay may take as long, and the replica shows old rows meanwhile`,
        { transactions: window.transactions, bytes: window.bytes, seconds },
      ),
    )
  const copies = replica.logsReplicated ? 'its relay log and its own binlog' : 'its relay log'
  if (window.bytes >= LARGE_BYTES || (replica.relayLogSpaceLimit > 0 && window.bytes > replica.relayLogSpaceLimit))
    out.push(
      finding(
        'DISK_SPACE',
        'warning',
        `the replica takes the window's ${window.bytes} bytes again into ${copies}: see that it has the room`,
        {
          bytes: window.bytes,
        },
      ),
    )
  return out
}

/** Where the replica stands, against the log that was read: without this, its window is not known. */
export function placeFindings(
  restart: Coordinate,
  replica: ReplicaFacts,
  source: { readonly serverId: number; readonly serverUuid: string | null },
  /** The source's files, oldest first, as far as they can be read. */
  log: readonly { readonly name: string; readonly size: number }[],
): Finding[] {
  const files = log.map((file) => file.name)
  if (isOtherServer(replica.source, source)) {
    return [
      finding(
        'LOG_IDENTITY',
        'blocking',
        `${replica.address} replicates from ${replica.source.host}:${replica.source.port} (server_id ${replica.source.serverId}), which is not the source that was read (server_id ${source.serverId}): coordinates of one mean nothing to the other. Give the server that it replicates from as --source`,
        { replicatesFrom: replica.source, source },
      ),
    ]
  }
  if (replica.execMode !== 'STRICT') {
    return [
      finding(
        'IDEMPOTENT_MODE',
        'blocking',
        `the replica applies in mode ${replica.execMode}: another repair may be at work, or was broken off, and then what it has executed is not yet all that it had. Finish that one first, as the end of its script says; if there was none, set the mode to STRICT (SET GLOBAL slave_exec_mode = 'STRICT'). Then plan again`,
        { execMode: replica.execMode },
      ),
    ]
  }
  const { executed } = replica
  if (executed.file === '') {
    return [
      finding(
        'AHEAD_OF_REPLICA',
        'blocking',
        `${replica.address} has executed nothing of its source yet, so that nothing can be replayed. Start it, and plan again`,
      ),
    ]
  }
  if (!files.includes(executed.file)) {
    return [
      finding(
        'LOG_IDENTITY',
        'blocking',
        `${replica.address} has executed up to ${formatCoordinate(executed)}, and the log that was read has no such file (${files[0] ?? 'none'} to ${files.at(-1) ?? 'none'}): it is another log, an old copy, or purged. Give the server that it replicates from as --source`,
        { executed: formatCoordinate(executed) },
      ),
    ]
  }
  const size = log[files.indexOf(executed.file)]?.size ?? 0
  if (executed.position > size) {
    return [
      finding(
        'LOG_IDENTITY',
        'blocking',
        `${replica.address} has executed up to ${formatCoordinate(executed)}, and that file ends at ${size} in the log that was read: it is an older copy, or another log with the same names. Give the server that the replica replicates from as --source, or a copy of its log as it is now`,
        { executed: formatCoordinate(executed), size },
      ),
    ]
  }
  const ahead = files.indexOf(restart.file) - files.indexOf(executed.file) || restart.position - executed.position
  if (ahead <= 0) return []
  return [
    finding(
      'AHEAD_OF_REPLICA',
      'blocking',
      `${formatCoordinate(restart)} lies behind what the replica has executed (${formatCoordinate(executed)}): a restart there would skip transactions. Choose an earlier time, or let the replica catch up first`,
      { executed: formatCoordinate(executed) },
    ),
  ]
}

function runningFindings(replica: ReplicaFacts): Finding[] {
  const out: Finding[] = []
  if (replica.channel.startsWith('group_replication_'))
    out.push(
      finding(
        'UNSUPPORTED_SERVER',
        'blocking',
        `channel ${replica.channel} belongs to group replication and has no coordinate to restart from. Remove the member and clone it again`,
      ),
    )
  if (!replica.applierRuns) return out
  if (!replica.receiverRuns)
    out.push(
      finding(
        'REPLICA_RUNNING',
        'blocking',
        "the replica's applier runs, but its receiver does not: the end of the window cannot be told. Start both or stop both, and plan again",
      ),
    )
  else
    out.push(
      finding('REPLICA_RUNNING', 'note', 'the replica runs: the script brings it to rest first and finds out where that is'),
    )
  return out
}

/** Also of the primary key alone: an idempotent replay inserts the row under the old key again, and then cannot move it to the new one. */
function updatesKeys({ updates, updatedColumns }: WindowTable, { keyColumns, seesColumns }: TableFacts): boolean {
  if (updates === 0 || !seesColumns) return false
  return updatedColumns === null || keyColumns === null || updatedColumns.some((column) => keyColumns.includes(column))
}

/** An idempotent insert of a parent that is there deletes it first. */
function changesParents({ inserts, deletes, updates, updatedColumns }: WindowTable, { referencedColumns }: TableFacts): boolean {
  if (inserts > 0 || deletes > 0) return true
  return (
    updates > 0 &&
    (updatedColumns === null || updatedColumns.some((column) => referencedColumns === null || referencedColumns.includes(column)))
  )
}

function tableFindings(table: TableFacts, window: Window, replica: ReplicaFacts): Finding[] {
  const name = `${table.schema}.${table.table}`
  if (!table.exists)
    return [
      finding(
        'DDL_IN_WINDOW',
        'blocking',
        `this account sees no table ${name} on the replica: it is not there, and the replay would stop with error 1146, or the account lacks every privilege on it, and its keys could not be checked. Grant SELECT on it, or accept it by name if the window itself makes the table`,
        { table: name },
      ),
    ]
  const out: Finding[] = []
  if (!table.hasPrimaryKey)
    out.push(
      finding(
        'NO_PRIMARY_KEY',
        'blocking',
        `${name} has no primary key: replayed inserts would make second rows. Copy its rows instead`,
        { table: name },
      ),
    )
  const changed = window.byTable.find((t) => t.schema === table.schema && t.table === table.table)
  if (changed !== undefined && table.parentOfCascade && changesParents(changed, table))
    out.push(
      finding(
        'FOREIGN_KEY_CASCADE',
        'blocking',
        `the window inserts or deletes rows of ${name}, or changes what other tables refer to, and their foreign keys cascade or set NULL: a replayed change of a parent takes children with it. Choose a restart behind these changes, or accept it by name only if no row of a child belongs to them`,
        { table: name, inserts: changed.inserts, deletes: changed.deletes },
      ),
    )
  if (table.triggers && replica.runsTriggers)
    out.push(
      finding(
        'TRIGGERS_RBR',
        'blocking',
        `${name} has triggers, and the replica runs them for row events (slave_run_triggers_for_rbr): what they write would be written a second time. Set it to NO for the repair, or accept it by name if repeating them does no harm`,
        { table: name },
      ),
    )
  if (!table.seesColumns)
    out.push(
      finding(
        'PRIVILEGE',
        'blocking',
        `the account does not see which columns the keys of ${name} have. Grant it SELECT on it, or accept it by name if no update in the window changes a key`,
        { table: name },
      ),
    )
  if (changed !== undefined && updatesKeys(changed, table)) {
    out.push(
      finding(
        'UNIQUE_KEY_MOVE',
        'blocking',
        `an update in the window gives a primary or unique key of ${name} another value: replayed over later rows, that can leave a row too many or make one vanish, without an error. Copy its rows instead, or choose a restart behind it. Accept it by name only if no other row has had a value that such an update took or gave up, and none of its rows was inserted in the window`,
        { table: name, updatedColumns: changed.updatedColumns, keyColumns: table.keyColumns },
      ),
    )
  }
  return out
}

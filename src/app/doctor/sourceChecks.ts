/** What a source must be, and let be seen, for its log to be read and a replica to be repaired from it. */
import type { SourceFacts } from '../../core/plan/sourceFacts.ts'
import type { LogSource } from '../../core/ports.ts'
import { formatUtcShort } from '../../core/time/format.ts'
import type { Need } from '../../dialect/privileges.ts'
import { BinpointError } from '../../errors.ts'
import { readHead } from '../head.ts'
import type { Check, Reporter } from './check.ts'
import type { Patient } from './server.ts'
import { privilegeCheck } from './server.ts'

/** Shorter than this, a loss on a Friday evening is out of reach on Monday. */
const LONG_ENOUGH_DAYS = 3
const ENOUGH_DAYS = 7
const DAY = 86_400

/** `log`: opens the source as the other commands do. */
export async function sourceChecks(
  patient: Patient,
  facts: SourceFacts,
  openLog: () => Promise<LogSource>,
  report: Reporter,
): Promise<Check[]> {
  const { needs } = patient
  const may = (id: string, need: Need, isNeeded: boolean, what: string): Check =>
    privilegeCheck(patient, report, { id, need, isNeeded, what })
  return [
    ...logChecks(facts, report),
    may('list-log', needs.listLog, true, 'list its binlog files'),
    may('read-log', needs.readLog, true, 'read its binlog'),
    ...(await reachChecks(patient, facts, openLog, report)),
    retentionCheck(facts, report),
    gtidCheck(facts, report),
    may('see-readers', needs.readers, false, 'see which servers replicate from it'),
    may('see-status', needs.status, false, 'see whether it replicates from the replica in turn'),
    may('read-rows', needs.rows, false, 'read all of its tables, as the comparison behind a repair does'),
    semiSyncCheck(facts, report),
  ]
}

function logChecks(facts: SourceFacts, report: Reporter): Check[] {
  if (!facts.logBin)
    return [report.fail('log-bin', 'it writes no binary log', 'log_bin and a server_id in its option file, and a restart')]
  return [
    report.pass('log-bin', 'it writes a binary log'),
    facts.usesInnoDbBinlog
      ? report.fail(
          'positions',
          'its binary log has no file positions',
          'binlog_storage_engine left out of its option file, and a restart',
        )
      : report.pass('positions', 'its binary log has file positions'),
    facts.binlogFormat === 'ROW'
      ? report.pass('binlog-format', 'it logs rows')
      : report.fail(
          'binlog-format',
          `it logs by ${facts.binlogFormat ?? 'an unknown format'}: statements cannot be replayed safely`,
          'SET GLOBAL binlog_format = ROW; (also in its option file; sessions that are connected keep their own, and MySQL 8.0 and later wants its own appliers stopped for it)',
        ),
    rowImageCheck(facts, report),
  ]
}

function rowImageCheck({ rowImage, rowValueOptions }: SourceFacts, report: Reporter): Check {
  // Servers without the setting log whole rows.
  if (rowImage !== null && rowImage !== 'FULL')
    return report.fail(
      'row-image',
      `it logs parts of rows only (binlog_row_image = ${rowImage}): a row that is lost cannot be made from them`,
      'SET GLOBAL binlog_row_image = FULL; (also in its option file; sessions that are connected keep their own)',
    )
  if (rowValueOptions !== '')
    return report.fail(
      'row-image',
      `it logs changes of JSON values in parts (binlog_row_value_options = ${rowValueOptions})`,
      "SET GLOBAL binlog_row_value_options = ''; (also in its option file; sessions that are connected keep their own)",
    )
  return report.pass('row-image', 'it logs whole rows')
}

/** Reads the head of the oldest file in the way in which all of the log is read. */
async function reachChecks(
  { privileges, needs }: Patient,
  facts: SourceFacts,
  openLog: () => Promise<LogSource>,
  report: Reporter,
): Promise<Check[]> {
  const has = (need: Need): boolean => privileges.hasAny(need.grant, ...need.or)
  if (!facts.logBin || facts.usesInnoDbBinlog || !has(needs.readLog) || !has(needs.listLog)) return []
  try {
    await using log = await openLog()
    const files = await log.listFiles()
    const [oldest] = files
    if (oldest === undefined) return [report.fail('reach', 'it has no binlog files')]
    const head = await readHead(log, oldest.name)
    const since = head?.format == null ? '' : `, begun ${formatUtcShort(head.format.stampSeconds * 1_000_000)}`
    return [report.pass('reach', `${files.length} binlog file(s) can be read, from ${oldest.name}${since}`)]
  } catch (error) {
    if (!(error instanceof BinpointError)) throw error
    return [report.fail('reach', `its binlog cannot be read: ${error.message}`, error.hint)]
  }
}

function retentionCheck({ expirySeconds, expiryVariable, sizeLimit }: SourceFacts, report: Reporter): Check {
  const enough = expiryVariable === 'expire_logs_days' ? ENOUGH_DAYS : ENOUGH_DAYS * DAY
  if (sizeLimit !== null)
    return report.warn(
      'retention',
      `it purges its log at any age once it has ${sizeLimit} bytes`,
      'a higher limit (max_binlog_total_size or binlog_space_limit)',
    )
  if (expirySeconds === null) return report.pass('retention', 'it keeps its log until somebody purges it')
  const days = expirySeconds / DAY
  const text = `it keeps its log for ${days < 1 ? `${expirySeconds} s` : `${Math.round(days * 10) / 10} day(s)`}`
  return days < LONG_ENOUGH_DAYS
    ? report.warn(
        'retention',
        `${text}: a loss that is found later cannot be replayed`,
        `SET GLOBAL ${expiryVariable} = ${enough}; (also in its option file)`,
      )
    : report.pass('retention', text)
}

function gtidCheck({ gtidMode, gtidBinlogPos }: SourceFacts, report: Reporter): Check {
  if (gtidMode !== null) {
    return /PERMISSIVE/.test(gtidMode)
      ? report.warn(
          'gtids',
          `gtid_mode is ${gtidMode}: only a part of its transactions have a GTID`,
          'finish the change of gtid_mode to ON or to OFF',
        )
      : report.pass('gtids', `gtid_mode is ${gtidMode}`)
  }
  return report.pass('gtids', gtidBinlogPos === null ? 'it has no GTIDs' : `its log stands at GTID ${gtidBinlogPos || '(none)'}`)
}

function semiSyncCheck({ semiSync }: SourceFacts, report: Reporter): Check {
  if (semiSync === null) return report.pass('semi-sync', 'its commits wait for no replica')
  const { clients, waits, waitForCount, timeoutMs, timeoutVariable } = semiSync
  const text = `its commits wait up to ${timeoutMs / 1000} s for ${waitForCount} of ${clients} semi-synchronous replica(s)`
  if (!waits || clients > waitForCount) return report.pass('semi-sync', text)
  return report.warn(
    'semi-sync',
    `${text}: a repair that stops one of them stalls it`,
    `SET GLOBAL ${timeoutVariable} = 1000; (for the time of the repair)`,
  )
}

/**
 * How each file that is not an ordinary closed or live binlog must end, and why. Every file that the manifest marks (relay, a format before
 * version 4, bad checksums, trailing bytes, notes, no reader at all) must be here: the tests see to it.
 */
import type { FileEndingKind } from '../../src/core/scan/ending.ts'

export interface Outcome {
  readonly kind: FileEndingKind
  readonly why: string
}

const facebook = 'facebookarchive+webscalesql-5.6'
const mysql = 'hqm001+mysql-8.0.39/mysql-test/std_data'
const suite = 'hqm001+mysql-8.0.39/mysql-test/suite/binlog/std_data'
const percona = 'session-replay-tools+percona-server-8.0.27-18/mysql-test/std_data/57_binlog_encryption'

export const outcomes: ReadonlyMap<string, Outcome> = new Map<string, Outcome>([
  // Before version 4, and what else has another shape.
  [`${facebook}/_history/fa30d8e530/mysql-test/std_data/master-bin.001`, { kind: 'old-format', why: 'MySQL 3.23, version 1' }],
  [`${facebook}/mysql-test/std_data/master-bin.000001`, { kind: 'old-format', why: 'MySQL 4.0.0, version 2' }],
  [
    `${facebook}/_history/d1a089a784/mysql-test/std_data/bug47142_master-bin.000001`,
    { kind: 'old-format', why: 'MySQL 4.1, version 3' },
  ],
  [`${suite}/ver_5_1-wl2325_r.001`, { kind: 'old-format', why: 'a development tree that numbered its event types otherwise' }],
  [`${suite}/ver_5_1-wl2325_s.001`, { kind: 'old-format', why: 'a development tree that numbered its event types otherwise' }],
  [
    'ottok+mariadb-10.3/mysql-test/std_data/mdev-4645-binlog_group_id.binlog',
    { kind: 'old-format', why: 'event headers of 27 bytes, by a patched 5.1 of 2010' },
  ],
  // Damaged.
  [`${mysql}/binlog_no_fd_event.000001`, { kind: 'damaged', why: 'no FORMAT_DESCRIPTION: it begins in the middle of an event' }],
  [
    `${mysql}/binlog_recovery/duplicate_xid_xa_prepare.000001`,
    { kind: 'damaged', why: 'its XA_PREPARE was edited, and fails its checksum' },
  ],
  [
    `${mysql}/binlog_recovery/malformed_xid_xa_rollback.000001`,
    { kind: 'damaged', why: 'its XA ROLLBACK was edited, and fails its checksum' },
  ],
  [`${mysql}/bug40482-bin.000001`, { kind: 'damaged', why: 'an INCIDENT whose number no server knows' }],
  [`${mysql}/binlog_truncated_event.000001`, { kind: 'truncated', why: 'ten bytes of its first event' }],
  [
    'osheroff+mysql-binlog-connector-java/src/test/resources/mysql-bin.aurora-padding',
    { kind: 'incomplete', why: 'cut behind a BEGIN' },
  ],
  // Relay logs: their events carry the positions of another server.
  [`${mysql}/binlog_savepoint.000001`, { kind: 'relay-log', why: 'an artificial ROTATE' }],
  [`${mysql}/corrupt-relay-bin.000624`, { kind: 'relay-log', why: 'an artificial ROTATE comes first, the damage far behind' }],
  [`${mysql}/rpl_gipk_equivalent_key.000001`, { kind: 'relay-log', why: 'marked as one' }],
  [`${mysql}/rpl_no_gipk_high_column_number.000001`, { kind: 'relay-log', why: 'marked as one' }],
  [`${mysql}/rpl_no_gipk_low_column_number.000001`, { kind: 'relay-log', why: 'marked as one' }],
  [`${mysql}/rpl_unfiltered_hidden_gcol.000001`, { kind: 'relay-log', why: 'marked as one' }],
  ['percona+percona-toolkit/t/lib/samples/relay-binlog001', { kind: 'relay-log', why: 'an artificial ROTATE' }],
  [`${percona}/ps_encrypted_slave-relay-bin.000001`, { kind: 'relay-log', why: 'marked as one; encrypted as well' }],
  [`${mysql}/slave-relay-bin.000001`, { kind: 'end', why: 'a relay log by name only: its bytes are a binlog’s, still in use' }],
  // Encrypted.
  [`${mysql}/rpl_nogtid_encryption_master-bin.000002`, { kind: 'encrypted', why: 'MySQL’s first four bytes say so' }],
  [`${percona}/ps_encrypted_master-bin.000002`, { kind: 'encrypted', why: 'Percona’s START_ENCRYPTION of 5.7' }],
  ['encrypted/mysql-9.7/mysql-bin.000001', { kind: 'encrypted', why: 'MySQL’s first four bytes say so' }],
  ['encrypted/mysql-9.7/mysql-bin.000002', { kind: 'encrypted', why: 'MySQL’s first four bytes say so' }],
  ['encrypted/mariadb-10.11/mysql-bin.000001', { kind: 'encrypted', why: 'MariaDB’s START_ENCRYPTION' }],
  ['encrypted/mariadb-10.11/mysql-bin.000002', { kind: 'encrypted', why: 'MariaDB’s START_ENCRYPTION' }],
  ['encrypted/mariadb-11.8/mysql-bin.000001', { kind: 'encrypted', why: 'MariaDB’s START_ENCRYPTION' }],
  ['encrypted/mariadb-11.8/mysql-bin.000002', { kind: 'encrypted', why: 'MariaDB’s START_ENCRYPTION' }],
  // Torn on purpose, forty bytes before the end.
  ['crash/mysql-5.6-torn/mysql-bin.000003', { kind: 'truncated', why: 'torn inside of its last event' }],
  ['crash/mysql-9.7-torn/mysql-bin.000003', { kind: 'truncated', why: 'torn inside of its last event' }],
  ['crash/mariadb-11.8-torn/mysql-bin.000003', { kind: 'truncated', why: 'torn inside of its last event' }],
])

/** Files of these are refused at their head: nothing in them is a coordinate. */
export const refused: readonly FileEndingKind[] = ['old-format', 'relay-log', 'encrypted']

/** Findings: facts that bear on the safety of an answer or of a plan. Some forbid a plan; some of these can be accepted by name. */
import type { FindingCode } from '../findings.ts'
import type { Explanation } from '../explanations.ts'

export const findingExplanations: Readonly<Record<FindingCode, Explanation>> = {
  PURGED: {
    means: 'The source does not have the part of its log any more that the answer or the repair needs.',
    matters: 'A replica can only be sent back to what the source still has.',
    todo: 'Copy the rows that differ from the source instead of replaying them. For reading, a copy of the purged files can be given as SOURCE.',
  },
  PURGE_SOON: {
    means: 'The source may purge the first file of the window before the replay has gone through it.',
    matters: 'The replay would stop in its middle, with error 1236.',
    todo: 'Make the source keep more for the time of the repair: binlog_expire_logs_seconds, or expire_logs_days on older servers.',
  },
  UNCHECKED: {
    means:
      'Something that decides safety was not looked at: the plan is for a dialect alone, or the answer is from the index alone.',
    matters: 'What nobody looked at may be the one thing that makes the repair harmful.',
    todo: 'Give --replica so that the server is inspected, and leave --offline out. Else check by hand what the message lists.',
  },
  INDEX_GAP: {
    means: 'A part of the log that the answer would rest on could not be read: it is damaged, missing, encrypted or unknown.',
    matters: 'Transactions may stand in the gap, so that no answer is given across it.',
    todo: 'binpoint status shows the gap and its cause. Bring the missing part, or ask for a time behind it.',
  },
  LOG_IDENTITY: {
    means:
      'The log that was read is not the one that the replica follows: another server, an old copy, or one that was reset since.',
    matters: 'The same file names mean other bytes there, and a coordinate of one log is a random place in the other.',
    todo: 'Give the server that the replica replicates from as --source, or a copy of its log as it is now.',
  },
  AHEAD_OF_REPLICA: {
    means: 'The coordinate lies behind what the replica has executed.',
    matters: 'A restart there would pass over transactions that the replica has not: it would make a loss, not heal one.',
    todo: 'Choose an earlier time or coordinate, or let the replica catch up first.',
  },
  GTID_SKIP: {
    means: 'The replica knows by GTID that it has executed the window, and would pass over all of it.',
    matters: 'The server accepts the old coordinate, shows Yes and Yes and 0 seconds behind, and heals nothing.',
    todo: 'Use strategy apply, which needs no GTIDs; auto chooses it by itself. On MariaDB use coordinates, or switch the replica to slave_pos.',
  },
  GTID_STRICT: {
    means: 'The replica runs with gtid_strict_mode, and logs what it applies.',
    matters: 'Replayed transactions have sequence numbers below the last one in its own log: the replay stops with error 1950.',
    todo: 'SET GLOBAL gtid_strict_mode = OFF for the time of the repair.',
  },
  UNIQUE_KEY_MOVE: {
    means:
      'An update in the window gives another value to a primary or unique key, so that a key value moved from one row to another.',
    matters:
      'Replayed onto the later rows, an insert may delete the row that holds the value now, and the update that would bring it back finds no row: a row vanishes, without an error.',
    todo: 'Choose a restart behind that update, or copy the rows instead. Accept it by name only if no value went from one row to another.',
  },
  LOOPBACK: {
    means:
      'The replica logs what it applies, the source reads that log, and does not filter the origins of some replayed transactions.',
    matters: 'They would go back to the source and be applied there a second time; its applier may stop, or undo later changes.',
    todo: "Choose a restart behind these transactions, or stop the source's own replication from this replica for the repair.",
  },
  SEMI_SYNC_LAST: {
    means:
      'The source waits for an acknowledgement by semi-synchronous replicas, and has no more of them than it waits for; the replica is one.',
    matters: 'While the replica is stopped, commits on the source wait until the time-out.',
    todo: 'Lower the time-out on the source for the repair (rpl_semi_sync_source_timeout or rpl_semi_sync_master_timeout), or add a replica.',
  },
  READS_GO_BACK: {
    means: 'While the window is replayed, its rows go through all of their old values once more.',
    matters: 'Clients that read from the replica see the past, and a failover in that time would make it the present.',
    todo: 'Take the replica out of traffic, and pause automatic failover until the repair is done.',
  },
  REPLICA_RUNNING: {
    means: 'The replica, or another channel of it, runs.',
    matters: 'The end of the window is only known at rest, and idempotent mode is for all channels of a server.',
    todo: 'A running replica is brought to rest by the repair itself. Stop the other channels for the repair where the message names them.',
  },
  TRIGGERS_RBR: {
    means:
      'The replica runs triggers for the rows that it applies (slave_run_triggers_for_rbr), and a table of the window has some.',
    matters: 'A replay fires them again: what they count or log is counted twice.',
    todo: 'SET GLOBAL slave_run_triggers_for_rbr = NO for the repair. Accept it by name if firing twice does no harm.',
  },
  DISK_SPACE: {
    means: 'The replica takes the whole window again into its relay log, and into its own binlog if it logs what it applies.',
    matters: 'A full disk stops the replay, and may stop the server.',
    todo: 'See that the room is there, and that relay_log_space_limit allows it.',
  },
  STATEMENT_FORMAT: {
    means: 'The window holds changes that were logged as statements.',
    matters: 'A statement that is run again changes the later rows: a counter would be raised twice.',
    todo: 'Choose a restart behind them, or copy the rows instead. Set binlog_format = ROW on the source.',
  },
  DDL_IN_WINDOW: {
    means:
      'Tables, schemas or other objects were created, changed or dropped in the window, or a table of it is not there on the replica.',
    matters: 'Run again, such a statement fails, or rows of the old layout land in the wrong columns of the new one.',
    todo: 'Choose a restart behind it, or copy the rows instead. Accept it by name only if you know what each statement does when it is run again.',
  },
  CREATE_OR_REPLACE: {
    means: 'MariaDB replays CREATE TABLE as CREATE OR REPLACE TABLE (slave_ddl_exec_mode is IDEMPOTENT unless it was changed).',
    matters: 'The table would be emptied, without an error; rows from before the window do not come back.',
    todo: 'Choose a restart behind the statement. slave_ddl_exec_mode = STRICT makes it fail instead.',
  },
  NO_PRIMARY_KEY: {
    means: 'A table of the window has no primary key.',
    matters: 'A replayed insert finds nothing that tells it that the row is there, and makes a second one.',
    todo: 'Add a primary key, or copy the rows of the table instead.',
  },
  NON_TRANSACTIONAL: {
    means: 'The window changes tables of an engine without transactions (MyISAM, Aria, MEMORY).',
    matters: 'A replay that is broken off leaves a half of a change behind, and a rollback does not take it back.',
    todo: 'Accept it by name if the tables are compared afterwards, or choose a restart behind these changes.',
  },
  FOREIGN_KEY_CASCADE: {
    means: 'The window inserts, deletes or re-keys rows that other rows refer to with CASCADE or SET NULL.',
    matters:
      'An idempotent insert of a parent deletes it first, and the children with it; those that the window does not write stay gone.',
    todo: 'Choose a restart behind these changes, or copy the rows instead.',
  },
  PARTIAL_ROW_IMAGE: {
    means:
      'Row events of the window do not hold all columns (binlog_row_image is not FULL, or JSON values were logged in parts).',
    matters: 'A lost row cannot be made again from an image that has only a part of it.',
    todo: 'Copy the rows instead. Set binlog_row_image = FULL on the source for the next time.',
  },
  OWN_EVENTS: {
    means: 'The window, or the log behind it, holds transactions that the replica wrote itself and the source replicated.',
    matters:
      'The replica filters its own server_id out. What the source had changed before would overwrite those later changes, and they do not come again: the repair would make a difference.',
    todo: 'Choose a restart behind them, let the replica catch up first, or use strategy apply, which sends them too.',
  },
  FILTERS: {
    means: 'The replica leaves out some schemas, tables, domains or origins.',
    matters:
      'What it filters is not healed by a replay through it; and what is sent past its filters writes rows that it was not meant to have.',
    todo: 'Decide whether the filtered rows belong on the replica. Change the filter, or accept the finding by name.',
  },
  PARALLEL_GAPS: {
    means: 'The replica applies with several workers and is stopped: it may have executed more than its position says.',
    matters: 'The end of the window would be too early, and the server refuses to be repositioned with error 1802.',
    todo: 'Run START REPLICA UNTIL SQL_AFTER_MTS_GAPS first (before MySQL 8.0.22: START SLAVE), and plan again. --execute does so itself.',
  },
  DELAYED: {
    means: 'The replica applies with a delay.',
    matters: 'It also waits with each replayed transaction, and what it has not applied yet is not lost.',
    todo: 'Set the delay to 0 for the repair, and see whether the difference is only the delay.',
  },
  XA_IN_WINDOW: {
    means: 'The window holds XA transactions that were prepared, committed or rolled back apart.',
    matters:
      'Those that end in the window are prepared and ended again. One that is left open cannot be prepared a second time while the replica holds it; and strategy apply sends none.',
    todo: 'A note needs nothing. Else end the open ones on the source, let the replica catch up and plan again, or copy the rows instead.',
  },
  OPEN_ACROSS_RESTART: {
    means:
      'Something is open at the coordinate: a prepared XA transaction, a temporary table, or an ALTER in two phases. A warning: the restart was moved back before it. Blocking: its beginning is not in the log, or it is an ALTER.',
    matters: 'A restart in between fails when the second half comes (1397, 1146).',
    todo: 'After a warning nothing: the coordinate that is given is the one to use. Else choose a restart behind it.',
  },
  POSITION_OVER_4G: {
    means: 'The position does not fit into 32 bits, as a transaction made its file larger than 4 GiB.',
    matters: 'Servers cut such a position off without a word, and read from a random place.',
    todo: 'A warning: the restart is the head of the next file, or an earlier boundary. Where the window ends there, have the source begin a new file (FLUSH BINARY LOGS), let the replica reach it, and plan again.',
  },
  NO_FILE_POSITIONS: {
    means: 'The source keeps its binlog in InnoDB (MariaDB 12.3, binlog_storage_engine), which has no file positions.',
    matters: 'Such a log can only be followed by GTID.',
    todo: 'Use the GTIDs of the log, or a source with an ordinary binlog.',
  },
  TRUNCATE_IN_WINDOW: {
    means: 'A table is truncated, or dropped and made again, in the window.',
    matters:
      'The replay empties it once more. Rows that were written behind it come back by the replay; rows that the replica has from elsewhere do not.',
    todo: 'See that the replica has no rows of its own there. Clients see the table empty for a while.',
  },
  SKIPPED_EVENTS: {
    means: 'The replica passes over something: a skip counter is set, errors are skipped, or events are marked to be skipped.',
    matters: 'Changes of the replay, or of what comes behind it, are lost without a sign.',
    todo: 'Set sql_replica_skip_counter (sql_slave_skip_counter) to 0, and start the replica without replica_skip_errors (slave_skip_errors).',
  },
  INCIDENT: {
    means: 'The source notes in its log that it lost events itself.',
    matters: 'These changes are in no log: a replay cannot bring them back, and a replica stops there.',
    todo: 'Copy the rows from the source instead.',
  },
  UNKNOWN_EVENT: {
    means: 'The window holds events that this version does not know, or row images that it could not look into.',
    matters: 'What they change, and whether a replay of it is safe, cannot be told.',
    todo: 'Choose a restart behind them, copy the rows instead, or try a newer binpoint.',
  },
  TIME_STATEMENT_START: {
    means: 'Stamps in this log say when statements started, not when they committed (MySQL before 8.0.1, MariaDB).',
    matters: 'A long statement commits long after its stamp, so that a stamp before the time does not prove a commit before it.',
    todo: 'Use the safe coordinate, which rests on proof. --margin D trusts that no statement ran for longer than D.',
  },
  CLOCK_STEP: {
    means: "The source's clock was put back around that place of its log.",
    matters: 'The time may have come twice. The earliest place counts, as that loses nothing.',
    todo: 'If the later one is meant, take a coordinate behind the step from binpoint ls.',
  },
  FUTURE_TIME: {
    means:
      'Transactions bear a stamp of the time or later, and yet committed before it: the stamp is forged (SET TIMESTAMP), or the time lies in the future.',
    matters: 'Such a stamp would draw the answer for every later time to itself, and does not count.',
    todo: 'Nothing, unless the time itself was mistyped.',
  },
  MARGIN: {
    means: 'The distance between the two coordinates was capped by --margin.',
    matters: 'A statement that ran for longer than the margin before it committed could be lost.',
    todo: 'Leave --margin out for proof, or give one that is longer than any statement runs.',
  },
  LOCAL_WRITES: {
    means: 'The replica has changes of its own that the source does not have, or may have them.',
    matters: 'The replay writes the older values of the source over them.',
    todo: 'Let the source catch up with the replica first. Accept it by name if nothing was written on the replica that must be kept.',
  },
  DOWNSTREAM: {
    means: 'Other servers read the binlog of the replica.',
    matters:
      'They get the replayed changes a second time, and stop, or get nothing of a repair that is not logged, and stay unhealed.',
    todo: 'Stop these readers for the repair and repair them afterwards, or accept it by name.',
  },
  LONG_REPLAY: {
    means: 'The window is large, or the source took long to write it.',
    matters: 'The replay may take as long, and the replica shows old rows meanwhile.',
    todo: 'Choose the latest restart that heals the loss, or a quiet hour. --wait says how long it may take.',
  },
  PRIVILEGE: {
    means: 'The account may not see something on the replica that decides safety, such as the foreign keys of all tables.',
    matters: 'What is hidden looks as if it were not there.',
    todo: 'Grant what the message says; binpoint doctor SOURCE REPLICA lists all that is missing. Accept it by name if you know that there is nothing to see.',
  },
  UNSUPPORTED_SERVER: {
    means: 'The server is of a kind, or is set up in a way, that this repair is not for.',
    matters: 'The statements would be refused, or mean something else there.',
    todo: "Follow the message: another strategy, or the provider's own procedures with the coordinate that binpoint at gives.",
  },
  ENCRYPTED_FILE: {
    means: 'A file of the log is encrypted, and its key is with the server.',
    matters: 'On disk it cannot be read.',
    todo: 'Read it through the server, which sends it in the clear: --source mysql://user@host:port.',
  },
  DAMAGED_FILE: {
    means: 'A file of the log is damaged at a place that the answer or the window needs.',
    matters: 'What stood there is unknown.',
    todo: 'Get the file from a backup or another server that has it, or choose a range that does not cross the place.',
  },
  REPLICATION_ERROR: {
    means: 'The applier of the replica has stopped with an error.',
    matters: 'It is often the first sign of a loss: a row to change is missing. The window ends where it stopped.',
    todo: 'Repair from before the loss; then the error goes away with it. If it was in a repair that was broken off, finish that one instead.',
  },
  FOREIGN_ORIGIN: {
    means: 'Transactions around the answer were first written by another server.',
    matters: "Their stamps are of that server's clock, and no evidence of this one's.",
    todo: 'Nothing: they were left out of the evidence.',
  },
  SET_TIMESTAMP: {
    means: 'Transactions around the answer bear stamps that are not of the time at which they were written.',
    matters: 'Such stamps are no evidence.',
    todo: 'Nothing: they were left out of the evidence.',
  },
  LONG_TRANSACTION: {
    means: 'A transaction had begun before the time, and committed behind it.',
    matters: 'It lies behind the safe coordinate, so that nothing of it is lost.',
    todo: 'Nothing. It explains why old changes are in the window.',
  },
  UNPROVEN: {
    means: 'The log does not prove anywhere before the time that all of the earlier transactions had committed.',
    matters: 'A safe coordinate would have to lie before the log that is there.',
    todo: 'Give --margin D to trust that no statement ran for longer than D, or a source that has older files.',
  },
  IDEMPOTENT_MODE: {
    means: 'The replica applies in idempotent mode already.',
    matters:
      'Another repair may be at work, or was broken off; and in this mode changes to missing rows are lost without a sign.',
    todo: 'Finish that repair first. If there was none, set the mode to STRICT, and plan again.',
  },
  GTID_RESET: {
    means: 'Strategy gtid throws away the own binlog of the replica, and writes anew which GTIDs it has executed.',
    matters: 'It cannot be undone. A reader that has not yet read all of that binlog loses what it has not.',
    todo: 'Prefer strategy apply. Accept it by name if each reader has all of the binlog, and no backup or change capture needs it.',
  },
  LARGE_EVENT: {
    means: 'The window has an event that, sent as a statement, is larger than the replica accepts.',
    matters: 'Strategy apply could not send it.',
    todo: 'Raise max_allowed_packet on the replica to what the message says, and plan again.',
  },
}

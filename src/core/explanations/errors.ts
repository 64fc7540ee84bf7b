/** Errors: a command did not run, or not to its end. */
import type { ErrorCode } from '../../errors.ts'
import type { Explanation } from '../explanations.ts'

export const errorExplanations: Readonly<Record<ErrorCode, Explanation>> = {
  USAGE: {
    means: 'The arguments cannot be meant so: an option is missing, unknown, given twice, or at odds with another.',
    matters: 'Nothing was read or changed.',
    todo: 'The message names the slip. Add --help behind the command to see all of its options.',
  },
  TIME_SYNTAX: {
    means: 'The text is not a time in one of the forms that are understood.',
    matters: 'A guess could be hours away from what was meant.',
    todo: 'Give 2026-11-30T12:00:00Z, "2026-11-30 12:00:00" with --tz, @1700000000, or "15m ago".',
  },
  TIME_WITHOUT_ZONE: {
    means: 'The time has neither an offset nor a zone.',
    matters: 'The zone of this machine need not be the one that the time is from, and an hour is many transactions.',
    todo: 'Add --tz with the zone (--tz Europe/Berlin, --tz +02:00), or a Z for UTC behind the time.',
  },
  TIME_AMBIGUOUS: {
    means: 'Clocks were put back in that zone, and it showed this time twice.',
    matters: 'The two readings are an hour apart.',
    todo: 'The message has both readings with their offsets: give the one that is meant.',
  },
  TIME_IMPOSSIBLE: {
    means: 'Clocks were put forward in that zone, and none ever showed this time; or the date does not exist.',
    matters: 'The time must have been written down wrongly, or is from another zone.',
    todo: 'Look at where the time comes from, and give it with its offset.',
  },
  ZONE_UNKNOWN: {
    means: 'The zone is neither an offset nor a name of the time zone database.',
    matters: 'Without the right zone no time can be told.',
    todo: 'Give a name such as America/Los_Angeles, or an offset such as +02:00.',
  },
  COORDINATE_SYNTAX: {
    means: 'The text is not a coordinate: a file name and a position, as mysql-bin.000042:1234.',
    matters: 'Nothing was read.',
    todo: 'Copy the coordinate as SHOW REPLICA STATUS or binpoint prints it.',
  },
  SOURCE_SYNTAX: {
    means: 'The text names neither a server nor files.',
    matters: 'Nothing was read.',
    todo: 'Give mysql://user@host:port, h=host,P=3306,u=user, a directory of binlog files, an .index file, or files.',
  },
  OPTION_FILE: {
    means: 'An option file, a certificate or a setting in one of them cannot be used.',
    matters: 'The account and the TLS mode come from there.',
    todo: 'See that the file is there and can be read, and look at the setting that the message names. my_print_defaults shows what the mysql client would read.',
  },
  NODE_TOO_OLD: {
    means: 'This version of Node.js is older than the oldest that binpoint runs on.',
    matters: 'It would fail in the middle of something.',
    todo: 'Install the version of Node.js that the message names, or a newer one.',
  },
  SOURCE_NOT_FOUND: {
    means: 'A path that was given, or a binlog file that was there a moment ago, cannot be found or read.',
    matters: 'A log with a part missing gives no safe answer.',
    todo: 'Check the path and its permissions. If the server purged the file meanwhile, run the command again.',
  },
  NO_BINLOGS: {
    means: 'There are no binlog files where they were looked for.',
    matters: 'There is nothing to read.',
    todo: "Give the folder of the server's log: SHOW VARIABLES LIKE 'log_bin_basename' names it.",
  },
  NOT_A_BINLOG: {
    means: 'The file does not begin as a binlog does.',
    matters: 'It may be compressed, encrypted by a backup tool, or another kind of log.',
    todo: 'Unpack it, or give the file that the server itself wrote.',
  },
  LOG_DAMAGED: {
    means: 'The log has a part that is not what a server writes: an event that is cut off, or whose checksum does not hold.',
    matters: 'What stood there is unknown, so that no answer is given across it.',
    todo: 'Get the file from a backup, or from a replica that has it. mysqlbinlog shows how far it can be read. For answers that do not need that part, choose a range that does not cross it.',
  },
  LOG_ENCRYPTED: {
    means: 'The file is encrypted, and its key is with the server that wrote it.',
    matters: 'On disk its events cannot be read.',
    todo: 'Read it through the server, which sends it in the clear: --source mysql://user@host:port.',
  },
  LOG_UNKNOWN_EVENT: {
    means: 'The log holds an event of a type that this version of binpoint does not know, and that may not be passed over.',
    matters: 'It may change rows, or end a transaction: what follows cannot be told safely.',
    todo: 'The server is newer than this binpoint: a newer one may know the event. Until then choose a range that does not cross it.',
  },
  LOG_OLD_FORMAT: {
    means: 'The log was written by a server from before MySQL 5.0.',
    matters: 'Its format is another one, which is not read.',
    todo: 'Use the mysqlbinlog of that time.',
  },
  LOG_RELAY: {
    means: 'The file is a relay log of a replica, not a binlog.',
    matters: 'Replication starts in the log of the source: positions in a relay log mean nothing there.',
    todo: "Give the source's log. binpoint ls lists a relay log, with the coordinates that its transactions have in the source's log.",
  },
  LOG_DISABLED: {
    means: 'The server writes no binary log.',
    matters: 'There is nothing to read, and nothing to replay.',
    todo: 'Start the server with log_bin and a server_id, or give the server that has the log.',
  },
  LOG_PURGED: {
    means: 'The server does not have that part of its log, or not any more.',
    matters: 'A replica cannot be restarted from there.',
    todo: 'Give a copy of the purged files as SOURCE for reading. For a repair, copy the rows from the source instead, and make the server keep its log for longer.',
  },
  LOG_IDENTITY: {
    means:
      'The log is not the one that was meant or indexed: it was reset, replaced, or belongs to another server with the same file names.',
    matters: 'A coordinate of one log means nothing in another.',
    todo: 'See that the server is the right one, and whether somebody ran RESET MASTER (RESET BINARY LOGS AND GTIDS). Then build the index again.',
  },
  CONNECT_FAILED: {
    means: 'The server cannot be reached, or no TLS can be agreed on.',
    matters: 'Nothing was read or changed.',
    todo: 'Check host and port, bind_address and firewalls; for TLS --ssl-mode and --ssl-ca. binpoint doctor says more.',
  },
  ACCESS_DENIED: {
    means: 'The server does not let the account in, or not to what was asked for.',
    matters: 'Nothing was read or changed.',
    todo: 'Check the name, the password and the host that the account is for. The password comes from an option file, BINPOINT_PASSWORD or --ask-pass.',
  },
  MISSING_PRIVILEGE: {
    means: 'The account may connect, but not do this.',
    matters: 'What it may not see cannot be checked.',
    todo: 'The hint has the GRANT. binpoint doctor SOURCE REPLICA lists all that are missing, at once.',
  },
  SERVER_ERROR: {
    means: 'The server refused a statement for a reason of its own.',
    matters: 'The message of the server and the statement are shown as they are.',
    todo: "Look the server's error number up in its manual, and in its error log.",
  },
  SERVER_ID_TAKEN: {
    means: 'Another reader of the log took the server_id that this one had chosen, and the server ended the stream.',
    matters: 'Readers are told apart by it. It is drawn anew each time, from numbers that nobody gives by hand.',
    todo: 'Run the command again.',
  },
  STREAM_LOST: {
    means: 'The connection broke, or the server has sent nothing for too long.',
    matters: 'What was read and indexed until then is kept, and whole.',
    todo: 'See that the server and the network are up, and run the command again: it goes on from there.',
  },
  TIMEOUT: {
    means: 'Something did not happen in the time that was given for it.',
    matters: 'A replay that takes long is not at fault by itself, but nobody waits for it now.',
    todo: 'Give a longer --timeout for a slow server, or a longer --wait for a long replay, and run the same command again.',
  },
  UNSUPPORTED_SERVER: {
    means: 'The server is of a kind, or stands in a state, that this command is not for; the message says which.',
    matters: 'Going on would be a guess.',
    todo: 'Follow the hint: another server, another strategy, or the procedures of the provider.',
  },
  INDEX_BUSY: {
    means: 'Another process is writing to the same index.',
    matters: "Two writers of one log would be in each other's way. Reading is always possible.",
    todo: 'Let that one do it, and ask again, or use an index of your own with --index.',
  },
  INDEX_FULL: {
    means: 'There is no room for the index on its disk.',
    matters: 'What was indexed until then is kept, and whole.',
    todo: 'Make room, remove old rows, or put the index elsewhere with --index.',
  },
  INDEX_NEWER: {
    means: 'The index was written by a newer version of binpoint.',
    matters: 'This version does not know what all of it means.',
    todo: 'Use the newer binpoint, or another file with --index.',
  },
  INDEX_CORRUPT: {
    means: 'The file is damaged, or is not an index of binpoint.',
    matters: 'No answer is taken from it.',
    todo: 'Remove it, or give another file with --index: an index is made again from the log at any time.',
  },
  INDEX_UNKNOWN_SOURCE: {
    means: 'The index has nothing of that source.',
    matters: 'An answer from the index alone cannot be given.',
    todo: 'Run binpoint index SOURCE, or give the source by a name that binpoint status shows.',
  },
  INDEX_UNWRITABLE: {
    means: 'The index cannot be written or read where it is.',
    matters: 'What is learnt of a log must be kept somewhere.',
    todo: 'Check the permissions of the file and its folder, or give another place with --index.',
  },
  PORT_IN_USE: {
    means: 'Another program listens on that port.',
    matters: 'replay cannot serve there.',
    todo: 'Give another --port, or none for a free one.',
  },
  JOURNAL: {
    means: 'The journal of a repair cannot be read, written, or used for what was asked.',
    matters: 'A repair that is broken off is finished or taken back by its journal alone: without one it does not begin.',
    todo: 'Check the folder beside the index. For --undo, give the path that the repair printed.',
  },
  REPLICA_MOVED: {
    means:
      'The replica is not where the repair left it: somebody started, stopped, reset or repositioned it, or it is another server.',
    matters: 'The next step was made for where it stood, and could lose changes now.',
    todo: 'Find out who did what. Then run the same command again: it goes on from the journal, or says why it cannot.',
  },
  REPLAY_FAILED: {
    means:
      'The replay of the window stopped, or did not arrive where it must; the message has the error, with the table where the server names it.',
    matters: 'A part of the window may not be healed. The replica is left stopped, or in strict mode.',
    todo: 'Remove the cause, and run the same command again: it goes on from the journal. --undo JOURNAL takes it back where that is still possible.',
  },
  REPAIR_BUSY: {
    means: 'Another repair is at work on this replica.',
    matters: 'Two repairs would replay over each other, and one would put back settings that the other needs.',
    todo: "Wait for it to end. It holds the lock 'binpoint repair' on the replica.",
  },
}

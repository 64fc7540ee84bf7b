/**
 * How SQL sees that an applier stands still. The states are those of the server's source, the same since MySQL 5.0 but for the first
 * word; an unknown one counts as busy, so that a wrong "at rest" cannot come of a new wording.
 */

const applier = `USER = 'system user' AND STATE LIKE '%has read all relay log%'`
const busy = [
  `USER = 'system user'`,
  `COMMAND <> 'Daemon'`,
  // Not STATE <> '': with sql_mode EMPTY_STRING_IS_NULL (MariaDB) that is never true.
  `CHAR_LENGTH(STATE) > 0`,
  `STATE NOT LIKE '%has read all relay log%'`,
  // A worker of a parallel applier with nothing to do: MariaDB, MySQL.
  `STATE NOT LIKE 'Waiting for work from%'`,
  `STATE NOT LIKE 'Waiting for an event from Coordinator%'`,
].join(' AND ')

/** Needs PROCESS; without it the account sees no applier, and the condition is false. */
export const isAtRest: string = `(SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ${applier}) = 1 AND NOT EXISTS (SELECT 1 FROM information_schema.PROCESSLIST WHERE ${busy})`

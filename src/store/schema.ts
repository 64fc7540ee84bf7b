/**
 * The index's schema as numbered migrations, applied in order inside one transaction. A file with a higher number was
 * written by a newer binpoint and is refused. Times are Unix microseconds (`_us`) or seconds; positions are byte offsets.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    server_uuid TEXT,
    server_id INTEGER NOT NULL,
    ended_by TEXT,
    revision INTEGER NOT NULL,
    state TEXT NOT NULL
  );
  CREATE UNIQUE INDEX log_current ON log (source) WHERE ended_by IS NULL;

  CREATE TABLE file (
    log INTEGER NOT NULL REFERENCES log ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    server_version TEXT NOT NULL,
    server_id INTEGER NOT NULL,
    stamp INTEGER NOT NULL,
    covered_from INTEGER NOT NULL,
    covered_end INTEGER NOT NULL,
    anchor_start INTEGER NOT NULL,
    anchor_crc INTEGER NOT NULL,
    ended_by TEXT,
    next TEXT,
    PRIMARY KEY (log, ordinal)
  ) WITHOUT ROWID;

  CREATE TABLE tick (
    log INTEGER NOT NULL REFERENCES log ON DELETE CASCADE,
    second INTEGER NOT NULL,
    file INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    max_us INTEGER,
    transactions INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (log, second, file, start)
  ) WITHOUT ROWID;

  CREATE TABLE bound (
    log INTEGER NOT NULL REFERENCES log ON DELETE CASCADE,
    not_after_us INTEGER NOT NULL,
    file INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (log, not_after_us)
  ) WITHOUT ROWID;

  CREATE TABLE arrival (
    log INTEGER NOT NULL REFERENCES log ON DELETE CASCADE,
    file INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    error_us INTEGER,
    PRIMARY KEY (log, file, "end")
  ) WITHOUT ROWID;

  CREATE TABLE checkpoint (
    log INTEGER NOT NULL REFERENCES log ON DELETE CASCADE,
    file INTEGER NOT NULL,
    start INTEGER NOT NULL,
    gtid_set TEXT NOT NULL,
    PRIMARY KEY (log, file, start)
  ) WITHOUT ROWID;

  CREATE TABLE landmark (
    log INTEGER NOT NULL REFERENCES log ON DELETE CASCADE,
    file INTEGER NOT NULL,
    start INTEGER NOT NULL,
    kind TEXT NOT NULL,
    last_start INTEGER NOT NULL,
    count INTEGER NOT NULL,
    detail TEXT,
    PRIMARY KEY (log, file, start, kind)
  ) WITHOUT ROWID;

  CREATE TABLE gap (
    log INTEGER NOT NULL REFERENCES log ON DELETE CASCADE,
    file INTEGER NOT NULL,
    position INTEGER NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (log, file, position)
  ) WITHOUT ROWID;
  `,
]

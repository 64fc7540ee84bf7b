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
  // Ticks in log order, with seconds that grow within a file only; times of bounds on the source's clock alone; steps of that clock.
  // Bounds by the stamps of rotations are dropped: they were of the start of the statement that rotated the log.
  `
  CREATE TABLE tick_by_file (
    log INTEGER NOT NULL REFERENCES log ON DELETE CASCADE,
    file INTEGER NOT NULL,
    second INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    max_us INTEGER,
    transactions INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (log, file, second, start)
  ) WITHOUT ROWID;
  INSERT INTO tick_by_file (log, file, second, start, "end", max_us, transactions, bytes)
    SELECT log, file, second, start, "end", max_us, transactions, bytes FROM tick;
  DROP TABLE tick;
  ALTER TABLE tick_by_file RENAME TO tick;

  DELETE FROM bound WHERE kind = 'file';
  ALTER TABLE file ADD COLUMN shown INTEGER NOT NULL DEFAULT 0;

  DROP TABLE arrival;
  CREATE TABLE arrival (
    log INTEGER NOT NULL REFERENCES log ON DELETE CASCADE,
    not_after_us INTEGER NOT NULL,
    file INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    error_us INTEGER NOT NULL,
    PRIMARY KEY (log, not_after_us)
  ) WITHOUT ROWID;

  ALTER TABLE landmark DROP COLUMN detail;
  ALTER TABLE landmark ADD COLUMN step_from INTEGER;
  ALTER TABLE landmark ADD COLUMN step_to INTEGER;
  CREATE INDEX landmark_step ON landmark (log, file, start) WHERE kind = 'clock-step';

  UPDATE log SET state = json_set(state,
    '$.clock', json_object('shownSeconds', coalesce(json_extract(state, '$.clockSeconds'), 0), 'floorSeconds', 0),
    '$.headClock', json_object('shownSeconds', coalesce(json_extract(state, '$.clockSeconds'), 0), 'floorSeconds', 0),
    '$.isExact', json('true'), '$.lastStamp', 0, '$.sessions', json('[]')) WHERE state <> 'null';
  `,
]

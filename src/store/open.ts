/**
 * Opens the index file: WAL, readable by its owner alone, migrated to the newest schema. A failure names the file and says
 * what to do; whatever was committed before stays.
 */
import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { BinpointError } from '../errors.ts'
import { migrations } from './schema.ts'

export type Sqlite = Database.Database

/** How long a writer waits for another one's short transaction (milliseconds). */
const BUSY_MS = 5000

export function openDatabase(path: string): Sqlite {
  return guarded(path, () => {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const db = new Database(path, { timeout: BUSY_MS })
    try {
      const found = schemaOf(db, path)
      if (path !== ':memory:') chmodSync(path, 0o600)
      migrate(db, found)
      return db
    } catch (error) {
      db.close()
      throw error
    }
  })
}

/** The number of the schema in the file, 0 in a new one. Nothing has been changed when it throws. */
function schemaOf(db: Sqlite, path: string): number {
  const look = db.transaction(() => ({
    found: db.pragma('user_version', { simple: true }) as number,
    tables: db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all(),
  }))
  const { found, tables } = look()
  if (found === 0 ? tables.length > 0 : !tables.includes('tick')) {
    throw new BinpointError('INDEX_CORRUPT', `${path} is an SQLite file, but not an index of binpoint`, {
      hint: 'give another file with --index',
    })
  }
  if (found > migrations.length) {
    throw new BinpointError(
      'INDEX_NEWER',
      `the index ${path} has schema ${found}, this binpoint knows up to ${migrations.length}`,
      {
        hint: 'use the newer binpoint, or another file with --index',
      },
    )
  }
  return found
}

function migrate(db: Sqlite, found: number): void {
  if (found === 0) {
    db.pragma('auto_vacuum = INCREMENTAL')
    db.pragma('journal_mode = WAL')
  }
  db.pragma('synchronous = NORMAL')
  db.pragma('foreign_keys = ON')
  if (found === migrations.length) return
  const upgrade = db.transaction(() => {
    // Another process may have migrated while this one waited for the lock.
    for (let n = db.pragma('user_version', { simple: true }) as number; n < migrations.length; n++) db.exec(migrations[n] ?? '')
    db.pragma(`user_version = ${migrations.length}`)
  })
  upgrade.immediate()
}

/** Runs an operation on the index; SQLite's errors become ours, by code. */
export function guarded<T>(path: string, operation: () => T): T {
  try {
    return operation()
  } catch (error) {
    throw translate(path, error)
  }
}

function translate(path: string, error: unknown): unknown {
  if (error instanceof BinpointError || !(error instanceof Error) || !('code' in error)) return error
  const code = String(error.code)
  const because = (
    text: string,
    hint: string,
    as: 'INDEX_BUSY' | 'INDEX_FULL' | 'INDEX_CORRUPT' | 'INDEX_UNWRITABLE',
  ): BinpointError => new BinpointError(as, `the index ${path} ${text} (${error.message})`, { hint, cause: error })
  // The only constraint that two processes can break together: a source has one current log.
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED') || code === 'SQLITE_CONSTRAINT_UNIQUE') {
    return because(
      'is being written by another process',
      'try again when it is done, or use another file with --index',
      'INDEX_BUSY',
    )
  }
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'SQLITE_IOERR_WRITE' || code === 'SQLITE_IOERR_SHMSIZE') {
    return because(
      'cannot grow: the disk is full',
      'free space or use another file with --index; what was committed is kept',
      'INDEX_FULL',
    )
  }
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return because(
      'is no SQLite file or is damaged',
      'move it away and run binpoint index again: it can be rebuilt from the binlogs',
      'INDEX_CORRUPT',
    )
  }
  if (
    code.startsWith('SQLITE_CANTOPEN') ||
    code.startsWith('SQLITE_READONLY') ||
    /^(EACCES|EPERM|EROFS|ENOTDIR|EISDIR|ENOENT|EEXIST)$/.test(code)
  ) {
    return because(
      'cannot be opened for writing',
      'check the path and its permissions, or use another file with --index',
      'INDEX_UNWRITABLE',
    )
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return because('cannot be read or written', 'see what the system log says of this disk', 'INDEX_UNWRITABLE')
  }
  return error
}

/**
 * A server's clock that a test moves while the server runs, by libfaketime in the server's process. Only the time of day moves: what a
 * server waits for is measured as before. After a step a clean shutdown may hang (MariaDB 10.11): kill such a server.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { availability, clockLibrary } from './cache.ts'
import type { ServerKind } from './catalog.ts'

export interface Clock {
  /** What the server's environment needs. */
  readonly env: Readonly<Record<string, string>>
  /** How far it is from the machine's clock from now on: the server's next look at it sees the step. */
  set(offsetSeconds: number): void
}

/** `folder`: for the file that the library reads the offset from. */
export function openClock(kind: ServerKind, folder: string): Clock {
  if (kind === 'mariadb-10.5') throw new Error(`the clock of ${kind} cannot be moved: its C library is older than libfaketime's`)
  const library = availability('faketime')
  if (!library.available) throw new Error(`the clock of ${kind} cannot be moved: ${library.why}`)
  const file = join(folder, 'clock')
  const set = (offsetSeconds: number): void => {
    // By a rename: it is read at every look at the clock, and must be whole each time.
    writeFileSync(`${file}.next`, `${offsetSeconds < 0 ? '-' : '+'}${Math.abs(offsetSeconds)}\n`)
    renameSync(`${file}.next`, file)
  }
  set(0)
  return {
    env: {
      LD_PRELOAD: clockLibrary(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      // With the fix, MySQL 9.7 waits for seconds in each timed wait.
      FAKETIME_FORCE_MONOTONIC_FIX: '0',
    },
    set,
  }
}

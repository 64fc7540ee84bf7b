/** An index of an earlier schema is taken over: what it knew stays, but for what turned out to prove nothing. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { buildIndex } from '../../src/app/index.ts'
import { openFileSource } from '../../src/source/files.ts'
import { migrations } from '../../src/store/schema.ts'
import { openStore } from '../../src/store/store.ts'
import { fixtureLog, temporaryFolder } from '../support/logs.ts'

test('schema 1: ticks in log order, no bounds by rotations, and the reading goes on where it was', async () => {
  const path = join(temporaryFolder(), 'index')
  const { folder } = fixtureLog('rollbar/active')
  await using source = openFileSource(folder, [folder])
  using fresh = openStore(':memory:')
  const { log: whole } = await buildIndex({ store: fresh, source })
  const files = fresh.files(whole)
  const [first] = files
  if (first === undefined || whole.state === null) throw new Error('the fixture has a log')

  const db = new Database(path)
  db.exec(migrations[0] ?? '')
  db.pragma('user_version = 1')
  const { clock: _clock, headClock: _headClock, isExact: _isExact, lastStamp: _lastStamp, ...state } = whole.state
  const old = { ...state, clockSeconds: first.stampSeconds, sessions: [[7, 0, 500]] }
  db.prepare('INSERT INTO log VALUES (1, ?, ?, NULL, 1, NULL, 3, ?)').run(folder, first.fingerprint, JSON.stringify(old))
  const putFile = db.prepare('INSERT INTO file VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  for (const f of files)
    putFile.run(
      f.ordinal,
      f.name,
      f.format,
      f.fingerprint,
      f.serverVersion,
      f.serverId,
      f.stampSeconds,
      f.coveredFrom,
      f.coveredEnd,
      f.anchorStart,
      f.anchorCrc,
      f.endedBy,
      f.next,
    )
  db.exec('INSERT INTO tick VALUES (1, 100, 0, 4, 40, NULL, 1, 36), (1, 200, 1, 4, 44, 200000000, 2, 40)')
  db.exec("INSERT INTO bound VALUES (1, 5000000, 0, 4, 'file'), (1, 6000000, 0, 40, 'session')")
  db.exec("INSERT INTO landmark VALUES (1, 0, 4, 'ddl', 4, 1, NULL)")
  db.close()

  using store = openStore(path)
  const log = store.currentLog(folder)
  if (log === null) throw new Error('the log is there')
  expect(store.dump(log)).toMatchObject({
    ticks: [
      { second: 100, file: 0, start: 4 },
      { second: 200, file: 1, maxUs: 200_000_000 },
    ],
    bounds: [{ not_after_us: 6_000_000, kind: 'session' }],
    landmarks: [{ kind: 'ddl', step: null }],
  })
  expect(store.files(log)).toEqual(files.map((file) => ({ ...file, shownSeconds: 0 })))
  expect(log.state).toMatchObject({ clock: { shownSeconds: first.stampSeconds, floorSeconds: 0 }, sessions: [] })
  expect(await buildIndex({ store, source })).toMatchObject({ outcome: 'resumed', transactions: 0, gaps: [] })
})

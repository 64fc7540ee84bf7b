/** Following a directory: what is written while it is watched is in the index as if it had been there from the start. */
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { buildIndex } from '../../src/app/index.ts'
import { openFileSource } from '../../src/source/files.ts'
import { openStore } from '../../src/store/store.ts'
import { fixtureLog, temporaryFolder } from '../support/logs.ts'

test.each(['rollbar/active', 'grammar/mariadb-11.8', 'crash/mysql-9.7'])('%s', async (name) => {
  const { files } = fixtureLog(name)
  const folder = temporaryFolder()
  const source = openFileSource(folder, [folder])
  using store = openStore(':memory:')
  const covered = (): string => {
    const log = store.currentLog(folder)
    return log === null
      ? ''
      : store
          .files(log)
          .map((file) => `${file.name}:${file.coveredEnd}`)
          .join(' ')
  }
  const stop = new AbortController()
  let running: ReturnType<typeof buildIndex> | null = null
  for (const { file, path } of files.slice(0, 3)) {
    const bytes = readFileSync(path)
    const middle = Math.floor(bytes.length / 2)
    // Half of it, inside of an event or a transaction, and the rest when that has been read; then a while with nothing new.
    for (const part of [bytes.subarray(0, middle), bytes.subarray(middle)]) {
      const before = covered()
      appendFileSync(join(folder, file), part)
      running ??= buildIndex({ store, source, follow: true, signal: stop.signal })
      while (covered() === before) await sleep(20)
    }
    await sleep(600)
  }
  stop.abort()
  const log = (await running)?.log
  using other = openStore(':memory:')
  const atOnce = await buildIndex({ store: other, source })
  expect(log === undefined ? null : store.dump(log)).toEqual(other.dump(atOnce.log))
})

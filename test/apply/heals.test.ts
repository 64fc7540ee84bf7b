/** Lost rows of a pair with GTIDs come back, and nothing else of the passive server changes. */
import { expect, test } from 'vitest'
import { applyWindow } from '../../src/app/apply/applyWindow.ts'
import { openServerSource } from '../../src/source/live.ts'
import { endOfLog, startPair } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { addressOf, checksums, expectAlive, loseBetween, logOf, openSession, untouched } from './story.ts'

describeWith('mysql-9.7', 'a window that is sent to a replica with GTIDs', () => {
  test('brings lost rows back', async () => {
    await using pair = await startPair({ kind: 'mysql-9.7' })
    const { active, passive } = pair
    await active.run(
      'CREATE DATABASE d',
      'CREATE TABLE d.t (id INT PRIMARY KEY, v INT, note VARCHAR(40))',
      "INSERT INTO d.t VALUES (1, 1, 'old'), (2, 2, 'old'), (3, 3, 'old')",
    )
    const window = await loseBetween(
      pair,
      async () => {
        for (let i = 10; i < 40; i++)
          await active.run(`INSERT INTO d.t VALUES (${i}, ${i}, 'lost')`, `UPDATE d.t SET v = v + 1 WHERE id = ${i}`)
        await active.run('DELETE FROM d.t WHERE id = 2')
      },
      async () => {
        await active.run("INSERT INTO d.t VALUES (100, 0, 'later')", 'UPDATE d.t SET v = 7 WHERE id = 3')
        // Written by the passive itself: the active's log has it, and the window.
        await passive.run("UPDATE d.t SET v = 8, note = 'own' WHERE id = 3")
      },
    )
    expect(await checksums(passive, ['d.t'])).not.toEqual(await checksums(active, ['d.t']))
    const before = await untouched(pair)
    await using session = await openSession(passive)
    const applied = await applyWindow({ source: logOf(active), ...window, choose: () => true, session })
    expect(applied).toMatchObject({ transactions: 64, rowsEvents: 64 })
    expect(await checksums(passive, ['d.t'])).toEqual(await checksums(active, ['d.t']))
    expect(await untouched(pair)).toEqual(before)
    await expectAlive(pair, 'd.t')
  })

  test('brings back rows that were deleted without a trace, out of several files and from the server', async () => {
    await using pair = await startPair({ kind: 'mysql-9.7' })
    const { active, passive } = pair
    await active.run('CREATE DATABASE d', 'CREATE TABLE d.t (id INT PRIMARY KEY, v INT)')
    await pair.caughtUp()
    const from = await endOfLog(active)
    for (let i = 1; i <= 30; i++) {
      await active.run(`INSERT INTO d.t VALUES (${i}, 0)`, `UPDATE d.t SET v = ${i} WHERE id = ${i}`)
      if (i % 10 === 0) await active.run('FLUSH BINARY LOGS')
    }
    await active.run('DELETE FROM d.t WHERE id = 30')
    await pair.caughtUp()
    await passive.run(
      'STOP REPLICA',
      'SET SESSION sql_log_bin = 0',
      'DELETE FROM d.t WHERE id % 3 = 0',
      'SET SESSION sql_log_bin = 1',
    )
    const before = await untouched(pair)
    const until = await endOfLog(active)
    await using session = await openSession(passive)
    await using source = await openServerSource(addressOf(active))
    await applyWindow({ source, from, until, choose: () => true, session })
    expect(await checksums(passive, ['d.t'])).toEqual(await checksums(active, ['d.t']))
    expect(await untouched(pair)).toEqual(before)
    await expectAlive(pair, 'd.t')
  })
})

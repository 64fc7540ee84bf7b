/** A transaction that a replica has written carries the commit stamps of two servers. No file at hand has one, so a server makes it, as appliers do. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readTransactions } from '../../src/app/window.ts'
import { openFileSource } from '../../src/source/files.ts'
import { mysqlbinlog, startServer } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { parseListing } from './listing.ts'
import { scanInDetail } from './scanned.ts'

const ORIGINAL_US = 1_700_000_000_123_456

describeWith('mysql-9.7', 'a transaction with the commit stamp of its origin', () => {
  test('has both stamps, and its length behind them', async () => {
    await using server = await startServer({ kind: 'mysql-9.7' })
    await server.run(
      'CREATE DATABASE d',
      'CREATE TABLE d.t (i INT PRIMARY KEY)',
      `SET original_commit_timestamp = ${ORIGINAL_US}`,
      'INSERT INTO d.t VALUES (1)',
    )
    const file = 'mysql-bin.000001'
    const path = join(server.binlogDir, file)
    const { stdout } = await mysqlbinlog('mysql-9.7', ['--base64-output=decode-rows', path])
    const listed = parseListing(stdout)
      .events.map(({ position, fields }) => ({
        start: position,
        original: fields.get('original_committed_timestamp'),
        immediate: fields.get('immediate_commit_timestamp'),
        length: fields.get('transaction_length'),
      }))
      .filter(({ length }) => length !== undefined)
    expect(listed.at(-1)?.original).toBe(ORIGINAL_US)

    await using source = openFileSource(path, [path])
    const transactions = await readTransactions({ source, from: { file, position: 4 } })
    const { lengths } = await scanInDetail(path)
    expect(
      transactions.map((t) => ({
        start: t.start,
        original: t.originalCommitUs,
        immediate: t.immediateCommitUs,
        length: lengths.get(t.start),
      })),
    ).toEqual(listed)
    expect(transactions.map(({ start, end }) => end - start)).toEqual(listed.map(({ length }) => length))
  })
})

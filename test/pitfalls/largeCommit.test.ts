/** MariaDB >= 11.7 begins a file for a large transaction, with a GTID event of kilobytes. */
import { expect, test } from 'vitest'
import { readTransactions } from '../../src/app/window.ts'
import { openLive } from '../source/liveSupport.ts'
import { settledEndOfLog, startServer } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { filesOf, indexedBy } from './written.ts'

const MIB = 1 << 20

describeWith('mariadb-11.8', 'on mariadb-11.8, from 10 MiB on', () => {
  test('it is one transaction at its GTID, the same from files and from the server', async () => {
    await using server = await startServer({ kind: 'mariadb-11.8', options: [`--binlog-large-commit-threshold=${10 * MIB}`] })
    await server.run(
      'CREATE DATABASE d',
      'CREATE TABLE d.t (i INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT)',
      "INSERT INTO d.t (v) VALUES ('small')",
      'BEGIN',
      ...Array.from({ length: 12 }, () => `INSERT INTO d.t (v) VALUES (REPEAT('x', ${MIB}))`),
      'COMMIT',
      "INSERT INTO d.t (v) VALUES ('behind')",
    )
    const transactions = await readTransactions({ source: filesOf(server), from: { file: 'mysql-bin.000001', position: 4 } })
    const large = transactions.find(({ tables }) => tables[0]?.rows === 12)
    expect(large).toMatchObject({ file: 'mysql-bin.000002', kind: 'rows', complete: true })
    expect((large?.end ?? 0) - (large?.start ?? 0)).toBeGreaterThan(12 * MIB)

    const listed = await server.query("SHOW BINLOG EVENTS IN 'mysql-bin.000002' LIMIT 10")
    const gtid = listed.find((row) => row['Event_type'] === 'Gtid')
    expect(Number(gtid?.['Pos'])).toBe(large?.start)
    // Padded up to where the events behind it were written before the file became a binlog.
    expect(Number(gtid?.['End_log_pos']) - (large?.start ?? 0)).toBeGreaterThan(3000)
    // The file is begun for it; what is committed afterwards follows in it.
    const inFile = transactions.filter(({ file }) => file === large?.file)
    expect(inFile.map(({ tables }) => tables[0]?.rows)).toEqual([12, 1])
    expect(inFile[1]?.start).toBe(large?.end)

    await settledEndOfLog(server)
    const fromFiles = await indexedBy(filesOf(server))
    await using live = await openLive(server)
    expect(await indexedBy(live)).toEqual(fromFiles)
  })
})

/** Several channels of one replica: each is told apart by its name, whatever letters that has. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { inspectSource } from '../../src/server/inspect/source.ts'
import { inspectReplica } from '../../src/server/replica.ts'
import { accounts, startServer } from '../support/servers/index.ts'
import type { Server } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { openAs } from './support.ts'

const login = (word: string, { host, port }: Server): string =>
  `${word}_HOST = '${host}', ${word}_PORT = ${port}, ${word}_USER = '${accounts.reader.user}', ${word}_PASSWORD = '${accounts.reader.password}'`

describeWith('mariadb-10.11', 'named connections of MariaDB', () => {
  test('have a skip counter each', async () => {
    await using source = await startServer({ kind: 'mariadb-10.11' })
    await using replica = await startServer({ kind: 'mariadb-10.11', serverId: 2 })
    const name = `it's "x"`
    const quoted = `'${name.replaceAll("'", "''")}'`
    await replica.run(
      `CHANGE MASTER ${quoted} TO ${login('MASTER', source)}, MASTER_LOG_FILE = 'mysql-bin.000001', MASTER_LOG_POS = 4`,
      `CHANGE MASTER 'other' TO ${login('MASTER', { ...source, port: 1 })}, MASTER_LOG_FILE = 'mysql-bin.000001', MASTER_LOG_POS = 4`,
      `SET default_master_connection = ${quoted}`,
      'SET GLOBAL sql_slave_skip_counter = 5',
      "START SLAVE 'other' SQL_THREAD",
    )
    await using connection = await openAs(replica)
    const { facts } = await inspectReplica(connection, name)
    expect(facts).toMatchObject({ channel: name, skipCounter: 5, applierRuns: false, otherRunning: ['other'] })
    expect(facts.channels).toEqual(
      expect.arrayContaining([
        { name, receiverRuns: false, applierRuns: false },
        { name: 'other', receiverRuns: false, applierRuns: true },
      ]),
    )
    const other = await inspectReplica(connection, 'other')
    expect(other.facts).toMatchObject({ skipCounter: 0, applierRuns: true, otherRunning: [] })
    await expect(inspectReplica(connection, '')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('2 channels'),
    })
    await expect(inspectReplica(connection, 'none')).rejects.toMatchObject({ code: 'USAGE' })
    await using ofSource = await openAs(source)
    await expect(inspectReplica(ofSource, '')).rejects.toMatchObject({ code: 'UNSUPPORTED_SERVER' })
  })
})

describeWith('mysql-9.7', 'channels of MySQL', () => {
  test('have their own filters, and the one from the replica is found among them', async () => {
    await using first = await startServer({ kind: 'mysql-9.7' })
    await using second = await startServer({ kind: 'mysql-9.7', serverId: 2, options: ['--performance-schema=ON'] })
    const to = (channel: string, server: Server): string =>
      `CHANGE REPLICATION SOURCE TO ${login('SOURCE', server)}, SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1 FOR CHANNEL '${channel}'`
    await second.run(
      to('one', first),
      to('nowhere', { ...first, port: 1 }),
      "CHANGE REPLICATION FILTER REPLICATE_IGNORE_TABLE = (d.t, d.u), REPLICATE_WILD_IGNORE_TABLE = ('x%.y') FOR CHANNEL 'nowhere'",
      "START REPLICA FOR CHANNEL 'one'",
    )
    for (let i = 0; i < 200; i++) {
      const [row] = await second.query("SHOW REPLICA STATUS FOR CHANNEL 'one'")
      if (row?.['Replica_IO_Running'] === 'Yes') break
      await sleep(50)
    }
    await using connection = await openAs(second)
    const { facts } = await inspectReplica(connection, 'nowhere')
    expect(facts).toMatchObject({
      otherRunning: ['one'],
      source: { serverId: 0, serverUuid: null },
      filters: { ignoreTable: ['d.t', 'd.u'], wildIgnoreTable: ['x%.y'], doTable: [] },
    })
    await using ofFirst = await openAs(first)
    const identity = { serverId: 1, hostname: '', port: 0, serverUuid: (await inspectSource(ofFirst, null)).serverUuid }
    const seen = await inspectSource(connection, identity)
    expect(seen.fromReplica).toMatchObject({ channel: 'one', autoPosition: true, receiverRuns: true })
  })
})

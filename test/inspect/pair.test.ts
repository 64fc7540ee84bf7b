/** What is seen of both servers of a real pair, by an account that may see all, and by one that may see little. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inspectSource } from '../../src/server/inspect/source.ts'
import type { InspectedReplica } from '../../src/server/replica.ts'
import { inspectReplica } from '../../src/server/replica.ts'
import { endOfLog, replicaStatus, startPair, words } from '../support/servers/index.ts'
import type { Pair, Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { createAccount, openAs } from './support.ts'

const kinds: readonly ServerKind[] = ['mysql-5.6', 'mysql-9.7', 'mariadb-10.5', 'mariadb-10.11', 'mariadb-11.8']

async function inspect(server: Server, account?: Parameters<typeof openAs>[1]): Promise<InspectedReplica> {
  await using connection = await openAs(server, account)
  return await inspectReplica(connection, '')
}

const anyUuid: unknown = expect.stringMatching(/^[-0-9a-f]{36}$/)

for (const kind of kinds) {
  describeWith(kind, `a pair of ${kind}`, () => {
    const isMysql = kind.startsWith('mysql')
    const isModern = kind === 'mysql-9.7'
    let pair: Pair
    beforeAll(async () => {
      pair = await startPair({
        kind,
        options: ['--performance-schema=ON', '--max-allowed-packet=32M', '--slave-skip-errors=1062'],
      })
      await pair.active.run('CREATE DATABASE d', 'CREATE TABLE d.t (id INT PRIMARY KEY)', 'INSERT INTO d.t VALUES (1)')
      await pair.caughtUp()
    })
    afterAll(() => pair[Symbol.asyncDispose]())

    test('the replica, as an administrator sees it', async () => {
      const { passive, active } = pair
      const { facts } = await inspect(passive)
      const executed = await replicaStatus(passive)
      const uuid = isMysql ? anyUuid : null
      expect(facts).toMatchObject({
        identity: { serverId: 2, serverUuid: uuid, port: passive.port },
        source: { host: active.host, port: active.port, serverId: 1, serverUuid: uuid },
        channels: [{ name: '', receiverRuns: true, applierRuns: true }],
        receiverRuns: true,
        applierRuns: true,
        executed: executed?.executed,
        applierError: null,
        autoPosition: isModern,
        usingGtid: isMysql ? null : 'No',
        gtidMode: isMysql ? (isModern ? 'ON' : 'OFF') : null,
        readOnly: false,
        superReadOnly: false,
        hasSuperReadOnly: isModern,
        eventScheduler: isModern,
        logBin: true,
        logsReplicated: true,
        binlogFormat: 'ROW',
        rowImage: 'FULL',
        ownLogEnd: await endOfLog(passive),
        readers: [{ serverId: 1, serverUuid: uuid, host: isMysql ? '' : '127.0.0.1' }],
        seesReaders: true,
        parallelWorkers: isModern ? 4 : 0,
        preservesCommitOrder: kind !== 'mysql-5.6',
        execMode: 'STRICT',
        skipCounter: 0,
        skipErrors: '1062',
        runsTriggers: false,
        semiSync: false,
        maxAllowedPacket: 32 << 20,
        relayLogSpaceLimit: 0,
        relayLogRecovery: false,
        sameServerId: false,
        seesAllKeys: true,
      })
      const [thread] = await passive.query(
        `SELECT ID AS id, HOST AS host FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'`,
      )
      expect(facts.binlogDumpThreads).toEqual([{ id: Number(thread?.['id']), host: thread?.['host'] }])
    })

    test('the GTIDs of the replica', async () => {
      const { facts } = await inspect(pair.passive)
      // The active's own: the database, the table, the row.
      const count = 3
      const [row] = isMysql
        ? await pair.passive.query('SELECT @@GLOBAL.gtid_executed AS executed')
        : await pair.passive.query('SELECT @@gtid_slave_pos AS slave, @@gtid_binlog_pos AS binlog, @@gtid_current_pos AS current')
      expect(facts).toMatchObject(
        isMysql
          ? {
              gtidExecuted: String(row?.['executed']).replaceAll('\n', ''),
              gtidPurged: '',
              gtidRetrieved: isModern ? `${facts.source.serverUuid}:1-${count}` : '',
              gtidSlavePos: null,
              gtidBinlogPos: null,
              gtidCurrentPos: null,
            }
          : {
              gtidExecuted: null,
              gtidPurged: null,
              gtidRetrieved: null,
              gtidSlavePos: row?.['slave'],
              gtidBinlogPos: row?.['binlog'],
              gtidCurrentPos: row?.['current'],
            },
      )
      expect(isMysql ? facts.gtidExecuted === '' : facts.gtidSlavePos === '').toBe(kind === 'mysql-5.6')
    })

    test('the source, with its own channel from the replica', async () => {
      const { facts } = await inspect(pair.passive)
      await using connection = await openAs(pair.active)
      const source = await inspectSource(connection, facts.identity)
      const own = await replicaStatus(pair.active)
      expect(source).toMatchObject({
        serverId: 1,
        serverUuid: facts.source.serverUuid,
        gtidMode: facts.gtidMode,
        logBin: true,
        binlogFormat: 'ROW',
        rowImage: 'FULL',
        usesInnoDbBinlog: false,
        expirySeconds: isModern ? 2_592_000 : null,
        sizeLimit: null,
        readers: [{ serverId: 2, serverUuid: facts.identity.serverUuid, host: isMysql ? '' : '127.0.0.1' }],
        semiSync: null,
        sameServerId: false,
        seesChannels: true,
        fromReplica: {
          channel: '',
          receiverRuns: true,
          applierRuns: true,
          executed: own?.executed,
          ignoredServerIds: [],
          autoPosition: isModern,
          usingGtid: isMysql ? null : 'No',
          error: null,
        },
      })
      expect(source.gtidBinlogState === null).toBe(isMysql)
      expect((await inspectSource(connection, { ...facts.identity, serverUuid: null, serverId: 7 })).fromReplica).toBeNull()
      expect((await inspectSource(connection, null)).fromReplica).toBeNull()
    })

    test('little is seen by an account that may do little, and nothing fails but the status', async () => {
      const monitor = isMysql ? 'REPLICATION CLIENT' : 'SLAVE MONITOR'
      const little = await createAccount(pair.passive, 'little', `${monitor} ON *.*`)
      const { facts } = await inspect(pair.passive, little)
      expect(facts).toMatchObject({ binlogDumpThreads: null, seesReaders: false, readers: [], seesAllKeys: false })
      expect(facts.ownLogEnd === null).toBe(!isMysql)
      const none = await createAccount(pair.active, 'nobody')
      await using connection = await openAs(pair.active, none)
      const source = await inspectSource(connection, facts.identity)
      expect(source).toMatchObject({
        serverId: 1,
        fromReplica: null,
        seesChannels: false,
        seesReaders: false,
        binlogFormat: 'ROW',
      })
      await expect(inspect(pair.active, none)).rejects.toMatchObject({ code: 'MISSING_PRIVILEGE' })
    })

    test('what is set on the replica, and a counter of events to pass over', async () => {
      const { passive } = pair
      const { replica } = words(passive)
      const counter = isModern ? 'sql_replica_skip_counter' : 'sql_slave_skip_counter'
      await passive.run(
        `STOP ${replica}`,
        'SET GLOBAL read_only = ON',
        'SET GLOBAL event_scheduler = ON',
        `SET GLOBAL slave_exec_mode = IDEMPOTENT`,
        'SET GLOBAL binlog_row_image = MINIMAL',
      )
      // With GTIDs a server refuses to pass over events.
      if (!isModern) await passive.run(`SET GLOBAL ${counter} = 3`)
      const { facts } = await inspect(passive)
      await passive.run(
        'SET GLOBAL read_only = OFF',
        'SET GLOBAL event_scheduler = OFF',
        `SET GLOBAL slave_exec_mode = STRICT`,
        'SET GLOBAL binlog_row_image = FULL',
      )
      if (!isModern) await passive.run(`SET GLOBAL ${counter} = 0`)
      await passive.run(`START ${replica}`)
      expect(facts).toMatchObject({
        applierRuns: false,
        receiverRuns: false,
        readOnly: true,
        eventScheduler: true,
        execMode: 'IDEMPOTENT',
        rowImage: 'MINIMAL',
        skipCounter: isModern ? 0 : 3,
      })
    })

    test('an error of the applier, with the table that it is about', async () => {
      const { active, passive } = pair
      await passive.run('SET sql_log_bin = 0', 'DELETE FROM d.t', 'SET sql_log_bin = 1')
      await active.run('DELETE FROM d.t')
      let facts = (await inspect(passive)).facts
      for (let i = 0; i < 200 && facts.applierRuns; i++) {
        await sleep(50)
        facts = (await inspect(passive)).facts
      }
      expect(facts.applierError).toEqual({ number: 1032, message: expect.stringContaining('d.t') })
      await using connection = await openAs(active)
      await expect(inspectSource(connection, facts.identity)).resolves.toMatchObject({ fromReplica: { error: null } })
      await using other = await openAs(passive)
      const seen = await inspectSource(other, { ...facts.identity, serverUuid: facts.source.serverUuid, serverId: 1 })
      expect(seen.fromReplica?.error).toContain('d.t')
    })
  })
}

describeWith('mariadb-10.11', 'semi-synchronous replication', () => {
  test('is seen on both sides', async () => {
    await using pair = await startPair({
      kind: 'mariadb-10.11',
      options: ['--rpl-semi-sync-master-enabled=ON', '--rpl-semi-sync-slave-enabled=ON', '--rpl-semi-sync-master-timeout=2500'],
    })
    await pair.active.run('CREATE DATABASE d')
    await pair.caughtUp()
    const { facts } = await inspect(pair.passive)
    expect(facts.semiSync).toBe(true)
    await using connection = await openAs(pair.active)
    const source = await inspectSource(connection, facts.identity)
    expect(source.semiSync).toEqual({
      clients: 1,
      waits: true,
      timeoutMs: 2500,
      waitForCount: 1,
      timeoutVariable: 'rpl_semi_sync_master_timeout',
    })
    await pair.passive.run('STOP SLAVE')
    expect((await inspect(pair.passive)).facts.semiSync).toBe(false)
  })
})

/** A repair that is not finished: put back before its replay has begun, refused after; and people who touch the replica meanwhile. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startBinpoint } from '../cli/child.ts'
import type { Running } from '../cli/child.ts'
import { accounts, endOfLog, replicaStatus, startPair } from '../support/servers/index.ts'
import type { Pair, Position, Server } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { checksums, createTables, execMode, trade, url } from '../repair/story.ts'
import { expectRepaired, journalOf, journalText, settings, temporaryFolder, until } from './brokenOff.ts'

const env = { BINPOINT_PASSWORD: accounts.admin.password }

for (const { kind, strategy, more = [] } of settings) {
  describeWith(kind, `repair by ${strategy} on ${kind}, broken off`, () => {
    test('before the replay is undone by its journal: all is as it was', async () => {
      await using pair = await startPair({ kind })
      using folder = temporaryFolder()
      const from = await loseRows(pair)
      const before = await stateOf(pair.passive)
      const run = start(pair, from, folder.path, ['--strategy', strategy, ...more])
      await until(() => journalText(folder.path).includes('"step":"stop"'))
      run.child.kill('SIGKILL')
      await run.ended
      const journal = join(folder.path, journalOf(folder.path) ?? '')
      const servers = ['--source', url(pair.active), '--replica', url(pair.passive), '--index', join(folder.path, 'index.sqlite')]
      const undone = await startBinpoint(['repair', '--undo', journal, ...servers], env).ended
      expect(undone).toMatchObject({ status: 0, stderr: expect.stringContaining('is as it was before the repair') })
      await pair.caughtUp()
      await expect.poll(() => stateOf(pair.passive), { timeout: 10_000 }).toEqual(before)
      // It has ended: another undo has nothing to put back.
      expect(await startBinpoint(['repair', '--undo', journal, ...servers], env).ended).toMatchObject({ status: 2 })
      expect((await start(pair, from, folder.path, ['--strategy', strategy, ...more]).ended).status).toBe(0)
      await expectRepaired(pair)
    })

    test('in the middle of the replay is only to be finished', async () => {
      await using pair = await startPair({ kind })
      using folder = temporaryFolder()
      const from = await loseRows(pair)
      await using blocker = await blockReplay(pair.passive)
      const run = start(pair, from, folder.path, ['--strategy', strategy, ...more])
      await until(() => /"step":"replay"|"name":"applying"/.test(journalText(folder.path)))
      await sleep(300)
      run.child.kill('SIGKILL')
      await run.ended
      const journal = join(folder.path, journalOf(folder.path) ?? '')
      const servers = ['--source', url(pair.active), '--replica', url(pair.passive), '--index', join(folder.path, 'index.sqlite')]
      const undone = await startBinpoint(['repair', '--undo', journal, ...servers], env).ended
      expect(undone).toMatchObject({ status: 2, stderr: expect.stringContaining('finish it') })
      await blocker.release()
      expect((await start(pair, from, folder.path, []).ended).status).toBe(0)
      await expectRepaired(pair)
    })
  })
}

describeWith('mysql-5.6', 'the journal of a repair on mysql-5.6', () => {
  test('is for its replica and its source, and for no other server', async () => {
    await using pair = await startPair({ kind: 'mysql-5.6' })
    using folder = temporaryFolder()
    const from = await loseRows(pair)
    const run = start(pair, from, folder.path, [])
    await until(() => journalText(folder.path).includes('"name":"end"'))
    run.child.kill('SIGKILL')
    await run.ended
    const { active, passive } = pair
    const journal = join(folder.path, journalOf(folder.path) ?? '')
    const index = ['--index', join(folder.path, 'index.sqlite')]
    const swapped = ['--source', url(passive), '--replica', url(active), ...index]
    const before = await stateOf(active)
    expect(await startBinpoint(['repair', '--undo', journal, ...swapped], env).ended).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is not the server that'),
    })
    expect(await stateOf(active)).toEqual(before)
    const other = ['repair', '--from', `${from.file}:${from.position}`, '--source', url(passive), '--replica', url(passive)]
    expect(await startBinpoint([...other, '--execute', '--yes', ...index], env).ended).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('LOG_IDENTITY'),
    })
    expect((await start(pair, from, folder.path, []).ended).status).toBe(0)
    await expectRepaired(pair)
  })
})

describeWith(['mysql-5.6', 'mariadb-10.11'], 'a replica that people touch during the replay', () => {
  const touches = [
    ['stopped by someone is said, and gone on with', ['STOP SLAVE']],
    ['started by someone without an end is stopped', ['STOP SLAVE', 'START SLAVE']],
  ] as const
  const kinds = ['mysql-5.6', 'mariadb-10.11'] as const
  test.each(kinds.flatMap((kind) => touches.map(([what, statements]) => ({ kind, what, statements }))))(
    '$kind: $what',
    async ({ kind, statements }) => {
      await using pair = await startPair({ kind })
      using folder = temporaryFolder()
      const from = await loseRows(pair)
      await using blocker = await blockReplay(pair.passive)
      const run = start(pair, from, folder.path, [])
      await until(() => journalText(folder.path).includes('"step":"replay"'))
      await sleep(500)
      const others = pair.passive.run(...statements)
      await sleep(300)
      await blocker.release()
      await others
      const ended = await run.ended
      // It may have come to the end of the window before that.
      const isDone = ended.status === 0
      expect(isDone || ended.stderr.includes('REPLICA_MOVED')).toBe(true)
      expect(await execMode(pair.passive)).toBe('STRICT')
      const again = isDone ? ended : await start(pair, from, folder.path, []).ended
      expect(again.status).toBe(0)
      await expectRepaired(pair)
    },
  )
})

for (const kind of ['mysql-5.6', 'mysql-9.7'] as const) {
  describeWith(kind, `a replica with parallel workers on ${kind}`, () => {
    test('is healed', async () => {
      const word = kind === 'mysql-5.6' ? 'slave' : 'replica'
      const options = [`--${word}-parallel-workers=4`, ...(kind === 'mysql-9.7' ? ['--replica-preserve-commit-order=OFF'] : [])]
      await using pair = await startPair({ kind, options, gtids: false })
      using folder = temporaryFolder()
      const from = await loseRows(pair)
      expect((await start(pair, from, folder.path, []).ended).stderr).not.toContain('error')
      await expectRepaired(pair)
    })
  })
}

/** Someone holds a row that the window changes. */
async function blockReplay(server: Server): Promise<AsyncDisposable & { readonly release: () => Promise<void> }> {
  const holder = await server.connect()
  await holder.query('BEGIN')
  await holder.query('SELECT * FROM shop.stock FOR UPDATE')
  const release = async (): Promise<void> => {
    await holder.query('ROLLBACK')
  }
  return {
    release,
    [Symbol.asyncDispose]: async () => {
      await holder.end()
    },
  }
}

function start({ active, passive }: Pair, from: Position, folder: string, more: readonly string[]): Running {
  const servers = ['--source', url(active), '--replica', url(passive)]
  const how = ['--execute', '--yes', '--wait', '60s', '--index', join(folder, 'index.sqlite')]
  return startBinpoint(['repair', '--from', `${from.file}:${from.position}`, ...servers, ...how, ...more], env)
}

async function loseRows(pair: Pair): Promise<Position> {
  const { active, passive } = pair
  await createTables(pair)
  await trade(active, 2)
  await pair.caughtUp()
  const from = await endOfLog(active)
  await trade(active, 5)
  await pair.caughtUp()
  await passive.run('SET SESSION sql_log_bin = 0', 'DELETE FROM shop.orders WHERE id > 8', 'SET SESSION sql_log_bin = 1')
  expect(await checksums(passive)).not.toEqual(await checksums(active))
  return from
}

/** What a repair must leave as it was. */
async function stateOf(server: Server): Promise<unknown> {
  const status = await replicaStatus(server)
  const variables = await server.query(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'event_scheduler', 'slave_exec_mode', 'replica_exec_mode', 'gtid_executed', 'gtid_slave_pos')",
  )
  return {
    runs: [status?.receiverRunning, status?.applierRunning],
    // Where places are found by GTID, it stands at the last transaction that was sent.
    executed: Number(status?.raw['Auto_Position'] ?? 0) === 1 ? null : status?.executed,
    follows: [status?.raw['Auto_Position'], status?.raw['Using_Gtid']],
    settings: variables.map((row) => Object.values(row).join(' = ')),
    rows: await checksums(server),
  }
}

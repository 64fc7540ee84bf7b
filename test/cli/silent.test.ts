/** A server that falls silent in the middle of a repair: an end within --timeout, and a repair that can be gone on with. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { checksums, loseTrade } from '../repair/story.ts'
import { accounts, startPair } from '../support/servers/index.ts'
import type { Pair, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import type { Outcome } from './run.ts'
import { binpoint, freshIndex } from './run.ts'
import { silentAfter } from './silentServer.ts'

interface Ports {
  readonly source?: number
  readonly replica?: number
}

function repair(pair: Pair, at: string, { source, replica }: Ports, index: string, ...more: readonly string[]): Promise<Outcome> {
  const url = (port: number): string => `mysql://${accounts.admin.user}@127.0.0.1:${port}`
  const servers = ['--source', url(source ?? pair.active.port), '--replica', url(replica ?? pair.passive.port)]
  const args = ['repair', '--at', at, '--skew', '0', '--margin', '0', '--ssl-mode', 'DISABLED', '--timeout', '1s', ...servers]
  const env = { BINPOINT_PASSWORD: accounts.admin.password }
  return binpoint([...args, '--index', index, ...more], { env, nowUs: Date.now() * 1000 })
}

function says(pattern: RegExp): (bytes: Buffer) => boolean {
  return (bytes) => pattern.test(bytes.toString('latin1'))
}

/** COM_BINLOG_DUMP, behind a packet's header. */
function isDump(bytes: Buffer): boolean {
  return bytes[4] === 0x12
}

for (const kind of ['mysql-9.7', 'mariadb-10.11'] satisfies ServerKind[]) {
  describeWith(kind, `a ${kind} that falls silent`, () => {
    test('while a repair is planned, or done', async () => {
      await using pair = await startPair({ kind, gtids: false })
      const at = await loseTrade(pair)
      const late = (port: number): Outcome => ({
        status: 2,
        stdout: '',
        stderr: expect.stringMatching(new RegExp(String.raw`127\.0\.0\.1:${port} did not answer.*\[TIMEOUT\]`, 's')),
      })
      for (const isLast of [says(/SHOW GRANTS/)]) {
        await using replica = await silentAfter(pair.passive, isLast)
        expect(await repair(pair, at, { replica: replica.port }, freshIndex())).toMatchObject(late(replica.port))
        expect(replica.isSilent()).toBe(true)
      }
      for (const isLast of [says(/SHOW (MASTER|BINARY) LOGS/), isDump]) {
        await using source = await silentAfter(pair.active, isLast)
        expect(await repair(pair, at, { source: source.port }, freshIndex())).toMatchObject({ status: 2, stdout: '' })
        expect(source.isSilent()).toBe(true)
      }
      const index = freshIndex()
      mkdirSync(dirname(index), { recursive: true })
      for (const isLast of [says(/STOP (SLAVE|REPLICA)/), says(/IDEMPOTENT/)]) {
        await using replica = await silentAfter(pair.passive, isLast)
        const done = await repair(pair, at, { replica: replica.port }, index, '--execute', '--yes', '--quiet')
        expect(done).toMatchObject(late(replica.port))
        expect(replica.isSilent()).toBe(true)
      }
      // What was broken off is gone on with, by a way that answers.
      expect(await repair(pair, at, {}, index, '--execute', '--yes', '--quiet')).toMatchObject({ status: 0, stderr: '' })
      expect(await checksums(pair.passive)).toEqual(await checksums(pair.active))
    })
  })
}

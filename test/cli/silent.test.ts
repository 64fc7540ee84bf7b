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
      for (const trigger of [/REFERENTIAL_CONSTRAINTS/]) {
        await using replica = await silentAfter(pair.passive, trigger)
        expect(await repair(pair, at, { replica: replica.port }, freshIndex())).toMatchObject(late(replica.port))
        expect(replica.isSilent()).toBe(true)
      }
      // The last one is the request for the log itself.
      for (const trigger of [/SHOW (MASTER|BINARY) LOGS/, /mysql-bin\.\d+$/]) {
        await using source = await silentAfter(pair.active, trigger)
        expect(await repair(pair, at, { source: source.port }, freshIndex())).toMatchObject({ status: 2, stdout: '' })
        expect(source.isSilent()).toBe(true)
      }
      const index = freshIndex()
      mkdirSync(dirname(index), { recursive: true })
      for (const trigger of [/STOP (SLAVE|REPLICA)/, /IDEMPOTENT/]) {
        await using replica = await silentAfter(pair.passive, trigger)
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

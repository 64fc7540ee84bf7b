/** A password is told to nobody: not by what is printed, the journal, the index, the servers' lists of threads, or a failure. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loseTrade } from '../repair/story.ts'
import { startPair } from '../support/servers/index.ts'
import type { Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import type { Outcome } from './run.ts'
import { binpoint, temporaryFolder } from './run.ts'

const SECRET = 'pw-THE-MARK-%41'
const WRONG = 'pw-THE-MARK-wrong'
const MARK = 'THE-MARK'

for (const kind of ['mysql-9.7', 'mariadb-10.11'] satisfies ServerKind[]) {
  describeWith(kind, `the password of a repair at ${kind}`, () => {
    test('is nowhere to be read, during it or after it', async () => {
      await using pair = await startPair({ kind, gtids: false })
      const at = await loseTrade(pair)
      for (const server of [pair.active, pair.passive]) await createRepairer(server)
      const folder = temporaryFolder()
      const home = temporaryFolder()
      writeFileSync(join(home, '.my.cnf'), `[client]\nuser=repairer\npassword="${SECRET}"\n`)
      const url = ({ port }: Server, account = ''): string => `mysql://${account}127.0.0.1:${port}`
      const run = (more: readonly string[], account = '', env = {}): Promise<Outcome> => {
        const servers = ['--source', url(pair.active, account), '--replica', url(pair.passive, account)]
        const args = ['repair', '--at', at, '--skew', '0', '--margin', '0', ...servers, '--index', join(folder, 'index.sqlite')]
        return binpoint([...args, ...more], { home, env, nowUs: Date.now() * 1000 })
      }
      const inText = `repairer:${encodeURIComponent(SECRET)}@`
      const wrong = { BINPOINT_PASSWORD: WRONG }
      const failures = [
        ...(await Promise.all([run([], 'repairer@', wrong), run(['--json'], 'repairer@', wrong)])),
        await run(['--json'], `repairer:${encodeURIComponent(WRONG)}@`),
        await run(['--json', '--execute', '--yes'], 'repairer@', wrong),
      ]
      expect(failures.map(({ status }) => status)).toEqual([2, 2, 2, 2])
      for (const failure of failures) expect(failure.stderr).toContain('ACCESS_DENIED')

      const planned = [await run([], inText), await run(['--json'])]
      expect(planned.map(({ status }) => status)).toEqual([0, 0])
      const watch = watchThreads([pair.active, pair.passive])
      const done = await run(['--execute', '--yes'])
      const seen = await watch.stop()
      expect(done.status).toBe(0)

      // It is seen there at all, by its name.
      expect(seen).toContain('repairer')
      expect(seen).not.toContain(MARK)
      for (const { stdout, stderr } of [...failures, ...planned, done]) expect(`${stdout}${stderr}`).not.toContain(MARK)
      const files = readdirSync(folder)
      expect(files.some((name) => name.endsWith('.jsonl'))).toBe(true)
      for (const name of files) expect(readFileSync(join(folder, name), 'latin1')).not.toContain(MARK)
    })
  })
}

/** Not in the binlog, so that it is this server's alone. */
async function createRepairer(server: Server): Promise<void> {
  await server.run(
    'SET sql_log_bin = 0',
    `CREATE USER 'repairer'@'%' IDENTIFIED BY '${SECRET}'`,
    "GRANT ALL ON *.* TO 'repairer'@'%'",
    'SET sql_log_bin = 1',
  )
}

interface Watch {
  /** All that was seen. */
  readonly stop: () => Promise<string>
}

function watchThreads(servers: readonly Server[]): Watch {
  const stop = new AbortController()
  const seen: string[] = []
  const watching = (async () => {
    while (!stop.signal.aborted) {
      for (const server of servers) seen.push(JSON.stringify(await server.query('SHOW FULL PROCESSLIST')))
    }
  })()
  return {
    stop: async () => {
      stop.abort()
      await watching
      return seen.join('\n')
    },
  }
}

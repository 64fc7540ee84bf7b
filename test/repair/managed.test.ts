/**
 * The script for a managed service, run by the servers' own client against procedures made here as Amazon's manual describes them. The
 * servers take themselves for Amazon's, as their basedir says so.
 */
import { expect, test } from 'vitest'
import { accounts, replicaStatus, startPair } from '../support/servers/index.ts'
import type { Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { checksums, loseTrade, repair, trade, url } from './story.ts'

interface Kind {
  readonly kind: ServerKind
  /** Which procedure repositions, as the version has it. */
  readonly set: string
  readonly mode: string
  /** In statements. */
  readonly words: { readonly replica: string; readonly source: string; readonly change: string; readonly more: string }
  readonly hasUntil: boolean
}

const kinds: readonly Kind[] = [
  {
    kind: 'mysql-9.7',
    set: 'rds_set_external_source',
    mode: 'replica_exec_mode',
    words: { replica: 'REPLICA', source: 'SOURCE', change: 'REPLICATION SOURCE', more: ', GET_SOURCE_PUBLIC_KEY = 1' },
    hasUntil: true,
  },
  {
    kind: 'mariadb-10.11',
    set: 'rds_set_external_master',
    mode: 'slave_exec_mode',
    words: { replica: 'SLAVE', source: 'MASTER', change: 'MASTER', more: ', MASTER_USE_GTID = no' },
    hasUntil: false,
  },
]

for (const kind of kinds) {
  describeWith(kind.kind, `a replica of ${kind.kind} as a managed service has it`, () => {
    test('is healed by the script and by what people do before and after it', async () => {
      await using pair = await startPair({ kind: kind.kind, gtids: false, options: ['--basedir=/rdsdbbin/here/'] })
      const { active, passive } = pair
      await makeProcedures(passive, kind)
      const at = await loseTrade(pair)
      await passive.run('CALL mysql.rds_stop_replication')
      const args = [...exactly(at), '--source', url(active), '--replica', url(passive)]

      const executed = await repair([...args, '--execute', '--yes'])
      expect(executed).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('Leave out --execute') })

      const { stdout: script, exitCode, stderr } = await repair(args)
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      await trade(active, 3)

      // As it is printed, without an account and in the strict mode, it changes nothing.
      const before = await standing(passive)
      expect(await passive.client(script)).toMatchObject(refused)
      const known = script
        .replaceAll('REPLICATION_USER', accounts.reader.user)
        .replaceAll('REPLICATION_PASSWORD', accounts.reader.password)
        .replace('@replication_tls = 1', '@replication_tls = 0')
      expect(await passive.client(known)).toMatchObject(refused)
      expect(await standing(passive)).toEqual(before)

      await passive.run(`SET GLOBAL ${kind.mode} = 'IDEMPOTENT'`)
      expect(await passive.client(known)).toMatchObject({ exitCode: 0 })
      const finish = finishOf(script)
      expect(await passive.client(finish)).toMatchObject(refused)
      await passive.run(`SET GLOBAL ${kind.mode} = 'STRICT'`)
      expect((await passive.client(finish)).stdout).toMatch(/\bok\s*$/)
      await pair.caughtUp()
      expect(await checksums(passive)).toEqual(await checksums(active))
    })

    test('is planned for while it runs only where something shows what it has executed', async () => {
      await using pair = await startPair({ kind: kind.kind, gtids: false, options: ['--basedir=/rdsdbbin/here/'] })
      const at = await loseTrade(pair)
      const args = [...exactly(at), '--source', url(pair.active), '--replica', url(pair.passive)]
      const running = await repair(args)
      expect(running.exitCode).toBe(kind.hasUntil ? 0 : 1)
      expect(running.stdout).toContain(
        kind.hasUntil ? 'CALL mysql.rds_start_replication_until(@file, @end);' : 'mysql.rds_stop_replication), and plan again',
      )
    })
  })
}

/** A statement of the script fails on purpose. */
const refused = { exitCode: 1, stderr: expect.stringContaining('1242') }

function exactly(at: string): readonly string[] {
  return ['--at', at, '--skew', '0', '--margin', '0']
}

/** What follows the script, out of its comments. */
function finishOf(script: string): string {
  const [, text = ''] = /finish the repair with\n((?:-- {3}.*\n)+)/.exec(script) ?? []
  return text.replaceAll(/^-- {3}/gm, '')
}

async function standing(server: Server): Promise<unknown> {
  const status = await replicaStatus(server)
  return { executed: status?.executed, receiver: status?.receiverRunning, applier: status?.applierRunning }
}

/** With the arguments of Amazon's manual, in its order. */
async function makeProcedures(server: Server, { set, words, hasUntil }: Kind): Promise<void> {
  const { replica, source, change, more } = words
  const run = (text: string): string => `BEGIN SET @t = ${text}; PREPARE p FROM @t; EXECUTE p; DEALLOCATE PREPARE p; END`
  const connection =
    `CONCAT('CHANGE ${change} TO ${source}_HOST = ', QUOTE(host), ', ${source}_PORT = ', port, ', ${source}_USER = ', QUOTE(user), ` +
    `', ${source}_PASSWORD = ', QUOTE(password), ', ${source}_LOG_FILE = ', QUOTE(file), ', ${source}_LOG_POS = ', position, ` +
    `', ${source}_SSL = ', tls, '${more}')`
  await server.run(
    'SET sql_log_bin = 0',
    `CREATE PROCEDURE mysql.rds_stop_replication() STOP ${replica}`,
    `CREATE PROCEDURE mysql.rds_start_replication() START ${replica}`,
    `CREATE PROCEDURE mysql.${set}(host VARCHAR(255), port INT, user VARCHAR(80), password VARCHAR(80), file VARCHAR(255), position BIGINT, tls INT) ${run(connection)}`,
    ...(hasUntil
      ? [
          `CREATE PROCEDURE mysql.rds_start_replication_until(file VARCHAR(255), position BIGINT) ${run(
            `CONCAT('START ${replica} UNTIL ${source}_LOG_FILE = ', QUOTE(file), ', ${source}_LOG_POS = ', position)`,
          )}`,
        ]
      : []),
    'SET sql_log_bin = 1',
  )
}

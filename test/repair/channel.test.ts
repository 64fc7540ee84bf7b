/** A replica that follows its source over a named channel or connection, the name of which holds a quote and a backslash. */
import { expect, test } from 'vitest'
import { accounts, endOfLog, startPair, words } from '../support/servers/index.ts'
import type { Pair } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { checksums, createTables, execMode, now, pause, repair, trade, url } from './story.ts'

const channel = String.raw`it's a \ name`
const quoted = `'${channel.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

/** Follows over the channel, from the end of the active's log: what it was not sent before is lost. */
async function followOverChannel({ active, passive }: Pair): Promise<void> {
  const { replica, source, modern } = words(passive)
  const { file, position } = await endOfLog(active)
  const options = [
    `${source}_HOST = '${active.host}', ${source}_PORT = ${active.port}`,
    `${source}_USER = '${accounts.reader.user}', ${source}_PASSWORD = '${accounts.reader.password}'`,
    `${source}_LOG_FILE = '${file}', ${source}_LOG_POS = ${position}`,
  ].join(', ')
  await passive.run(`STOP ${replica}`, `RESET ${replica} ALL`)
  if (modern) {
    await passive.run(
      `CHANGE REPLICATION SOURCE TO ${options}, GET_SOURCE_PUBLIC_KEY = 1 FOR CHANNEL ${quoted}`,
      `START REPLICA FOR CHANNEL ${quoted}`,
    )
  } else await passive.run(`CHANGE MASTER ${quoted} TO ${options}`, `START SLAVE ${quoted}`)
}

for (const kind of ['mysql-9.7', 'mariadb-10.11', 'mariadb-11.8'] as const) {
  describeWith(kind, `a named channel on ${kind}`, () => {
    test.each(['running', 'stopped'])('%s, is healed by the script', async (state) => {
      await using pair = await startPair(kind === 'mysql-9.7' ? { kind, gtids: false } : { kind })
      const { active, passive } = pair
      await createTables(pair)
      await trade(active, 3)
      await pair.caughtUp()
      await pause(2000)
      const at = await now(active)
      const { replica, modern } = words(passive)
      await passive.run(`STOP ${replica}`)
      await trade(active, 10)
      await followOverChannel(pair)
      await trade(active, 3)
      const reached = async (): Promise<number> => (await passive.query('SELECT id FROM shop.orders')).length
      await expect.poll(reached, { timeout: 20_000 }).toBe(12)
      expect(await checksums(passive)).not.toEqual(await checksums(active))
      if (state === 'stopped') await passive.run(modern ? `STOP REPLICA FOR CHANNEL ${quoted}` : `STOP SLAVE ${quoted}`)

      const given = ['--at', at, '--skew', '0', '--margin', '0', '--source', url(active), '--replica', url(passive)]
      const plan = await repair([...given, '--channel', channel])
      expect(plan).toMatchObject({ exitCode: 0, stderr: '' })
      expect(await repair([...given, '--channel', 'another'])).toMatchObject({ exitCode: 64, stdout: '' })
      expect(await passive.client(plan.stdout)).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\nok\n$/) })
      expect(await checksums(passive)).toEqual(await checksums(active))
      expect(await execMode(passive)).toBe('STRICT')
      await trade(active, 1)
      await expect.poll(() => checksums(passive), { timeout: 20_000 }).toEqual(await checksums(active))
    })
  })
}

/** A window as it is written on the active, of which the passive executes a part; then it is decided upon, and replayed. */
import { endOfLog, words } from '../support/servers/index.ts'
import type { Pair, Server } from '../support/servers/index.ts'
import type { Story } from './anyStory.ts'
import { contents, decide } from './decided.ts'
import type { Way } from './ways.ts'
import { gtidExecuted } from './ways.ts'

/** Throws where the decision was wrong. */
export async function tell(way: Way, pair: Pair, schema: string, story: Story): Promise<'replayed' | 'refused'> {
  const { active, passive } = pair
  await active.run(`CREATE DATABASE ${schema}`)
  for (const statement of story.before) await succeeds(active, statement)
  await pair.caughtUp()
  await passive.run(`STOP ${words(passive).replica}`, 'SET sql_log_bin = 0')
  const [from, before] = [await endOfLog(active), await gtidExecuted(active)]
  const done: Story['window'][number][] = []
  for (const one of story.window) if (done.length < story.length && (await succeeds(active, one.statement))) done.push(one)
  const [to, after] = [await endOfLog(active), await gtidExecuted(active)]
  // As the applier does it: rows by key, whatever was there before.
  for (const { statement, isLost } of done) if (!isLost) await succeeds(passive, statement.replace(/^INSERT/, 'REPLACE'))
  await passive.run('SET sql_log_bin = 1')
  await way.pretend(pair, to)

  const decided = await decide(pair, { from, to })
  if (decided.blocks.length > 0) return 'refused'
  const failure = await way.replay(pair, decided, { before, after }).catch(String)
  const [here, there] = [await contents(active, [schema]), await contents(passive, [schema])]
  if (failure !== 0 || JSON.stringify(here) !== JSON.stringify(there))
    throw new Error(JSON.stringify({ failure, before: story.before, done, decisions: decided.decisions, here, there }, null, 1))
  return 'replayed'
}

function succeeds(server: Server, statement: string): Promise<boolean> {
  return server.query(statement).then(
    () => true,
    () => false,
  )
}

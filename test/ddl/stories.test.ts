/**
 * Any DDL in a window, of which the passive has executed any part: decided upon, and replayed by hand as decided, both servers are equal, in
 * data and definitions; or it is refused. `STORIES=300 SEED=7` tells more of them, and others.
 */
import { expect, test } from 'vitest'
import { describeWith } from '../support/servers/with.ts'
import { storyFrom } from './anyStory.ts'
import { tell } from './tell.ts'
import { ways } from './ways.ts'

const stories = Number(process.env['STORIES'] ?? 8)
const seed = Number(process.env['SEED'] ?? 1)

for (const way of ways) {
  describeWith(way.kind, `DDL in a window of ${way.name}`, () => {
    test('is replayed, and both are equal, or refused', async () => {
      await using pair = await way.start()
      const outcomes: string[] = []
      for (let number = 0; number < stories; number++) {
        const schema = `s${number}`
        outcomes.push(await tell(way, pair, schema, storyFrom(seed * 100_003 + number, schema, way.kind.startsWith('mariadb'))))
      }
      expect(outcomes.filter((outcome) => outcome === 'replayed').length).toBeGreaterThan(stories / 3)
    })
  })
}

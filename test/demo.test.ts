/** `make demo`, as it runs after a build: ends well, and names the coordinate that the servers named. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

test('the demo shows the moment of the loss, from a stream, and the statement that restarts there', async () => {
  const { divergence } = JSON.parse(readFileSync(join(root, 'fixtures/rollbar/story.json'), 'utf8'))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(root, 'scripts/demo.ts')])
  expect(stderr).toBe('')
  expect(stdout).toContain(`at the latest  ${divergence.file}:${divergence.position} `)
  expect(stdout).toMatch(/^restart here {3}mysql-bin\.000002:\d+ /m)
  expect(stdout).toMatch(/^CHANGE MASTER TO MASTER_LOG_FILE = 'mysql-bin\.000002', MASTER_LOG_POS = \d+, /m)
})

/**
 * `make fixtures`: makes the binlogs in fixtures/ again from their SQL, on the real servers that `make servers` fetched. With names
 * (`node scripts/fixtures.ts rollbar grammar`): only those folders. A fixture whose server is not here stays as it is.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { availability } from '../test/support/servers/index.ts'
import { listFixtures } from './fixtures/list.ts'
import { withTable } from './fixtures/readme.ts'

const root = join(import.meta.dirname, '../fixtures')
const names = process.argv.slice(2)
const fixtures = listFixtures(root)
const wanted = fixtures.filter(
  ({ name }) => names.length === 0 || names.some((prefix) => name === prefix || name.startsWith(`${prefix}/`)),
)
if (wanted.length === 0)
  throw new Error(`no fixture is called ${names.join(' or ')}: there are ${fixtures.map(({ name }) => name).join(', ')}`)

for (const fixture of wanted) {
  const { name, kind } = fixture
  const server = availability(kind)
  if (server.available) await fixture.make()
  console.log(`${name.padEnd(28)} ${server.available ? 'made' : `left as it is: ${kind} is not here: ${server.why}`}`)
}
const page = join(root, 'README.md')
writeFileSync(page, withTable(readFileSync(page, 'utf8'), root, fixtures))

/** What the log alone forbids: plans from files, without a server. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { binpoint, fixtures, freshIndex, temporaryFolder } from './run.ts'
import { active, story } from './story.ts'

interface Refusal {
  readonly status: number
  readonly steps: number | null
  /** Blocking ones first. */
  readonly codes: readonly string[]
}

async function plan(args: readonly string[]): Promise<Refusal> {
  const { status, stdout } = await binpoint(['repair', ...args, '--index', freshIndex(), '--json'])
  const { plan: made, findings } = JSON.parse(stdout)
  const blocking = findings.filter((one: { severity: string }) => one.severity === 'blocking')
  return { status, steps: made === null ? null : made.steps.length, codes: blocking.map((one: { code: string }) => one.code) }
}

describe('a hole in the log', () => {
  const { divergence, lost } = story

  /** A copy of the story's log with one event that says a size that none has, at this position. */
  function damagedAt(position: number): string {
    const folder = join(temporaryFolder(), 'log')
    cpSync(active, folder, { recursive: true })
    const path = join(folder, divergence.file)
    const bytes = readFileSync(path)
    bytes.writeUInt32LE(7, position + 9)
    writeFileSync(path, bytes)
    return folder
  }

  test('before the time: no coordinate, as the time may lie in it', async () => {
    const source = damagedAt(divergence.position)
    const late = ['--at', lost.lastTime, '--source', source]
    expect(await plan([...late, '--dialect', 'mysql-5.6'])).toEqual({ status: 1, steps: null, codes: ['INDEX_GAP'] })
    const answer = await binpoint(['at', lost.lastTime, '--source', source, '--index', freshIndex(), '--json'])
    expect(answer.status).toBe(1)
    expect(JSON.parse(answer.stdout)).toMatchObject({ outcome: 'gap', safe: null, latest: null })
  })

  test('behind the restart: the window cannot be read to its end', async () => {
    const source = damagedAt(lost.end.position)
    const from = ['--from', `${divergence.file}:${divergence.position}`, '--source', source]
    expect(await plan([...from, '--dialect', 'mysql-5.6'])).toEqual({ status: 1, steps: null, codes: ['INDEX_GAP'] })
    // The coordinate of a time before it is still known.
    const answer = await binpoint(['at', divergence.time, '--source', source, '--index', freshIndex(), '--json'])
    expect(JSON.parse(answer.stdout)).toMatchObject({ outcome: 'located', latest: { position: divergence.position } })
  })

  test('where a file is missing', async () => {
    const folder = join(temporaryFolder(), 'log')
    cpSync(active, folder, { recursive: true })
    rmSync(join(folder, divergence.file))
    // Its index still names it, and the next file is there.
    const late = ['--at', lost.lastTime, '--source', folder, '--dialect', 'mysql-5.6']
    expect(await plan(late)).toEqual({ status: 1, steps: null, codes: ['INDEX_GAP'] })
  })
})

describe('a whole log with everything in it', () => {
  test.each([
    ['grammar/mysql-5.6', 'mysql-5.6', ['STATEMENT_FORMAT', 'DDL_IN_WINDOW', 'NON_TRANSACTIONAL']],
    ['grammar/mysql-9.7-no-gtids', 'mysql-9.7', ['STATEMENT_FORMAT', 'DDL_IN_WINDOW', 'NON_TRANSACTIONAL']],
    ['grammar/mysql-9.7', 'mysql-9.7', ['GTID_SKIP']],
    ['grammar/mariadb-10.11', 'mariadb-10.11', ['CREATE_OR_REPLACE', 'STATEMENT_FORMAT', 'DDL_IN_WINDOW']],
    ['grammar/mariadb-11.8', 'mariadb-11.8', ['CREATE_OR_REPLACE', 'OPEN_ACROSS_RESTART']],
    ['incident/mysql-5.6', 'mysql-5.6', ['INCIDENT']],
    ['incident/mysql-9.7', 'mysql-9.7', ['INCIDENT']],
  ])('%s is refused from its head, by name', async (name, dialect, codes) => {
    const from = ['--from', 'mysql-bin.000001:4', '--source', join(fixtures, name), '--dialect', dialect]
    const refused = await plan(from)
    expect(refused).toMatchObject({ status: 1, steps: 0 })
    expect(refused.codes).toEqual(expect.arrayContaining(codes))
  })

  test.each(['encrypted/mariadb-10.11', 'encrypted/mysql-9.7'])('%s gives no plan', async (name) => {
    const from = ['--from', 'mysql-bin.000001:4', '--source', join(fixtures, name), '--dialect', 'mariadb-10.11']
    expect(await plan(from)).toMatchObject({ status: 1, steps: null, codes: ['ENCRYPTED_FILE'] })
  })
})

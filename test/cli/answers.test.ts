/** What each command answers on real logs: text and JSON, exit statuses, and that the JSON is what the schemas say. */
import { join } from 'node:path'
import { readdirSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { binpoint, fixtures, freshIndex, temporaryFolder } from './run.ts'
import { expectValid, schemaNames } from './schema.ts'
import { active, story } from './story.ts'

const { divergence } = story
const lines = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

/** Every folder of fixtures with a binlog index in it. */
const logs = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('mysql-bin.index'))
  .map((path) => path.replace(/\/mysql-bin\.index$/, ''))
  .sort()

describe('at', () => {
  test('prints the coordinate first, and what to type next', async () => {
    const { status, stdout, stderr } = await binpoint(['at', divergence.time, '--source', active, '--index', freshIndex()])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^restart here +mysql-bin\.\d{6}:\d+ /)
    expect(stdout).toContain(`at the latest  ${divergence.file}:${divergence.position} `)
    expect(stdout).toContain(`next           binpoint repair --at ${divergence.time} --source ${active} --replica`)
    expect(stdout).toContain('\nwarning TIME_STATEMENT_START\n')
  })

  test('prints JSON: latest is where mysqlbinlog saw the first lost transaction, safe is not behind it', async () => {
    const { status, stdout, stderr } = await binpoint([
      'at',
      divergence.time,
      '--source',
      active,
      '--index',
      freshIndex(),
      '--json',
    ])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const answer = JSON.parse(stdout)
    expectValid('at', answer)
    expect(answer).toMatchObject({
      outcome: 'located',
      source: active,
      asked: { time: divergence.time.replace('Z', '.000000Z') },
      latest: { file: divergence.file, position: divergence.position },
      safe: { file: divergence.file },
    })
    expect(answer.safe.position).toBeLessThanOrEqual(divergence.position)
  })

  test('has no coordinate for a time before the log: exit 1, or 0 with --exit-zero', async () => {
    const asked = ['at', '1999-12-31T23:59:59Z', '--source', active, '--index', freshIndex()]
    const text = await binpoint(asked)
    expect(text).toMatchObject({ status: 1, stderr: '', stdout: expect.stringMatching(/^no coordinate +the time lies before/) })
    const json = await binpoint([...asked, '--json'])
    expect(json.status).toBe(1)
    expectValid('at', JSON.parse(json.stdout))
    expect(JSON.parse(json.stdout)).toMatchObject({ outcome: 'before-first', safe: null, latest: null, distance: null })
    expect(await binpoint([...asked, '--exit-zero'])).toMatchObject({ status: 0, stdout: text.stdout })
  })

  test('gives the end of the log for a time behind it, and says so', async () => {
    const { status, stdout } = await binpoint([
      'at',
      '2 s ago'.replace(' s', 's'),
      '--source',
      active,
      '--index',
      freshIndex(),
      '--json',
    ])
    expect(status).toBe(0)
    expectValid('at', JSON.parse(stdout))
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'after-last', safe: { file: 'mysql-bin.000003' } })
  })

  test('takes several times, a line each, from the arguments or from standard input', async () => {
    const index = freshIndex()
    const given = ['--source', active, '--index', index]
    const times = [divergence.time, '@1', story.lost.lastTime]
    const text = await binpoint(['at', ...times, ...given])
    expect(text.status).toBe(1)
    expect(text.stdout).toMatch(
      new RegExp(
        `^${divergence.time}  mysql-bin\\.000002:\\d+  located.*\\n1970-01-01T00:00:01Z  -  before-first\\n${story.lost.lastTime}  .*\\n$`,
      ),
    )
    const json = await binpoint(['at', '-', ...given, '--json'], { stdin: [...times, ''] })
    expect(json.status).toBe(1)
    const answers = lines(json.stdout)
    expect(answers).toHaveLength(3)
    for (const answer of answers) expectValid('at', answer)
    const one = await binpoint(['at', divergence.time, '--json'], { env: { BINPOINT_INDEX: index } })
    expect(answers[0]).toEqual(JSON.parse(one.stdout))
  })

  test('refuses all when one of its arguments is no time', async () => {
    const outcome = await binpoint(['at', divergence.time, 'noon', '--source', active, '--index', freshIndex()])
    expect(outcome).toMatchObject({ status: 64, stdout: '', stderr: expect.stringContaining("'noon' is not a time") })
  })

  test('prints the zone that was asked for beside UTC', async () => {
    const { stdout } = await binpoint([
      'at',
      divergence.time,
      '--tz',
      'America/Los_Angeles',
      '--source',
      active,
      '--index',
      freshIndex(),
    ])
    const wall = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'America/Los_Angeles' })
    expect(stdout).toContain(`= ${wall.format(new Date(divergence.time))} America/Los_Angeles (-08:00)`)
  })

  test('has colours on a terminal, and none with NO_COLOR', async () => {
    const asked = ['at', divergence.time, '--source', active, '--index', freshIndex()]
    expect((await binpoint(asked, { isTerminal: true })).stdout).toContain('\u001B[1m')
    expect((await binpoint(asked, { isTerminal: true, env: { NO_COLOR: '1' } })).stdout).not.toContain('\u001B')
    expect((await binpoint(asked)).stdout).not.toContain('\u001B')
  })

  test('answers from the index alone with --offline, and says that it is unchecked', async () => {
    const index = freshIndex()
    await binpoint(['index', active, '--index', index])
    const { status, stdout } = await binpoint(['at', divergence.time, '--offline', '--index', index, '--json'])
    expect(status).toBe(0)
    expectValid('at', JSON.parse(stdout))
    expect(JSON.parse(stdout).findings).toContainEqual(expect.objectContaining({ code: 'UNCHECKED' }))
  })

  test('with --offline and nothing indexed fails', async () => {
    const outcome = await binpoint(['at', divergence.time, '--offline', '--source', active, '--index', freshIndex()])
    expect(outcome).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('[INDEX_UNKNOWN_SOURCE]') })
  })

  test('that is interrupted prints no answer', async () => {
    const outcome = await binpoint(['at', divergence.time, '--source', active, '--index', freshIndex()], {
      signal: AbortSignal.abort(),
    })
    expect(outcome).toEqual({ status: 130, stdout: '', stderr: '' })
  })
})

describe('when and ls', () => {
  test('agree with mysqlbinlog on the first lost transaction', async () => {
    const index = freshIndex()
    const given = ['--source', active, '--index', index, '--json']
    const when = await binpoint(['when', `${divergence.file}:${divergence.position}`, ...given])
    expect(when.status).toBe(0)
    expectValid('when', JSON.parse(when.stdout))
    expect(JSON.parse(when.stdout)).toMatchObject({
      outcome: 'boundary',
      transaction: {
        file: divergence.file,
        start: divergence.position,
        time: divergence.time.replace('Z', '.000000Z'),
        kind: 'rows',
      },
    })
    const from = `${divergence.file}:${divergence.position}`
    const to = `${story.lost.end.file}:${story.lost.end.position}`
    const ls = await binpoint(['ls', '--from', from, '--to', to, ...given])
    expect(ls.status).toBe(0)
    const listed = lines(ls.stdout)
    expect(listed).toHaveLength(story.lost.transactions)
    for (const transaction of listed) expectValid('ls', transaction)
    expect(listed[0]).toEqual(JSON.parse(when.stdout).transaction)
    expect(lines((await binpoint(['ls', '--from', divergence.time, '--limit', '60', ...given])).stdout)).toEqual(listed)
  })

  test('when names the transaction around a position inside of it: exit 1', async () => {
    const { status, stdout } = await binpoint([
      'when',
      `${divergence.file}:${divergence.position + 1}`,
      '--source',
      active,
      '--index',
      freshIndex(),
    ])
    expect(status).toBe(1)
    expect(stdout).toContain('lies inside a transaction: replication must not start there')
    expect(stdout).toContain(`\n${divergence.file}:${divergence.position}  `)
  })

  test('when does not find what is not there: exit 1', async () => {
    for (const what of ['mysql-bin.000099:4', '0-1-1', '3e11fa47-71ca-11e1-9e33-c80aa9429562:23']) {
      const { status, stdout } = await binpoint(['when', what, '--source', active, '--index', freshIndex(), '--json'])
      expect(status).toBe(1)
      expectValid('when', JSON.parse(stdout))
      expect(JSON.parse(stdout)).toMatchObject({ outcome: 'not-found', transaction: null })
    }
  })

  test('ls prints a line for each transaction for people too', async () => {
    const { status, stdout } = await binpoint(['ls', '--limit', '3', '--source', active, '--index', freshIndex()])
    expect(status).toBe(0)
    expect(stdout.trim().split('\n')).toHaveLength(3)
    expect(stdout).toMatch(/^mysql-bin\.000001:120 .* ddl .* CREATE DATABASE rollbar\n/)
  })
})

describe('index and status', () => {
  test('index says what it added, and adds nothing the second time', async () => {
    const index = freshIndex()
    const first = await binpoint(['index', active, '--index', index, '--json'])
    expect(first.status).toBe(0)
    expectValid('index', JSON.parse(first.stdout))
    expect(JSON.parse(first.stdout)).toMatchObject({ outcome: 'new', source: active, gaps: [] })
    const second = await binpoint(['index', active, '--index', index])
    expect(second).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('indexed  0 transactions') })
    expect(statSync(index).mode & 0o777).toBe(0o600)
  })

  test('status says what is covered', async () => {
    const index = freshIndex()
    await binpoint(['index', active, '--index', index])
    const text = await binpoint(['status', '--index', index])
    expect(text).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining(`source  ${active}\n`) })
    const json = await binpoint(['status', '--index', index, '--source', active, '--json'])
    expectValid('status', JSON.parse(json.stdout))
    expect(JSON.parse(json.stdout).logs[0]).toMatchObject({ source: active, serverVersion: story.serverVersion, endedBy: null })
  })

  test('status of an index that is not there is empty, and makes none', async () => {
    const folder = temporaryFolder()
    const { status, stdout } = await binpoint(['status'], { env: { XDG_STATE_HOME: folder } })
    expect({ status, entries: readdirSync(folder) }).toEqual({ status: 0, entries: [] })
    expect(stdout).toContain(join(folder, 'binpoint', 'index.sqlite'))
  })

  test('status of a source that is not indexed fails', async () => {
    const index = freshIndex()
    await binpoint(['index', active, '--index', index])
    const outcome = await binpoint(['status', '--index', index, '--source', '/elsewhere'])
    expect(outcome).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(active) })
  })
})

describe('repair', () => {
  test('plans in JSON as the schema says', async () => {
    const { status, stdout } = await binpoint([
      'repair',
      '--at',
      divergence.time,
      '--source',
      active,
      '--dialect',
      'mysql-5.6',
      '--index',
      freshIndex(),
      '--json',
    ])
    expect(status).toBe(0)
    const answer = JSON.parse(stdout)
    expectValid('repair', answer)
    expect(answer.plan.steps.length).toBeGreaterThan(5)
  })

  test('without a coordinate has no plan: exit 1', async () => {
    const { status, stdout } = await binpoint([
      'repair',
      '--at',
      '1999-01-01T00:00:00Z',
      '--source',
      active,
      '--dialect',
      'mysql-5.6',
      '--index',
      freshIndex(),
      '--json',
    ])
    expect(status).toBe(1)
    expectValid('repair', JSON.parse(stdout))
    expect(JSON.parse(stdout)).toMatchObject({ plan: null, findings: [expect.objectContaining({ severity: 'blocking' })] })
  })
})

describe('every fixture', () => {
  test.each(logs)('%s gives JSON as the schemas say', async (name) => {
    const index = freshIndex()
    const log = join(fixtures, name)
    const indexed = await binpoint(['index', log, '--index', index, '--json'])
    expectValid('index', JSON.parse(indexed.stdout))
    expect(indexed.status).toBe(JSON.parse(indexed.stdout).gaps.length === 0 ? 0 : 1)
    const status = await binpoint(['status', '--index', index, '--json'])
    expectValid('status', JSON.parse(status.stdout))
    expect(status.status).toBe(indexed.status)
    const at = await binpoint(['at', '@1', '20d ago', '1m ago', '--index', index, '--json'])
    for (const answer of lines(at.stdout)) expectValid('at', answer)
    const ls = await binpoint(['ls', '--index', index, '--json'])
    expect([0, indexed.status === 0 ? 0 : 2]).toContain(ls.status)
    for (const transaction of ls.stdout === '' ? [] : lines(ls.stdout)) expectValid('ls', transaction)
  })

  test('is described by a schema for each command that prints JSON', () => {
    expect([...schemaNames].sort()).toEqual([
      'at',
      'definitions',
      'doctor',
      'error',
      'explain',
      'index',
      'ls',
      'repair',
      'replay',
      'status',
      'timeline',
      'when',
    ])
  })
})

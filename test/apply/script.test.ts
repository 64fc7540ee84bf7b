/** The shell script of strategy apply: it heals a pair with GTIDs, tells of whatever fails, and no word in it can break out. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ApplyScriptInput } from '../../src/core/plan/strategies/applyScript.ts'
import { applyScript, shellQuote } from '../../src/core/plan/strategies/applyScript.ts'
import type { WindowEnd } from '../../src/core/plan/windowEnd.ts'
import { mysqlDialect, mysqlWords } from '../../src/dialect/mysql.ts'
import type { Coordinate } from '../../src/core/coordinate.ts'
import { accounts, endOfLog, replicaStatus, startPair } from '../support/servers/index.ts'
import type { Pair, Server } from '../support/servers/index.ts'
import { program } from '../support/servers/cache.ts'
import type { RunResult } from '../support/servers/run.ts'
import { run, runAnyway } from '../support/servers/run.ts'
import { describeWith } from '../support/servers/with.ts'
import { checksums, expectAlive, loseBetween, untouched } from './story.ts'

const words = mysqlWords.find(({ name }) => name === 'mysql-8.4')
if (words === undefined) throw new Error('no words for MySQL 8.4')
const dialect = mysqlDialect(words)

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'binpoint-script-'))
  return () => rmSync(folder, { recursive: true, force: true })
})

/** A program of that name on the path. */
function put(name: string, lines: readonly string[]): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${lines.join('\n')}\n`)
  chmodSync(join(folder, name), 0o755)
}

function runScript(input: ApplyScriptInput, env: Readonly<Record<string, string>> = {}): Promise<RunResult> {
  const script = join(folder, 'script')
  writeFileSync(script, `${applyScript(input).join('\n')}\n`)
  return runAnyway('/bin/sh', [script], { env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: folder, ...env } })
}

describeWith('mysql-9.7', 'the script that applies a window', () => {
  beforeEach(() => {
    const server = program('mysql-9.7', 'client')
    const reader = program('mysql-9.7', 'binlogReader')
    put('mysql', [`exec ${[server.command, ...server.args].map(shellQuote).join(' ')} "$@"`])
    put('mysqlbinlog', [`exec ${[reader.command, ...reader.args].map(shellQuote).join(' ')} "$@"`])
    writeFileSync(join(folder, 'cnf'), `[client]\npassword=${accounts.admin.password}\n`, { mode: 0o600 })
  })

  async function lostPair(): Promise<{ readonly pair: Pair; readonly from: Coordinate; readonly until: Coordinate }> {
    const pair = await startPair({ kind: 'mysql-9.7' })
    const { active, passive } = pair
    await active.run('CREATE DATABASE d', 'CREATE TABLE d.t (id INT PRIMARY KEY, v INT)', 'INSERT INTO d.t VALUES (1, 1), (2, 2)')
    const window = await loseBetween(
      pair,
      () => active.run('INSERT INTO d.t VALUES (3, 3)', 'DELETE FROM d.t WHERE id = 1', 'UPDATE d.t SET v = 9 WHERE id = 2'),
      async () => {
        await active.run('FLUSH BINARY LOGS', 'INSERT INTO d.t VALUES (4, 4)')
        await passive.run('INSERT INTO d.t VALUES (5, 5)')
      },
    )
    return { pair, ...window }
  }

  async function inputFor({ active, passive }: Pair, from: Coordinate, end: WindowEnd): Promise<ApplyScriptInput> {
    const [row] = await passive.query('SELECT @@server_uuid AS uuid, @@hostname AS hostname')
    const access = (server: Server) => ({ host: server.host, port: server.port, user: accounts.admin.user })
    const names = (await active.query('SHOW BINARY LOGS')).map((log) => String(log['Log_name']))
    return {
      dialect,
      channel: '',
      replica: access(passive),
      identity: { serverId: 2, serverUuid: String(row?.['uuid']), hostname: String(row?.['hostname']), port: passive.port },
      superReadOnly: false,
      source: access(active),
      from,
      end,
      files: names.slice(names.indexOf(from.file)).map((name) => ({ name, path: join(active.binlogDir, name) })),
      includeGtids: null,
      excludeGtids: null,
      waitSeconds: 20,
    }
  }

  const withPassword = (): Record<string, string> => ({ REPLICA_CNF: join(folder, 'cnf'), SOURCE_CNF: join(folder, 'cnf') })

  async function stoppedAt(server: Server): Promise<WindowEnd> {
    const status = await replicaStatus(server)
    if (status === null) throw new Error('no replica')
    return { kind: 'stopped', executed: status.executed, standing: [] }
  }

  test.each(['the server', 'files'])('heals a stopped replica from %s, and once only', async (where) => {
    const { pair, from } = await lostPair()
    await using _pair = pair
    const { active, passive } = pair
    const before = await untouched(pair)
    const whole = await inputFor(pair, from, await stoppedAt(passive))
    const input = where === 'files' ? { ...whole, source: null } : whole
    expect(input.files).toHaveLength(2)
    expect(await checksums(passive, ['d.t'])).not.toEqual(await checksums(active, ['d.t']))
    expect(await runScript(input, withPassword())).toMatchObject({ exitCode: 0, stdout: 'ok\n', stderr: '' })
    await passive.run('STOP REPLICA')
    expect(await checksums(passive, ['d.t'])).toEqual(await checksums(active, ['d.t']))
    expect(await untouched(pair)).toEqual(before)
    await expectAlive(pair, 'd.t')
    // It runs now: the plan was for a stopped one.
    const again = await runScript(input, withPassword())
    expect(again.exitCode).not.toBe(0)
    expect(again.stderr).toContain('1242')
    expect(again.stderr).toContain('Nothing was written')
  })

  test('heals a running replica that is read-only, up to where it is by then', async () => {
    const { pair, from } = await lostPair()
    await using _pair = pair
    const { active, passive } = pair
    await passive.run('START REPLICA', 'SET GLOBAL super_read_only = ON')
    const knownEnd = await endOfLog(active)
    const input = { ...(await inputFor(pair, from, { kind: 'running', knownEnd, shown: true })), superReadOnly: true }
    await active.run('INSERT INTO d.t VALUES (6, 6)', 'UPDATE d.t SET v = 7 WHERE id = 4')
    await pair.caughtUp()
    // It is broken off, and goes on to the end that it had found.
    const { stdout: why } = await passive.client(
      'SET GLOBAL super_read_only = OFF; SET SESSION sql_log_bin = 0; RENAME TABLE d.t TO d.away; SET GLOBAL super_read_only = ON',
    )
    expect(why).toBe('')
    const brokenOff = await runScript(input, withPassword())
    const end = /with WINDOW_END=(\S+)$/m.exec(brokenOff.stderr)?.[1]
    expect(brokenOff).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('A part of the window was written') })
    await passive.client(
      'SET GLOBAL super_read_only = OFF; SET SESSION sql_log_bin = 0; RENAME TABLE d.away TO d.t; SET GLOBAL super_read_only = ON',
    )
    const noEnd = await runScript(input, withPassword())
    expect(noEnd).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('1242') })
    const wrongEnd = await runScript(input, { ...withPassword(), WINDOW_END: `${end ?? ''}0` })
    expect(wrongEnd).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('The replica was started since') })
    const goesOn = await runScript(input, { ...withPassword(), WINDOW_END: end ?? '' })
    expect(goesOn).toMatchObject({ exitCode: 0, stderr: '' })
    await pair.caughtUp()
    expect(await checksums(passive, ['d.t'])).toEqual(await checksums(active, ['d.t']))
    expect(await passive.query('SELECT @@GLOBAL.super_read_only AS so')).toEqual([{ so: 1 }])
    await passive.run('SET GLOBAL super_read_only = OFF', 'SET GLOBAL read_only = OFF')
    await expectAlive(pair, 'd.t')
  })

  test('tells of what fails, and starts nothing then', async () => {
    const { pair, from } = await lostPair()
    await using _pair = pair
    const { active, passive } = pair
    const input = await inputFor(pair, from, await stoppedAt(passive))
    const stopped = async (): Promise<void> =>
      expect(await replicaStatus(passive)).toMatchObject({ applierRunning: false, receiverRunning: false })
    const before = await checksums(passive, ['d.t'])

    const elsewhere = await runScript({ ...input, identity: { ...input.identity, serverUuid: 'another' } }, withPassword())
    expect(elsewhere).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/1242[\s\S]*Nothing was changed/) })

    const cut = await runScript({ ...input, files: input.files.slice(0, 1) }, withPassword())
    expect(cut).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/Plan again[\s\S]*Nothing was written/) })

    // mysqlbinlog fails behind the first of two files.
    const missing = { name: 'no.000001', path: 'no.000001' }
    const half = await runScript(
      { ...input, files: [input.files[0] ?? missing, missing, ...input.files.slice(1)] },
      withPassword(),
    )
    expect(half).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('A part of the window was written') })
    await stopped()

    // The client fails in the middle.
    await passive.run('SET SESSION sql_log_bin = 0', 'RENAME TABLE d.t TO d.away')
    const failed = await runScript(input, withPassword())
    expect(failed).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/1146[\s\S]*A part of the window was written/) })
    await passive.run('RENAME TABLE d.away TO d.t')
    await stopped()

    const noPassword = await runScript(input)
    expect(noPassword).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/1045[\s\S]*Nothing was changed/) })

    expect(before).not.toEqual(await checksums(active, ['d.t']))
    expect(await runScript(input, withPassword())).toMatchObject({ exitCode: 0 })
    expect(await checksums(passive, ['d.t'])).toEqual(await checksums(active, ['d.t']))
  })
})

describe('a word of the script', () => {
  const hostile = fc.string({
    unit: fc.constantFrom("'", '"', '\\', '`', '$', '(', ')', '\n', '#', ';', '!', '*', '~', ' ', '-', 'a', '😀', '%'),
  })

  test('comes out of the shell as it went in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { minLength: 1, maxLength: 20 }), async (all) => {
        const { stdout } = await run('/bin/sh', ['-c', `printf '%s\\0' ${all.map(shellQuote).join(' ')}`])
        expect(stdout.split('\0').slice(0, -1)).toEqual(all)
      }),
      { numRuns: 40 },
    )
  })

  test('reaches the programs whatever is in it', async () => {
    const evil = `x'"$(touch ${join(folder, 'broken')})\`touch ${join(folder, 'broken')}\`\n\\touch ${join(folder, 'broken')}\n#;😀`
    const record = [`printf '%s\\0' "$@" >> ${shellQuote(join(folder, 'arguments'))}`]
    put('mysql', [
      ...record,
      `case "$*" in *@end*) printf '%s\\n' ${shellQuote('log.000001:99')};; *--binary-mode*) cat > /dev/null; echo whole;; esac`,
    ])
    put('mysqlbinlog', record)
    const access = { host: evil, port: 3306, user: evil }
    const input: ApplyScriptInput = {
      dialect,
      channel: evil,
      replica: access,
      identity: { serverId: 2, serverUuid: evil, hostname: evil, port: 3306 },
      superReadOnly: true,
      source: access,
      from: { file: evil, position: 4 },
      end: { kind: 'stopped', executed: { file: evil, position: 99 }, standing: [{ expression: '@@x', value: evil }] },
      files: [
        { name: evil, path: evil },
        { name: 'log.000001', path: 'log.000001' },
      ],
      includeGtids: evil,
      excludeGtids: evil,
      waitSeconds: 1,
    }
    expect(await runScript(input)).toMatchObject({ exitCode: 0, stderr: '' })
    const args = readFileSync(join(folder, 'arguments'), 'utf8').split('\0')
    for (const word of [
      `--host=${evil}`,
      `--user=${evil}`,
      `--include-gtids=${evil}`,
      `--exclude-gtids=${evil}`,
      evil,
      '--stop-position=99',
    ]) {
      expect(args).toContain(word)
    }
    expect(args.some((word) => word.includes('STOP REPLICA FOR CHANNEL'))).toBe(true)
    expect(() => readFileSync(join(folder, 'broken'))).toThrow('ENOENT')
    expect(await runAnyway('/bin/sh', ['-n', join(folder, 'script')])).toMatchObject({ exitCode: 0 })
  })
})

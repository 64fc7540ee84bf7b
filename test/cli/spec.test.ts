/** What SOURCE and REPLICA texts mean. The account may come from the text, option files, the environment or the terminal. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Arguments } from '../../src/cli/command.ts'
import type { Shell } from '../../src/cli/shell.ts'
import { serverAddress, sourceSpec, withoutPassword } from '../../src/cli/spec.ts'
import type { ServerAddress } from '../../src/core/ports.ts'
import { BinpointError } from '../../src/errors.ts'
import { temporaryFolder } from './run.ts'

interface Given {
  readonly args?: Arguments
  readonly env?: Readonly<Record<string, string>>
  readonly cnf?: string
  readonly typed?: string
}

async function address(text: string, given: Given = {}): Promise<ServerAddress & { readonly warning: string }> {
  const home = temporaryFolder()
  if (given.cnf !== undefined) writeFileSync(join(home, '.my.cnf'), given.cnf)
  let warning = ''
  const shell = {
    env: given.env ?? { USER: 'me' },
    home,
    stderr: (line: string) => {
      warning += line
    },
    askPassword: () => Promise.resolve(given.typed ?? ''),
  } as unknown as Shell
  return { ...(await serverAddress(text, given.args ?? {}, shell)), warning }
}

describe('a server', () => {
  test.each([
    ['mysql://repl@db1:3307', { host: 'db1', port: 3307, user: 'repl', password: undefined }],
    ['mysql://db1', { host: 'db1', port: 3306, user: 'me' }],
    ['MariaDB://repl@db1', { host: 'db1', user: 'repl' }],
    ['mysql://re%70l:p%40ss%3a%2F@db1/', { host: 'db1', user: 'repl', password: 'p@ss:/' }],
    ['mysql://repl@[::1]:3307', { host: '::1', port: 3307 }],
    ['mysql://repl@10.0.0.1', { host: '10.0.0.1', port: 3306 }],
    ['h=db1,P=3307,u=repl,p=a=b', { host: 'db1', port: 3307, user: 'repl', password: 'a=b' }],
    ['h=db1', { host: 'db1', port: 3306, user: 'me', socketPath: undefined }],
    ['h=[::1],P=3307,u=repl', { host: '::1', port: 3307 }],
    ['mysql:///run/my%20sql.sock', { socketPath: '/run/my sql.sock', user: 'me' }],
    ['S=/run/mysqld/mysqld.sock,u=repl', { socketPath: '/run/mysqld/mysqld.sock', user: 'repl' }],
  ])('%s', async (text, expected) => {
    expect(await address(text)).toMatchObject(expected)
  })

  test.each([
    'mysql://',
    'mysql://repl@db1:99999',
    'mysql://repl@db1:port',
    'mysql://repl:s3cret%@db1',
    'mysql://repl:s3cret@db1/database',
    'mysql://repl:s3cret@db1?tls=1',
    'mysql://repl:s3/cr@s3cret@:1',
    'h=db1,P=0,p=s3cret',
    'h=db1,P=3306x,p=s3cret',
    'p=s3cret,h=db1,P=70000',
    'h=db1,z=1,p=s3cret',
  ])('%s is refused, and the message does not tell the password', async (text) => {
    const error: unknown = await address(text).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(BinpointError)
    expect(error).toMatchObject({ code: 'SOURCE_SYNTAX', hint: expect.stringContaining('mysql://user@host:port') })
    expect((error as BinpointError).message).not.toContain('s3c')
  })

  test('any account survives being written as a URL', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), async (user, password) => {
        const text = `mysql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@db1:3306`
        expect(await address(text)).toMatchObject({ user, password, host: 'db1' })
        expect(withoutPassword(text)).toBe(`mysql://${encodeURIComponent(user)}@db1:3306`)
      }),
      { numRuns: 50 },
    )
  })
})

describe('the password', () => {
  test('in the text works, with a warning', async () => {
    expect(await address('mysql://repl:x@db1', { env: { BINPOINT_PASSWORD: 'y' } })).toMatchObject({
      password: 'x',
      warning: expect.stringContaining('can be seen by others'),
    })
    expect((await address('mysql://repl:x@db1', { args: { quiet: true } })).warning).toBe('')
  })

  test('comes from the terminal, else the environment, else the option file, without a warning', async () => {
    const cnf = '[client]\npassword=from-file\nuser=filed\nhost=db9\nport=3310\n'
    const env = { BINPOINT_PASSWORD: 'from-env' }
    expect(await address('mysql://db1', { cnf, env, args: { 'ask-pass': true }, typed: 'typed' })).toMatchObject({
      password: 'typed',
    })
    expect(await address('mysql://db1', { cnf, env })).toMatchObject({ password: 'from-env', warning: '' })
    expect(await address('u=repl', { cnf })).toMatchObject({ password: 'from-file', user: 'repl', host: 'db9', port: 3310 })
    expect(await address('mysql://db1', { cnf })).toMatchObject({ user: 'filed', host: 'db1', port: 3310 })
  })

  test('comes from the file that the DSN or --defaults-file names, and from no other', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'repair.cnf')
    writeFileSync(file, '[client]\npassword=own\n[client_db2]\npassword=second\n')
    const cnf = '[client]\npassword=home\nuser=home\n'
    expect(await address(`h=db1,F=${file}`, { cnf })).toMatchObject({ password: 'own', user: 'me' })
    // It is said of this server alone, and what is in the environment of all.
    expect(await address(`h=db1,F=${file}`, { env: { BINPOINT_PASSWORD: 'all' } })).toMatchObject({ password: 'own' })
    const args = { 'defaults-file': file, 'defaults-group-suffix': '_db2' }
    expect(await address('mysql://db1', { cnf, args })).toMatchObject({ password: 'second' })
    await expect(address('mysql://db1', { args: { 'defaults-file': join(folder, 'none.cnf') } })).rejects.toMatchObject({
      code: 'OPTION_FILE',
      message: expect.stringContaining('none.cnf'),
    })
  })
})

describe('a socket of the option file', () => {
  const cnf = '[client]\nsocket=/run/s.sock\n'
  test.each([
    ['u=me', cnf, '/run/s.sock'],
    ['mysql://localhost', cnf, '/run/s.sock'],
    ['u=me', `${cnf}host=localhost\nport=3307\n`, '/run/s.sock'],
    ['u=me', `${cnf}protocol=socket\n`, '/run/s.sock'],
    ['u=me', `${cnf}protocol=TCP\n`, undefined],
    ['u=me', `${cnf}host=db1\n`, undefined],
    ['mysql://db1', cnf, undefined],
    ['mysql://localhost:3306', cnf, undefined],
    ['S=/run/other.sock', cnf, '/run/other.sock'],
  ])('%s and %j', async (text, file, socketPath) => {
    expect((await address(text, { cnf: file })).socketPath).toBe(socketPath)
  })

  test('or a protocol that is none', async () => {
    const file = '[client]\nprotocol=PIPE\n'
    await expect(address('u=me', { cnf: file })).rejects.toMatchObject({ code: 'OPTION_FILE', hint: 'TCP or SOCKET' })
  })
})

describe('TLS', () => {
  test.each([
    [{}, '', { mode: 'PREFERRED' }],
    [{ 'ssl-mode': 'REQUIRED' }, '', { mode: 'REQUIRED' }],
    [{ 'ssl-ca': '/ca.pem' }, '', { mode: 'VERIFY_CA', ca: '/ca.pem' }],
    [
      {},
      '[client]\nssl-mode=verify_identity\nssl_ca=/etc/ca.pem\nssl-cert=c\nssl-key=k',
      { mode: 'VERIFY_IDENTITY', ca: '/etc/ca.pem', cert: 'c', key: 'k' },
    ],
    [{ 'ssl-mode': 'DISABLED' }, '[client]\nssl-mode=REQUIRED', { mode: 'DISABLED' }],
    [{}, '[client]\nloose-ssl-mode=REQUIRED', { mode: 'REQUIRED' }],
    [{}, '[client]\nssl', { mode: 'REQUIRED' }],
    [{}, '[client-mariadb]\nskip-ssl', { mode: 'DISABLED' }],
    [{}, '[client]\nssl=0\nssl-ca=/ca.pem', { mode: 'DISABLED' }],
    [{}, '[client]\nssl_verify_server_cert\nssl-ca=/ca.pem', { mode: 'VERIFY_IDENTITY', ca: '/ca.pem' }],
    [{}, '[client]\nssl-verify-server-cert=off\nssl-ca=/ca.pem', { mode: 'VERIFY_CA' }],
  ])('%j and %j', async (args, cnf, tls) => {
    expect((await address('mysql://db1', { args, cnf })).tls).toMatchObject(tls)
  })
})

describe('a path', () => {
  test('is a directory or files; a file that is no binlog is refused', async () => {
    const folder = temporaryFolder()
    const none = {} as unknown as Shell
    mkdirSync(join(folder, 'h=1'))
    writeFileSync(join(folder, 'good.000001'), Buffer.from('fe62696e00', 'hex'))
    writeFileSync(join(folder, 'empty.000002'), '')
    writeFileSync(join(folder, 'bad.000001'), '#!/bin/sh\n')
    const paths = ['good.000001', 'empty.000002', 'h=1', 'missing'].map((name) => join(folder, name))
    expect(await sourceSpec(paths, {}, none)).toEqual({ kind: 'files', paths })
    await expect(sourceSpec([join(folder, 'bad.000001')], {}, none)).rejects.toMatchObject({
      code: 'NOT_A_BINLOG',
      message: expect.stringContaining('bad.000001 is not a binlog: it begins with 23212f62, not fe62696e'),
    })
  })
})

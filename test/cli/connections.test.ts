/** Ways to a server that people use: an account for each, IPv6, sockets, and TLS of each mode for both servers of a repair. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createAccount } from '../inspect/support.ts'
import { accounts, startPair, startServer } from '../support/servers/index.ts'
import type { Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import type { Outcome } from './run.ts'
import { binpoint, freshIndex, temporaryFolder } from './run.ts'

const kinds: readonly ServerKind[] = ['mysql-9.7', 'mariadb-10.11']

/** The plan of a repair from the start of the log. */
function repair(source: string, replica: string, more: readonly string[] = [], env = {}): Promise<Outcome> {
  const args = ['repair', '--from', 'mysql-bin.000001:4', '--source', source, '--replica', replica, '--index', freshIndex()]
  return binpoint([...args, '--json', ...more], { env })
}

/** Both were asked: the log is empty, and the replica has executed it. */
const looked = {
  status: 1,
  stdout: expect.stringContaining('and what the replica has executed: nothing would be replayed'),
  stderr: '',
}

function optionFile(folder: string, user: string, password: string): string {
  const path = join(folder, `${user}.cnf`)
  writeFileSync(path, `[mysql]\nuser=not-ours\n[client]\nuser=${user}\npassword="${password}"\n`, { mode: 0o600 })
  return path
}

for (const kind of kinds) {
  describeWith(kind, `both servers of a repair at ${kind}`, () => {
    test('have an account each, from an option file each', async () => {
      await using pair = await startPair({ kind })
      const { active, passive } = pair
      const folder = temporaryFolder()
      const first = await createAccount(active, 'first', 'ALL ON *.*')
      const second = await createAccount(passive, 'second', 'ALL ON *.*')
      const files = [first, second].map(({ user, password }) => optionFile(folder, user, password))
      const of = ({ host, port }: Server, file = ''): string => `h=${host},P=${port},F=${file}`
      expect(await repair(of(active, files[0]), of(passive, files[1]))).toMatchObject(looked)
      // The file of a server counts more than what is said of all.
      const env = { BINPOINT_PASSWORD: 'of nobody' }
      expect(await repair(of(active, files[0]), of(passive, files[1]), [], env)).toMatchObject(looked)
      const swapped = await repair(of(active, files[1]), of(passive, files[0]))
      expect(swapped).toMatchObject({ status: 2, stderr: expect.stringContaining('ACCESS_DENIED') })
    })

    test('are asked through TLS as --ssl-mode says', async () => {
      const folder = temporaryFolder()
      const { ca, stranger, options } = makeCertificates(folder)
      await using pair = await startPair({ kind, options: [...options, '--bind-address=127.0.0.1,127.0.0.2'] })
      for (const server of [pair.active, pair.passive]) {
        await server.run('SET sql_log_bin = 0', "CREATE USER 'tls'@'%' IDENTIFIED BY 'a password' REQUIRE SSL")
        await server.run("GRANT ALL ON *.* TO 'tls'@'%'", 'SET sql_log_bin = 1')
      }
      const through = (host: string, ...more: readonly string[]): Promise<Outcome> => {
        const url = ({ port }: Server): string => `mysql://tls@${host}:${port}`
        return repair(url(pair.active), url(pair.passive), more, { BINPOINT_PASSWORD: 'a password' })
      }
      expect(await through('127.0.0.1', '--ssl-mode', 'REQUIRED')).toMatchObject(looked)
      expect(await through('127.0.0.1', '--ssl-mode', 'VERIFY_CA', '--ssl-ca', ca)).toMatchObject(looked)
      expect(await through('localhost', '--ssl-mode', 'VERIFY_IDENTITY', '--ssl-ca', ca)).toMatchObject(looked)
      const refused = { status: 2, stderr: expect.stringContaining('no TLS with') }
      expect(await through('127.0.0.1', '--ssl-mode', 'VERIFY_CA', '--ssl-ca', stranger)).toMatchObject(refused)
      // The certificates are made out to localhost and 127.0.0.2.
      expect(await through('127.0.0.2', '--ssl-mode', 'VERIFY_IDENTITY', '--ssl-ca', ca)).toMatchObject(looked)
      expect(await through('127.0.0.1', '--ssl-mode', 'VERIFY_IDENTITY', '--ssl-ca', ca)).toMatchObject(refused)
      const plain = await through('127.0.0.1', '--ssl-mode', 'DISABLED')
      expect(plain).toMatchObject({ status: 2, stderr: expect.stringContaining('ACCESS_DENIED') })
    })
  })

  describeWith(kind, `a server of ${kind}`, () => {
    test('is reached by IPv6, and its name in the index leads there again', async () => {
      await using server = await startServer({ kind, options: ['--bind-address=::1'] })
      const env = { BINPOINT_PASSWORD: accounts.admin.password, USER: accounts.admin.user }
      const name = `mysql://[::1]:${server.port}`
      await indexAndAsk(`mysql://admin@[::1]:${server.port}`, name, { env })
      await indexAndAsk(`h=::1,P=${server.port},u=admin`, name, { env })
      const denied = await binpoint(['index', `mysql://nobody@[::1]:${server.port}`, '--index', freshIndex()])
      expect(denied).toMatchObject({ status: 2, stderr: expect.stringContaining(`[::1]:${server.port} refuses user 'nobody'`) })
    })

    test('is reached by its socket, and its name in the index leads there again', async () => {
      await using server = await startServer({ kind, options: ['--skip-networking'] })
      expect.hasAssertions()
      await indexAndAsk(`S=${server.socket},u=root`, `mysql://${server.socket}`, { env: { USER: 'root' } })
      const home = temporaryFolder()
      writeFileSync(join(home, '.my.cnf'), `[client]\nsocket=${server.socket}\nuser=root\n`)
      await indexAndAsk('mysql://localhost', `mysql://${server.socket}`, { home })
    })
  })
}

async function indexAndAsk(text: string, name: string, surroundings: Parameters<typeof binpoint>[1]): Promise<void> {
  const index = freshIndex()
  expect(await binpoint(['index', text, '--index', index], surroundings)).toMatchObject({ status: 0, stderr: '' })
  const status = await binpoint(['status', '--index', index], surroundings)
  expect(status.stdout).toContain(name)
  // Without --source: the name is all that there is.
  const answer = await binpoint(['at', '2001-01-01T00:00:00Z', '--index', index, '--json'], surroundings)
  expect(answer).toMatchObject({ status: 1, stderr: '' })
  expect(JSON.parse(answer.stdout)).toMatchObject({ outcome: 'before-first' })
}

describe('a login path', () => {
  test.each([['--login-path=db1'], ['--login-path', 'db1']])('(%s) is not read; the hint says what is', async (...option) => {
    const { status, stderr } = await binpoint(['index', 'mysql://db1', ...option])
    expect({ status, stderr }).toEqual({ status: 64, stderr: expect.stringContaining('has no option --login-path') })
    expect(stderr).toContain('[client] in ~/.my.cnf')
  })
})

test('a password is asked for once for each server, however often it is connected to', async () => {
  const prompts: string[] = []
  const args = ['repair', '--from', 'b.000001:4', '--source', 'mysql://me@127.0.0.1:1', '--replica', 'mysql://me@127.0.0.1:2']
  const askPassword = (prompt: string): Promise<string> => {
    prompts.push(prompt)
    return Promise.resolve('typed')
  }
  const { status } = await binpoint([...args, '--ask-pass', '--index', freshIndex()], { askPassword })
  expect(status).toBe(2)
  expect(prompts).toEqual([...new Set(prompts)])
  expect(prompts).toContain('Password for me@127.0.0.1:1: ')
})

interface Certificates {
  readonly ca: string
  /** Of an authority that signed nothing here. */
  readonly stranger: string
  readonly options: readonly string[]
}

/** An authority, and a server's certificate of it for localhost and 127.0.0.2. */
function makeCertificates(folder: string): Certificates {
  const at = (name: string): string => join(folder, name)
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  }
  const authority = (name: string): void => {
    const files = ['-keyout', `${name}-key.pem`, '-out', `${name}.pem`]
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-subj', `/CN=${name}`, ...files)
  }
  authority('ca')
  authority('stranger')
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', 'key.pem', '-out', 'request.pem')
  writeFileSync(at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.2\n')
  const signing = ['-in', 'request.pem', '-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-out', 'cert.pem']
  openssl('x509', '-req', ...signing, '-days', '3650', '-extfile', 'names')
  execFileSync('chmod', ['-R', 'a+rX', folder])
  return {
    ca: at('ca.pem'),
    stranger: at('stranger.pem'),
    options: [`--ssl-ca=${at('ca.pem')}`, `--ssl-cert=${at('cert.pem')}`, `--ssl-key=${at('key.pem')}`],
  }
}

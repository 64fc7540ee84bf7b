/** Ways to be let in: passwords of each kind, with TLS and without, as `--ssl-mode` says; and how a reader is told apart. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ServerAddress, TlsMode } from '../../src/core/ports.ts'
import { chooseServerId } from '../../src/source/live.ts'
import { temporaryFolder } from '../cli/run.ts'
import { startServer } from '../support/servers/index.ts'
import type { Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { createNotingSink, openLive } from './liveSupport.ts'

test('the server_id is none that the source knows', () => {
  const drawn = [2_147_483_650, 2_147_483_651, 2_147_483_652]
  expect(chooseServerId([1, 2_147_483_650, 2_147_483_651], () => drawn.shift() ?? 0)).toBe(2_147_483_652)
  const ids = Array.from({ length: 100 }, () => chooseServerId([1]))
  expect(new Set(ids).size).toBe(100)
  expect(Math.min(...ids)).toBeGreaterThanOrEqual(0x8000_0000)
  expect(Math.max(...ids)).toBeLessThanOrEqual(0xffff_ffff)
})

/** Reads the whole log with this account and TLS, through both connections. */
async function read(server: Server, more: Partial<ServerAddress>): Promise<number> {
  await using live = await openLive(server, more)
  const [first] = await live.listFiles()
  const sink = createNotingSink()
  await live.read({ from: { file: first?.name ?? '', position: 4 } }, sink)
  return sink.calls.length
}

const account = { user: 'secret', password: 'a password, ünï' }
const makeAccount = (require: string): readonly string[] => [
  `CREATE USER '${account.user}'@'%' IDENTIFIED BY '${account.password}'`,
  `GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '${account.user}'@'%'${require}`,
]

describeWith('mysql-9.7', 'a password by caching_sha2_password', () => {
  test('is sent through TLS, or encrypted with the key of the server where there is no TLS', async () => {
    await using server = await startServer({ kind: 'mysql-9.7' })
    await server.run(...makeAccount(''))
    const [row] = await server.query(`SELECT plugin FROM mysql.user WHERE user = '${account.user}'`)
    expect(row).toEqual({ plugin: 'caching_sha2_password' })
    const modes: readonly TlsMode['mode'][] = ['DISABLED', 'PREFERRED', 'REQUIRED']
    for (const mode of modes) {
      // The server forgets whom it knows, so that the password is needed whole.
      await server.run('FLUSH PRIVILEGES')
      expect(await read(server, { ...account, tls: { mode } })).toBeGreaterThan(3)
      const wrong = read(server, { ...account, password: 'wrong', tls: { mode } })
      await expect(wrong).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    }
  })

  test('over the socket, with TLS only if it is asked for by name', async () => {
    await using server = await startServer({ kind: 'mysql-9.7' })
    await server.run(...makeAccount(''), `ALTER USER '${account.user}'@'%' REQUIRE SSL`)
    const over = (mode: TlsMode['mode']): Promise<number> =>
      read(server, { ...account, socketPath: server.socket, tls: { mode } })
    expect(await over('REQUIRED')).toBeGreaterThan(3)
    await expect(over('PREFERRED')).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  })
})

for (const kind of ['mysql-5.6', 'mariadb-10.5', 'mariadb-10.11', 'mariadb-11.8'] satisfies readonly ServerKind[]) {
  describeWith(kind, `a password by mysql_native_password at ${kind}`, () => {
    test('without TLS, and with it where the server has it', async () => {
      await using server = await startServer({ kind })
      await server.run(...makeAccount(''))
      const [row] = await server.query(`SELECT plugin FROM mysql.user WHERE user = '${account.user}'`)
      expect(['', 'mysql_native_password']).toContain(row?.['plugin'])
      expect(await read(server, { ...account, tls: { mode: 'DISABLED' } })).toBeGreaterThan(3)
      expect(await read(server, { ...account, tls: { mode: 'PREFERRED' } })).toBeGreaterThan(3)
      const denied = read(server, { ...account, password: 'wrong', tls: { mode: 'DISABLED' } })
      await expect(denied).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    })
  })
}

for (const kind of ['mysql-9.7', 'mariadb-10.11', 'mariadb-11.8'] satisfies readonly ServerKind[]) {
  describeWith(['mysql-9.7', kind], `TLS at ${kind}`, () => {
    test('is what --ssl-mode says, for both connections', async () => {
      // MySQL makes certificates at its first start; MariaDB is given those.
      await using maker = await startServer({ kind: 'mysql-9.7' })
      const names = ['ca.pem', 'server-cert.pem', 'server-key.pem']
      const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(maker.dataDir, name), 'utf8')]))
      const options = ['--ssl-ca=ca.pem', '--ssl-cert=server-cert.pem', '--ssl-key=server-key.pem']
      await using server = await startServer(kind === 'mysql-9.7' ? { kind } : { kind, files, options })
      await server.run(...makeAccount(''), `ALTER USER '${account.user}'@'%' REQUIRE SSL`)
      const folder = temporaryFolder()
      const ca = join(server.dataDir, 'ca.pem')
      const stranger = join(folder, 'stranger.pem')
      writeFileSync(stranger, strangersCertificate)

      const through = (tls: TlsMode): Promise<number> => read(server, { ...account, tls })
      for (const tls of [{ mode: 'PREFERRED' }, { mode: 'REQUIRED' }, { mode: 'VERIFY_CA', ca }] satisfies TlsMode[]) {
        expect(await through(tls)).toBeGreaterThan(3)
      }
      await expect(through({ mode: 'DISABLED' })).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
      const refused = { code: 'CONNECT_FAILED', message: expect.stringContaining('no TLS with 127.0.0.1') as string }
      await expect(through({ mode: 'VERIFY_CA', ca: stranger })).rejects.toMatchObject(refused)
      // The certificate is made out to no host.
      await expect(through({ mode: 'VERIFY_IDENTITY', ca })).rejects.toMatchObject(refused)
      await expect(through({ mode: 'VERIFY_CA', ca: join(folder, 'absent') })).rejects.toMatchObject({ code: 'OPTION_FILE' })
    })
  })
}

describeWith('mariadb-10.11', 'a server without TLS', () => {
  test('is refused where TLS is required', async () => {
    await using server = await startServer({ kind: 'mariadb-10.11' })
    const reading = read(server, { tls: { mode: 'REQUIRED' } })
    await expect(reading).rejects.toMatchObject({ code: 'CONNECT_FAILED', hint: 'check --ssl-mode and --ssl-ca' })
  })
})

/** Of an authority that signed nothing here. */
const strangersCertificate = `-----BEGIN CERTIFICATE-----
MIIBfTCCASOgAwIBAgIUZ7YxmZRHcfZVP+u9QucVGFzxEycwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIc3RyYW5nZXIwIBcNMjYxMTI1MDEyNzQ5WhgPMjEyNjExMDEw
MTI3NDlaMBMxETAPBgNVBAMMCHN0cmFuZ2VyMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEwpAQY9tdkuWm2fjgqHeUVJDxkadRSzQ26Q9R3Bke9aT1/rwdBZGGKLfI
TX5CR83MnKVpLr91y897/O9lYniXoKNTMFEwHQYDVR0OBBYEFLtz7CY9RPsPIZ7l
5n6QAjvhs5EUMB8GA1UdIwQYMBaAFLtz7CY9RPsPIZ7l5n6QAjvhs5EUMA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgejtvcCc9xzcxkZM+e4maKedL
WjrCL/j68KuaimiPCjoCIQDCbxTOT95zkbhVZrrz0ON2/lst/pTnNOG8C1K809Ck
GA==
-----END CERTIFICATE-----
`

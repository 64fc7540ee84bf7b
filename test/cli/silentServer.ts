/** A way to a server that falls silent, with its connections open, once the client has said something. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface SilentServer extends AsyncDisposable {
  readonly port: number
  readonly isSilent: () => boolean
}

/** Passes everything on until a client sends what `isLast` is true of (TLS must be off), and then nothing more to anybody. */
export async function silentAfter(
  target: { readonly host: string; readonly port: number },
  isLast: (bytes: Buffer) => boolean,
): Promise<SilentServer> {
  const sockets = new Set<Socket>()
  let silent = false
  const server = createServer((client) => {
    sockets.add(client)
    client.on('error', () => undefined)
    if (silent) return
    const upstream = connect(target.port, target.host)
    sockets.add(upstream)
    upstream.on('error', () => undefined)
    client.on('data', (bytes: Buffer) => {
      if (isLast(bytes)) silent = true
      if (!silent) upstream.write(bytes)
    })
    upstream.on('data', (bytes: Buffer) => {
      if (!silent) client.write(bytes)
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => {
      if (!silent) client.destroy()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    isSilent: () => silent,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

import type { ServerAddress } from '../core/ports.ts'

/** Where a server is, in words: host and port, or its socket. */
export function addressText(address: ServerAddress): string {
  return address.socketPath ?? `${address.host}:${address.port}`
}

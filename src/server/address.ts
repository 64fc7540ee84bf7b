import type { ServerAddress } from '../core/ports.ts'

/** Where a server is, in words: host and port (of IPv6 in brackets), or its socket. */
export function addressText({ socketPath, host, port }: ServerAddress): string {
  return socketPath ?? `${host.includes(':') ? `[${host}]` : host}:${port}`
}

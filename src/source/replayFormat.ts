/** What a replay server says of itself: what the newest file that can be read says of the server that wrote it. */
import { open } from 'node:fs/promises'
import { fingerprintOf } from '../core/binlog/format.ts'
import type { LogFormat } from '../core/binlog/format.ts'
import { AT_SIZE, AT_TYPE, EventType, HEADER_LENGTH } from '../core/binlog/layout.ts'
import { u32 } from '../core/binlog/bytes.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import { BinpointError } from '../errors.ts'
import type { BinlogFileOnDisk } from './directory.ts'
import { readFormat } from './replayFile.ts'

export interface Served {
  readonly list: () => Promise<readonly BinlogFileOnDisk[]>
  /** As `VERSION()` says it. */
  readonly version: string
  /** MariaDB 10 puts `5.5.5-` in front of it in the handshake. */
  readonly handshakeVersion: string
  readonly family: 'mysql' | 'mariadb'
  readonly serverId: number
  readonly serverUuid: string
  /** Null: a server before checksums (MySQL 5.6.1, MariaDB 5.3), which has none of the variables that came with them either. */
  readonly checksum: 'CRC32' | 'NONE' | null
  readonly gtidMode: 'ON' | 'OFF'
}

/** Throws NOT_A_BINLOG when no file can be read. */
export async function readServedFormat(list: () => Promise<readonly BinlogFileOnDisk[]>): Promise<Served> {
  let why = ''
  const files = await list()
  for (const file of files.toReversed()) {
    const format = await readFormat(file.path)
    if (!('message' in format)) return describe(list, file, format)
    why = `${file.path}: ${format.message}`
  }
  throw new BinpointError('NOT_A_BINLOG', `there is nothing to serve; ${why}`, {
    hint: 'relay logs, files that MySQL encrypted, and files of MySQL before 5.0 cannot be served',
  })
}

async function describe(list: Served['list'], file: BinlogFileOnDisk, format: LogFormat): Promise<Served> {
  const { serverVersion: version, family, serverId } = format
  return {
    list,
    version,
    handshakeVersion: /^10\..*mariadb/i.test(version) ? `5.5.5-${version}` : version,
    family,
    serverId,
    serverUuid: uuidOf([serverId, file.name.replace(/\.\d+$/, '')]),
    checksum: knowsChecksums(version, family) ? (format.checksumLength === 4 ? 'CRC32' : 'NONE') : null,
    gtidMode: family === 'mysql' && (await hasGtids(file.path)) ? 'ON' : 'OFF',
  }
}

function knowsChecksums(version: string, family: Served['family']): boolean {
  const [major = 0, minor = 0, patch = 0] = (/^\d+\.\d+\.\d+/.exec(version)?.[0] ?? '').split('.').map(Number)
  return major * 10_000 + minor * 100 + patch >= (family === 'mariadb' ? 50_300 : 50_601)
}

/** MySQL: whether the file's first transaction has a GTID; where there is none yet, whether earlier ones had. */
async function hasGtids(path: string): Promise<boolean> {
  const handle = await open(path, 'r')
  try {
    const head = Buffer.alloc(65_536)
    const { bytesRead } = await handle.read(head, 0, head.length, FIRST_POSITION)
    let had = false
    let at = 0
    while (at + HEADER_LENGTH + 8 <= bytesRead) {
      const size = u32(head, at + AT_SIZE)
      const type = head[at + AT_TYPE]
      if (type === EventType.GTID || type === EventType.GTID_TAGGED) return true
      if (type === EventType.ANONYMOUS_GTID || size < HEADER_LENGTH) return false
      // Its body begins with the number of UUIDs.
      if (type === EventType.PREVIOUS_GTIDS) had = u32(head, at + HEADER_LENGTH) > 0
      at += size
    }
    return had
  } finally {
    await handle.close()
  }
}

/** Always the same for the same log, so that an index knows it again. */
function uuidOf(parts: readonly (string | number)[]): string {
  const hex = fingerprintOf(parts) + fingerprintOf([...parts, 'uuid'])
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

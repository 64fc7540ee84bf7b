/** What a replay server says of itself: what the newest file's FORMAT_DESCRIPTION says of the server that wrote it. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { u32 } from '../core/binlog/bytes.ts'
import type { LogFormat } from '../core/binlog/format.ts'
import { decodeFormat } from '../core/binlog/format.ts'
import { AT_SIZE, AT_TYPE, EventType, HEADER_LENGTH } from '../core/binlog/layout.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import { BinpointError } from '../errors.ts'
import type { BinlogFileOnDisk } from './directory.ts'

export interface Served {
  readonly list: () => Promise<readonly BinlogFileOnDisk[]>
  /** As `VERSION()` says it. */
  readonly version: string
  /** MariaDB 10 puts `5.5.5-` in front of it in the handshake. */
  readonly handshakeVersion: string
  readonly family: 'mysql' | 'mariadb'
  readonly serverId: number
  readonly serverUuid: string
  readonly checksum: 'CRC32' | 'NONE'
}

export async function readServedFormat(list: () => Promise<readonly BinlogFileOnDisk[]>): Promise<Served> {
  const files = await list()
  const last = files.at(-1)
  const format = last === undefined ? null : await readFormat(last.path)
  if (last === undefined || format === null) {
    throw new BinpointError(
      'NOT_A_BINLOG',
      `${last?.path ?? 'the directory'} does not begin with a FORMAT_DESCRIPTION that can be served`,
      {
        hint: 'encrypted files and files of MySQL before 5.0 cannot be replayed',
      },
    )
  }
  const version = format.serverVersion
  return {
    list,
    version,
    handshakeVersion: /^10\..*mariadb/i.test(version) ? `5.5.5-${version}` : version,
    family: format.family,
    serverId: format.serverId,
    serverUuid: uuidOf(`${format.serverId} ${version}`),
    checksum: format.checksumLength === 4 ? 'CRC32' : 'NONE',
  }
}

/** The file's format; null when there is none that can be read. */
export async function readFormat(path: string): Promise<LogFormat | null> {
  const handle = await open(path, 'r')
  try {
    const head = Buffer.alloc(4096)
    const { bytesRead } = await handle.read(head, 0, head.length, FIRST_POSITION)
    const size = u32(head, AT_SIZE)
    const isFormat = bytesRead > HEADER_LENGTH && head[AT_TYPE] === EventType.FORMAT_DESCRIPTION && size <= bytesRead
    return isFormat ? decodeFormat(head, 0, size) : null
  } finally {
    await handle.close()
  }
}

/** Always the same for the same log, so that an index knows it again. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

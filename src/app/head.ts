/** Short reads that tell whether a file is the one that it was. Each costs a few events of one file. */
import { eventCrc } from '../core/binlog/checksum.ts'
import { EventRole, EventType, roleOfType } from '../core/binlog/layout.ts'
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { LogSource } from '../core/ports.ts'
import type { RawEvent, ScannedFile } from '../core/scan/scan.ts'
import { createScan } from '../core/scan/scan.ts'

/**
 * The FORMAT_DESCRIPTION of `name` and what was executed before it; null when the file has no event at all. `onPrevious` sees the
 * PREVIOUS_GTIDS or GTID_LIST.
 */
export async function readHead(
  source: LogSource,
  name: string,
  onPrevious?: (event: RawEvent) => void,
): Promise<ScannedFile | null> {
  let head: ScannedFile | null = null
  const scan = createScan(
    {
      onTransaction: () => undefined,
      onFileEnd: (_ending, file) => {
        head ??= { ...file }
      },
      onEvent: (event) => {
        const { type } = event
        const role = roleOfType[type]
        if (role === EventRole.PREVIOUS_GTIDS) onPrevious?.(event)
        return role === EventRole.PREVIOUS_GTIDS || role === EventRole.START_ENCRYPTION || type === EventType.BINLOG_CHECKPOINT
      },
    },
    { decrypted: source.kind === 'server' },
  )
  await source.read(
    { from: { file: name, position: FIRST_POSITION }, until: { file: name, position: Number.MAX_SAFE_INTEGER } },
    scan,
  )
  return head
}

/** The CRC32 of the event at a coordinate. Null: no event there. */
export async function readEventCrc(source: LogSource, at: Coordinate): Promise<number | null> {
  let crc: number | null = null
  const scan = createScan(
    {
      onTransaction: () => undefined,
      onEvent: ({ bytes, position, from, end }) => {
        if (position === at.position) crc = eventCrc(bytes, from, end - position, scan.file?.format?.checksumLength ?? 0)
        return false
      },
    },
    { decrypted: source.kind === 'server' },
  )
  await source.read({ from: at, until: { file: at.file, position: Number.MAX_SAFE_INTEGER } }, scan)
  return crc
}

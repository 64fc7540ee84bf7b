/** Where a new index begins. */
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION } from '../core/coordinate.ts'
import type { LogFile, LogSource } from '../core/ports.ts'
import { BinpointError } from '../errors.ts'
import { readHead } from './head.ts'

export type StartFrom = 'oldest' | 'latest' | Coordinate | { readonly timeUs: number }

/** Resolves to the head of a file, or to the coordinate that was given. Throws LOG_PURGED for a file that is not there. */
export async function startFrom(source: LogSource, files: readonly LogFile[], from: StartFrom): Promise<Coordinate> {
  const head = (file: LogFile | undefined): Coordinate => ({ file: file?.name ?? '', position: FIRST_POSITION })
  if (from === 'oldest') return head(files[0])
  if (from === 'latest') return head(files.at(-1))
  if ('file' in from) {
    if (files.some((file) => file.name === from.file)) return from
    throw new BinpointError('LOG_PURGED', `${source.name} has no file ${from.file}`, {
      hint: `it has ${files[0]?.name ?? 'none'} to ${files.at(-1)?.name ?? 'none'}`,
    })
  }
  // From the newest file back to the first one that was begun before the time; usually one or two heads.
  for (const file of files.toReversed()) {
    const format = (await readHead(source, file.name))?.format
    if (format !== null && format !== undefined && (format.stampSeconds + 1) * 1_000_000 <= from.timeUs) return head(file)
  }
  return head(files[0])
}

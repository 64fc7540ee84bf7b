/** Where a new index begins. */
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION, formatCoordinate } from '../core/coordinate.ts'
import type { LogFile, LogSource } from '../core/ports.ts'
import { BinpointError } from '../errors.ts'
import { placeOf } from './boundary.ts'
import { newestFileBefore } from './fileOfTime.ts'

export type StartFrom = 'oldest' | 'latest' | Coordinate | { readonly timeUs: number }

/**
 * Resolves to the head of a file, or to the coordinate that was given, if it is a boundary: what is read from another place is no
 * transaction. Throws LOG_PURGED for a file that is not there, USAGE for a coordinate that is no boundary.
 */
export async function startFrom(source: LogSource, files: readonly LogFile[], from: StartFrom): Promise<Coordinate> {
  const head = (file: LogFile | undefined): Coordinate => ({ file: file?.name ?? '', position: FIRST_POSITION })
  if (from === 'oldest') return head(files[0])
  if (from === 'latest') return head(files.at(-1))
  if ('file' in from) {
    if (files.some((file) => file.name === from.file)) return boundaryAt(source, from)
    throw new BinpointError('LOG_PURGED', `${source.name} has no file ${from.file}`, {
      hint: `it has ${files[0]?.name ?? 'none'} to ${files.at(-1)?.name ?? 'none'}`,
    })
  }
  return head((await newestFileBefore(source, files, from.timeUs)) ?? files[0])
}

async function boundaryAt(source: LogSource, at: Coordinate): Promise<Coordinate> {
  const { kind, boundary } = await placeOf(source, at)
  if (kind === 'boundary') return at
  throw new BinpointError(
    'USAGE',
    `${formatCoordinate(at)} is ${kind === 'inside' ? 'not between transactions' : 'behind what can be read of that file'}`,
    {
      hint: `the boundary before it is ${formatCoordinate(boundary)}`,
    },
  )
}

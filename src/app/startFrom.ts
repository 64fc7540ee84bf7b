/** Where a new index begins. */
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION, formatCoordinate } from '../core/coordinate.ts'
import type { LogFile, LogSource } from '../core/ports.ts'
import { BinpointError } from '../errors.ts'
import { placeOf } from './boundary.ts'
import type { FileOfTime } from './fileOfTime.ts'
import { fileOfTime } from './fileOfTime.ts'

export type StartFrom = 'oldest' | 'latest' | Coordinate | { readonly timeUs: number }

export interface StartPlace {
  readonly at: Coordinate
  /** The file that was chosen for a time, and why. */
  readonly chosen: FileOfTime | null
}

/**
 * Resolves to the head of a file, or to the coordinate that was given, if it is a boundary: what is read from another place is no
 * transaction. Throws LOG_PURGED for a file that is not there, USAGE for a coordinate that is no boundary.
 */
export async function startFrom(source: LogSource, files: readonly LogFile[], from: StartFrom): Promise<StartPlace> {
  const head = (file: LogFile | undefined): StartPlace => ({
    at: { file: file?.name ?? '', position: FIRST_POSITION },
    chosen: null,
  })
  if (from === 'oldest') return head(files[0])
  if (from === 'latest') return head(files.at(-1))
  if ('file' in from) {
    if (files.some((file) => file.name === from.file)) return { at: await boundaryAt(source, from), chosen: null }
    throw new BinpointError('LOG_PURGED', `${source.name} has no file ${from.file}`, {
      hint: `it has ${files[0]?.name ?? 'none'} to ${files.at(-1)?.name ?? 'none'}`,
    })
  }
  const chosen = await fileOfTime(source, files, from.timeUs)
  return { ...head(chosen?.file), chosen }
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

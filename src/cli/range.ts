/** What `--from` and `--to` of a range mean: FILE:POSITION, FILE, or a time. */
import type { Coordinate } from '../core/coordinate.ts'
import { FIRST_POSITION, parseCoordinate } from '../core/coordinate.ts'
import { parseTime } from '../core/time/parse.ts'
import type { Arguments } from './command.ts'
import { textOf } from './command.ts'
import type { Shell } from './shell.ts'
import { timeContext } from './workplace.ts'

/** Throws TIME_* and COORDINATE_SYNTAX. */
export async function rangeEnd(
  name: 'from' | 'to',
  args: Arguments,
  shell: Shell,
): Promise<Coordinate | { readonly timeUs: number } | undefined> {
  const text = textOf(args, name)
  if (text === undefined) return undefined
  if (/^[^\s:]+\.\d{6,}:\d+$/.test(text)) return parseCoordinate(text)
  if (/^[^\s:]+\.\d{6,}$/.test(text)) return { file: text, position: FIRST_POSITION }
  return { timeUs: await parseTime(text, timeContext(args, shell)) }
}

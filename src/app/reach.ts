/** Whether an index reaches as far as an answer needs, without reading much more of the log. */
import type { Coordinate } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { LogSource } from '../core/ports.ts'
import { coverage } from './coverage.ts'

/** What an answer needs: everything; from a file on; or from a time on, and (with `untilUs`) no further than another one. */
export type Need = 'all' | Coordinate | { readonly timeUs: number; readonly untilUs?: number | undefined }

/** An index is brought up to date for a time if it is behind by no more files: else reading those that hold the time is quicker. */
const MOST_FILES_BEHIND = 4

/** False: what is needed lies ahead of the index, and the source has files there, or far behind it. */
export async function reaches(store: IndexStore, log: LogRow, source: LogSource, need: Need): Promise<boolean> {
  const files = store.files(log)
  const [first] = files
  const last = files.at(-1)
  if (first === undefined || last === undefined || need === 'all') return true
  const names = (await source.listFiles()).map((file) => file.name)
  const begin = names.indexOf(first.name)
  if ('file' in need) return begin <= 0 || !names.slice(0, begin).includes(need.file)
  if (begin > 0 && coverage(store, log).fromUs > need.timeUs) return false
  const isNear = names.length - 1 - names.indexOf(last.name) <= MOST_FILES_BEHIND
  return isNear || coverage(store, log).toUs > (need.untilUs ?? need.timeUs)
}

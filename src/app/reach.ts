/** Whether an index reaches back as far as an answer needs. */
import type { Coordinate } from '../core/coordinate.ts'
import type { IndexStore, LogRow } from '../core/evidence/port.ts'
import type { LogSource } from '../core/ports.ts'
import { coverage } from './coverage.ts'

/** What an answer needs: everything, or from a time or a file on. */
export type Need = 'all' | Coordinate | { readonly timeUs: number }

/** False: what is needed lies ahead of the index, and the source has files there. */
export async function reachesBack(store: IndexStore, log: LogRow, source: LogSource, need: Need): Promise<boolean> {
  const [first] = store.files(log)
  if (first === undefined || need === 'all') return true
  const names = (await source.listFiles()).map((file) => file.name)
  const begin = names.indexOf(first.name)
  if (begin <= 0) return true
  return 'file' in need ? !names.slice(0, begin).includes(need.file) : coverage(store, log).fromUs <= need.timeUs
}

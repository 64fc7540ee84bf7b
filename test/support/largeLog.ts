/** A log of many small transactions over several files, made by hand, so that indexing it takes a while and many commits. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventType } from '../../src/core/binlog/layout.ts'
import { addRows, beginLog, body, STAMP } from './bytes.ts'

/** Returns the number of transactions. A second of the log's clock has three of them. */
export function writeLargeLog(folder: string, files: number, transactionsPerFile: number): number {
  const names = Array.from({ length: files }, (_unused, i) => `mysql-bin.${String(i + 1).padStart(6, '0')}`)
  for (const [i, name] of names.entries()) {
    const first = i * transactionsPerFile
    const stampOf = (n: number): number => STAMP + Math.floor(n / 3)
    const log = beginLog({ version: '5.6.51-log', stamp: stampOf(first), created: i === 0 ? STAMP : 0 })
    for (let n = first; n < first + transactionsPerFile; n++) addRows(log, n, { stamp: stampOf(n) })
    const next = names[i + 1]
    if (next !== undefined) log.add(EventType.ROTATE, body.rotate(next), { stamp: stampOf(first + transactionsPerFile) })
    writeFileSync(join(folder, name), log.bytes())
  }
  writeFileSync(join(folder, 'mysql-bin.index'), names.map((name) => `./${name}\n`).join(''))
  return files * transactionsPerFile
}

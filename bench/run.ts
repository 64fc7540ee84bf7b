/**
 * `make bench`: speed and memory on logs of about 1 GB that real servers wrote, and on logs made of these; whole processes, as ratios
 * within one run.
 * Contestants take turns (A B A B …), so that what else the machine does meets all of them; medians are compared.
 * Prints every time that was taken, then the targets, and exits with 1 when one is not met.
 */
import { measuredLog } from './log.ts'
import { measureAt } from './at.ts'
import { measureFile } from './file.ts'
import { measureMemory } from './memory.ts'
import { measureServer } from './server.ts'
import type { Target } from './target.ts'
import { targetTable } from './target.ts'
import { tellMachine } from './machine.ts'
import { measureUnindexed } from './unindexed.ts'

const MEGABYTES = 1000

const say = (line: string): void => console.log(line)

tellMachine(say)
const targets: Target[] = []
for (const kind of ['mysql-9.7', 'mariadb-10.11'] as const) {
  const log = await measuredLog(kind, MEGABYTES, say)
  targets.push(...(await measureFile(log, say)))
  targets.push(...(await measureServer(log, say)))
  targets.push(...(await measureUnindexed(log, say)))
  targets.push(...(await measureMemory(log, say)))
}
targets.push(...(await measureAt(say)))

say('')
for (const line of targetTable(targets)) say(line)
process.exitCode = targets.every((target) => target.isMet) ? 0 : 1

/** What the numbers were taken on. */
import { cpus, loadavg, totalmem } from 'node:os'

export function tellMachine(say: (line: string) => void): void {
  const cores = cpus()
  say(
    `Node.js ${process.versions.node}, ${cores.length} x ${cores[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  )
  say(`load before the run: ${loadavg()[0]?.toFixed(2)} (more than 0 distorts times; ratios less)`)
}

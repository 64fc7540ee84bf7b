/**
 * A lock between processes on this machine, by flock(1), which every Debian has. The lock is held by a child that lives as long as its
 * standard input: it is given back also when the holder dies.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true })
  const holder = spawn('flock', ['--exclusive', file, '--command', 'echo locked; cat'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(holder, 'close')
  const [answer] = await Promise.race([once(holder.stdout, 'data'), ended.then(() => [''])])
  if (!String(answer).startsWith('locked')) throw new Error(`could not lock ${file}`)
  try {
    return await work()
  } finally {
    holder.stdin.end()
    await ended
  }
}

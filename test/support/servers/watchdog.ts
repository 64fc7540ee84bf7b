/**
 * Ends a server and deletes its folder when the process that started it is gone, in whatever way: a shell waits on a pipe that only
 * that process holds. Costs nothing while it waits.
 */
import { spawn } from 'node:child_process'

export interface Watchdog {
  /** The process to end; null while none runs. */
  watch(pid: number | null): void
  /** The folder is deleted now, if it is still there. */
  release(): void
}

const script = `
pid=0
while read -r line; do pid=$line; done
[ "$pid" = 0 ] || kill -9 "$pid" 2>/dev/null
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`

export function startWatchdog(folder: string): Watchdog {
  // Detached: an interrupt typed at the terminal must not end it first.
  const shell = spawn('sh', ['-c', script, 'watchdog', folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  shell.unref()
  // Deaf to a shell that somebody ended.
  shell.stdin.on('error', () => {})
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref()
  return {
    watch: (pid) => {
      shell.stdin.write(`${pid ?? 0}\n`)
    },
    release: () => {
      shell.stdin.end()
    },
  }
}

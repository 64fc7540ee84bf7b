/**
 * What a DBA would see, without a database server: an active master's binlogs are served as by a server, streamed through zongji into a
 * new index, and asked for the moment at which the passive one lost rows. The commands are printed as they are typed.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const program = join(root, 'dist/bin.js')
const folder = mkdtempSync(join(tmpdir(), 'binpoint-demo-'))
const env = { ...process.env, BINPOINT_INDEX: join(folder, 'index.sqlite'), HOME: folder }

const story = JSON.parse(readFileSync(join(root, 'fixtures/rollbar/story.json'), 'utf8'))
const time: string = story.divergence.time
const first = `${story.divergence.file}:${story.divergence.position}`
const rows: Readonly<Record<string, number>> = story.lost.rows

say(`
Two MySQL ${story.serverVersion} servers replicate from each other. At ${time} the passive one silently lost
${story.lost.transactions} transactions of the active one: ${Object.entries(rows)
  .map(([table, count]) => `${count} rows of ${table}`)
  .join(', ')}. It runs, 0 seconds behind.
Its active master's binlogs are served from fixtures/rollbar/active:`)

const replay = spawn(process.execPath, [program, 'replay', 'fixtures/rollbar/active', '--json'], {
  cwd: root,
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const source = await sourceOf(replay.stdout)
  say('\nWhich coordinate is that moment? No index is needed beforehand: the log is streamed, and what was read is kept.')
  show(['at', time, '--source', source])
  say(`\nThe servers themselves say of that loss: it began at ${first}. The transactions from there on, read again from the log:`)
  show(['ls', '--from', time, '--limit', '4', '--source', source])
  say('\nThe script that restarts the passive server there. Given --replica instead of --dialect, the server is looked at first.')
  show(['repair', '--at', time, '--skew', '0', '--source', source, '--dialect', 'mysql-5.6'])
  say('\nWhat the index covers now:')
  show(['status'])
} finally {
  replay.kill('SIGINT')
  await once(replay, 'exit')
  rmSync(folder, { recursive: true, force: true })
}

/** Where it listens: the one line that it prints. */
async function sourceOf(output: NodeJS.ReadableStream): Promise<string> {
  say('\n$ binpoint replay fixtures/rollbar/active')
  let text = ''
  for await (const piece of output) {
    text += String(piece)
    if (text.includes('}')) break
  }
  const { host, port } = JSON.parse(text)
  return `mysql://repl@${host}:${port}`
}

function show(args: readonly string[]): void {
  say(`\n$ binpoint ${args.join(' ')}`)
  const { status } = spawnSync(process.execPath, [program, ...args], { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error(`binpoint ${args[0]} ended with ${status}`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

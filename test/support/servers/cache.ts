/**
 * The folder that keeps the fetched servers, and what it says of each. Everything in it can be deleted: `make servers` makes it again.
 * A server's folder appears by a rename, whole or not at all; a server that could not be had leaves its reason in a file beside it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { recipes } from './catalog.ts'
import type { Fetched, ServerKind } from './catalog.ts'

export type Availability =
  | { readonly kind: Fetched; readonly available: true; readonly version: string }
  | { readonly kind: Fetched; readonly available: false; readonly why: string }

export type ProgramRole = 'server' | 'client' | 'binlogReader'

/** How to run a program of a server: the command, and what its environment needs besides the caller's. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export function cacheFolder(): string {
  const own = process.env['BINPOINT_SERVERS']
  if (own) return own
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'binpoint-servers')
}

export const folderOf = (kind: Fetched): string => join(cacheFolder(), kind)
export const rootOf = (kind: Fetched): string => join(folderOf(kind), 'root')
const stampOf = (kind: Fetched): string => join(folderOf(kind), 'version')
export const reasonOf = (kind: Fetched): string => join(cacheFolder(), `${kind}.missing`)

/** A reason wins over an unpacked server: it may be there and not work. */
export function availability(kind: Fetched): Availability {
  if (existsSync(reasonOf(kind))) return { kind, available: false, why: readFileSync(reasonOf(kind), 'utf8').trim() }
  const version = fetchedVersion(kind)
  return version === null
    ? { kind, available: false, why: 'not fetched yet: run `make servers`' }
    : { kind, available: true, version }
}

/** Null when it was never fetched. */
export function fetchedVersion(kind: Fetched): string | null {
  return existsSync(stampOf(kind)) ? readFileSync(stampOf(kind), 'utf8').trim() : null
}

/** Throws when the server has no such program. `root`: another unpacked root than the cached one. */
export function program(kind: ServerKind, role: ProgramRole, root: string = rootOf(kind)): Program {
  const recipe = recipes[kind]
  const path = recipe[role]
  if (path === null) throw new Error(`${kind} comes without a ${role} program`)
  const file = join(root, path)
  if (recipe.origin.from === 'npm') return { command: file, args: [], env: { LD_LIBRARY_PATH: join(root, 'server') } }
  return { command: loader(root), args: ['--library-path', libraryFolders(root).join(':'), file], env: {} }
}

/** The library that is loaded into a server to move its clock. `root`: another unpacked root than the cached one. */
export function clockLibrary(root: string = rootOf('faketime')): string {
  return join(root, 'usr/lib', architecture.triplet, 'faketime/libfaketimeMT.so.1')
}

const architecture =
  process.arch === 'arm64'
    ? { triplet: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' }
    : { triplet: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' }

/** The suite's own loader and C library: the machine's may be older than the server needs. */
function loader(root: string): string {
  const found = libraryFolders(root)
    .map((folder) => join(folder, architecture.loader))
    .find((file) => existsSync(file))
  if (found === undefined) throw new Error(`no ${architecture.loader} below ${root}`)
  return found
}

function libraryFolders(root: string): readonly string[] {
  const { triplet } = architecture
  return [join(root, 'lib', triplet), join(root, 'usr/lib', triplet), join(root, 'usr/lib/mysql/private')]
}

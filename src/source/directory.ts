/**
 * Which files are the log, and in which order. The server's `.index` file says it where there is one; without, the numbers in
 * the names do, and only files with a binlog's first bytes count, as other files have names of that form too (aria_log.00000001,
 * MariaDB's .idx). The next name is never computed.
 */
import { open, readFile, readdir, stat } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { compareBinlogNames, isBinlogName } from '../core/coordinate.ts'
import { BinpointError } from '../errors.ts'

export interface BinlogFileOnDisk {
  readonly name: string
  readonly path: string
  readonly size: number
}

/**
 * `paths`: one directory, one `.index` file, or binlog files (sorted by number when their names have one).
 * Throws SOURCE_NOT_FOUND, NO_BINLOGS, UNSUPPORTED_SERVER.
 */
export async function listBinlogFiles(paths: readonly string[]): Promise<readonly BinlogFileOnDisk[]> {
  const [only = ''] = paths
  const kind = paths.length === 1 ? await kindOf(only) : 'file'
  const listed =
    kind === 'directory'
      ? await listDirectory(only)
      : only.endsWith('.index')
        ? await listIndexFile(only)
        : [...paths].sort(compareBinlogNames)
  const files = await Promise.all(listed.map(async (path) => ({ name: basename(path), path, size: (await statOf(path)).size })))
  if (files.length === 0)
    throw new BinpointError('NO_BINLOGS', `${only} has no binlog files`, {
      hint: 'give the directory of log_bin (SHOW VARIABLES LIKE "log_bin_basename")',
    })
  return files
}

async function kindOf(path: string): Promise<'directory' | 'file'> {
  return (await statOf(path)).isDirectory() ? 'directory' : 'file'
}

async function statOf(path: string): Promise<Stats> {
  try {
    return await stat(path)
  } catch (cause) {
    throw new BinpointError('SOURCE_NOT_FOUND', `${path} cannot be read`, {
      hint: 'give a directory of binlog files, an .index file, files, or mysql://user@host:port',
      cause,
    })
  }
}

async function listDirectory(directory: string): Promise<string[]> {
  const names = await namesIn(directory)
  const indexes: string[] = []
  for (const name of names) if (name.endsWith('.index') && (await isBinlogIndex(join(directory, name)))) indexes.push(name)
  const [index] = indexes
  if (index !== undefined && indexes.length === 1) return listIndexFile(join(directory, index))
  if (names.some((name) => name.endsWith('.ibb'))) {
    throw new BinpointError('UNSUPPORTED_SERVER', `${directory} holds an InnoDB binlog (.ibb), which has no file positions`, {
      hint: 'such a log can only be followed by GTID',
    })
  }
  const found: string[] = []
  const unreadable: string[] = []
  for (const name of names.filter(isBinlogName)) {
    const kind = await looksLike(join(directory, name))
    if (kind !== 'other') (kind === 'binlog' ? found : unreadable).push(name)
  }
  const [first] = unreadable
  if (found.length === 0 && first !== undefined) throw notReadable(join(directory, first))
  const bases = new Set(found.map(baseOf))
  // What cannot be looked at is not left out, or its transactions would be missing without a word.
  found.push(...unreadable.filter((name) => bases.has(baseOf(name))))
  if (bases.size > 1) {
    throw new BinpointError('SOURCE_SYNTAX', `${directory} holds more than one log: ${[...bases].join(', ')}`, {
      hint: 'give the files of one of them, or its .index file',
    })
  }
  return found.sort(compareBinlogNames).map((name) => join(directory, name))
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (cause) {
    throw notReadable(directory, cause)
  }
}

/** A relay log has an index too: what counts is that its first file that is there is a binlog and not named as a relay log. */
async function isBinlogIndex(path: string): Promise<boolean> {
  if (/relay[-_]?(bin|log)?[^/]*\.index$/i.test(basename(path))) return false
  return (await entriesOf(path)).length > 0
}

async function listIndexFile(path: string): Promise<string[]> {
  const entries = await entriesOf(path)
  if (entries.length === 0)
    throw new BinpointError('NO_BINLOGS', `none of the files that ${path} lists is beside it`, {
      hint: 'copy the binlog files into the same directory',
    })
  return entries
}

/** The files that an index names and that are in its directory; its paths may be those of another machine. */
async function entriesOf(path: string): Promise<string[]> {
  const text = await readFile(path, 'latin1').catch(() => '')
  const files: string[] = []
  for (const line of text.split(/\r?\n/)) {
    const name = basename(line.trim().replaceAll('\\', '/'))
    if (!isBinlogName(name)) continue
    const file = join(dirname(path), name)
    if (
      await stat(file).then(
        (found) => found.isFile(),
        () => false,
      )
    )
      files.push(file)
  }
  return files
}

const MAGICS = new Set(['fe62696e', 'fd62696e'])

async function looksLike(path: string): Promise<'binlog' | 'other' | 'unreadable'> {
  const handle = await open(path, 'r').catch(() => null)
  if (handle === null) return 'unreadable'
  try {
    const magic = Buffer.alloc(4)
    const { bytesRead } = await handle.read(magic, 0, 4, 0)
    return bytesRead === 4 && MAGICS.has(magic.toString('hex')) ? 'binlog' : 'other'
  } catch {
    return 'other' // a directory that is named like one
  } finally {
    await handle.close()
  }
}

function baseOf(name: string): string {
  return name.replace(/\.\d+$/, '')
}

function notReadable(path: string, cause?: unknown): BinpointError {
  return new BinpointError('SOURCE_NOT_FOUND', `${path} cannot be read`, {
    hint: 'check its permissions: the server’s user owns it',
    cause,
  })
}

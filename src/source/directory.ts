import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { compareBinlogNames, isBinlogName } from '../core/coordinate.ts'
export interface BinlogFileOnDisk {
  readonly name: string
  readonly path: string
  readonly size: number
}
export async function listBinlogFiles(path: string | readonly string[]): Promise<readonly BinlogFileOnDisk[]> {
  const paths =
    typeof path !== 'string'
      ? path
      : (await stat(path)).isDirectory()
        ? (await readdir(path))
            .filter(isBinlogName)
            .sort(compareBinlogNames)
            .map((n) => join(path, n))
        : [path]
  return Promise.all(paths.map(async (p) => ({ name: basename(p), path: p, size: (await stat(p)).size })))
}

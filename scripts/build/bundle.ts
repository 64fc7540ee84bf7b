/**
 * What is published: the program and the library as a few files each, as most of the time of a short command goes into finding
 * and compiling modules. What package.json calls a dependency is installed beside it and imported when it is needed; all else,
 * which is yargs with what it needs and fzstd, goes into the files. Nothing is minified, and the maps show where a line came from.
 *
 * V8's compile cache would save 8 ms of the 110 that are left. It is not used: its default folder in the common /tmp is one that
 * another user can fill with code, and one of its own would have to be owned, private and writable to be worth trusting.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'rolldown'
import type { Plugin } from 'rolldown'
import { licenses } from './licenses.ts'

const root = join(import.meta.dirname, '../..')

export async function bundle(folder: string): Promise<void> {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object }
  await build({
    cwd: root,
    input: { bin: 'src/bin.ts', index: 'src/index.ts' },
    platform: 'node',
    external: Object.keys(dependencies).map((name) => new RegExp(`^${name}(/|$)`)),
    plugins: [plainWidth, licenses],
    logLevel: 'warn',
    // As deep below the package as src/cli/version.ts, which reads the version from there.
    output: { dir: folder, chunkFileNames: 'chunks/[name].js', sourcemap: true },
  })
}

/** yargs measures the words of `--help` with patterns for every emoji, and compiling these takes a quarter of a start. */
const plainWidth: Plugin = {
  name: 'plain-width',
  resolveId: (id) => (id === 'string-width' ? id : null),
  load: (id) => (id === 'string-width' ? 'export default (text) => text.length' : null),
}

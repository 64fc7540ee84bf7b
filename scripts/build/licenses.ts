/** The licenses of the packages that went into the bundle, as a file beside it: all of them ask for that. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'rolldown'

export const LICENSES_NAME = 'LICENSES.txt'

export const licenses: Plugin = {
  name: 'licenses',
  generateBundle(_options, output) {
    const chunks = Object.values(output).filter((file) => file.type === 'chunk')
    const folders = chunks.flatMap((chunk) => chunk.moduleIds.map(packageFolder)).filter((folder) => folder !== null)
    // A package may be there twice.
    const source = [...new Set(folders.map(license))].toSorted().join(`\n${'-'.repeat(80)}\n\n`)
    this.emitFile({ type: 'asset', fileName: LICENSES_NAME, source })
  },
}

/** The folder of the package that a module is from; null for our own. */
function packageFolder(module: string): string | null {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module)?.[0] ?? null
}

/** Throws for a package that has no license file. */
function license(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string }
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  if (file === undefined) throw new Error(`${folder} has no license file, so it cannot be bundled`)
  return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
}

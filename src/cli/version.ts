/** The package's version, from the package itself: two folders up in src/ as in dist/. */
import { readFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string }

export const version: string = manifest.version

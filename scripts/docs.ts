/** Writes again what of the documents is made from the code: the parts of the README that commands print, and the catalogue of findings. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findingsPage } from './docs/findings.ts'
import { renewed } from './docs/readme.ts'

const root = join(import.meta.dirname, '..')
const readme = join(root, 'README.md')
writeFileSync(readme, await renewed(readFileSync(readme, 'utf8')))
writeFileSync(join(root, 'docs/findings.md'), findingsPage())

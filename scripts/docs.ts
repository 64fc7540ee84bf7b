/** Writes the parts of the README again that are made by running the commands in it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renewed } from './docs/readme.ts'

const path = join(import.meta.dirname, '../README.md')
writeFileSync(path, await renewed(readFileSync(path, 'utf8')))

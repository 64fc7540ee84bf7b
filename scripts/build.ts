/** Makes the JavaScript of dist/, as it is published. Its types are made by tsc beforehand (`npm run build`). */
import { join } from 'node:path'
import { bundle } from './build/bundle.ts'

await bundle(join(import.meta.dirname, '../dist'))

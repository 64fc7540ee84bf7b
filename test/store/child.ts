/**
 * A process that indexes FOLDER into INDEX in small blocks and commits after each: `node child.ts FOLDER INDEX BLOCK`. Prints a line when
 * it begins to read. Ends as the command would: 0, or 2 with the code of the failure on stderr.
 */
import { writeSync } from 'node:fs'
import { buildIndex } from '../../src/app/index.ts'
import { BinpointError } from '../../src/errors.ts'
import { openStore } from '../../src/store/store.ts'
import { openBlocks } from '../support/blocks.ts'

const [folder = '', index = '', size = ''] = process.argv.slice(2)
try {
  using store = openStore(index)
  const source = openBlocks(folder, { size: Number(size) })
  writeSync(1, 'reading\n')
  await buildIndex({ store, source, commitMs: 0, signal: new AbortController().signal })
} catch (error) {
  if (!(error instanceof BinpointError)) throw error
  writeSync(2, error.code)
  process.exitCode = 2
}

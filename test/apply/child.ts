/** Reads all batches of a log as a process of its own, and says what it held at most: node child.ts FOLDER. */
import { createBatches } from '../../src/app/apply/batch.ts'
import { openFileSource } from '../../src/source/files.ts'

const batches = createBatches({
  source: openFileSource('log', [process.argv[2] ?? '']),
  from: { file: 'mysql-bin.000001', position: 4 },
  until: undefined,
  signal: undefined,
  choose: () => true,
  statementAction: () => undefined,
  takesVersion1: true,
  maxAllowedPacket: 1 << 30,
})
let rowsEvents = 0
let largest = 0
for (;;) {
  const orders = await batches.next()
  if (orders === null) break
  const runs = orders.flatMap((order) => (order.kind === 'transaction' || order.kind === 'run' ? [order.run] : []))
  largest = Math.max(
    largest,
    runs.reduce((sum, run) => sum + run.bytes.length, 0),
  )
  rowsEvents += runs.reduce((sum, run) => sum + run.rowsEvents, 0)
}
process.stdout.write(`${JSON.stringify({ rowsEvents, largest })}\n`)

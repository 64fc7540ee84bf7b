/** A thread that runs inputs, so that the one that started it can tell when an input never ends, and can end it. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Round } from './campaign.ts'
import { runCampaign } from './campaign.ts'
import type { Failure } from './layers.ts'

export interface WorkerTask {
  readonly rounds: readonly Round[]
  readonly path?: string | undefined
  /** Inputs begun, and inputs begun in the round at hand. */
  readonly counts: Int32Array<SharedArrayBuffer>
  /** Of the process, resident. */
  readonly memoryLimitKiB: number
}

export type WorkerMessage =
  | { readonly kind: 'round'; readonly round: Round }
  | { readonly kind: 'memory'; readonly peakKiB: number }
  | { readonly kind: 'end'; readonly failure: Failure | null }

const { rounds, path, counts, memoryLimitKiB } = workerData as WorkerTask

function send(message: WorkerMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a window's; this is a thread's
  parentPort?.postMessage(message)
}

const failure = await runCampaign({
  rounds,
  path,
  onRound: (round) => {
    Atomics.store(counts, 1, 0)
    send({ kind: 'round', round })
  },
  onInput: () => {
    // The peak, as it was when the input before this one had been read.
    const peakKiB = process.resourceUsage().maxRSS
    if (peakKiB > memoryLimitKiB) {
      send({ kind: 'memory', peakKiB })
      process.exit() // ends this thread: what the input was, its number tells
    }
    Atomics.add(counts, 0, 1)
    Atomics.add(counts, 1, 1)
  },
})
send({ kind: 'end', failure })

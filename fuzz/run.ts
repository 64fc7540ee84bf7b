/**
 * `make fuzz`: many inputs of many sorts, made from a seed, through all that reads bytes or text of others. Ends with 1 at the first one
 * that breaks a promise, never ends, or takes too much memory, with what is needed to run that one again.
 *
 *   node fuzz/run.ts [--count N] [--seed N]            all sorts
 *   node fuzz/run.ts --layer NAME --seed N --path P    one input of a round
 *   node fuzz/run.ts --hex BYTES                       one file
 */
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { Round } from './campaign.ts'
import { planRounds } from './campaign.ts'
import type { Failure } from './layers.ts'
import { checkFile } from './properties.ts'
import type { WorkerMessage, WorkerTask } from './worker.ts'

const MEMORY_LIMIT_MIB = 300
/** An input takes less than a millisecond; a machine that does much else may stand still for a while. */
const HANG_MS = 30_000
const PROGRESS_MS = 10_000
/** Small, so that what is resident is what is used, and not what was left for the garbage collector. */
const YOUNG_MIB = 8
const OLD_MIB = 96

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    layer: { type: 'string', default: '' },
    path: { type: 'string' },
    hex: { type: 'string' },
  },
})

function wholeNumber(name: 'count' | 'seed', least: number): number {
  const number = Number(values[name])
  if (!Number.isInteger(number) || number < least || number > 0x7fff_ffff)
    throw new Error(`--${name} ${values[name]}: not such a number`)
  return number
}

if (values.hex === undefined) await fuzz(wholeNumber('seed', 0), wholeNumber('count', 1))
else {
  const bytes = Buffer.from(values.hex, 'hex')
  for (let choice = 0; choice < 4 * bytes.length; choice++) checkFile(bytes, [1 + (choice >> 2)], choice)
  console.log('everything holds')
}

async function fuzz(seed: number, count: number): Promise<void> {
  const { layer, path } = values
  const rounds = layer === '' ? planRounds(seed, count) : [{ layer, seed, count: path === undefined ? Math.min(count, 1000) : 1 }]
  const startedMs = Date.now()
  const counts = new Int32Array(new SharedArrayBuffer(8))
  const told = await watch({ rounds, path, counts, memoryLimitKiB: MEMORY_LIMIT_MIB * 1024 })
  const seconds = (Date.now() - startedMs) / 1000
  const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024)
  console.log(`${counts[0]} inputs from seed ${seed} in ${seconds.toFixed(0)} s, at most ${peakMiB} MiB resident`)
  if (told === null) {
    console.log('everything holds')
    return
  }
  console.log(told)
  process.exitCode = 1
}

/** Null: everything holds; else what does not. */
async function watch(task: WorkerTask): Promise<string | null> {
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: task,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB, maxOldGenerationSizeMb: OLD_MIB },
  })
  let round: Round | undefined
  const here = (): string => again(round, String(Math.max(0, (task.counts[1] ?? 0) - 1)))
  const told = await new Promise<string | null>((resolve) => {
    const end = (what: string | null): void => {
      clearInterval(timer)
      resolve(what)
    }
    const timer = watchProgress(task, () => end(`an input does not end within ${HANG_MS / 1000} s\n${here()}`))
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'round') ({ round } = message)
      else if (message.kind === 'memory') {
        end(`${Math.round(message.peakKiB / 1024)} MiB are resident, more than ${MEMORY_LIMIT_MIB}\n${here()}`)
      } else end(message.failure === null ? null : describe(message.failure))
    })
    worker.on('error', (error) => end(`${error.stack ?? error.message}\n${here()}`))
    worker.on('exit', () => end(`the thread ended before its time\n${here()}`))
  })
  await worker.terminate()
  return told
}

function watchProgress({ counts }: WorkerTask, hangs: () => void): NodeJS.Timeout {
  let last = -1
  let movedMs = Date.now()
  let saidMs = movedMs
  return setInterval(() => {
    const now = Date.now()
    const done = Atomics.load(counts, 0)
    if (done !== last) movedMs = now
    last = done
    if (now - movedMs > HANG_MS) hangs()
    if (now - saidMs < PROGRESS_MS) return
    saidMs = now
    console.error(`${done} inputs`)
  }, 500)
}

function describe({ layer, seed, path, message, recipe, hex }: Failure): string {
  return [`it does not hold that ${message}`, `made by ${recipe}`, again({ layer, seed, count: 1 }, path), `bytes: ${hex}`].join(
    '\n',
  )
}

function again(round: Round | undefined, path: string): string {
  return round === undefined
    ? 'before the first input'
    : `again: node fuzz/run.ts --layer ${round.layer} --seed ${round.seed} --path ${path}`
}

/** A progress bar on stderr, with rate and time left; only on a terminal, and not with --quiet or --no-progress. */
import type { SingleBar } from 'cli-progress'
import type { Progress as StepState } from '../app/execute/operation.ts'
import type { IndexProgress } from '../app/index.ts'
import type { Arguments } from './command.ts'
import { isSet } from './command.ts'
import { formatBytes } from './render/text.ts'
import type { Shell } from './shell.ts'

export interface Progress {
  readonly update: (progress: IndexProgress) => void
  readonly stop: () => void
}

export async function createProgress(args: Arguments, shell: Shell): Promise<Progress> {
  if (!shell.stderrIsTerminal || isSet(args, 'quiet') || isSet(args, 'no-progress')) {
    return { update: () => undefined, stop: () => undefined }
  }
  const { default: cliProgress } = await import('cli-progress')
  let bar: SingleBar | null = null
  let startedUs = 0
  let startBytes = 0
  return {
    update({ at, bytesDone, bytesTotal, transactions }) {
      if (bar === null) {
        bar = new cliProgress.SingleBar({
          format: 'reading {file} [{bar}] {percentage}% | {rate}/s | {transactions} transactions | {eta_formatted} left',
          clearOnComplete: true,
          hideCursor: true,
        })
        startedUs = shell.nowUs()
        startBytes = bytesDone
        bar.start(bytesTotal, bytesDone, { file: at.file, rate: '-', transactions })
        return
      }
      const seconds = (shell.nowUs() - startedUs) / 1_000_000
      bar.setTotal(Math.max(bytesTotal, bytesDone))
      bar.update(bytesDone, {
        file: at.file,
        rate: formatBytes((bytesDone - startBytes) / Math.max(seconds, 0.001)),
        transactions,
      })
    },
    stop: () => bar?.stop(),
  }
}

export interface StepProgress {
  readonly update: (progress: StepState) => void
  readonly stop: () => void
}

/** How far a repair is that is being executed. */
export async function createStepProgress(args: Arguments, shell: Shell): Promise<StepProgress> {
  if (!shell.stderrIsTerminal || isSet(args, 'quiet') || isSet(args, 'no-progress')) {
    return { update: () => undefined, stop: () => undefined }
  }
  const { default: cliProgress } = await import('cli-progress')
  let bar: SingleBar | null = null
  return {
    update({ text, done, total }) {
      if (bar === null) {
        bar = new cliProgress.SingleBar({
          format: '{text} [{bar}] {percentage}% | {eta_formatted} left',
          clearOnComplete: true,
          hideCursor: true,
        })
        bar.start(total, done, { text })
        return
      }
      bar.setTotal(Math.max(total, done))
      bar.update(done, { text })
    },
    stop: () => bar?.stop(),
  }
}

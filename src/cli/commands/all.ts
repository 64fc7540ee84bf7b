/** The commands, in the order of `--help`. */
import type { Command } from '../command.ts'
import { atCommand } from './at.ts'
import { indexCommand } from './index.ts'
import { lsCommand } from './ls.ts'
import { repairCommand } from './repair.ts'
import { replayCommand } from './replay.ts'
import { statusCommand } from './status.ts'
import { whenCommand } from './when.ts'

export const commands: readonly Command[] = [
  indexCommand,
  atCommand,
  whenCommand,
  lsCommand,
  repairCommand,
  statusCommand,
  replayCommand,
]

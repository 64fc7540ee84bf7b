import { existsSync } from 'node:fs'
import type { StatusReport } from '../../app/status.ts'
import { status } from '../../app/status.ts'
import { BinpointError } from '../../errors.ts'
import type { Arguments, Command } from '../command.ts'
import { isSet, textOf } from '../command.ts'
import { documentOf, statusJson } from '../render/json.ts'
import { renderStatus } from '../render/status.ts'
import { styleFor } from '../render/text.ts'
import type { Shell } from '../shell.ts'
import { Exit } from '../shell.ts'
import { indexedLog, indexPath, openIndex } from '../workplace.ts'

export const statusCommand: Command = {
  description: 'Prints what the index holds of each source. Reads the index alone. Exits 1 when a current log has a gap.',
  examples: ['binpoint status', 'binpoint status --json'],
  positionals: {},
  options: { source: { type: 'string', requiresArg: true, describe: 'only this indexed source' } },
  uses: ['index', 'time', 'output', 'answer'],
  run: async (args, shell) => {
    const source = textOf(args, 'source')
    const report = await reportOf(args, shell, source)
    shell.stdout(isSet(args, 'json') ? documentOf(statusJson(report)) : renderStatus(report, styleFor(shell), textOf(args, 'tz')))
    const hasGap = report.logs.some((log) => log.endedBy === null && log.gaps.length > 0)
    return hasGap ? Exit.NO : Exit.OK
  },
}

/** An index that is not there yet is empty, and stays away: looking makes no file. */
async function reportOf(args: Arguments, shell: Shell, source: string | undefined): Promise<StatusReport> {
  const path = indexPath(args, shell)
  if (!existsSync(path)) {
    if (source !== undefined)
      throw new BinpointError('INDEX_UNKNOWN_SOURCE', `there is no index at ${path}`, { hint: `binpoint index ${source}` })
    return { path, bytes: 0, logs: [] }
  }
  using store = openIndex(args, shell)
  return status(store, source === undefined ? undefined : (await indexedLog(args, shell, store)).source)
}

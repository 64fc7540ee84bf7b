import { status } from '../../app/status.ts'
import type { Command } from '../command.ts'
import { isSet, textOf } from '../command.ts'
import { documentOf, statusJson } from '../render/json.ts'
import { renderStatus } from '../render/status.ts'
import { styleFor } from '../render/text.ts'
import { Exit } from '../shell.ts'
import { openIndex } from '../workplace.ts'

export const statusCommand: Command = {
  usage: 'status',
  summary: 'what the index covers, with its gaps',
  description: 'Prints what the index holds of each source. Reads the index alone. Exits 1 when a current log has a gap.',
  examples: ['binpoint status', 'binpoint status --json'],
  positionals: [],
  options: { source: { type: 'string', requiresArg: true, describe: 'only this indexed source' } },
  uses: ['index', 'time', 'output', 'answer'],
  run: (args, shell) => {
    using store = openIndex(args, shell)
    const report = status(store, textOf(args, 'source'))
    shell.stdout(isSet(args, 'json') ? documentOf(statusJson(report)) : renderStatus(report, styleFor(shell), textOf(args, 'tz')))
    const hasGap = report.logs.some((log) => log.endedBy === null && log.gaps.length > 0)
    return Promise.resolve(hasGap ? Exit.NO : Exit.OK)
  },
}

import type { RepairRequest } from '../../app/repair.ts'
import { repair } from '../../app/repair.ts'
import { parseCoordinate } from '../../core/coordinate.ts'
import { acceptable } from '../../core/plan/findings.ts'
import { parseDuration } from '../../core/time/duration.ts'
import { parseTime } from '../../core/time/parse.ts'
import { BinpointError } from '../../errors.ts'
import type { Arguments, Command } from '../command.ts'
import { isSet, listOf, textOf } from '../command.ts'
import { documentOf, repairJson } from '../render/json.ts'
import { renderRefusal, renderScript } from '../render/script.ts'
import type { RepairOptions } from '../repairPlan.ts'
import { preparePlan, strategyOf } from '../repairPlan.ts'
import type { Shell } from '../shell.ts'
import { Exit } from '../shell.ts'
import { openIndex, timeContext } from '../workplace.ts'

export const repairCommand: Command = {
  description:
    'Plans the restart of REPLICA before a time, or at a coordinate, so that what it lost is replayed and nothing else breaks. ' +
    'Prints a script that is run as it is, and changes nothing; with --execute it does the repair itself, with a journal, puts every setting ' +
    'back, and compares the data at the end. Exits 1 when there is no safe plan, or when data still differ, and says why and what else to do.',
  examples: [
    'binpoint repair --at 2014-04-10T21:06:12Z --source mysql://db1 --replica mysql://db2 > repair.sql',
    'binpoint repair --at 2014-04-10T21:06:12Z --source mysql://db1 --replica mysql://db2 --execute',
    'binpoint repair --from mysql-bin.000042:1234 --source /var/lib/mysql --dialect mysql-5.6',
  ],
  positionals: {},
  options: {
    at: { type: 'string', requiresArg: true, describe: 'when the replica began to differ' },
    from: { type: 'string', requiresArg: true, describe: 'the coordinate to restart at: the start of a transaction' },
    replica: {
      type: 'string',
      requiresArg: true,
      describe: 'the server to repair; it is looked at, and changed with --execute only',
    },
    dialect: {
      type: 'string',
      requiresArg: true,
      describe: 'without --replica: its version, for example mysql-5.6, mysql-8.4, mariadb-10.11, rds-mysql-8.4',
    },
    channel: { type: 'string', requiresArg: true, describe: 'the channel or connection, where there are several', default: '' },
    strategy: {
      type: 'string',
      requiresArg: true,
      choices: ['auto', 'coordinates', 'apply', 'gtid'],
      describe: 'how; auto takes the first one that is safe',
      default: 'auto',
    },
    accept: { type: 'string', array: true, requiresArg: true, describe: 'take this finding on yourself' },
    skew: {
      type: 'string',
      requiresArg: true,
      describe: 'with --at: the time comes from a clock that may be ahead by this much',
      default: '5s',
    },
    wait: { type: 'string', requiresArg: true, describe: 'how long the replay may take', default: '1h' },
    execute: { type: 'boolean', describe: 'do it, wait for it, and compare the data; goes on with a repair that was broken off' },
    yes: { type: 'boolean', describe: 'with --execute: do not ask' },
    undo: { type: 'string', requiresArg: true, describe: 'put back what the repair with this journal has changed' },
  },
  uses: ['source', 'margin', 'index', 'time', 'server', 'output', 'progress', 'answer'],
  run: async (args, shell) => {
    if (textOf(args, 'undo') !== undefined) {
      const { undoRepair } = await import('../repairExecute.ts')
      return undoRepair(args, shell)
    }
    const options: RepairOptions = {
      start: () => startOf(args, shell),
      strategy: strategyOf(args),
      accept: acceptedOf(args),
      executes: isSet(args, 'execute'),
    }
    if (isSet(args, 'execute')) {
      const { executeRepair } = await import('../repairExecute.ts')
      return executeRepair(args, shell, options)
    }
    const start = await options.start()
    await using open = new AsyncDisposableStack()
    using known = openIndex(args, shell)
    const request = await preparePlan(args, shell, known, open, start, options)
    const result = await repair(request)
    const isPlan = result.plan !== null && result.plan.steps.length > 0
    if (isSet(args, 'json')) shell.stdout(documentOf(repairJson(result, null)))
    else shell.stdout(result.plan !== null && isPlan ? renderScript(result, result.plan) : renderRefusal(result))
    return isPlan ? Exit.OK : Exit.NO
  },
}

async function startOf(args: Arguments, shell: Shell): Promise<RepairRequest['start']> {
  const time = textOf(args, 'at')
  const from = textOf(args, 'from')
  if ((time === undefined) === (from === undefined)) {
    throw new BinpointError('USAGE', 'give either --at or --from', {
      hint: '--at with the time at which the replica began to differ, or --from with a coordinate',
    })
  }
  if (from !== undefined) return { coordinate: parseCoordinate(from) }
  const margin = textOf(args, 'margin')
  return {
    timeUs: await parseTime(time ?? '', timeContext(args, shell)),
    marginUs: margin === undefined ? null : parseDuration(margin),
    skewUs: parseDuration(textOf(args, 'skew') ?? '5s'),
    nowUs: shell.nowUs(),
  }
}

function acceptedOf(args: Arguments): ReadonlySet<string> {
  const accepted = new Set(listOf(args, 'accept'))
  for (const code of accepted) {
    if (![...acceptable].some((known) => known === code))
      throw new BinpointError('USAGE', `--accept ${code} is not a finding that can be accepted`, {
        hint: `one of: ${[...acceptable].join(', ')}`,
      })
  }
  return accepted
}

import type { RepairRequest } from '../../app/repair.ts'
import { repair } from '../../app/repair.ts'
import { acceptable } from '../../core/plan/findings.ts'
import { parseCoordinate } from '../../core/coordinate.ts'
import { parseDuration } from '../../core/time/duration.ts'
import { parseTime } from '../../core/time/parse.ts'
import type { Dialect } from '../../core/plan/dialect.ts'
import { parseDialect } from '../../dialect/choose.ts'
import { BinpointError } from '../../errors.ts'
import type { Arguments, Command } from '../command.ts'
import { isSet, listOf, textOf } from '../command.ts'
import { documentOf, repairJson } from '../render/json.ts'
import { renderRefusal, renderScript } from '../render/script.ts'
import type { Shell } from '../shell.ts'
import { Exit } from '../shell.ts'
import { serverAddress } from '../spec.ts'
import { needOf, openIndex, refresh, sourceOf, timeContext, timeoutMs } from '../workplace.ts'

export const repairCommand: Command = {
  description:
    'Plans the restart of REPLICA before a time, or at a coordinate, so that what it lost is replayed and nothing else breaks. ' +
    'Prints a script that the mysql client runs on the replica as it is; changes nothing itself. ' +
    'Exits 1 when there is no safe plan, and says why and what else to do.',
  examples: [
    'binpoint repair --at 2014-04-10T21:06:12Z --source mysql://db1 --replica mysql://db2 > repair.sql',
    'binpoint repair --from mysql-bin.000042:1234 --source /var/lib/mysql --dialect mysql-5.6',
  ],
  positionals: {},
  options: {
    at: { type: 'string', requiresArg: true, describe: 'when the replica began to differ' },
    from: { type: 'string', requiresArg: true, describe: 'the coordinate to restart at: the start of a transaction' },
    replica: { type: 'string', requiresArg: true, describe: 'the server to repair; it is looked at, not changed' },
    dialect: {
      type: 'string',
      requiresArg: true,
      describe: 'without --replica: its version, for example mysql-5.6, mysql-8.4, mariadb-10.11',
    },
    channel: { type: 'string', requiresArg: true, describe: 'the channel or connection, where there are several', default: '' },
    strategy: { type: 'string', requiresArg: true, choices: ['coordinates'], describe: 'how', default: 'coordinates' },
    accept: { type: 'string', array: true, requiresArg: true, describe: 'take this finding on yourself' },
    skew: {
      type: 'string',
      requiresArg: true,
      describe: 'with --at: the time comes from a clock that may be ahead by this much',
      default: '5s',
    },
    wait: { type: 'string', requiresArg: true, describe: 'how long the script waits for the replay', default: '1h' },
  },
  uses: ['source', 'margin', 'index', 'time', 'server', 'output', 'progress', 'answer'],
  run: async (args, shell) => {
    const start = await startOf(args, shell)
    const accept = acceptedOf(args)
    const whom = whomOf(args)
    await using open = new AsyncDisposableStack()
    const waitSeconds = Math.max(1, Math.round(parseDuration(textOf(args, 'wait') ?? '1h') / 1_000_000))
    using known = openIndex(args, shell)
    await using source = await sourceOf(args, shell, known)
    // Before the index is brought up to date: the log that was read then reaches at least as far as the replica does.
    const replica = await replicaOf(whom, args, shell, open)
    const need = 'coordinate' in start ? await needOf(start.coordinate, source) : { timeUs: start.timeUs - start.skewUs }
    const result = await repair({
      ...(await refresh(known, source, need, args, shell, open)),
      source,
      start,
      replica,
      channel: textOf(args, 'channel') ?? '',
      accept,
      waitSeconds,
      signal: shell.signal,
    })
    const isPlan = result.plan !== null && result.plan.steps.length > 0
    if (isSet(args, 'json')) shell.stdout(documentOf(repairJson(result)))
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

/** The text of --replica, or what --dialect means. */
function whomOf(args: Arguments): string | Dialect {
  const text = textOf(args, 'replica')
  const dialect = textOf(args, 'dialect')
  if (text !== undefined && dialect === undefined) return text
  if (text === undefined && dialect !== undefined) return parseDialect(dialect)
  throw new BinpointError('USAGE', 'give either --replica or --dialect', {
    hint: '--replica mysql://user@host:port to have it looked at, or --dialect mysql-5.6 to plan without',
  })
}

/** A connection to look at the replica lasts as long as the plan is made. */
async function replicaOf(
  whom: string | Dialect,
  args: Arguments,
  shell: Shell,
  open: AsyncDisposableStack,
): Promise<RepairRequest['replica']> {
  if (typeof whom !== 'string') return { dialect: whom }
  const address = await serverAddress(whom, args, shell)
  const { connect } = await import('../../server/connection.ts')
  const { inspectReplica } = await import('../../server/replica.ts')
  const { inspectTables } = await import('../../server/tables.ts')
  const connection = open.use(await connect(address, timeoutMs(args)))
  const inspected = await inspectReplica(connection, textOf(args, 'channel') ?? '')
  return { ...inspected, tables: (names) => inspectTables(connection, names) }
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

import { createCommitOf } from '../../app/commitInterval.ts'
import { ls } from '../../app/ls.ts'
import type { Coordinate } from '../../core/coordinate.ts'
import { FIRST_POSITION } from '../../core/coordinate.ts'
import type { IndexStore } from '../../core/evidence/port.ts'
import type { LogSource } from '../../core/ports.ts'
import { BinpointError } from '../../errors.ts'
import type { Arguments, Command } from '../command.ts'
import { isSet, textOf } from '../command.ts'
import { numberOf } from '../options.ts'
import { rangeEnd } from '../range.ts'
import { renderRelayed, transactionLine } from '../render/relayed.ts'
import type { Shell } from '../shell.ts'
import { Exit } from '../shell.ts'
import { openAnswers, openIndex, sourceOf } from '../workplace.ts'

export const lsCommand: Command = {
  description:
    'Lists transactions with coordinate, time, kind, size, origin, GTID and tables. --from and --to are coordinates or times.',
  examples: [
    'binpoint ls --from mysql-bin.000042:1234 --limit 20',
    "binpoint ls --from '15m ago' --json --source mysql://repl@db1",
  ],
  positionals: {},
  options: {
    from: {
      type: 'string',
      requiresArg: true,
      describe: 'first transaction: FILE:POSITION, FILE or a time (default: the oldest)',
    },
    to: { type: 'string', requiresArg: true, describe: 'end before this FILE:POSITION, FILE or time (default: the end)' },
    limit: { type: 'string', requiresArg: true, describe: 'at most this many' },
  },
  uses: ['source', 'index', 'time', 'server', 'output', 'progress', 'answer'],
  run: async (args, shell) => {
    const limit = numberOf(args, 'limit', 1)
    using store = openIndex(args, shell)
    await using source = await sourceOf(args, shell, store)
    const from = await endOf('from', args, shell, store, source)
    const to = await endOf('to', args, shell, store, source)
    const log = store.currentLog(source.name)
    await ls({
      source,
      from,
      to,
      limit,
      commitOf: createCommitOf({ index: log === null ? null : { store, log }, nowUs: shell.nowUs() }),
      signal: shell.signal,
      onTransaction: (t, relayed) =>
        shell.stdout(isSet(args, 'json') ? transactionLine(t, relayed) : renderRelayed(t, relayed, textOf(args, 'tz'))),
    })
    return Exit.OK
  },
}

/**
 * A coordinate as it is; a time through the index, as the first transaction that has it. Where none says that it does, all that may
 * have been committed then are listed: from the safe coordinate, to the end.
 */
async function endOf(
  name: 'from' | 'to',
  args: Arguments,
  shell: Shell,
  store: IndexStore,
  source: LogSource,
): Promise<Coordinate | undefined> {
  const end = await rangeEnd(name, args, shell)
  if (end === undefined || !('timeUs' in end)) return end
  const { timeUs } = end
  await using open = new AsyncDisposableStack()
  const answerTo = await openAnswers(store, source, { timeUs, untilUs: timeUs }, args, shell, open)
  const answer = await answerTo({ timeUs, marginUs: null, skewUs: 0 })
  if (answer.latest !== null) return answer.latest
  if (answer.safe !== null) return name === 'from' ? answer.safe : undefined
  const [oldest] = await source.listFiles()
  if (answer.outcome === 'before-first') return { file: oldest?.name ?? '', position: FIRST_POSITION }
  const why = answer.findings.map((finding) => finding.message).join('; ')
  throw new BinpointError('LOG_DAMAGED', `--${name} '${textOf(args, name) ?? ''}' may lie where the log is not known: ${why}`, {
    hint: 'name a FILE:POSITION instead; binpoint status shows where the log cannot be read',
  })
}

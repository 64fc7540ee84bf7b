import { ls } from '../../app/ls.ts'
import { at } from '../../app/at.ts'
import type { Coordinate } from '../../core/coordinate.ts'
import { FIRST_POSITION, parseCoordinate } from '../../core/coordinate.ts'
import type { IndexStore } from '../../core/evidence/port.ts'
import type { LogSource } from '../../core/ports.ts'
import { parseTime } from '../../core/time/parse.ts'
import { BinpointError } from '../../errors.ts'
import type { Arguments, Command } from '../command.ts'
import { isSet, textOf } from '../command.ts'
import { numberOf } from '../options.ts'
import { renderRelayed, transactionLine } from '../render/relayed.ts'
import type { Shell } from '../shell.ts'
import { Exit } from '../shell.ts'
import { openIndex, refresh, sourceOf, timeContext } from '../workplace.ts'

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
    await ls({
      source,
      from: await endOf('from', args, shell, store, source),
      to: await endOf('to', args, shell, store, source),
      limit,
      signal: shell.signal,
      onTransaction: (t, relayed) =>
        shell.stdout(isSet(args, 'json') ? transactionLine(t, relayed) : renderRelayed(t, relayed, textOf(args, 'tz'))),
    })
    return Exit.OK
  },
}

/** A coordinate as it is; a time through the index, as the first transaction that has it. */
async function endOf(
  name: string,
  args: Arguments,
  shell: Shell,
  store: IndexStore,
  source: LogSource,
): Promise<Coordinate | undefined> {
  const text = textOf(args, name)
  if (text === undefined) return undefined
  if (/^[^\s:]+\.\d{6,}:\d+$/.test(text)) return parseCoordinate(text)
  if (/^[^\s:]+\.\d{6,}$/.test(text)) return { file: text, position: FIRST_POSITION }
  const timeUs = await parseTime(text, timeContext(args, shell))
  await using open = new AsyncDisposableStack()
  const index = await refresh(store, source, { timeUs }, args, shell, open)
  const answer = await at({ ...index, source, timeUs, marginUs: 0, skewUs: 0 })
  if (answer.latest !== null) return answer.latest
  const [oldest] = await source.listFiles()
  if (answer.outcome === 'before-first') return { file: oldest?.name ?? '', position: FIRST_POSITION }
  const why = answer.findings.map((finding) => finding.message).join('; ')
  throw new BinpointError('LOG_DAMAGED', `--${name} '${text}' may lie where the log is not known: ${why}`, {
    hint: 'name a FILE:POSITION instead; binpoint status shows where the log cannot be read',
  })
}

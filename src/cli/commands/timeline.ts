import type { RangeEnd } from '../../app/timelineRows.ts'
import { timelineRows } from '../../app/timelineRows.ts'
import type { Timeline } from '../../app/timeline.ts'
import { timeline } from '../../app/timeline.ts'
import type { Need } from '../../app/reach.ts'
import { parseDuration } from '../../core/time/duration.ts'
import { BinpointError } from '../../errors.ts'
import type { Arguments, Command } from '../command.ts'
import { isSet, textOf } from '../command.ts'
import { rangeEnd } from '../range.ts'
import { documentOf } from '../render/json.ts'
import { renderTimeline, timelineJson } from '../render/timeline.ts'
import { styleFor } from '../render/text.ts'
import type { Shell } from '../shell.ts'
import { Exit } from '../shell.ts'
import { indexedLog, openIndex, refresh, sourceOf } from '../workplace.ts'

export const timelineCommand: Command = {
  description:
    'Prints activity over time from the index: transactions and bytes in buckets, with what bears on safety, gaps, and steps of the clock. ' +
    '--from and --to are coordinates or times. Exits 1 when there is a gap in the range.',
  examples: [
    'binpoint timeline --source mysql://repl@db1:3306',
    "binpoint timeline --from '2h ago' --bucket 1m --json",
    'binpoint timeline --from mysql-bin.000042 --to mysql-bin.000043:1234',
  ],
  positionals: {},
  options: {
    from: { type: 'string', requiresArg: true, describe: 'begin at this FILE:POSITION, FILE or time (default: the oldest)' },
    to: { type: 'string', requiresArg: true, describe: 'end before this FILE:POSITION, FILE or time (default: the end)' },
    bucket: {
      type: 'string',
      requiresArg: true,
      describe: 'how long a bucket is: 10s, 1m, 1h (default: so that there are about 60)',
    },
    offline: { type: 'boolean', describe: 'answer from the index alone, as it is' },
  },
  uses: ['source', 'index', 'time', 'server', 'output', 'progress', 'answer'],
  run: async (args, shell) => {
    const bucketSeconds = bucketOf(args)
    const from = await rangeEnd('from', args, shell)
    const to = await rangeEnd('to', args, shell)
    const shown = await read(args, shell, from, to, bucketSeconds)
    shell.stdout(
      isSet(args, 'json') ? documentOf(timelineJson(shown)) : renderTimeline(shown, styleFor(shell), textOf(args, 'tz')),
    )
    return shown.gaps.length > 0 ? Exit.NO : Exit.OK
  },
}

function bucketOf(args: Arguments): number | undefined {
  const text = textOf(args, 'bucket')
  if (text === undefined) return undefined
  const seconds = parseDuration(text) / 1_000_000
  if (Number.isInteger(seconds) && seconds >= 1) return seconds
  throw new BinpointError('USAGE', `--bucket ${text}: expected whole seconds, one at least`, {
    hint: 'give for example 1s, 1m or 1h30m: ticks of the index are seconds',
  })
}

async function read(
  args: Arguments,
  shell: Shell,
  from: RangeEnd | undefined,
  to: RangeEnd | undefined,
  bucketSeconds: number | undefined,
): Promise<Timeline> {
  const asked = { from, to, bucketSeconds, nowUs: shell.nowUs() }
  await using open = new AsyncDisposableStack()
  using known = openIndex(args, shell)
  if (isSet(args, 'offline')) {
    return timeline(timelineRows({ ...asked, store: known, log: await indexedLog(args, shell, known), isLive: false }))
  }
  await using source = await sourceOf(args, shell, known)
  const { store, log, isWhole } = await refresh(known, source, needOfRange(from, to), args, shell, open)
  return timeline(timelineRows({ ...asked, store, log, isLive: isWhole && source.kind === 'server' }))
}

function needOfRange(from: RangeEnd | undefined, to: RangeEnd | undefined): Need {
  if (from === undefined || !('timeUs' in from)) return from ?? 'all'
  return { timeUs: from.timeUs, untilUs: to !== undefined && 'timeUs' in to ? to.timeUs : undefined }
}

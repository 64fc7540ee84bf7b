import { atOffline } from '../../app/atOffline.ts'
import type { Need } from '../../app/reach.ts'
import type { AtAnswer } from '../../core/answer.ts'
import type { IndexStore, LogRow } from '../../core/evidence/port.ts'
import { parseDuration } from '../../core/time/duration.ts'
import { parseTime } from '../../core/time/parse.ts'
import { BinpointError } from '../../errors.ts'
import type { Arguments, Command } from '../command.ts'
import { isSet, listOf, textOf } from '../command.ts'
import { renderAt, renderAtLine } from '../render/at.ts'
import { atJson, documentOf, lineOf } from '../render/json.ts'
import { styleFor } from '../render/text.ts'
import type { Shell } from '../shell.ts'
import { Exit, STANDARD_INPUT } from '../shell.ts'
import { withoutPassword } from '../spec.ts'
import type { AskedTime } from '../workplace.ts'
import { indexedLog, openAnswers, openIndex, sourceOf, timeContext } from '../workplace.ts'

export const atCommand: Command = {
  description:
    'Prints the coordinate from which replication may restart so that nothing committed at or after TIME is lost. ' +
    'With several times: a line each. Exits 1 when there is no safe coordinate: the time lies before the log, or in a part that cannot be read.',
  examples: [
    'binpoint at 2014-04-10T21:06:12Z --source mysql://repl@db1:3306',
    "binpoint at '2014-04-10 14:06:12' --tz America/Los_Angeles --source /var/lib/mysql",
    'binpoint at - --json < times.txt',
  ],
  positionals: {
    TIME: '2014-04-10T21:06:12Z, "2014-04-10 21:06:12" with --tz, @1397163972.5, "15m ago"; or - for one a line on standard input',
  },
  options: {
    skew: {
      type: 'string',
      requiresArg: true,
      describe: 'the time comes from a clock that may be ahead by this much',
      default: '0',
    },
    offline: { type: 'boolean', describe: 'answer from the index alone, unchecked' },
  },
  uses: ['source', 'margin', 'index', 'time', 'server', 'output', 'progress', 'answer'],
  run: async (args, shell) => {
    const times = listOf(args, 'TIME')
    const isStream = times.length === 1 && times[0] === STANDARD_INPUT
    const margin = textOf(args, 'margin')
    const marginUs = margin === undefined ? null : parseDuration(margin)
    const skewUs = parseDuration(textOf(args, 'skew') ?? '0')
    // Refuse all before answering any.
    const timesUs = isStream ? [] : await Promise.all(times.map((time) => parseTime(time, timeContext(args, shell))))
    if (marginUs !== null && isSet(args, 'offline')) {
      throw new BinpointError('USAGE', '--margin needs the log, and cannot be used with --offline', {
        hint: 'only the log shows which stamps are evidence; leave one of them out',
      })
    }
    using known = openIndex(args, shell)
    await using open = new AsyncDisposableStack()
    const need: Need = isStream ? 'all' : { timeUs: Math.min(...timesUs) - skewUs, untilUs: Math.max(...timesUs) - skewUs }
    const answerTo = isSet(args, 'offline')
      ? offlineAnswers(known, await indexedLog(args, shell, known))
      : await openAnswers(known, open.use(await sourceOf(args, shell, known)), need, args, shell, open)
    let isNo = false
    const print = async (text: string): Promise<void> => {
      const timeUs = await parseTime(text, timeContext(args, shell))
      const answer = await answerTo({ timeUs, marginUs, skewUs })
      if (answer.safe === null) isNo = true
      shell.stdout(render(answer, args, shell, isStream || times.length > 1))
    }
    if (isStream) {
      for await (const line of shell.stdin()) if (line.trim() !== '') await print(line)
    } else {
      for (const time of times) await print(time)
    }
    return isNo ? Exit.NO : Exit.OK
  },
}

function offlineAnswers(store: IndexStore, log: LogRow): (asked: AskedTime) => AtAnswer {
  return ({ timeUs, skewUs }) => atOffline({ store, log, timeUs, skewUs })
}

function render(answer: AtAnswer, args: Arguments, shell: Shell, isMany: boolean): string {
  if (isSet(args, 'json')) return isMany ? lineOf(atJson(answer)) : documentOf(atJson(answer))
  if (isMany) return renderAtLine(answer)
  const given = textOf(args, 'source')
  return renderAt(answer, {
    style: styleFor(shell),
    zone: textOf(args, 'tz'),
    sourceText: given === undefined ? answer.source : withoutPassword(given),
  })
}

import { buildIndex } from '../../app/index.ts'
import { reaches } from '../../app/reach.ts'
import type { IndexStore } from '../../core/evidence/port.ts'
import type { LogSource } from '../../core/ports.ts'
import { parseCoordinate, FIRST_POSITION } from '../../core/coordinate.ts'
import type { StartFrom } from '../../app/startFrom.ts'
import { parseTime } from '../../core/time/parse.ts'
import { openSource } from '../../source/open.ts'
import type { Arguments, Command } from '../command.ts'
import { isSet, listOf, textOf } from '../command.ts'
import { createProgress } from '../progress.ts'
import { documentOf, indexJson } from '../render/json.ts'
import { renderIndex } from '../render/status.ts'
import { styleFor } from '../render/text.ts'
import type { Shell } from '../shell.ts'
import { Exit } from '../shell.ts'
import { sourceSpec } from '../spec.ts'
import { note, openIndex, timeContext, timeoutMs } from '../workplace.ts'

export const indexCommand: Command = {
  description:
    'Reads the binlog of SOURCE and keeps what each moment of it is worth: times, positions, and what decides safety. ' +
    'Run again, it reads only what is new. Exits 1 when a part of the log cannot be read (a gap).',
  examples: [
    'binpoint index mysql://repl@db1:3306',
    'binpoint index /var/lib/mysql --verify-checksums',
    'binpoint index mysql://repl@db1 --follow',
  ],
  positionals: { SOURCE: 'mysql://user@host:port, a DSN (h=db1,P=3306,u=repl), a directory, an .index file, or files' },
  options: {
    follow: { type: 'boolean', describe: 'stay, and keep the index fresh' },
    from: {
      type: 'string',
      requiresArg: true,
      describe: 'where the index begins: oldest, latest, a time, or FILE[:POSITION] (default: oldest, or as it is)',
    },
    'verify-checksums': { type: 'boolean', describe: 'check the CRC of every event' },
  },
  uses: ['index', 'time', 'server', 'output', 'progress', 'answer'],
  run: async (args, shell) => {
    const spec = await sourceSpec(listOf(args, 'SOURCE'), args, shell)
    const from = await startOf(args, shell)
    using store = openIndex(args, shell)
    await using source = await openSource(spec, { timeoutMs: timeoutMs(args) })
    if (isSet(args, 'follow')) note(`following ${source.name}; end with Ctrl-C`, args, shell)
    const progress = await createProgress(args, shell)
    const report = await buildIndex({
      store,
      source,
      from,
      anewBecause: await tooShort(store, source, from),
      follow: isSet(args, 'follow'),
      verifyChecksums: isSet(args, 'verify-checksums'),
      signal: shell.signal,
      onProgress: progress.update,
    }).finally(progress.stop)
    shell.stdout(
      isSet(args, 'json') ? documentOf(indexJson(report, store.path)) : renderIndex(report, store.path, styleFor(shell)),
    )
    return report.gaps.length > 0 ? Exit.NO : Exit.OK
  },
}

/** An index that an answer has begun where it needed it does not begin where it is asked to now. */
async function tooShort(store: IndexStore, source: LogSource, from: StartFrom | undefined): Promise<string | undefined> {
  const known = store.currentLog(source.name)
  if (known === null || from === undefined || from === 'latest') return undefined
  const [oldest] = await source.listFiles()
  const head = { file: oldest?.name ?? '', position: FIRST_POSITION }
  // However far it is behind, it is gone on with.
  const need = from === 'oldest' ? head : 'file' in from ? from : { ...from, untilUs: 0 }
  if (await reaches(store, known, source, need)) return undefined
  return `its index began at ${store.files(known)[0]?.name ?? 'nothing'}`
}

async function startOf(args: Arguments, shell: Shell): Promise<StartFrom | undefined> {
  const text = textOf(args, 'from')
  if (text === undefined || text === 'oldest' || text === 'latest') return text
  if (/^[^\s:]+\.\d{6,}(:\d+)?$/.test(text))
    return text.includes(':') ? parseCoordinate(text) : { file: text, position: FIRST_POSITION }
  return { timeUs: await parseTime(text, timeContext(args, shell)) }
}

import type { WhenAnswer } from '../../app/when.ts'
import { when, whenGtid } from '../../app/when.ts'
import { parseCoordinate } from '../../core/coordinate.ts'
import type { IndexStore } from '../../core/evidence/port.ts'
import type { Gtid } from '../../core/gtid.ts'
import { parseGtid } from '../../core/gtid.ts'
import type { LogSource } from '../../core/ports.ts'
import type { Arguments, Command } from '../command.ts'
import { isSet, textOf } from '../command.ts'
import { documentOf, whenJson } from '../render/json.ts'
import { renderWhen } from '../render/transactions.ts'
import { createProgress } from '../progress.ts'
import type { Shell } from '../shell.ts'
import { Exit } from '../shell.ts'
import { needOf, openIndex, refresh, sourceOf } from '../workplace.ts'

export const whenCommand: Command = {
  description:
    'The reverse of at: the transaction that begins at FILE:POSITION, or has the GTID. ' +
    'Exits 1 when the position is not a place where replication may start (inside a transaction), or when there is no such transaction.',
  examples: ['binpoint when mysql-bin.000042:1234', 'binpoint when 0-1-4711 --source mysql://repl@db1'],
  positionals: { WHAT: 'FILE:POSITION, or a GTID: uuid:number, domain-server-sequence' },
  options: {},
  uses: ['source', 'index', 'time', 'server', 'output', 'progress', 'answer'],
  run: async (args, shell) => {
    const text = textOf(args, 'WHAT') ?? ''
    const gtid = parseGtid(text)
    const what = gtid === null ? { coordinate: parseCoordinate(text) } : { gtid }
    await using open = new AsyncDisposableStack()
    using known = openIndex(args, shell)
    await using source = await sourceOf(args, shell, known)
    const answer =
      'gtid' in what
        ? await ofGtid(what.gtid, source, known, args, shell)
        : await when({
            ...(await refresh(known, source, await needOf(what.coordinate, source), args, shell, open)),
            source,
            what,
            nowUs: shell.nowUs(),
          })
    shell.stdout(isSet(args, 'json') ? documentOf(whenJson(answer)) : renderWhen(answer, text, textOf(args, 'tz')))
    return answer.outcome === 'boundary' || answer.outcome === 'end' ? Exit.OK : Exit.NO
  },
}

/** Without bringing the index up to date: it only helps, and what it lacks may be much more than what is to be read. */
async function ofGtid(gtid: Gtid, source: LogSource, store: IndexStore, args: Arguments, shell: Shell): Promise<WhenAnswer> {
  const log = store.currentLog(source.name)
  const progress = await createProgress(args, shell)
  try {
    return await whenGtid({
      source,
      gtid,
      nowUs: shell.nowUs(),
      index: log === null ? undefined : { store, log },
      signal: shell.signal,
      onProgress: progress.update,
    })
  } finally {
    progress.stop()
  }
}

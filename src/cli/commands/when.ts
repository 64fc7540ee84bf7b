import { when } from '../../app/when.ts'
import { parseCoordinate } from '../../core/coordinate.ts'
import type { Command } from '../command.ts'
import { isSet, textOf } from '../command.ts'
import { documentOf, whenJson } from '../render/json.ts'
import { renderWhen } from '../render/transactions.ts'
import { Exit } from '../shell.ts'
import { needOf, openIndex, refresh, sourceOf } from '../workplace.ts'

/** `uuid:n`, `uuid:tag:n`, or MariaDB's `domain-server-sequence`. */
const gtidText = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:([a-z_][a-z0-9_]*:)?\d+|\d+-\d+-\d+)$/i

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
    const what = gtidText.test(text) ? { gtid: text } : { coordinate: parseCoordinate(text) }
    await using open = new AsyncDisposableStack()
    using known = openIndex(args, shell)
    await using source = await sourceOf(args, shell, known)
    const need = await needOf(what, source)
    const answer = await when({ ...(await refresh(known, source, need, args, shell, open)), source, what })
    shell.stdout(isSet(args, 'json') ? documentOf(whenJson(answer)) : renderWhen(answer, text, textOf(args, 'tz')))
    return answer.outcome === 'boundary' || answer.outcome === 'end' ? Exit.OK : Exit.NO
  },
}

import { explanations } from '../../core/explanations.ts'
import type { Explained } from '../../core/explanations.ts'
import { BinpointError } from '../../errors.ts'
import type { Command } from '../command.ts'
import { isSet, textOf } from '../command.ts'
import { renderExplanation, renderExplanations } from '../render/explain.ts'
import { documentOf } from '../render/json.ts'
import { styleFor } from '../render/text.ts'
import { Exit } from '../shell.ts'
import { nearest } from '../usage.ts'

export const explainCommand: Command = {
  description: 'Says what a finding or an error means, why it matters, and what to do. Without CODE, lists all of them.',
  examples: ['binpoint explain GTID_SKIP', 'binpoint explain'],
  positionals: { CODE: 'as it is printed: GTID_SKIP, LOG_PURGED, …' },
  options: {},
  uses: ['output'],
  run: async (args, shell) => {
    const code = textOf(args, 'CODE')
    const entries = code === undefined ? explanations : entriesOf(code)
    const style = styleFor(shell)
    shell.stdout(
      isSet(args, 'json')
        ? documentOf({ explanations: entries.map((entry) => ({ ...entry })) })
        : code === undefined
          ? renderExplanations(entries, style)
          : entries.map((entry) => renderExplanation(entry, style)).join('\n'),
    )
    return Exit.OK
  },
}

/** A code may be that of a finding and of an error. */
function entriesOf(code: string): readonly Explained[] {
  const wanted = code.toUpperCase().replaceAll('-', '_')
  const entries = explanations.filter((entry) => entry.code === wanted)
  if (entries.length > 0) return entries
  const near = nearest(wanted, [...new Set(explanations.map((entry) => entry.code))])
  throw new BinpointError('USAGE', `'${code}' is no code of a finding or an error`, {
    hint: near.length === 0 ? 'binpoint explain lists all of them' : `did you mean ${near.join(' or ')}?`,
  })
}

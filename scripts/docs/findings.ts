/** docs/findings.md: the catalogue of findings and errors, from what `binpoint explain` prints. */
import type { Explained } from '../../src/core/explanations.ts'
import { explanations } from '../../src/core/explanations.ts'
import { errorCodes } from '../../src/errors.ts'
import type { ErrorCode } from '../../src/errors.ts'

export function findingsPage(): string {
  const of = (kind: Explained['kind']): string =>
    explanations
      .filter((entry) => entry.kind === kind)
      .map(section)
      .join('\n')
  return `<!-- Made by scripts/docs.ts from src/core/explanations: change it there. -->

# Findings and errors

\`binpoint explain CODE\` prints the same text.

- A **finding** is a fact that bears on safety. \`blocking\`: there is no plan, exit status 1; \`warning\` and \`note\`: there is one, and this
  is to be known before it runs. The severity may depend on what was seen. What is marked here, an operator may take upon himself by
  name: \`repair --accept CODE\`.
- An **error** ends a command, with exit status 64 for a slip in what was typed, and 2 for anything else.

## Findings

${of('finding')}
## Errors

${of('error')}`
}

function section({ code, kind, means, matters, todo, isAcceptable }: Explained): string {
  const notes = kind === 'error' ? [exitStatus(code)] : isAcceptable ? ['If it blocks, it can be accepted: `--accept ' + code + '`.'] : []
  return [
    `### ${code}`,
    '',
    means,
    '',
    `**Why it matters.** ${matters}`,
    '',
    `**What to do.** ${todo}`,
    ...notes.flatMap((note) => ['', note]),
    '',
  ].join('\n')
}

function exitStatus(code: string): string {
  const isUsage = errorCodes[code as ErrorCode] === 'usage'
  return `Exit status ${isUsage ? 64 : 2}.`
}

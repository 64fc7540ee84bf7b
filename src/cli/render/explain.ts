/** Explanations on the terminal. */
import type { Explained } from '../../core/explanations.ts'
import type { Style } from './text.ts'
import { columns, fold } from './text.ts'

const WIDTH = 96

export function renderExplanation(entry: Explained, style: Style): string {
  const { code, kind, means, matters, todo, isAcceptable } = entry
  const paragraph = (text: string): string =>
    fold(text, WIDTH)
      .map((line) => `  ${line}\n`)
      .join('')
  return [
    `${kind} ${style.strong(code)}\n`,
    paragraph(means),
    `why it matters\n${paragraph(matters)}`,
    `what to do\n${paragraph(todo)}`,
    ...(isAcceptable ? [paragraph(`repair --accept ${code} takes it upon yourself.`)] : []),
  ].join('')
}

/** The list, with the first sentence of each. */
export function renderExplanations(entries: readonly Explained[], style: Style): string {
  const of = (kind: Explained['kind']): string =>
    `${style.strong(`${kind}s`)}\n${columns(
      entries.filter((entry) => entry.kind === kind).map(({ code, means }): [string, string] => [code, firstSentence(means)]),
      '  ',
    )}`
  return `${of('finding')}\n${of('error')}`
}

function firstSentence(text: string): string {
  return /^.*?[.](?= |$)/.exec(text)?.[0] ?? text
}

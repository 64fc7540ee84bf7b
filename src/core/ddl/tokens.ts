/**
 * The words of a statement, comments left out. Strict: what cannot be read gives null, and the statement is then one that is not
 * understood. A version comment is code: what a server did not run itself it logs as a plain comment (sql_lex.cc, "Patch and skip the
 * conditional comment").
 */

export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly upper: string }
  /** In backticks, without them. */
  | { readonly kind: 'name'; readonly text: string }
  /** In double quotes: a name under ANSI_QUOTES, else a string. */
  | { readonly kind: 'double'; readonly text: string }
  | { readonly kind: 'string' }
  | { readonly kind: 'symbol'; readonly text: string }

/** Whether a backslash escapes the next character: a matter of sql_mode, which the text does not say. */
export interface Escapes {
  readonly inStrings: boolean
  readonly inDoubleQuotes: boolean
}

/** The server accepted the statement under one of these. */
export function readingsOf(text: string): readonly Escapes[] {
  if (!text.includes('\\')) return [{ inStrings: true, inDoubleQuotes: true }]
  return [
    { inStrings: true, inDoubleQuotes: true },
    { inStrings: true, inDoubleQuotes: false },
    { inStrings: false, inDoubleQuotes: false },
  ]
}

/** Null: not to be read, or brackets that do not match. */
export function tokenize(text: string, escapes: Escapes): readonly Token[] | null {
  const tokens: Token[] = []
  let openBrackets = 0
  let isInVersionComment = false
  for (let at = 0; at < text.length;) {
    const [kind, found] = match(text, at, escapes)
    if (kind === null) return null
    at += found.length
    switch (kind) {
      case 'blank':
        break
      case 'open-version':
        if (isInVersionComment) return null
        isInVersionComment = true
        break
      case 'close-version':
        if (!isInVersionComment) return null
        isInVersionComment = false
        break
      case 'word':
        tokens.push({ kind, text: found, upper: found.toUpperCase() })
        break
      case 'name':
        tokens.push({ kind, text: found.slice(1, -1).replaceAll('``', '`') })
        break
      case 'double':
        tokens.push({ kind, text: found.slice(1, -1).replaceAll('""', '"') })
        break
      case 'string':
        tokens.push({ kind })
        break
      case 'symbol':
        if (found === '(') openBrackets++
        if (found === ')' && --openBrackets < 0) return null
        tokens.push({ kind, text: found })
        break
      default:
        kind satisfies never
    }
  }
  return openBrackets === 0 && !isInVersionComment ? tokens : null
}

type Kind = 'blank' | 'open-version' | 'close-version' | 'word' | 'name' | 'double' | 'string' | 'symbol'

const blank = /(?:\s|--(?=\s|$)[^\n]*|#[^\n]*|\/\*(?!M?!)[\s\S]*?\*\/)+/y
const openVersion = /\/\*M?!(?:\d{5,6})?/y
const closeVersion = /\*\//y
/** What may stand without quotes; letters beyond the basic plane may not. */
const word = /[\w$\u0080-\ud7ff\ue000-\ufffc]+/y
const name = /`(?:[^`]|``)+`/y
const escapedString = /'(?:[^'\\]|''|\\[\s\S])*'/y
const plainString = /'(?:[^']|'')*'/y
const escapedDouble = /"(?:[^"\\]|""|\\[\s\S])*"/y
const plainDouble = /"(?:[^"]|"")*"/y
const symbol = /[!%&()*+,\-./:;<=>?@[\]^{|}~]/y

function match(text: string, at: number, escapes: Escapes): readonly [Kind | null, string] {
  const patterns: readonly (readonly [Kind, RegExp])[] = [
    ['word', word],
    ['blank', blank],
    ['open-version', openVersion],
    ['close-version', closeVersion],
    ['name', name],
    ['string', escapes.inStrings ? escapedString : plainString],
    ['double', escapes.inDoubleQuotes ? escapedDouble : plainDouble],
    ['symbol', symbol],
  ]
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    // `/` and `*` are symbols only where they begin no comment.
    if (found !== undefined && found !== '' && !(kind === 'symbol' && text.startsWith('/*', at))) return [kind, found]
  }
  return [null, '']
}

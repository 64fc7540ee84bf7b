/** Goes through the words of a statement. */
import type { TableName } from './statement.ts'
import type { Token } from './tokens.ts'

export interface Reader {
  /** The session's default schema. */
  readonly schema: string
  /** Takes these words if they come next, all of them. */
  readonly take: (...words: readonly string[]) => boolean
  readonly takeSymbol: (symbol: string) => boolean
  /** The next word in capitals if it is one of these, and takes it. */
  readonly takeOneOf: (words: readonly string[]) => string | null
  readonly takeString: () => boolean
  /** A word, quoted or not; null: none comes next. */
  readonly takeName: () => string | null
  /** `schema`.`table`, or a table of the session's own schema; null: none comes next. */
  readonly takeTable: () => TableName | null
  /** Names between commas; null: something else comes next. */
  readonly takeTables: () => readonly TableName[] | null
  readonly takeNames: () => readonly string[] | null
  /** A pair of brackets and what is between; null: none comes next. */
  readonly takeBrackets: () => readonly Token[] | null
  /** All that is left. */
  readonly rest: () => readonly Token[]
  readonly isAtEnd: () => boolean
}

/** `schema`: the default schema; empty: none, and names without one are then not to be read. */
export function createReader(tokens: readonly Token[], schema: string): Reader {
  let at = 0
  const upperAt = (index: number): string | null => {
    const token = tokens[index]
    return token?.kind === 'word' ? token.upper : null
  }
  const isSymbol = (index: number, symbol: string): boolean => {
    const token = tokens[index]
    return token?.kind === 'symbol' && token.text === symbol
  }
  const list = <T>(takeOne: () => T | null): readonly T[] | null => {
    const found: T[] = []
    do {
      const one = takeOne()
      if (one === null) return null
      found.push(one)
    } while (reader.takeSymbol(','))
    return found
  }
  const reader: Reader = {
    schema,
    take: (...words) => {
      if (!words.every((word, index) => upperAt(at + index) === word)) return false
      at += words.length
      return true
    },
    takeSymbol: (symbol) => {
      if (!isSymbol(at, symbol)) return false
      at++
      return true
    },
    takeOneOf: (words) => {
      const upper = upperAt(at)
      if (upper === null || !words.includes(upper)) return null
      at++
      return upper
    },
    takeString: () => {
      const kind = tokens[at]?.kind
      if (kind !== 'string' && kind !== 'double') return false
      at++
      return true
    },
    takeName: () => {
      const token = tokens[at]
      if (token === undefined || token.kind === 'symbol' || token.kind === 'string' || token.text === '') return null
      at++
      return token.text
    },
    takeTable: () => {
      const first = reader.takeName()
      if (first === null) return null
      if (!reader.takeSymbol('.')) return schema === '' ? null : { schema, table: first }
      const table = reader.takeName()
      return table === null ? null : { schema: first, table }
    },
    takeTables: () => list(reader.takeTable),
    takeNames: () => list(reader.takeName),
    takeBrackets: () => {
      if (!isSymbol(at, '(')) return null
      let depth = 0
      let end = at
      do {
        if (isSymbol(end, '(')) depth++
        if (isSymbol(end, ')')) depth--
        end++
      } while (depth > 0 && end < tokens.length)
      const inside = tokens.slice(at + 1, end - 1)
      at = end
      return inside
    },
    rest: () => {
      const left = tokens.slice(at)
      at = tokens.length
      return left
    },
    isAtEnd: () => at >= tokens.length,
  }
  return reader
}

/** Splits where a comma stands outside of brackets. */
export function splitAtCommas(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    const text = token.kind === 'symbol' ? token.text : ''
    if (text === '(') depth++
    if (text === ')') depth--
    if (text === ',' && depth === 0) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts
}

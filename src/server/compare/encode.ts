/**
 * Values and keys as expressions that both servers evaluate alike. A row is hashed by SHA2: MySQL 9.6 and later have no MD5 of their own. No
 * two rows that differ have one text: numbers are digits, anything else stands behind its length, NULL is a dash.
 */
import { quote, quoteName } from '../../dialect/quote.ts'
import type { Column, Key } from './shape.ts'
import { characterSet } from './shape.ts'

/** A hash in hex, of all columns; NULL where the server could not make it. */
export function rowHash(columns: readonly Column[]): string {
  const values = columns.map((column) => `IF(${quoteName(column.name)} IS NULL, '-', ${valueText(column)})`)
  return `SHA2(CONCAT(${values.join(", ',', ")}), 256)`
}

type Form = 'integer' | 'members' | 'float' | 'text' | 'long' | 'bytes' | 'printed'

function formOf({ type, collation }: Column): Form {
  if (/^((tiny|small|medium|big)?int|year)\b/i.test(type)) return 'integer'
  if (/^(enum|set|bit)\b/i.test(type)) return 'members'
  if (/^(float|double|real)\b/i.test(type)) return 'float'
  if (/^(char|varchar)\b/i.test(type)) return 'text'
  if (/^(var)?binary\b/i.test(type)) return 'bytes'
  if (/(text|blob)\b/i.test(type)) return 'long'
  if (/^(json|vector|geometry|point|linestring|polygon|multi\w+|geom\w+)\b/i.test(type)) return 'long'
  return collation === null ? 'printed' : 'text'
}

function valueText(column: Column): string {
  const name = quoteName(column.name)
  switch (formOf(column)) {
    case 'integer':
      return `HEX(${name} + 0)`
    case 'members':
      return `HEX(CAST(${name} AS UNSIGNED))`
    case 'float':
      // As it is printed, a FLOAT has 6 digits, and both have no more than the column was made for.
      return `CONCAT(${name} * 1e0)`
    case 'long':
      // By itself, and as it is: anything but a column's own value may not be longer than max_allowed_packet.
      return `SHA2(${name}, 256)`
    default:
      return `CONCAT(LENGTH(${name}), ':', CAST(${name} AS BINARY))`
  }
}

/** The value of each part of a key as it was read by `keyTexts`: a position in the key's order. */
export type Position = readonly string[]

/** Expressions that give a position, named k0, k1 and so on. */
export function keyTexts(key: Key): string {
  return key.parts.map(({ column }, i) => `${keyText(column)} AS k${i}`).join(', ')
}

function keyText(column: Column): string {
  const name = quoteName(column.name)
  switch (formOf(column)) {
    case 'members':
      return `CONCAT(CAST(${name} AS UNSIGNED), ':', HEX(CAST(${name} AS BINARY)))`
    case 'float':
      return `CONCAT(${name} * 1e0)`
    case 'text':
    case 'long':
    case 'bytes':
      return `HEX(${name})`
    default:
      return `CONCAT(${name})`
  }
}

/** Expressions that give a key as people read it, named d0, d1 and so on, and as core/binlog/values.ts prints it. */
export function keyWords(key: Key): string {
  const words = key.parts.map(({ column }) => {
    const name = quoteName(column.name)
    if (/^bit\b/i.test(column.type)) return `CONCAT(CAST(${name} AS UNSIGNED))`
    if (column.collation !== null) return `CONVERT(${name} USING utf8mb4)`
    if (/\bzerofill\b/i.test(column.type)) return `CONCAT(${name} + 0)`
    return formOf(column) === 'bytes' || formOf(column) === 'long' ? `CONCAT('0x', HEX(${name}))` : `CONCAT(${name})`
  })
  return words.map((word, i) => `${word} AS d${i}`).join(', ')
}

export function keyOrder(key: Key): string {
  return key.parts.map(({ column, isDescending }) => `${quoteName(column.name)}${isDescending ? ' DESC' : ''}`).join(', ')
}

/** Behind `from`, and not behind `to`, in the key's own order; null: from the first, to the last. */
export function rangeCondition(key: Key, from: Position | null, to: Position | null): string {
  const conditions = [
    from === null ? [] : `(${beyond(key, from, 0, false)})`,
    to === null ? [] : `(${beyond(key, to, 0, true)})`,
  ].flat()
  return conditions.length === 0 ? 'TRUE' : conditions.join(' AND ')
}

export function keyCondition(key: Key, position: Position): string {
  return key.parts.map(({ column }, i) => isEqual(column, position[i] ?? '')).join(' AND ')
}

/**
 * Behind the position; `isBefore`: before it or equal. Not as (a, b) > (x, y), which no server but MySQL >= 8.0 looks up in an index.
 */
function beyond(key: Key, position: Position, i: number, isBefore: boolean): string {
  const part = key.parts[i]
  if (part === undefined) return isBefore ? 'TRUE' : 'FALSE'
  const value = position[i] ?? ''
  const sign = isBefore === part.isDescending ? '>' : '<'
  const isLast = i === key.parts.length - 1
  const { left, right } = ordered(part.column, value)
  if (isLast) return `${left} ${sign}${isBefore ? '=' : ''} ${right}`
  return `${left} ${sign} ${right} OR (${isEqual(part.column, value)} AND (${beyond(key, position, i + 1, isBefore)}))`
}

/** The two sides of a comparison by which an index sorts. */
function ordered(column: Column, value: string): { readonly left: string; readonly right: string } {
  const name = quoteName(column.name)
  // Members are sorted by number, and compared by name.
  if (formOf(column) === 'members' && column.collation !== null)
    return { left: `CAST(${name} AS UNSIGNED)`, right: value.split(':', 1)[0] ?? '' }
  return { left: name, right: literalOf(column, value) }
}

function isEqual(column: Column, value: string): string {
  return `${quoteName(column.name)} = ${literalOf(column, value)}`
}

function literalOf(column: Column, value: string): string {
  switch (formOf(column)) {
    case 'integer':
      return value
    case 'float':
      return value.includes('e') ? value : `${value}e0`
    case 'members': {
      const [number = '', hex = ''] = value.split(':')
      return column.collation === null ? number : textLiteral(column, hex)
    }
    case 'text':
    case 'long':
    case 'bytes':
      return textLiteral(column, value)
    default:
      return /^decimal\b/i.test(column.type) ? value : quote(value)
  }
}

/** In the column's own character set: the column's collation compares. */
function textLiteral(column: Column, hex: string): string {
  const set = characterSet(column)
  return `${set === null ? '' : `_${set} `}X'${hex}'`
}

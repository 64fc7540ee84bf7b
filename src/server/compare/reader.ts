/** What is asked of one server about the rows of one table. Each answer is one statement, so of one moment. */
import { quoteName } from '../../dialect/quote.ts'
import { BinpointError } from '../../errors.ts'
import { addressText } from '../address.ts'
import type { Row, ServerConnection } from '../connection.ts'
import type { TableName } from '../tables.ts'
import type { Position } from './encode.ts'
import { keyCondition, keyOrder, keyTexts, keyWords, rangeCondition, rowHash } from './encode.ts'
import type { Column, Key } from './shape.ts'
import { tableSql } from './shape.ts'

/** Rows between two positions: behind `from`, up to `to`; null: from the first, to the last. */
export interface Range {
  readonly from: Position | null
  readonly to: Position | null
}

/** What is left of any number of rows. Equal sums: equal rows, in any order. */
export interface Sum {
  readonly rows: number
  readonly hash: string
}

export interface FoundRow {
  readonly hash: string
  /** The key's columns as people read them. */
  readonly key: Readonly<Record<string, string>>
}

export interface RowReader {
  readonly sum: (range: Range) => Promise<Sum>
  /** Where the n-th row of a range is (from 1); null: there are fewer. */
  readonly nth: (range: Range, n: number) => Promise<Position | null>
  /** Hashes of the rows of a range by their positions. */
  readonly list: (range: Range) => Promise<ReadonlyMap<string, { readonly position: Position; readonly hash: string }>>
  /** The rows at the positions, in their order; null: there is none. */
  readonly lookUp: (positions: readonly Position[]) => Promise<readonly (FoundRow | null)[]>
}

/** So many characters of lookups are one statement, which every max_allowed_packet takes. */
const LOOKUP_CHARACTERS = 200_000
/** Lookups in one statement: a union of more takes the servers longer to plan than to answer. */
const LOOKUPS = 50

/** All rows of a table. */
export function sumTable(session: ServerConnection, table: TableName, columns: readonly Column[]): Promise<Sum> {
  return sumOf(session, `${rowHash(columns)} AS h FROM ${tableSql(table)}`)
}

export function openReader(session: ServerConnection, table: TableName, columns: readonly Column[], key: Key): RowReader {
  // An index is told: the statistics of a table that is being written are no guide.
  const from = `FROM ${tableSql(table)} FORCE INDEX (${quoteName(key.name)})`
  const hash = rowHash(columns)
  const where = (range: Range): string => `WHERE ${rangeCondition(key, range.from, range.to)}`
  return {
    sum: (range) => sumOf(session, `${hash} AS h ${from} ${where(range)}`),
    nth: async (range, n) => {
      const rows = await session.query(
        `SELECT ${keyTexts(key)} ${from} ${where(range)} ORDER BY ${keyOrder(key)} LIMIT ${n - 1}, 1`,
      )
      return rows[0] === undefined ? null : positionOf(key, rows[0])
    },
    list: async (range) => {
      const rows = await session.query(`SELECT ${keyTexts(key)}, ${hash} AS h ${from} ${where(range)}`)
      return new Map(
        rows.map((row) => {
          const position = positionOf(key, row)
          return [JSON.stringify(position), { position, hash: printed(row, 'h') }]
        }),
      )
    },
    lookUp: async (positions) => {
      const found: (FoundRow | null)[] = positions.map(() => null)
      const select = (n: number): string =>
        `SELECT ${n} AS n, ${hash} AS h, ${keyWords(key)} ${from} WHERE ${keyCondition(key, positions[n] ?? [])}`
      for (let next = 0; next < positions.length;) {
        const selects: string[] = []
        for (let length = 0; next < positions.length && selects.length < LOOKUPS && length < LOOKUP_CHARACTERS; next++) {
          selects.push(select(next))
          length += selects.at(-1)?.length ?? 0
        }
        for (const row of await session.query(selects.join(' UNION ALL '))) {
          const words = key.parts.map(({ column }, i) => [column.name, printed(row, `d${i}`)])
          found[Number(printed(row, 'n'))] = { hash: printed(row, 'h'), key: Object.fromEntries(words) }
        }
      }
      return found
    },
  }
}

/** Two halves of each hash, summed: unlike bits that are XORed, two equal rows do not take each other out. */
async function sumOf(session: ServerConnection, hashes: string): Promise<Sum> {
  const half = (from: number): string => `SUM(CAST(CONV(SUBSTRING(h, ${from}, 16), 16, 10) AS UNSIGNED))`
  // With a LIMIT, a server does not merge the two SELECTs, and so makes each hash once.
  const [row] = await session.query(
    `SELECT COUNT(*) AS row_count, COUNT(h) AS hashed, ${half(1)} AS first_halves, ${half(17)} AS second_halves FROM (SELECT ${hashes} LIMIT 18446744073709551615) AS hashes`,
  )
  const rows = Number(printed(row, 'row_count'))
  if (Number(printed(row, 'hashed')) !== rows)
    throw new BinpointError('SERVER_ERROR', `${addressText(session.address)} could not hash all rows of a table`, {
      hint: 'give the server a larger max_allowed_packet',
    })
  return { rows, hash: rows === 0 ? '' : `${printed(row, 'first_halves')} ${printed(row, 'second_halves')}` }
}

function positionOf(key: Key, row: Row): Position {
  return key.parts.map((_, i) => printed(row, `k${i}`))
}

/** Some servers call it bytes what they print of a number. Two values that are no text must not look alike, so there is an error. */
function printed(row: Row | undefined, name: string): string {
  const value = row?.[name]
  if (Buffer.isBuffer(value)) return value.toString()
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new TypeError(`no value of ${name}`)
}

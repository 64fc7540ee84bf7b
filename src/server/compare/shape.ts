/**
 * What of a table decides how its rows are compared: the columns that hold data, and a key that names each row. Both from SHOW, which needs no
 * more than SELECT on the table and looks at no other.
 */
import { quoteName } from '../../dialect/quote.ts'
import { BinpointError } from '../../errors.ts'
import type { Row, ServerConnection } from '../connection.ts'
import { text } from '../rows.ts'
import { numberOf } from '../serverError.ts'
import type { TableName } from '../tables.ts'

export interface Column {
  readonly name: string
  /** As the server writes it, less what says nothing of the values. */
  readonly type: string
  /** Null: no text. */
  readonly collation: string | null
  readonly isVirtual: boolean
}

export interface Key {
  readonly name: string
  readonly parts: readonly { readonly column: Column; readonly isDescending: boolean }[]
}

export interface TableShape {
  readonly columns: readonly Column[]
  /** Unique keys without NULLs whose order an index keeps; the primary key first. */
  readonly keys: readonly Key[]
}

const ER_BAD_DB = 1049
const ER_NO_SUCH_TABLE = 1146

export function tableSql({ schema, table }: TableName): string {
  return `${quoteName(schema)}.${quoteName(table)}`
}

/** Null: there is no such table. Throws what the server says where the account may not read it. */
export async function readShape(session: ServerConnection, table: TableName): Promise<TableShape | null> {
  const name = tableSql(table)
  try {
    // SHOW leaves out what the account may not see; this fails.
    await session.query(`SELECT * FROM ${name} LIMIT 0`)
  } catch (error) {
    const number = error instanceof BinpointError ? numberOf(error.cause) : undefined
    if (number === ER_NO_SUCH_TABLE || number === ER_BAD_DB) return null
    throw error
  }
  const columns = (await session.query(`SHOW FULL COLUMNS FROM ${name}`)).map(columnOf)
  return { columns, keys: keysOf(await session.query(`SHOW INDEX FROM ${name}`), columns) }
}

/** How the columns differ, in words; null: not at all. */
export function shapeDifference(source: TableShape, replica: TableShape): string | null {
  const count = Math.max(source.columns.length, replica.columns.length)
  for (let i = 0; i < count; i++) {
    const [a, b] = [source.columns[i], replica.columns[i]]
    if (a === undefined) return `only the replica has a column ${b?.name}`
    if (b === undefined) return `only the source has a column ${a.name}`
    // Names of columns know no case.
    if (a.name.toLowerCase() !== b.name.toLowerCase())
      return `column ${i + 1} is ${a.name} on the source and ${b.name} on the replica`
    if (typeText(a) !== typeText(b)) return `column ${a.name} is ${typeText(a)} on the source and ${typeText(b)} on the replica`
  }
  return null
}

/** The first key that both have, and that both sort alike; null: none. */
export function commonKey(source: TableShape, replica: TableShape): Key | null {
  const identity = (key: Key): string =>
    JSON.stringify([key.name, key.parts.map(({ column }) => [column.name.toLowerCase(), modern(column.collation ?? '')])])
  const there = new Set(replica.keys.map(identity))
  return source.keys.find((key) => there.has(identity(key))) ?? null
}

/** The character set of a text column: the first word of its collation. */
export function characterSet({ collation }: Column): string | null {
  return collation?.split('_', 1)[0] ?? null
}

function columnOf(row: Row): Column {
  const collation = text(row, 'Collation')
  return {
    name: text(row, 'Field'),
    type: typeOf(text(row, 'Type')),
    collation: collation === '' ? null : collation,
    isVirtual: /\bVIRTUAL\b/.test(text(row, 'Extra')),
  }
}

/** Without the width of integers, which MySQL shows no more since 8.0.19, and MariaDB does. Members of ENUM and SET are left as they are. */
function typeOf(type: string): string {
  return type.replace(/^((?:tiny|small|medium|big)?int|year)\(\d+\)/i, '$1')
}

function typeText(column: Column): string {
  const set = characterSet(column)
  return set === null ? column.type : `${column.type} character set ${modern(set)}`
}

/** What MySQL before 8.0.28 and MariaDB before 10.6 call utf8 has another name since. */
function modern(collation: string): string {
  return collation.replace(/^utf8(?=_|$)/, 'utf8mb3')
}

function keysOf(rows: readonly Row[], columns: readonly Column[]): readonly Key[] {
  const byName = new Map(columns.map((column) => [column.name, column]))
  const names = new Set(rows.map((row) => text(row, 'Key_name')))
  return [...names].flatMap((name) => {
    const parts = rows.filter((row) => text(row, 'Key_name') === name)
    if (!parts.every(isUsable)) return []
    const found = parts.flatMap((part) => {
      const column = byName.get(text(part, 'Column_name'))
      return column === undefined ? [] : [{ column, isDescending: text(part, 'Collation') === 'D' }]
    })
    return found.length === parts.length ? [{ name, parts: found }] : []
  })
}

/** `Visible`: MySQL >= 8.0; `Ignored`: MariaDB >= 10.6. Neither may be named in FORCE INDEX. A hash sorts nothing. */
function isUsable(part: Row): boolean {
  const isShown = text(part, 'Visible') !== 'NO' && text(part, 'Ignored') !== 'YES'
  const isWhole = text(part, 'Sub_part') === '' && text(part, 'Column_name') !== ''
  return (
    isShown && isWhole && text(part, 'Non_unique') === '0' && text(part, 'Null') === '' && text(part, 'Index_type') === 'BTREE'
  )
}

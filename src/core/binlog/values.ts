/**
 * Values of row images as text, as the servers print them in a SELECT with time zone +00:00. Bytes, which a SELECT gives as they are, are 0x and hex
 * digits; BIT is a number, and ZEROFILL does nothing. The image alone does not tell all: what the column is comes from information_schema.
 *
 * Nothing is guessed: of types, character sets and members that are not known here, and of columns that are of another type now than they
 * were in the log, there is no printer; of bytes that are no text, no text.
 */
import { ColumnType } from './tableMap.ts'
import { printBits, printDecimal, printReal } from './numbers.ts'
import { printDate, printDatetime, printDatetime2, printTime, printTime2, printTimestamp, printTimestamp2 } from './temporal.ts'
import { maxLength, realType } from './valueLength.ts'

export interface PrintedColumn {
  /** As COLUMN_TYPE has it. */
  readonly type: string
  /** Null: no text. */
  readonly characterSet: string | null
}

/** A column of a key. */
export interface KeyColumn extends PrintedColumn {
  readonly name: string
  /** From 1, among all columns of the table. */
  readonly position: number
}

/** Prints the value in bytes[start, end), which is not NULL; null: it is not one of the column's. */
export type ValuePrinter = (bytes: Buffer, start: number, end: number) => string | null

/** For a column of `type` and `metadata` in a TABLE_MAP; null: it cannot be printed. */
export function valuePrinter(type: number, metadata: number, column: PrintedColumn): ValuePrinter | null {
  const real = realType(type, metadata)
  const word = /^[a-z]+/i.exec(column.type)?.[0].toLowerCase() ?? ''
  if (words.get(real)?.includes(word) !== true) return null
  const C = ColumnType
  switch (real) {
    case C.TINY:
    case C.SHORT:
    case C.INT24:
    case C.LONG:
    case C.LONGLONG:
      return integerPrinter(/\b(unsigned|zerofill)\b/i.test(column.type))
    case C.FLOAT:
    case C.DOUBLE:
      // With a number of decimals, they are printed by them.
      return column.type.includes('(') ? null : printReal
    case C.NEWDECIMAL:
      return (b, start) => printDecimal(b, start, metadata & 0xff, metadata >> 8)
    case C.BIT:
      return printBits
    case C.YEAR:
      return (b, start) => String(b[start] === 0 ? 0 : 1900 + b.readUInt8(start)).padStart(4, '0')
    case C.DATE:
    case C.NEWDATE:
      return printDate
    // MariaDB's own way of writing fractions of a second has these types, too.
    case C.TIME:
      return column.type.includes('(') ? null : printTime
    case C.DATETIME:
      return column.type.includes('(') ? null : printDatetime
    case C.TIMESTAMP:
      return column.type.includes('(') ? null : printTimestamp
    case C.TIME2:
      return (b, start) => printTime2(b, start, metadata)
    case C.DATETIME2:
      return (b, start) => printDatetime2(b, start, metadata)
    case C.TIMESTAMP2:
      return (b, start) => printTimestamp2(b, start, metadata)
    case C.ENUM:
    case C.SET:
      return memberPrinter(real === C.SET, column)
    default:
      return stringPrinter(type, metadata, word, column)
  }
}

/** What columns of a type are called. */
const words: ReadonlyMap<number, readonly string[]> = new Map([
  [ColumnType.TINY, ['tinyint']],
  [ColumnType.SHORT, ['smallint']],
  [ColumnType.INT24, ['mediumint']],
  [ColumnType.LONG, ['int']],
  [ColumnType.LONGLONG, ['bigint']],
  [ColumnType.FLOAT, ['float']],
  [ColumnType.DOUBLE, ['double']],
  [ColumnType.NEWDECIMAL, ['decimal']],
  [ColumnType.BIT, ['bit']],
  [ColumnType.YEAR, ['year']],
  [ColumnType.DATE, ['date']],
  [ColumnType.NEWDATE, ['date']],
  [ColumnType.TIME, ['time']],
  [ColumnType.TIME2, ['time']],
  [ColumnType.DATETIME, ['datetime']],
  [ColumnType.DATETIME2, ['datetime']],
  [ColumnType.TIMESTAMP, ['timestamp']],
  [ColumnType.TIMESTAMP2, ['timestamp']],
  [ColumnType.ENUM, ['enum']],
  [ColumnType.SET, ['set']],
  [ColumnType.VARCHAR, ['varchar', 'varbinary']],
  [ColumnType.STRING, ['char', 'binary']],
  [ColumnType.BLOB, ['tinytext', 'text', 'mediumtext', 'longtext', 'tinyblob', 'blob', 'mediumblob', 'longblob']],
])

function integerPrinter(isUnsigned: boolean): ValuePrinter {
  return (b, start, end) => {
    const length = end - start
    if (length < 8) return String(isUnsigned ? b.readUIntLE(start, length) : b.readIntLE(start, length))
    return String(isUnsigned ? b.readBigUInt64LE(start) : b.readBigInt64LE(start))
  }
}

function memberPrinter(isSet: boolean, column: PrintedColumn): ValuePrinter | null {
  const names = memberNames(column.type)
  if (names === null || column.characterSet === null) return null
  return (b, start, end) => {
    const number = BigInt(`0x${Buffer.from(b.subarray(start, end).toReversed()).toString('hex')}`)
    if (!isSet) return number === 0n ? '' : (names[Number(number) - 1] ?? null)
    if (number >> BigInt(names.length) !== 0n) return null
    return names.filter((_, i) => ((number >> BigInt(i)) & 1n) === 1n).join(',')
  }
}

/** Null where a name has a backslash: whether it is one, or two, servers do not agree. */
function memberNames(type: string): readonly string[] | null {
  if (type.includes('\\')) return null
  return [...type.matchAll(/'((?:[^']|'')*)'/g)].map((match) => (match[1] ?? '').replaceAll("''", "'"))
}

function stringPrinter(type: number, metadata: number, word: string, column: PrintedColumn): ValuePrinter | null {
  const isFixed = type === ColumnType.STRING
  const most = isFixed ? maxLength(metadata) : metadata
  const prefix = type === ColumnType.BLOB ? metadata : most > 255 ? 2 : 1
  if (column.characterSet === null) {
    // The zeros at the end of a BINARY are not logged.
    const isPadded = isFixed && word === 'binary'
    return (b, start, end) => `0x${hex(b, start + prefix, end).padEnd(isPadded ? 2 * most : 0, '0')}`
  }
  const label = labels.get(column.characterSet)
  if (label === undefined) return null
  const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true })
  return (b, start, end) => {
    try {
      const text = decoder.decode(b.subarray(start + prefix, end))
      return isFixed ? text.replace(/ +$/, '') : text
    } catch {
      return null
    }
  }
}

function hex(b: Buffer, start: number, end: number): string {
  return b.toString('hex', start, end).toUpperCase()
}

/** Character sets that mean the same to the servers and to the Encoding standard. */
const labels: ReadonlyMap<string, string> = new Map([
  ['utf8', 'utf-8'],
  ['utf8mb3', 'utf-8'],
  ['utf8mb4', 'utf-8'],
  ['ascii', 'utf-8'],
  ['latin1', 'windows-1252'],
  ['ucs2', 'utf-16be'],
  ['utf16', 'utf-16be'],
  ['utf16le', 'utf-16le'],
])

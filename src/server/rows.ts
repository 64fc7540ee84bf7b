/** Fields of result rows as text, whatever type the server and the driver gave them. */
import type { Row } from './connection.ts'

/** Empty for NULL and for a column that is not there. */
export function text(row: Row | undefined, name: string): string {
  const value = row?.[name]
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'bigint' ? String(value) : ''
}

/** A string literal of any bytes. */
export function literal(name: string): string {
  return `X'${Buffer.from(name, 'utf8').toString('hex')}'`
}

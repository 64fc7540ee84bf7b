/** The text of a logged statement, whose bytes are in the character set of the client that sent it. */
import { isAscii } from 'node:buffer'

/** `collation`: null where the event does not say. Returns null where the text cannot be told. */
export function statementText(statement: Buffer, collation: number | null): string | null {
  if (isAscii(statement)) return statement.toString('latin1')
  const label = decoderOf(collation)
  if (label === null) return null
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(statement)
  } catch {
    return null
  }
}

/** Numbers are those of information_schema.COLLATIONS. */
function decoderOf(collation: number | null): string | null {
  if (collation === null) return null
  // MySQL's latin1 is windows-1252 with the undefined bytes as control characters, as is that of the decoder.
  if (LATIN1.has(collation)) return 'windows-1252'
  return UTF8.has(collation) || (collation >= 192 && collation <= 247) || collation >= 255 ? 'utf-8' : null
}

const LATIN1 = new Set([5, 8, 15, 31, 47, 48, 49, 94])
/** Of utf8mb3 and utf8mb4, without those from 192 to 247 and from 255 on, where none of another set can be a client's. */
const UTF8 = new Set([33, 45, 46, 76, 83])

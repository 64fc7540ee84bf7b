/** String literals that mean the same whatever sql_mode says about backslashes: with one inside, the bytes are given in hex. */

export function quote(text: string): string {
  if (!text.includes('\\')) return `'${text.replaceAll("'", "''")}'`
  return `X'${Buffer.from(text, 'utf8').toString('hex')}'`
}

/** Where the grammar wants a string token and takes no hex: names of files and channels. A backslash is doubled. */
export function quoteToken(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

/** An identifier, whatever it is made of. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

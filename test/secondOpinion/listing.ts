/**
 * Reads what `mysqlbinlog --base64-output=decode-rows` prints, MySQL's or MariaDB's, back into events. For each it prints `# at
 * POSITION`, a line with the header, and statements. Positions and headers can be apart: MySQL's holds INTVAR, RAND and USER_VAR back until
 * the statement that they belong to, MariaDB's holds ANNOTATE_ROWS back until its table, and both the rows of a statement until its last ones.
 */

export interface ListedEvent {
  readonly position: number
  /** Unix seconds. */
  readonly stamp: number
  readonly serverId: number
  readonly endLogPos: number
  /** What the header line says of the event: `Query`, `Xid = 3`, `GTID 0-1-5 trans`, and nothing for a few types. */
  readonly title: string
  /** `thread_id=…`, `exec_time=…`, `transaction_length=…`: numbers behind the title. */
  readonly fields: ReadonlyMap<string, number>
  /** The statements and comments below, as they are printed; `/*!*` + `/;` ends a statement. */
  readonly text: string
}

/** The program must have run with TZ=UTC. Events in the order of their positions; `headless`: positions that no header was printed for. */
export function parseListing(listing: string): { readonly events: readonly ListedEvent[]; readonly headless: readonly number[] } {
  const lines = listing.split('\n')
  const nextStart = nextStarts(lines)
  const events: (Omit<ListedEvent, 'text'> & { readonly lines: string[] })[] = []
  let waiting: number[] = []
  let isInPayload = false
  let isTrailer = false
  for (const line of lines) {
    if (line === '# Start of compressed events.') isInPayload = true
    else if (line === '# End of compressed events.') isInPayload = false
    else if (line === 'DELIMITER ;' || line.includes('/* added by mysqlbinlog */')) isTrailer = true
    // The events inside of a compressed one have no place of their own in the file; what the program adds at the end is none of it.
    if (isInPayload || isTrailer) continue
    const at = /^# at (\d+)$/.exec(line)?.[1]
    const header = at === undefined ? parseHeader(line) : null
    if (at !== undefined) waiting.push(Number(at))
    else if (header !== null) {
      const position = waiting.find((start) => nextStart.get(start) === header.endLogPos) ?? waiting[0]
      if (position === undefined) throw new Error(`a header without a position: ${line}`)
      waiting = waiting.filter((other) => other !== position)
      events.push({ position, ...header, lines: [] })
    } else events.at(-1)?.lines.push(line)
  }
  return {
    events: events
      .map(({ lines: below, ...event }) => ({ ...event, text: below.join('\n') }))
      .sort((a, b) => a.position - b.position),
    headless: waiting,
  }
}

/** The statement of a Query event: the last one below it, behind what sets the session up. */
export function statementOf(event: ListedEvent): string {
  const parts = event.text.split('/*!*/;').map((part) => part.trim())
  return parts.findLast((part) => part !== '') ?? ''
}

function nextStarts(lines: readonly string[]): Map<number, number> {
  const starts = lines.flatMap((line) => /^# at (\d+)$/.exec(line)?.slice(1).map(Number) ?? []).sort((a, b) => a - b)
  return new Map(starts.map((start, i) => [start, starts[i + 1] ?? 0]))
}

const headerLine =
  /^#(\d\d)(\d\d)(\d\d) +(\d+):(\d\d):(\d\d) server id (\d+) +end_log_pos (\d+)(?: CRC32 0x[0-9a-f]{8})? *\t?([^\t]*)(.*)$/

function parseHeader(line: string): Omit<ListedEvent, 'position' | 'text'> | null {
  const match = headerLine.exec(line)
  if (match === null) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, serverId = 0, endLogPos = 0] = match
    .slice(1, 9)
    .map(Number)
  const fullYear = year + (year < 70 ? 2000 : 1900)
  return {
    stamp: Date.UTC(fullYear, month - 1, day, hour, minute, second) / 1000,
    serverId,
    endLogPos,
    title: (match[9] ?? '').trim(),
    fields: new Map([...(match[10] ?? '').matchAll(/\t(\w+)=(\d+)/g)].map(([, name = '', value]) => [name, Number(value)])),
  }
}

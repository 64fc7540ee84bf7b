/** Inputs as people type them: times, durations, coordinates, sets of GTIDs, option files. A refusal is an error of the project's own. */
import * as fc from 'fast-check'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readOptionFiles } from '../src/cli/optionFile.ts'
import { GtidPosition, GtidSet } from '../src/core/binlog/gtidSet.ts'
import { classifyStatement, xaIdentifier } from '../src/core/binlog/statement.ts'
import { formatCoordinate, isBinlogName, parseCoordinate } from '../src/core/coordinate.ts'
import { formatDuration, parseDuration } from '../src/core/time/duration.ts'
import { formatInZone, formatUtc } from '../src/core/time/format.ts'
import { parseTime } from '../src/core/time/parse.ts'
import { BinpointError } from '../src/errors.ts'
import { equal } from './properties.ts'

const words = [
  '2014-04-10',
  '21:06:12',
  'T',
  'Z',
  '+02:00',
  '-0530',
  '.123456',
  '@1397163972',
  '@4294967295',
  ' ago',
  '15m',
  '1h30m',
  '1.5s',
  '0',
  '2015-03-08 02:30:00',
  '2015-11-01 01:30:00',
  '9999-12-31',
  '0000-00-00',
  '1e9',
  'Infinity',
  '-1',
  '99999999999999999999',
  'mysql-bin.000042',
  ':1234',
  ':4',
  ':',
  '.',
  ' ',
  '\n',
  '\t',
  ',',
  '-',
  '0-1-5',
  ':1-5',
  ':7',
  ':tag',
  ':1-',
  '01234567-89ab-cdef-0123-456789abcdef',
  '01234567-89AB-CDEF-0123-456789ABCDEF:18446744073709551615',
  '[client]',
  '[client',
  '\n!include ',
  '\n!includedir .',
  'user=',
  '"',
  "'",
  '\\',
  '\\s',
  '#',
  ';',
  '=',
  'password',

  'BEGIN',
  'XA START ',
  "X'61',X'',1",
  'ROLLBACK',
  ' TO ',
  '/*',
  '*/',
  '/*!50000 ',
  '/*M!',
  '--',
  '-- ',
  'DROP',
  'TABLE',
  '(',
  '(',
  'ſ',
  'İ',
  '\0',
  '\u{1f600}',
  '\ud800',
] as const

const zones = [undefined, 'UTC', 'America/Los_Angeles', '+02:00', '+99:99', 'Nowhere/Else', ''] as const

export interface Text {
  readonly parts: readonly string[]
  readonly zone: (typeof zones)[number]
  /** Reading a file takes longer than all the rest. */
  readonly isFile: boolean
}

export const text: fc.Arbitrary<Text> = fc.record({
  parts: fc.array(
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: fc.string({ maxLength: 8 }) }),
    {
      maxLength: 8,
    },
  ),
  zone: fc.constantFrom(...zones),
  isFile: fc.nat(20).map((n) => n === 0),
})

const NOW_US = 1_764_000_000_000_000

export async function checkText({ parts, zone, isFile }: Text): Promise<void> {
  const input = parts.join('')
  const us = await refusedOr(() => parseTime(input, { zone, nowUs: NOW_US }))
  if (us !== undefined) {
    equal('a time, printed and read again, is', await parseTime(formatUtc(us), { nowUs: 0 }), us)
    formatInZone(us, 'America/Los_Angeles')
  }
  const duration = await refusedOr(() => parseDuration(input))
  if (duration !== undefined && (!Number.isSafeInteger(duration) || duration < 0)) throw new Error(`a duration of ${duration}`)
  if (duration !== undefined) parseDuration(formatDuration(duration))
  const at = await refusedOr(() => parseCoordinate(input))
  if (at !== undefined) equal('a coordinate, printed and read again, is', parseCoordinate(formatCoordinate(at)), at)
  isBinlogName(input)
  checkGtids(input)
  const bytes = Buffer.from(input)
  classifyStatement(bytes, 0, bytes.length)
  xaIdentifier(input)
  if (isFile) await checkOptionFile(input)
}

function checkGtids(input: string): void {
  const set = GtidSet.parse(input)
  if (set !== null) {
    const printed = set.toString()
    equal('a set of GTIDs, printed and read again, is', GtidSet.parse(printed)?.toString(), printed)
    equal('a set of GTIDs and itself have in common', set.intersect(set).toString(), printed)
  }
  const position = GtidPosition.parse(input)?.toString()
  if (position !== undefined)
    equal('a GTID position, printed and read again, is', GtidPosition.parse(position)?.toString(), position)
}

async function checkOptionFile(input: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'binpoint-fuzz-'))
  try {
    const only = join(folder, 'my.cnf')
    writeFileSync(only, `[client]\n${input}\n!include ${input}`)
    await refusedOr(() => readOptionFiles({ home: folder, only }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Undefined: refused, by an error of the project's own. */
async function refusedOr<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof BinpointError) return undefined
    throw error
  }
}

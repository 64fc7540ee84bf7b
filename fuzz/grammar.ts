/**
 * Transactions of a framed file, told naively: events are kept in a list until one ends what the list holds. The rules are those of the
 * servers (mysql-server trx_boundary_parser.cpp; MariaDB's GTID event), over plain words; shares nothing with the reader's own machine.
 */
import { inflateSync } from 'node:zlib'
import { AT_FLAGS, AT_TYPE, frame, HEADER } from './frame.ts'

export interface Told {
  readonly transactions: readonly (readonly [start: number, end: number])[]
  /** Starts of transactions that never end. */
  readonly unfinished: readonly number[]
  /** End of the last event outside of a transaction, before one that closes the file. */
  readonly covered: number
  /** End of the event that closes the file; null without one. */
  readonly closed: number | null
}

type Step =
  | 'between'
  | 'closes the file'
  | 'gtid'
  | 'gtid of one statement'
  | 'gtid of a group'
  | 'begins'
  | 'xa start'
  | 'inside'
  | 'statement'
  | 'ends'
  | 'block'
  | 'load'

const between = new Set([7, 15, 27, 35, 41, 159, 161, 163, 164])
const inside = new Set([5, 13, 14, 19, 28, 29, 36, 37, 160, 172])
const rows = new Set([20, 21, 22, 23, 24, 25, 30, 31, 32, 39, 166, 167, 168, 169, 170, 171])
const blocks = new Set([6, 8, 9, 12, 17])
const loads = new Set([10, 11, 18])
const MARIADB_GTID = 162
const IGNORABLE = 0x80

/** Of what stands before `to`, with events that end in so many bytes of checksum. */
export function tell(bytes: Buffer, to: number, checksumLength: number): Told {
  const { starts, end } = frame(bytes.subarray(0, to))
  const transactions: [number, number][] = []
  const unfinished: number[] = []
  let covered = 4
  let closed: number | null = null
  let open: number[] = []
  let isGroup = false
  let loading = new Set<number>()
  const drop = (): void => {
    if (open[0] !== undefined) unfinished.push(open[0])
    open = []
    isGroup = false
    loading = new Set()
  }
  for (const [i, start] of starts.entries()) {
    const next = starts[i + 1] ?? end
    const event = bytes.subarray(start, next - (i === 0 ? 0 : checksumLength))
    const step = stepOf(event)
    if (step === 'closes the file') {
      drop()
      closed = next
    } else if (step !== 'between' && (step !== null || open.length > 0)) {
      const isMariaDb = open[0] !== undefined && bytes[open[0] + AT_TYPE] === MARIADB_GTID
      if (step?.startsWith('gtid') === true || (step === 'begins' && isGroup && !isMariaDb)) drop()
      open.push(start)
      if (step === 'gtid of a group' || step === 'begins' || step === 'xa start') isGroup = true
      if (step === 'block' && !isGroup) loading.add(fileOf(event))
      if (step === 'load' && !isGroup) loading.delete(fileOf(event))
      if (step === 'ends' || ((step === 'statement' || step === 'load') && !isGroup)) {
        isGroup = false
        // Blocks of a LOAD DATA that is not done yet: what stands between them can only be replayed with them.
        if (loading.size === 0) {
          transactions.push([open[0] ?? start, next])
          open = []
        }
      }
    }
    if (open.length === 0 && closed === null) covered = next
  }
  drop()
  return { transactions, unfinished, covered, closed }
}

/** Null: of a type that may be skipped, and belongs to what is open. */
function stepOf(event: Buffer): Step | null {
  const type = event[AT_TYPE] ?? 0
  if (between.has(type)) return 'between'
  if (inside.has(type)) return 'inside'
  if (type === 3 || type === 4) return 'closes the file'
  if (type === 33 || type === 34 || type === 42) return 'gtid'
  if (type === MARIADB_GTID) return ((event[HEADER + 12] ?? 0) & 1) === 1 ? 'gtid of one statement' : 'gtid of a group'
  if (type === 16 || type === 38 || type === 40) return 'ends'
  if (type === 26) return 'statement'
  if (rows.has(type)) return ((event[HEADER + 6] ?? 0) & 1) === 1 ? 'statement' : 'inside'
  if (blocks.has(type)) return 'block'
  if (loads.has(type)) return 'load'
  if (type === 2 || type === 165) return stepOfText(textOf(event, type === 165))
  if ((event.readUInt16LE(AT_FLAGS) & IGNORABLE) !== 0) return null
  throw new Error(`an event of type ${type} was accepted`)
}

function stepOfText(text: string): Step {
  if (text === 'BEGIN') return 'begins'
  if (/^XA +(START|BEGIN)/.test(text)) return 'xa start'
  if (text === 'COMMIT' || /^XA +ROLLBACK/.test(text) || /^ROLLBACK(?! TO )/i.test(text)) return 'ends'
  return 'statement'
}

function textOf(event: Buffer, isCompressed: boolean): string {
  const statusLength = event.readUInt16LE(HEADER + 11)
  const text = event.subarray(HEADER + 13 + statusLength + (event[HEADER + 8] ?? 0) + 1)
  if (!isCompressed) return text.toString('latin1')
  const lengthBytes = (text[0] ?? 0) & 7
  if (((text[0] ?? 0) & 0xf0) !== 0x80 || lengthBytes < 1 || lengthBytes > 4) return ''
  try {
    return inflateSync(text.subarray(1 + lengthBytes)).toString('latin1')
  } catch {
    return ''
  }
}

/** The file that a block of a LOAD DATA belongs to. */
function fileOf(event: Buffer): number {
  const type = event[AT_TYPE] ?? 0
  const at = HEADER + (type === 18 ? 13 : type === 6 || type === 8 || type === 12 ? 18 : 0)
  return at + 4 <= event.length ? event.readUInt32LE(at) : -1
}

/**
 * Does orders in a session, one statement after another. Small transactions are sent together, in one BINLOG statement and one commit: readers
 * of the replica then see them all at once, and that is what makes many small ones fast. Where the server refuses such a bundle, its
 * transactions are sent one by one, so that the one that fails is known.
 */
import type { Coordinate } from '../../core/coordinate.ts'
import { formatCoordinate } from '../../core/coordinate.ts'
import { BinpointError } from '../../errors.ts'
import { addressText } from '../../server/address.ts'
import type { ApplySession } from '../../server/applySession.ts'
import { SessionFailure } from '../../server/applySession.ts'
import { binlogStatement, largestEventOf } from './events.ts'
import type { LoggedStatement, Order, Origin, Run } from './orders.ts'
import { RUN_BYTES } from './runs.ts'
import type { SessionSettings } from './sessionSettings.ts'
import { settingStatement } from './sessionSettings.ts'

export interface Applied {
  readonly transactions: number
  readonly rowsEvents: number
  /** Of the events that were sent. */
  readonly bytes: number
  /** All that was chosen before it is committed: one that is broken off may begin here again, and must where it has executed statements. */
  readonly done: Coordinate | null
}

export interface SenderRequest {
  readonly session: ApplySession
  readonly isRepeat: boolean
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((applied: Applied) => void) | undefined
}

export interface Sender {
  readonly send: (orders: readonly Order[]) => Promise<void>
  /** Takes back what is not committed, as far as the session still answers. */
  readonly rollBack: () => Promise<void>
  readonly applied: () => Applied
}

type Whole = Extract<Order, { kind: 'transaction' }>

const ER_TABLE_EXISTS = 1050
const ER_BAD_TABLE = 1051
const ER_UNKNOWN_ERROR = 1105
const ER_OPTION_PREVENTS_STATEMENT = 1290

export function createSender({ session, isRepeat, signal, onProgress }: SenderRequest): Sender {
  const bundleBytes = Math.min(RUN_BYTES, largestEventOf(session.maxAllowedPacket))
  const known = new Map<string, string>()
  let bundle: Whole[] = []
  let bundled = 0
  let isOpen = false
  let applied: Applied = { transactions: 0, rowsEvents: 0, bytes: 0, done: null }

  function count(origin: Origin, transactions: number, sent?: Run): void {
    applied = {
      transactions: applied.transactions + transactions,
      rowsEvents: applied.rowsEvents + (sent?.rowsEvents ?? 0),
      bytes: applied.bytes + (sent?.bytes.length ?? 0),
      done: startOf(origin),
    }
  }

  function reach(origin: Origin): void {
    applied = { ...applied, done: startOf(origin) }
    onProgress?.(applied)
  }

  async function run(sql: string): Promise<void> {
    signal?.throwIfAborted()
    await session.run(sql)
  }

  async function set(settings: SessionSettings): Promise<void> {
    const sql = settingStatement(settings, known)
    if (sql === null) return
    await run(sql)
    for (const [name, value] of settings) known.set(name, value)
  }

  async function begin(settings: SessionSettings): Promise<void> {
    await set(settings)
    await run('BEGIN')
    isOpen = true
  }

  async function commit(): Promise<void> {
    await run('COMMIT')
    isOpen = false
  }

  async function rollBack(): Promise<void> {
    if (!isOpen) return
    isOpen = false
    await session.run('ROLLBACK')
  }

  /** `step` of a transaction; what the server says is told with it. */
  async function of(origin: Origin, tables: readonly string[], step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      throw error instanceof SessionFailure ? failed(session, origin, tables, error) : error
    }
  }

  async function sendTogether(transactions: readonly Whole[]): Promise<void> {
    await begin(transactions[0]?.settings ?? new Map())
    await run(binlogStatement(Buffer.concat(transactions.map((whole) => whole.run.bytes))))
    await commit()
    for (const { origin, run: sent } of transactions) count(origin, 1, sent)
  }

  async function flush(): Promise<void> {
    const transactions = bundle
    bundle = []
    bundled = 0
    if (transactions.length === 0) return
    try {
      await sendTogether(transactions)
    } catch (error) {
      if (!(error instanceof SessionFailure)) throw error
      await rollBack()
      for (const whole of transactions) await of(whole.origin, whole.run.tables, () => sendTogether([whole]))
    }
    onProgress?.(applied)
  }

  async function sendWhole(transaction: Whole): Promise<void> {
    const { settings, run: added } = transaction
    const isSame = settingStatement(settings, bundle[0]?.settings ?? settings) === null
    if (!isSame || bundled + added.bytes.length > bundleBytes) await flush()
    bundle.push(transaction)
    bundled += added.bytes.length
  }

  async function execute({ settings, schema, text, errorCode, timestamp }: LoggedStatement): Promise<void> {
    await set(settings)
    if (schema !== null) await run(`USE \`${schema.replaceAll('`', '``')}\``)
    await run(`SET SESSION timestamp = ${timestamp}`)
    try {
      await run(text)
    } catch (error) {
      const isExpected =
        error instanceof SessionFailure && (error.errno === errorCode || (isRepeat && wasDone(text, error.errno)))
      if (!isExpected) throw error
    }
    await run('SET SESSION timestamp = DEFAULT')
  }

  async function take(order: Order): Promise<void> {
    if (order.kind === 'transaction') {
      await sendWhole(order)
      return
    }
    await flush()
    switch (order.kind) {
      case 'format':
        await run(binlogStatement(order.event))
        // A session that was given a FORMAT_DESCRIPTION waits for a GTID event, and is anonymous without (GTID_NEXT NOT_YET_DETERMINED).
        await run("SET SESSION gtid_next = 'AUTOMATIC'")
        return
      case 'begin':
        await of(order.origin, [], () => begin(order.settings))
        return
      case 'run':
        await of(order.origin, order.run.tables, () => run(binlogStatement(order.run.bytes)))
        count(order.origin, 0, order.run)
        onProgress?.(applied)
        return
      case 'commit':
        await of(order.origin, [], commit)
        count(order.origin, 1)
        return
      case 'rollback':
        await rollBack()
        return
      case 'nothing':
        count(order.origin, 1)
        return
      case 'statement':
        // Before the layout of a table may change: rows of before would not fit it again.
        reach(order.origin)
        await of(order.origin, [], () => execute(order.statement))
        return
      default:
        order satisfies never
    }
  }

  return {
    async send(orders) {
      for (const order of orders) await take(order)
      await flush()
    },
    // What failed is told; that this does not work any more either is no news.
    rollBack: () => rollBack().catch(() => undefined),
    applied: () => applied,
  }
}

function startOf({ file, start }: Origin): Coordinate {
  return { file, position: start }
}

function wasDone(text: string, errno: number): boolean {
  return (errno === ER_TABLE_EXISTS && /^\s*CREATE\b/i.test(text)) || (errno === ER_BAD_TABLE && /^\s*DROP\b/i.test(text))
}

function failed(session: ApplySession, origin: Origin, tables: readonly string[], failure: SessionFailure): BinpointError {
  const gtid = origin.gtid === null ? '' : ` (${origin.gtid})`
  const on = tables.length === 0 ? '' : ` on ${tables.join(', ')}`
  const where = addressText(session.address)
  return new BinpointError(
    'REPLAY_FAILED',
    `${where} refuses the transaction at ${formatCoordinate(startOf(origin))}${gtid}${on} with error ${failure.errno}: ${failure.message}`,
    {
      hint: hintFor(failure.errno, where),
      cause: failure,
    },
  )
}

function hintFor(errno: number, where: string): string {
  const then = 'then run it again from the start'
  if (errno === ER_OPTION_PREVENTS_STATEMENT)
    return `${where} is read-only for this account too: SET GLOBAL super_read_only = OFF there; ${then}`
  // All that sql_binlog.cc says of rows that do not fit a table.
  if (errno === ER_UNKNOWN_ERROR)
    return `the error log of ${where} says why; most likely a table has another layout there than it had in the log`
  return `it was rolled back, and what comes before it is applied: remove the cause, ${then}`
}

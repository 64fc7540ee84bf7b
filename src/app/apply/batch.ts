/**
 * Reads a window in batches of bounded memory: each is read until its orders fill it, and the next one begins at the event behind. A
 * compressed transaction is unwrapped step by step, as it may expand to far more than fits.
 */
import { innerEventSteps } from '../../core/binlog/payload.ts'
import type { LogFormat } from '../../core/binlog/format.ts'
import { EventType, MAX_EVENT_SIZE } from '../../core/binlog/layout.ts'
import type { Coordinate } from '../../core/coordinate.ts'
import { compareCoordinates, FIRST_POSITION, formatCoordinate } from '../../core/coordinate.ts'
import type { LogSource } from '../../core/ports.ts'
import { isHole } from '../../core/scan/ending.ts'
import type { RawEvent } from '../../core/scan/scan.ts'
import { createScan } from '../../core/scan/scan.ts'
import { BinpointError } from '../../errors.ts'
import { damaged } from '../window.ts'
import { formatEvent } from './events.ts'
import type { Machine, MachineRequest } from './machine.ts'
import { createMachine } from './machine.ts'
import type { Order } from './orders.ts'

/** Bytes of events that are held before they are sent. */
const BATCH_BYTES = 4 << 20

export interface Batches {
  /** The next orders; null: the window is over. Throws LOG_DAMAGED where the log ends before the window does, and what reading throws. */
  readonly next: () => Promise<readonly Order[] | null>
}

export interface BatchRequest extends Omit<MachineRequest, 'give'> {
  readonly source: LogSource
  readonly from: Coordinate
  readonly until: Coordinate | undefined
  readonly signal: AbortSignal | undefined
}

export function createBatches(request: BatchRequest): Batches {
  const { source, until, signal } = request
  let orders: Order[] = []
  let bytes = 0
  /** Where reading goes on. */
  let next = request.from
  /** End of the last event that was read. */
  let end = request.from
  let isOver = false
  let format: LogFormat | null = null
  let payload: Payload | null = null
  const machine = createMachine({
    ...request,
    give: (order) => {
      orders.push(order)
      bytes += sizeOf(order)
    },
  })

  function isFull(): boolean {
    return bytes >= BATCH_BYTES
  }

  /** False: the batch is full, or a payload is to be unwrapped first. */
  function takeEvent(
    { type, bytes: buffer, from, bodyEnd, position, end: eventEnd }: RawEvent,
    file: string,
    now: LogFormat,
  ): boolean {
    if (isFull() || payload !== null) return false
    if (format?.fingerprint !== now.fingerprint) {
      orders.push({ kind: 'format', event: formatEvent(now) })
      format = now
    }
    const isPayload = machine.event({ bytes: buffer, from, bodyEnd }, { file, position }, now)
    if (isPayload) payload = createPayload(machine, Buffer.from(buffer.subarray(from, bodyEnd)), now)
    end = { file, position: eventEnd }
    // Behind ROTATE and STOP there is nothing in the file: it is left by reading them again.
    if (type !== EventType.ROTATE && type !== EventType.STOP) next = end
    return true
  }

  async function read(): Promise<void> {
    let isToBeContinued = false
    const scan = createScan(
      {
        onEvent: (event) => {
          if (scan.file?.format == null) return true
          isToBeContinued = !takeEvent(event, scan.file.name, scan.file.format)
          return !isToBeContinued
        },
        onTransaction: () => undefined,
        onFileEnd: (ending, file) => {
          if (isHole(ending.kind)) throw damaged(source, { file: file.name, position: ending.readEnd }, ending)
        },
      },
      { checksums: 'all', decrypted: source.kind === 'server' },
    )
    await source.read({ from: next, until, signal }, scan)
    signal?.throwIfAborted()
    isOver = !isToBeContinued
  }

  function finish(): void {
    machine.end()
    if (until === undefined || until.position <= FIRST_POSITION || compareCoordinates(end, until) >= 0) return
    throw new BinpointError(
      'LOG_DAMAGED',
      `${source.name} ends at ${formatCoordinate(end)}, before the end of the window, ${formatCoordinate(until)}`,
      {
        hint: 'plan again, with the log that is there now',
      },
    )
  }

  return {
    async next() {
      orders = []
      bytes = 0
      while (!isFull() && (payload !== null || !isOver)) {
        if (payload === null) await read()
        else if (payload.step()) payload = null
      }
      if (isOver && payload === null) finish()
      return orders.length === 0 ? null : orders
    },
  }
}

interface Payload {
  /** Takes some more of it; true: it was the last. */
  readonly step: () => boolean
}

function createPayload(machine: Machine, event: Buffer, format: LogFormat): Payload {
  // What a visitor throws would be taken for damage of the payload.
  let failure: unknown
  const visit = (bytes: Buffer, from: number, bodyEnd: number): void => {
    try {
      if (failure === undefined) machine.innerEvent({ bytes, from, bodyEnd }, format)
    } catch (error) {
      failure = error
    }
  }
  const steps = innerEventSteps(event, 0, event.length, visit, MAX_EVENT_SIZE)
  return {
    step() {
      const { done, value } = steps.next()
      if (failure !== undefined) throw failure
      if (done === true) machine.endPayload(value)
      return done === true
    },
  }
}

function sizeOf(order: Order): number {
  switch (order.kind) {
    case 'transaction':
    case 'run':
      return order.run.bytes.length
    case 'statement':
      return order.statement.text.length
    case 'format':
    case 'begin':
    case 'commit':
    case 'rollback':
    case 'nothing':
      return 100
    default:
      return order satisfies never
  }
}

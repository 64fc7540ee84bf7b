/**
 * One connection to a replay server: the handshake, statements, and dumps. mysql2 speaks the protocol; what is decided here is
 * what to answer. Commands come one at a time, as a client waits for each answer; during a dump only the end is heeded.
 */
import type { Socket } from 'node:net'
import { createPacketWriter } from './packets.ts'
import type { DumpCommand } from './replayDump.ts'
import { sendLog } from './replayDump.ts'
import { BLOCK } from './replayFile.ts'
import type { Served } from './replayFormat.ts'
import type { Answer, Asked, Session } from './replayQueries.ts'
import { answer } from './replayQueries.ts'

/** What is used of mysql2's server connection, beyond its public face too. */
export interface ServerSide {
  sequenceId: number
  readonly stream: Socket
  readonly on: (event: string, listener: (...args: readonly never[]) => void) => unknown
  readonly serverHandshake: (config: Readonly<Record<string, unknown>>) => void
  readonly writeOk: () => void
  readonly writeError: (error: { readonly code: number; readonly message: string }) => void
  readonly writeColumns: (columns: readonly Readonly<Record<string, unknown>>[]) => void
  readonly writeTextRow: (row: readonly (string | null)[]) => void
  readonly writeEof: () => void
}

/** A packet whose first four bytes are its header. */
interface CommandPacket {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
}

const Command = {
  QUERY: 0x03,
  BINLOG_DUMP: 0x12,
  REGISTER_SLAVE: 0x15,
  STMT_PREPARE: 0x16,
  SET_OPTION: 0x1b,
  BINLOG_DUMP_GTID: 0x1e,
} as const
const ER_UNKNOWN_COM_ERROR = 1047
const ER_NOT_SUPPORTED_YET = 1235
const ER_MASTER_FATAL_ERROR_READING_BINLOG = 1236
const ER_UNKNOWN_ERROR = 1105
/** LONG_PASSWORD, LONG_FLAG, CONNECT_WITH_DB, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, PLUGIN_AUTH. */
const CAPABILITIES = 0x1 | 0x4 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x8_0000
const UTF8MB4 = 45
const AUTOCOMMIT = 2

/** Resolves when the connection is closed and its dump has ended. */
export async function serveConnection(
  connection: ServerSide,
  id: number,
  served: Served,
  kill: (id: number) => boolean,
): Promise<void> {
  const { stream } = connection
  const asked: Asked = { served, session: { id, variables: new Map() }, kill }
  const left = new AbortController()
  const dumps = new Set<Promise<void>>()
  const closed = new Promise<void>((resolve) => {
    stream.once('close', () => {
      left.abort()
      resolve()
    })
  })
  // An answer is several small packets; none must wait until the one before is acknowledged.
  stream.setNoDelay(true)
  connection.on('error', () => stream.destroy())
  // Statements are taken from the packet like all else. Without these listeners mysql2 answers them itself: with an error.
  connection.on('query', () => undefined)
  connection.on('stmt_prepare', () => undefined)
  connection.on('packet', (packet: CommandPacket, isKnown: boolean, command: number) => {
    const body = packet.buffer.subarray(packet.start + 5, packet.end)
    if (dumps.size > 0) return
    if (command === Command.QUERY) {
      // mysql2 reuses the bytes once this returns.
      void reply(connection, answer(body.toString('utf8'), asked))
    } else if (command === Command.BINLOG_DUMP) {
      // Each command begins a new sequence; mysql2's server side would go on counting.
      connection.sequenceId = 0
      const request = dumpCommand(body, asked.session)
      const dumping: Promise<void> = dump(connection, request, served, left.signal).finally(() => dumps.delete(dumping))
      dumps.add(dumping)
    } else if (isKnown && command !== Command.STMT_PREPARE) {
      connection.sequenceId = 0
    } else void reply(connection, Promise.resolve(answerTo(command)))
  })
  connection.serverHandshake({
    protocolVersion: 10,
    serverVersion: served.handshakeVersion,
    connectionId: id,
    statusFlags: AUTOCOMMIT,
    characterSet: UTF8MB4,
    capabilityFlags: CAPABILITIES,
    authCallback: (_account: unknown, done: (error: null) => void) => {
      done(null)
      connection.sequenceId = 0
    },
  })
  await closed
  await Promise.all(dumps)
}

function answerTo(command: number): Answer {
  if (command === Command.REGISTER_SLAVE || command === Command.SET_OPTION) return { kind: 'ok' }
  if (command === Command.BINLOG_DUMP_GTID) {
    return { kind: 'error', code: ER_NOT_SUPPORTED_YET, message: 'replay does not find GTIDs: dump from a file and position' }
  }
  if (command === Command.STMT_PREPARE) {
    return { kind: 'error', code: ER_NOT_SUPPORTED_YET, message: 'replay serves binlogs only: it has no tables to ask about' }
  }
  return { kind: 'error', code: ER_UNKNOWN_COM_ERROR, message: `replay does not know command ${command}` }
}

async function reply(connection: ServerSide, coming: Promise<Answer>): Promise<void> {
  const said = await coming.catch((error: unknown): Answer => ({ kind: 'error', code: ER_UNKNOWN_ERROR, message: String(error) }))
  if (connection.stream.destroyed) return
  connection.stream.cork()
  if (said.kind === 'ok') connection.writeOk()
  else if (said.kind === 'error') connection.writeError(said)
  else {
    connection.writeColumns(said.columns.map(textColumn))
    for (const row of said.rows) connection.writeTextRow(row)
    connection.writeEof()
  }
  connection.stream.uncork()
  connection.sequenceId = 0
}

async function dump(connection: ServerSide, command: DumpCommand, served: Served, signal: AbortSignal): Promise<void> {
  const out = createPacketWriter(connection.stream, BLOCK)
  const fault = await sendLog({ command, served, out, signal }).catch((error: unknown) => ({ message: String(error) }))
  if (fault === null || signal.aborted) return
  await out.flush()
  connection.sequenceId = out.sequenceId()
  connection.writeError({ code: ER_MASTER_FATAL_ERROR_READING_BINLOG, message: fault.message })
  connection.sequenceId = 0
}

/** Body: position u32, flags u16, server_id u32, file name. Not to stay is asked for by flag 1, or by a server_id of 0. */
function dumpCommand(body: Buffer, { variables }: Session): DumpCommand {
  const spoken = (name: string): string | null => variables.get(`source_${name}`) ?? variables.get(`master_${name}`) ?? null
  const checksum = spoken('binlog_checksum')?.toUpperCase() ?? null
  return {
    position: body.readUInt32LE(0),
    isBlocking: (body.readUInt16LE(4) & 1) === 0 && body.readUInt32LE(6) !== 0,
    file: body.toString('utf8', 10).replace(/\0$/, ''),
    heartbeatMs: Number(spoken('heartbeat_period') ?? 0) / 1_000_000,
    checksum: checksum === null ? null : checksum === 'NONE' ? 'NONE' : 'CRC32',
  }
}

function textColumn(name: string): Readonly<Record<string, unknown>> {
  const origin = { catalog: 'def', schema: '', table: '', orgTable: '', orgName: name }
  return { ...origin, name, characterSet: UTF8MB4, columnLength: 1024, columnType: 253, flags: 0, decimals: 0 }
}

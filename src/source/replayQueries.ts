/** The statements that readers of a binlog ask, answered by meaning: variables and functions in SELECT, and a few SHOWs. */
import type { Served } from './replayFormat.ts'

export type Answer =
  | { readonly kind: 'ok' }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  | { readonly kind: 'rows'; readonly columns: readonly string[]; readonly rows: readonly (readonly (string | null)[])[] }

/** What a reader has SET. */
export interface Session {
  heartbeatMs: number
  /** What it says it can read: decides whether the first artificial ROTATE carries a CRC. */
  checksum: 'CRC32' | 'NONE'
}

export interface Asked {
  readonly id: number
  readonly served: Served
  readonly session: Session
  readonly kill: (id: number) => void
}

const ER_UNKNOWN_SYSTEM_VARIABLE = 1193
const ER_NOT_SUPPORTED_YET = 1235

export async function answer(sql: string, asked: Asked): Promise<Answer> {
  const text = sql.trim().replace(/;$/, '').replaceAll(/\s+/g, ' ')
  const { served } = asked
  if (/^SET /i.test(text)) {
    const heartbeat = /@(?:master|source)_heartbeat_period\s*=\s*(\d+)/i.exec(text)
    if (heartbeat !== null) asked.session.heartbeatMs = Number(heartbeat[1]) / 1_000_000
    const checksum = /@(?:master|source)_binlog_checksum\s*=\s*('\w+'|@@global\.binlog_checksum)/i.exec(text)?.[1]
    if (checksum !== undefined)
      asked.session.checksum = checksum.startsWith('@@') ? served.checksum : checksum === "'CRC32'" ? 'CRC32' : 'NONE'
    return { kind: 'ok' }
  }
  const kill = /^KILL (?:CONNECTION |QUERY )?(\d+)$/i.exec(text)
  if (kill !== null) {
    asked.kill(Number(kill[1]))
    return { kind: 'ok' }
  }
  if (/^SHOW (BINARY|MASTER) LOGS$/i.test(text)) {
    const files = await served.list()
    return rows(
      ['Log_name', 'File_size'],
      files.map((file) => [file.name, String(file.size)]),
    )
  }
  if (/^SHOW (MASTER STATUS|BINARY LOG STATUS|BINLOG STATUS)$/i.test(text)) {
    const last = (await served.list()).at(-1)
    return rows(['File', 'Position', 'Binlog_Do_DB', 'Binlog_Ignore_DB'], [[last?.name ?? '', String(last?.size ?? 0), '', '']])
  }
  if (/^SHOW (REPLICAS|SLAVE HOSTS|REPLICA HOSTS)$/i.test(text)) return rows(['Server_id', 'Host', 'Port', 'Master_id'], [])
  const like = /^SHOW (?:GLOBAL |SESSION )?VARIABLES LIKE '([^']*)'$/i.exec(text)
  if (like !== null) return showVariable(like[1] ?? '', served)
  const select = /^SELECT (.+)$/i.exec(text)
  if (select !== null) return selectAll(select[1] ?? '', asked)
  return {
    kind: 'error',
    code: ER_NOT_SUPPORTED_YET,
    message: `replay serves binlogs only and does not answer: ${text.slice(0, 80)}`,
  }
}

function rows(columns: readonly string[], list: readonly (readonly (string | null)[])[]): Answer {
  return { kind: 'rows', columns, rows: list }
}

function showVariable(pattern: string, served: Served): Answer {
  const name = pattern.toLowerCase().replaceAll('\\_', '_')
  const value = variable(name, served)
  return rows(['Variable_name', 'Value'], value === undefined ? [] : [[name, value]])
}

/** `expression [AS alias]`, one or more. */
function selectAll(list: string, asked: Asked): Answer {
  const columns: string[] = []
  const values: (string | null)[] = []
  for (const item of list.split(/,(?![^(]*\))/)) {
    const [, expression = '', alias] = /^(.*?)(?: AS [`'"]?(\w+)[`'"]?)?$/i.exec(item.trim()) ?? []
    const value = evaluate(expression.trim(), asked)
    if (value === undefined) {
      return {
        kind: 'error',
        code: ER_UNKNOWN_SYSTEM_VARIABLE,
        message: `Unknown system variable '${expression.replace(/^@@(\w+\.)?/, '')}'`,
      }
    }
    columns.push(alias ?? expression)
    values.push(value)
  }
  return rows(columns, [values])
}

function evaluate(expression: string, { served, id }: Asked): string | null | undefined {
  if (/^\d+$/.test(expression)) return expression
  if (/^VERSION\(\)$/i.test(expression)) return served.version
  if (/^UNIX_TIMESTAMP\(\)$/i.test(expression)) return String(Math.floor(Date.now() / 1000))
  if (/^CONNECTION_ID\(\)$/i.test(expression)) return String(id)
  const system = /^@@(?:(?:global|session|local)\.)?(\w+)$/i.exec(expression)
  if (system !== null) return variable((system[1] ?? '').toLowerCase(), served)
  return expression.startsWith('@') ? null : undefined
}

/** Undefined: the server that wrote the log has no such variable, or replay does not know it. */
function variable(name: string, served: Served): string | undefined {
  const common: Readonly<Record<string, string>> = {
    version: served.version,
    version_comment: 'binpoint replay',
    server_id: String(served.serverId),
    log_bin: '1',
    binlog_checksum: served.checksum,
    binlog_format: 'ROW',
    max_allowed_packet: '1073741824',
    collation_server: 'utf8mb4_general_ci',
    time_zone: 'UTC',
    read_only: '1',
  }
  const mysql: Readonly<Record<string, string>> = {
    server_uuid: served.serverUuid,
    gtid_mode: 'OFF',
    rpl_semi_sync_master_enabled: '0',
  }
  const mariaDb: Readonly<Record<string, string>> = { gtid_domain_id: '0', gtid_strict_mode: '0', gtid_binlog_pos: '' }
  return common[name] ?? (served.family === 'mysql' ? mysql[name] : mariaDb[name])
}

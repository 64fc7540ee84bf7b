/** The statements that readers of a binlog ask, answered by meaning: SET of user variables, SELECT of variables, a few SHOWs. */
import type { Served } from './replayFormat.ts'
import { systemVariable } from './replayVariables.ts'

export type Answer =
  | { readonly kind: 'ok' }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  | { readonly kind: 'rows'; readonly columns: readonly string[]; readonly rows: readonly (readonly (string | null)[])[] }

export interface Session {
  readonly id: number
  /** User variables (`@name`), by lower-case name without the sign. */
  readonly variables: Map<string, string | null>
}

export interface Asked {
  readonly served: Served
  readonly session: Session
  /** Ends a connection; false when there is none of this number. */
  readonly kill: (id: number) => boolean
}

const ER_NO_SUCH_THREAD = 1094
const ER_UNKNOWN_SYSTEM_VARIABLE = 1193
const ER_NOT_SUPPORTED_YET = 1235

const OK: Answer = { kind: 'ok' }

export async function answer(sql: string, asked: Asked): Promise<Answer> {
  const { served } = asked
  const text = sql
    .replaceAll(/\/\*(?!!).*?\*\//gs, ' ')
    .replaceAll(/\s+/g, ' ')
    .replace(/; ?$/, '')
    .trim()
  const set = /^SET (.+)$/i.exec(text)
  if (set !== null) return setAll(set[1] ?? '', asked)
  const kill = /^KILL (?:(?:HARD |SOFT )?(?:CONNECTION |QUERY )?)?(\d+)$/i.exec(text)
  if (kill !== null) {
    return asked.kill(Number(kill[1])) ? OK : error(ER_NO_SUCH_THREAD, `Unknown thread id: ${kill[1]}`)
  }
  if (/^SHOW (BINARY|MASTER) LOGS$/i.test(text)) {
    const files = await served.list()
    return rows(
      ['Log_name', 'File_size'],
      files.map((file) => [file.name, String(file.size)]),
    )
  }
  if (/^SHOW (MASTER STATUS|BINARY LOG STATUS|BINLOG STATUS)$/i.test(text)) return logStatus(served)
  if (/^SHOW (REPLICAS|REPLICA HOSTS|SLAVE HOSTS)$/i.test(text)) return rows(['Server_Id', 'Host', 'Port', 'Master_Id'], [])
  if (/^SHOW (ALL )?(REPLICAS?|SLAVES?) STATUS$/i.test(text)) return rows(['Slave_IO_State'], [])
  if (/^SHOW GRANTS$/i.test(text)) return rows(['Grants'], [["GRANT ALL PRIVILEGES ON *.* TO 'replay'@'localhost'"]])
  if (/^SHOW (?:GLOBAL |SESSION |LOCAL )?STATUS( |$)/i.test(text)) return rows(['Variable_name', 'Value'], [])
  const show =
    /^SHOW (?:GLOBAL |SESSION |LOCAL )?VARIABLES(?: LIKE '(.*)'| WHERE `?Variable_name`? ?= ?'(.*)'| WHERE `?Variable_name`? IN ?\((.*)\))?$/i.exec(
      text,
    )
  if (show !== null) {
    const list = show[3] === undefined ? [show[1] ?? show[2] ?? ''] : splitList(show[3]).map((name) => name.replaceAll("'", ''))
    return rows(
      ['Variable_name', 'Value'],
      list.flatMap((name) => variableRow(name, served)),
    )
  }
  const select = /^SELECT (.+?)(?: LIMIT \d+)?$/i.exec(text)
  if (select !== null && !/ FROM /i.test(text)) return selectAll(select[1] ?? '', asked)
  if (/^(COMMIT|ROLLBACK|BEGIN|START TRANSACTION|USE \S+)$/i.test(text)) return OK
  return error(ER_NOT_SUPPORTED_YET, `replay serves binlogs only and does not answer: ${text.slice(0, 200)}`)
}

function rows(columns: readonly string[], list: readonly (readonly (string | null)[])[]): Answer {
  return { kind: 'rows', columns, rows: list }
}

function error(code: number, message: string): Answer {
  return { kind: 'error', code, message }
}

async function logStatus(served: Served): Promise<Answer> {
  const last = (await served.list()).at(-1)
  const columns = ['File', 'Position', 'Binlog_Do_DB', 'Binlog_Ignore_DB']
  const row = [last?.name ?? '', String(last?.size ?? 0), '', '']
  if (served.family === 'mariadb') return rows(columns, [row])
  return rows([...columns, 'Executed_Gtid_Set'], [[...row, '']])
}

/** None or one. */
function variableRow(pattern: string, served: Served): readonly (readonly string[])[] {
  const name = pattern.toLowerCase().replaceAll(String.raw`\_`, '_')
  const value = systemVariable(name, served)
  const said = typeof value === 'boolean' ? (value ? 'ON' : 'OFF') : value
  return said === undefined ? [] : [[name, said]]
}

/** `@name = expression`, one or more, are kept; other settings change nothing that is served. */
function setAll(list: string, asked: Asked): Answer {
  for (const item of splitList(list)) {
    const [, name, expression = ''] = /^@([\w.$]+|`[^`]+`) ?:?= ?(.+)$/s.exec(item) ?? []
    if (name === undefined) continue
    const value = evaluate(expression, asked)
    if (value === undefined) return unknown(expression)
    asked.session.variables.set(name.replaceAll('`', '').toLowerCase(), value)
  }
  return OK
}

/** `expression [AS alias]`, one or more. */
function selectAll(list: string, asked: Asked): Answer {
  const columns: string[] = []
  const values: (string | null)[] = []
  for (const item of splitList(list)) {
    const [, expression = '', alias] = /^(.*?)(?: (?:AS )?[`'"]?(\w+)[`'"]?)?$/i.exec(item) ?? []
    const value = evaluate(expression, asked)
    if (value === undefined) return unknown(expression)
    columns.push(alias ?? expression)
    values.push(value)
  }
  return rows(columns, [values])
}

function unknown(expression: string): Answer {
  if (!expression.startsWith('@@'))
    return error(ER_NOT_SUPPORTED_YET, `replay serves binlogs only and does not know: ${expression}`)
  return error(ER_UNKNOWN_SYSTEM_VARIABLE, `Unknown system variable '${expression.replace(/^@@(\w+\.)?/, '')}'`)
}

/** At the commas that stand in no string and no parentheses. */
function splitList(list: string): string[] {
  return (list.match(/(?:'[^']*'|"[^"]*"|\([^)]*\)|[^,])+/g) ?? []).map((item) => item.trim())
}

/** Undefined: not known here. */
function evaluate(expression: string, { served, session }: Asked): string | null | undefined {
  if (/^-?\d+(\.\d+)?$/.test(expression)) return expression
  const string = /^(?:'([^']*)'|"([^"]*)")$/.exec(expression)
  if (string !== null) return string[1] ?? string[2] ?? ''
  if (/^NULL$/i.test(expression)) return null
  const call = /^(\w+) ?\( ?\)$/.exec(expression)?.[1]?.toUpperCase()
  if (call === 'VERSION') return served.version
  if (call === 'UNIX_TIMESTAMP') return String(Math.floor(Date.now() / 1000))
  if (call === 'CONNECTION_ID') return String(session.id)
  if (call === 'DATABASE' || call === 'SCHEMA') return null
  if (call === 'USER' || call === 'CURRENT_USER') return 'replay@localhost'
  const system = /^@@(?:(?:global|session|local)\.)?`?(\w+)`?$/i.exec(expression)?.[1]
  if (system !== undefined) {
    const value = systemVariable(system.toLowerCase(), served)
    return typeof value === 'boolean' ? String(Number(value)) : value
  }
  const user = /^@`?([\w.$]+)`?$/.exec(expression)?.[1]
  return user === undefined ? undefined : (session.variables.get(user.toLowerCase()) ?? null)
}

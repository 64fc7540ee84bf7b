/**
 * What a logged statement does, from its text and the session's default schema. Never throws: what is not understood to its end is
 * `other`. Not understood is also a text that the servers' SQL modes let be read in two ways, and one with characters that were not
 * UTF-8, or of which only the beginning is there.
 */
import { parseClauses } from './alter.ts'
import type { Reader } from './reader.ts'
import { createReader } from './reader.ts'
import type { CreateTable, Ddl, ObjectKind } from './statement.ts'
import type { Token } from './tokens.ts'
import { readingsOf, tokenize } from './tokens.ts'

const other: Ddl = { action: 'other' }

export function parseDdl(text: string, schema: string): Ddl {
  if (text.includes('\ufffd') || text.endsWith('…')) return other
  let parsed: Ddl | null = null
  for (const escapes of readingsOf(text)) {
    const tokens = tokenize(text, escapes)
    if (tokens === null) continue
    const reading = parseTokens(tokens, schema)
    if (parsed !== null && JSON.stringify(parsed) !== JSON.stringify(reading)) return other
    parsed = reading
  }
  return parsed ?? other
}

function parseTokens(tokens: readonly Token[], schema: string): Ddl {
  const end = tokens.findLastIndex((token) => token.kind !== 'symbol' || token.text !== ';')
  const reader = createReader(tokens.slice(0, end + 1), schema)
  const parsed = parseStatement(reader)
  return parsed !== null && reader.isAtEnd() ? parsed : other
}

/** Null, or words left: not understood. */
function parseStatement(reader: Reader): Ddl | null {
  const verb = reader.takeOneOf(Object.keys(verbs))
  return verb === null ? null : (verbs[verb]?.(reader) ?? null)
}

const verbs: Readonly<Record<string, (reader: Reader) => Ddl | null>> = {
  CREATE: parseCreate,
  DROP: parseDrop,
  TRUNCATE: (reader) => {
    reader.take('TABLE')
    const table = reader.takeTable()
    if (table !== null && reader.take('WAIT')) reader.takeName()
    else reader.take('NOWAIT')
    return table === null ? null : { action: 'truncate-table', table }
  },
  ALTER: parseAlter,
  RENAME: parseRename,
  ANALYZE: parseMaintenance,
  CHECK: parseMaintenance,
  OPTIMIZE: parseMaintenance,
  REPAIR: parseMaintenance,
  FLUSH: (reader) => {
    const isKnown = reader.takeOneOf(['PRIVILEGES', 'STATUS']) !== null || reader.takeOneOf(['TABLES', 'TABLE']) !== null
    return isKnown && reader.isAtEnd() ? { action: 'maintain', tables: [] } : null
  },
  GRANT: account,
  REVOKE: account,
}

/** Its own words matter only for CREATE and DROP. */
function account(reader: Reader): Ddl {
  reader.rest()
  return { action: 'account', isRepeatable: false }
}

function parseCreate(reader: Reader): Ddl | null {
  const isOrReplace = reader.take('OR', 'REPLACE')
  const isTemporary = reader.take('TEMPORARY')
  if (reader.take('TABLE')) return parseCreateTable(reader, { isOrReplace, isTemporary })
  if (isTemporary) return null
  if (reader.takeOneOf(['DATABASE', 'SCHEMA']) !== null) {
    const isIfNotExists = reader.take('IF', 'NOT', 'EXISTS')
    const schema = reader.takeName()
    reader.rest()
    return schema === null ? null : { action: 'create-database', schema, isOrReplace, isIfNotExists }
  }
  if (reader.takeOneOf(['USER', 'ROLE']) !== null) {
    const isRepeatable = reader.take('IF', 'NOT', 'EXISTS') || isOrReplace
    reader.rest()
    return { action: 'account', isRepeatable }
  }
  return isOrReplace ? parseCreateObject(reader, true) : (parseCreateIndex(reader) ?? parseCreateObject(reader, false))
}

function parseCreateTable(reader: Reader, flags: Pick<CreateTable, 'isOrReplace' | 'isTemporary'>): Ddl | null {
  const isIfNotExists = reader.take('IF', 'NOT', 'EXISTS')
  const table = reader.takeTable()
  if (table === null) return null
  const plain = {
    action: 'create-table',
    table,
    ...flags,
    isIfNotExists,
    like: null,
    isFromQuery: false,
    hasReferences: false,
    mayRefuseRows: false,
  } as const
  if (reader.take('LIKE')) {
    const like = reader.takeTable()
    return like === null ? null : { ...plain, like, mayRefuseRows: true }
  }
  const rest = reader.rest()
  const words = rest.map((token) => (token.kind === 'word' ? token.upper : ''))
  if (words.length === 0 || rest.some((token) => token.kind === 'symbol' && token.text === ';')) return null
  if (words[1] === 'LIKE') return parseLikeInBrackets(createReader(rest, reader.schema), plain)
  const hasWord = (...any: readonly string[]): boolean => words.some((word) => any.includes(word))
  return {
    ...plain,
    // VALUES is a query too, but where it begins the bounds of a partition.
    isFromQuery:
      hasWord('SELECT', 'TABLE') || words.some((word, i) => word === 'VALUES' && !['LESS', 'IN'].includes(words[i + 1] ?? '')),
    hasReferences: hasWord('REFERENCES'),
    mayRefuseRows: hasWord('CHECK', 'PARTITION'),
  }
}

/** `CREATE TABLE a (LIKE b)` */
function parseLikeInBrackets(reader: Reader, plain: CreateTable): Ddl | null {
  if (!reader.takeSymbol('(') || !reader.take('LIKE')) return null
  const like = reader.takeTable()
  return like !== null && reader.takeSymbol(')') && reader.isAtEnd() ? { ...plain, like, mayRefuseRows: true } : null
}

/** Null: no index. */
function parseCreateIndex(reader: Reader): Ddl | null {
  const sort = reader.takeOneOf(['UNIQUE', 'FULLTEXT', 'SPATIAL'])
  if (!reader.take('INDEX')) return null
  reader.take('IF', 'NOT', 'EXISTS')
  const index = reader.takeName()
  if (reader.takeOneOf(['USING', 'TYPE']) !== null) reader.takeOneOf(['BTREE', 'HASH', 'RTREE'])
  const table = reader.take('ON') ? reader.takeTable() : null
  if (index === null || table === null || reader.takeBrackets() === null) return null
  reader.rest()
  return { action: 'alter-table', table, clauses: [{ change: 'add-index', index, isUnique: sort === 'UNIQUE' }] }
}

const objects: Readonly<Record<string, ObjectKind>> = {
  VIEW: 'view',
  PROCEDURE: 'procedure',
  FUNCTION: 'function',
  TRIGGER: 'trigger',
  EVENT: 'event',
}

function parseCreateObject(reader: Reader, isOrReplace: boolean): Ddl | null {
  skipAttributes(reader)
  const object = objects[reader.takeOneOf(Object.keys(objects)) ?? '']
  if (object === undefined) return null
  const isIfNotExists = reader.take('IF', 'NOT', 'EXISTS')
  const name = reader.takeTable()
  // A function of a library (SONAME) has no schema; whatever it is, its repetition is judged as that of any function.
  const rest = reader.rest()
  return name === null || rest.length === 0 ? null : { action: 'create-object', object, name, isOrReplace, isIfNotExists }
}

/** ALGORITHM = …, DEFINER = …, SQL SECURITY …, AGGREGATE. */
function skipAttributes(reader: Reader): void {
  for (;;) {
    if (reader.take('SQL', 'SECURITY')) reader.takeName()
    else if (reader.takeOneOf(['ALGORITHM', 'DEFINER']) !== null) {
      reader.takeSymbol('=')
      if (reader.takeName() === null) reader.takeString()
      reader.takeBrackets()
      if (reader.takeSymbol('@') && reader.takeName() === null) reader.takeString()
    } else if (!reader.take('AGGREGATE')) return
  }
}

function parseDrop(reader: Reader): Ddl | null {
  const isTemporary = reader.take('TEMPORARY')
  const what = reader.takeOneOf(['TABLE', 'TABLES', 'DATABASE', 'SCHEMA', 'USER', 'ROLE', 'INDEX', ...Object.keys(objects)])
  if (what === null || (isTemporary && what !== 'TABLE' && what !== 'TABLES')) return null
  const isIfExists = reader.take('IF', 'EXISTS')
  switch (what) {
    case 'TABLE':
    case 'TABLES': {
      const tables = reader.takeTables()
      skipDropBehaviour(reader)
      return tables === null ? null : { action: 'drop-table', tables, isIfExists, isTemporary }
    }
    case 'DATABASE':
    case 'SCHEMA': {
      const schema = reader.takeName()
      return schema === null ? null : { action: 'drop-database', schema, isIfExists }
    }
    case 'USER':
    case 'ROLE':
      reader.rest()
      return { action: 'account', isRepeatable: isIfExists }
    case 'INDEX': {
      const index = reader.takeName()
      const table = reader.take('ON') ? reader.takeTable() : null
      if (index === null || table === null) return null
      return { action: 'alter-table', table, clauses: [{ change: 'drop-index', index }, ...manners(reader)] }
    }
    default: {
      const object = objects[what]
      const names = reader.takeTables()
      skipDropBehaviour(reader)
      return object === undefined || names === null ? null : { action: 'drop-object', object, names, isIfExists }
    }
  }
}

function skipDropBehaviour(reader: Reader): void {
  if (reader.take('WAIT')) reader.takeName()
  else reader.take('NOWAIT')
  reader.takeOneOf(['RESTRICT', 'CASCADE'])
}

/** Behind DROP INDEX: ALGORITHM and LOCK, or nothing. */
function manners(reader: Reader): ReturnType<typeof parseClauses> {
  return reader.isAtEnd() ? [] : parseClauses(reader.rest())
}

function parseAlter(reader: Reader): Ddl | null {
  if (reader.takeOneOf(['USER', 'ROLE']) !== null) return account(reader)
  reader.take('ONLINE')
  if (!reader.take('TABLE')) return null
  reader.take('IF', 'EXISTS')
  const table = reader.takeTable()
  if (table === null) return null
  if (reader.take('WAIT')) reader.takeName()
  else reader.take('NOWAIT')
  return reader.isAtEnd() ? null : { action: 'alter-table', table, clauses: parseClauses(reader.rest()) }
}

function parseRename(reader: Reader): Ddl | null {
  if (reader.takeOneOf(['USER', 'ROLE']) !== null) return account(reader)
  if (reader.takeOneOf(['TABLE', 'TABLES']) === null) return null
  reader.take('IF', 'EXISTS')
  const tables = []
  do {
    const from = reader.takeTable()
    const to = reader.take('TO') ? reader.takeTable() : null
    if (from === null || to === null) return null
    tables.push(from, to)
  } while (reader.takeSymbol(','))
  return { action: 'rename-table', tables }
}

function parseMaintenance(reader: Reader): Ddl | null {
  if (reader.takeOneOf(['TABLE', 'TABLES']) === null) return null
  const tables = reader.takeTables()
  reader.rest()
  return tables === null ? null : { action: 'maintain', tables }
}

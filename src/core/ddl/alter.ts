/** The clauses of ALTER TABLE. What is not known to leave rows where they are is `other`. */
import type { Reader } from './reader.ts'
import { createReader, splitAtCommas } from './reader.ts'
import type { AlterClause } from './statement.ts'
import type { Token } from './tokens.ts'

/** `tokens`: what follows the table's name. */
export function parseClauses(tokens: readonly Token[]): readonly AlterClause[] {
  const partitioning = parsePartitioning(createReader(tokens, ''))
  if (partitioning !== null) return [partitioning]
  return splitAtCommas(tokens).flatMap((part) => parseClause(createReader(part, '')))
}

const other: AlterClause = { change: 'other' }

/** A clause that names partitions stands alone, and has commas of its own; null: it is none. */
function parsePartitioning(reader: Reader): AlterClause | null {
  const verb = reader.takeOneOf([
    'ADD',
    'DROP',
    'TRUNCATE',
    'REORGANIZE',
    'EXCHANGE',
    'ANALYZE',
    'CHECK',
    'OPTIMIZE',
    'REBUILD',
    'REPAIR',
  ])
  if (verb === null || !reader.take('PARTITION')) return null
  const clause = parsePartitions(verb, reader)
  return reader.isAtEnd() ? clause : other
}

function parsePartitions(verb: string, reader: Reader): AlterClause {
  if (verb === 'EXCHANGE') {
    reader.rest()
    return { change: 'other-table' }
  }
  if (verb === 'ADD') {
    if (!reader.take('IF', 'NOT', 'EXISTS')) reader.take('NO_WRITE_TO_BINLOG')
    const partitions = definedPartitions(reader.takeBrackets())
    return partitions === null ? other : { change: 'add-partition', partitions }
  }
  reader.take('IF', 'EXISTS')
  if (verb === 'TRUNCATE' && reader.take('ALL')) return { change: 'truncate-partition', partitions: null }
  if (verb !== 'DROP' && verb !== 'TRUNCATE' && verb !== 'REORGANIZE') {
    reader.rest()
    return { change: 'maintain-partition' }
  }
  const partitions = reader.takeNames()
  if (partitions === null) return other
  if (verb === 'TRUNCATE') return { change: 'truncate-partition', partitions }
  if (verb === 'DROP') return { change: 'drop-partition', partitions }
  const into = reader.take('INTO') ? definedPartitions(reader.takeBrackets()) : null
  return into === null ? other : { change: 'reorganize-partition', partitions, into }
}

/** Names of `PARTITION p …, PARTITION q …`. */
function definedPartitions(tokens: readonly Token[] | null): readonly string[] | null {
  if (tokens === null) return null
  const names: string[] = []
  for (const part of splitAtCommas(tokens)) {
    const reader = createReader(part, '')
    const name = reader.take('PARTITION') ? reader.takeName() : null
    if (name === null) return null
    names.push(name)
  }
  return names
}

function parseClause(reader: Reader): readonly AlterClause[] {
  if (reader.take('ADD')) return [addedIndex(reader)]
  if (reader.take('DROP')) return [droppedIndex(reader)]
  if (reader.take('RENAME')) return [renamed(reader)]
  if (reader.take('ALTER')) return [shownIndex(reader)]
  return options(reader)
}

function addedIndex(reader: Reader): AlterClause {
  const sort = reader.takeOneOf(['UNIQUE', 'FULLTEXT', 'SPATIAL'])
  const isNamedIndex = reader.takeOneOf(['INDEX', 'KEY']) !== null
  if (sort === null && !isNamedIndex) return other
  reader.take('IF', 'NOT', 'EXISTS')
  const index = reader.takeName()
  if (index === null) return other
  if (reader.takeOneOf(['USING', 'TYPE']) !== null) reader.takeOneOf(['BTREE', 'HASH', 'RTREE'])
  return reader.takeBrackets() === null ? other : { change: 'add-index', index, isUnique: sort === 'UNIQUE' }
}

function droppedIndex(reader: Reader): AlterClause {
  if (reader.takeOneOf(['INDEX', 'KEY']) === null) return other
  reader.take('IF', 'EXISTS')
  const index = reader.takeName()
  return index !== null && reader.isAtEnd() ? { change: 'drop-index', index } : other
}

function renamed(reader: Reader): AlterClause {
  if (reader.take('COLUMN')) return other
  if (reader.takeOneOf(['INDEX', 'KEY']) === null) return { change: 'other-table' }
  reader.take('IF', 'EXISTS')
  const index = reader.takeName()
  const to = reader.take('TO') ? reader.takeName() : null
  return index !== null && to !== null && reader.isAtEnd() ? { change: 'rename-index', index, to } : other
}

function shownIndex(reader: Reader): AlterClause {
  if (reader.takeOneOf(['INDEX', 'KEY']) === null) return other
  reader.take('IF', 'EXISTS')
  const index = reader.takeName()
  reader.take('NOT')
  const isShown = reader.takeOneOf(['VISIBLE', 'INVISIBLE', 'IGNORED']) !== null
  return index !== null && isShown && reader.isAtEnd() ? { change: 'show-index', index } : other
}

/** Options stand behind each other, with or without commas. */
function options(reader: Reader): readonly AlterClause[] {
  const found: AlterClause[] = []
  do found.push(option(reader))
  while (!reader.isAtEnd() && found.at(-1)?.change !== 'other')
  return found
}

const plainOptions = [
  'AUTO_INCREMENT',
  'ROW_FORMAT',
  'KEY_BLOCK_SIZE',
  'STATS_PERSISTENT',
  'STATS_AUTO_RECALC',
  'STATS_SAMPLE_PAGES',
]

function option(reader: Reader): AlterClause {
  const name = reader.takeOneOf(['FORCE', 'ENABLE', 'DISABLE', 'ALGORITHM', 'LOCK', 'ENGINE', 'COMMENT', ...plainOptions])
  const isDone = { change: 'option' } as const
  switch (name) {
    case null:
      return other
    case 'FORCE':
      return isDone
    case 'ENABLE':
    case 'DISABLE':
      return reader.take('KEYS') ? isDone : other
    default:
  }
  reader.takeSymbol('=')
  if (name === 'COMMENT') return reader.takeString() ? isDone : other
  const value = reader.takeName()
  if (value === null || (name === 'ENGINE' && value.toUpperCase() !== 'INNODB')) return other
  return name === 'ALGORITHM' || name === 'LOCK' ? { change: 'manner' } : isDone
}

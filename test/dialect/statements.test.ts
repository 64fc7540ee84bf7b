/**
 * Every word of every dialect that a server here speaks, run on a real replica of a pair: of the only channel, and of a named one beside
 * another. A word that is added to Dialect fails here until it is run, too.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Dialect } from '../../src/core/plan/dialect.ts'
import { parseDialect } from '../../src/dialect/choose.ts'
import { inspectReplica } from '../../src/server/replica.ts'
import { accounts, endOfLog, startPair, words } from '../support/servers/index.ts'
import type { Pair, Position, Server, ServerKind } from '../support/servers/index.ts'
import { describeWith } from '../support/servers/with.ts'
import { openAs } from '../inspect/support.ts'

interface Kind {
  readonly kind: ServerKind
  readonly options: readonly string[]
  /** Of another version: it must fail with 1064. */
  readonly foreign: string
  /** What a name that is left out, or wrong, is told where there are two channels; none where a server has no channels. */
  readonly misnamed: readonly { readonly channel: string; readonly errors: Readonly<Record<string, number>> }[]
}

const leftOut = { channel: '', errors: { changeTo: 3079, startUntil: 3079, startUntilGtids: 3079, positionWait: 3079 } }
const unknown = { channel: 'nobody', errors: { stop: 1617, start: 1617, showStatus: 1617 } }

const kinds: readonly Kind[] = [
  { kind: 'mysql-5.6', options: ['--gtid-mode=ON', '--enforce-gtid-consistency=ON'], foreign: 'mysql-8.0', misnamed: [] },
  { kind: 'mysql-9.7', options: [], foreign: 'mysql-5.7', misnamed: [leftOut] },
  { kind: 'mariadb-10.5', options: [], foreign: 'mysql-8.0', misnamed: [unknown] },
  { kind: 'mariadb-10.11', options: [], foreign: 'mysql-8.4', misnamed: [unknown] },
  { kind: 'mariadb-11.8', options: [], foreign: 'mysql-8.0', misnamed: [unknown] },
]

/** A channel's name with all that could end a literal too early; MySQL folds the case, and MariaDB makes file names of it. */
const CHANNEL = `it's "x" \\ \`é`

for (const { kind, options, foreign, misnamed } of kinds) {
  describeWith(kind, `the words of ${kind}`, () => {
    let pair: Pair
    let dialect: Dialect

    beforeAll(async () => {
      pair = await startPair({ kind, options })
      await pair.active.run('CREATE DATABASE d', 'CREATE TABLE d.t (id INT PRIMARY KEY) ENGINE=InnoDB')
      for (let id = 1; id <= 3; id++) await pair.active.run(`INSERT INTO d.t VALUES (${id})`)
      await pair.caughtUp()
      await using connection = await openAs(pair.passive)
      dialect = (await inspectReplica(connection, '')).dialect
    }, 60_000)
    afterAll(() => pair[Symbol.asyncDispose]())

    test('are understood, all of them, of the only channel', async () => {
      const { tried, errors } = await sayAll(pair, dialect, '')
      expect(errors).toEqual({})
      // The last word was to reset the log, to number 7.
      expect((await endOfLog(pair.passive)).file).toBe(dialect.keepsLogNumber ? 'mysql-bin.000007' : 'mysql-bin.000001')
      expect(Object.keys(dialect).filter((word) => !tried.has(word))).toEqual(notStatements)
    })

    test('of another version are not', async () => {
      const { errors } = await sayAll(pair, parseDialect(foreign), '')
      expect(Object.values(errors)).toContain(1064)
    })

    for (const wrong of misnamed)
      test('are understood of a named channel beside another one, and only with its name', async () => {
        await pair.passive.run(dialect.stop(''), addChannel(pair, dialect, CHANNEL))
        expect((await sayAll(pair, dialect, CHANNEL)).errors).toEqual({})
        expect((await sayAll(pair, dialect, wrong.channel)).errors).toMatchObject(wrong.errors)
      })
  })
}

const notStatements = ['name', 'family', 'keepsLogNumber', 'hasSessionMode', 'quote']

interface Said {
  readonly tried: ReadonlySet<string>
  /** The server's error numbers by words. */
  readonly errors: Readonly<Record<string, number>>
}

/** Says all words in an order in which each is possible, and goes on after an error. */
async function sayAll({ active, passive }: Pair, dialect: Dialect, channel: string): Promise<Said> {
  const tried = new Set<string>()
  const errors: Record<string, number> = {}
  const say = async (word: keyof Dialect, ...statements: readonly string[]): Promise<void> => {
    tried.add(word)
    for (const sql of statements) {
      try {
        await passive.query(sql)
      } catch (error) {
        errors[word] ??= numberOf(error)
      }
    }
  }
  const end = await endOfLog(active)
  const stop = dialect.stop(channel)
  const { file, position } = end
  const prepared = (text: string): readonly string[] => [
    `SET @file = ${dialect.quote(file)}, @end = ${position}, @gtids = ${dialect.quote('')}`,
    `SET @until = ${text}`,
    'PREPARE until_statement FROM @until',
  ]
  await say('noTimeLimit', dialect.noTimeLimit)
  await say('showStatus', dialect.showStatus(channel))
  await say('execMode', ...['IDEMPOTENT', 'STRICT'].map((mode) => `SET GLOBAL ${dialect.execMode} = '${mode}'`))
  await say('isServer', `SELECT ${dialect.isServer({ serverId: 2, serverUuid: null, hostname: "h'", port: 1 })}`)
  await say('isServer', `SELECT ${dialect.isServer({ serverId: 2, serverUuid: 'x', hostname: '', port: 1 })}`)
  await say('isAtRest', `SELECT ${dialect.isAtRest}`)
  const executed = dialect.executedIn?.(channel)
  await say('executedIn', ...(executed === undefined ? [] : [`SELECT ${executed.file}, ${executed.position} ${executed.from}`]))
  await sayOneOf(passive, dialect.standing(channel), () => tried.add('standing'))
  await say('start', dialect.start(channel))
  await say('positionWait', `SELECT ${dialect.positionWait(dialect.quote(file), String(position), 1, channel)}`)
  await say('stopReceiver', dialect.stopReceiver(channel))
  await say('stop', stop)
  await say('changeTo', dialect.changeTo(end, channel))
  await say('startUntil', dialect.startUntil(end, channel), stop)
  await say('startUntilText', ...prepared(dialect.startUntilText('@file', '@end', channel)), 'EXECUTE until_statement', stop)
  if (dialect.fillGaps === null) tried.add('fillGaps')
  else await say('fillGaps', dialect.fillGaps(channel), stop)
  const gtids = await executedGtids(active)
  await say('followGtids', dialect.followGtids('Slave_Pos', channel))
  await say('startUntilGtids', dialect.startUntilGtids(gtids, channel), stop)
  await say(
    'startUntilGtidsText',
    ...prepared(dialect.startUntilGtidsText(dialect.quote(gtids), channel)),
    'EXECUTE until_statement',
    stop,
  )
  await say('gtidWait', `SELECT ${dialect.gtidWait(dialect.quote(gtids), 1)}`)
  await say('changeTo', dialect.changeTo(end, channel))
  await say('resetLog', dialect.resetLog(null), dialect.resetLog('mysql-bin.000007'))
  return { tried, errors }
}

/** Of several wordings, some are another version's; one must do. */
async function sayOneOf(server: Server, expressions: readonly string[], done: () => void): Promise<void> {
  for (const expression of expressions) {
    try {
      await server.query(`SELECT ${expression}`)
      done()
    } catch {
      continue
    }
  }
}

async function executedGtids(active: Server): Promise<string> {
  const variable = active.kind.startsWith('mysql') ? 'gtid_executed' : 'gtid_binlog_pos'
  const [row] = await active.query(`SELECT @@GLOBAL.${variable} AS gtids`)
  return String(row?.['gtids']).replaceAll(/\s/g, '')
}

function addChannel({ active, passive }: Pair, dialect: Dialect, channel: string): string {
  const { source } = words(passive)
  // MariaDB takes no second connection to a host of the same name (1934).
  const login = `${source}_HOST = 'localhost', ${source}_PORT = ${active.port}, ${source}_USER = '${accounts.reader.user}', ${source}_PASSWORD = '${accounts.reader.password}'`
  const start: Position = { file: 'mysql-bin.000001', position: 4 }
  // The dialect's own CHANGE, with the account put in ahead of the coordinate.
  return dialect.changeTo(start, channel).replace(`${source}_LOG_FILE`, `${login}, ${source}_LOG_FILE`)
}

function numberOf(error: unknown): number {
  return error instanceof Error && 'errno' in error ? Number(error.errno) : -1
}

/** A short run of `make fuzz`, with a seed of its own: every sort of input, and a promise that is broken is seen and can be run again. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { planRounds, runCampaign } from '../fuzz/campaign.ts'
import { readCorpus } from '../fuzz/corpus.ts'
import { tell } from '../fuzz/grammar.ts'
import { makeLayer, shares } from '../fuzz/layers.ts'
import { checkChecksums, checkFile } from '../fuzz/properties.ts'
import { EventType } from '../src/core/binlog/layout.ts'
import { addRows, beginLog, body } from './support/bytes.ts'

const COUNT = 4000
const SEED = 20_261_125

test(`${COUNT} inputs break no promise`, async () => {
  const rounds = planRounds(SEED, COUNT)
  let inputs = 0
  expect(
    await runCampaign({
      rounds,
      onInput: () => {
        inputs++
      },
    }),
  ).toBeNull()
  expect(inputs).toBe(COUNT)
  expect(new Set(rounds.map(({ layer }) => layer))).toEqual(new Set(Object.keys(shares)))
})

test('the corpus has logs of both families, with and without checksums, and transactions of every sort', () => {
  const { files, heads, groups, pieces } = readCorpus()
  expect(files.length).toBeGreaterThan(100)
  expect(heads.length).toBeGreaterThan(15)
  expect(groups.length).toBeGreaterThan(100)
  const types = new Set(pieces.map(({ type }) => type))
  const wanted = [
    'GTID',
    'GTID_TAGGED',
    'MARIADB_GTID',
    'TRANSACTION_PAYLOAD',
    'PARTIAL_UPDATE_ROWS',
    'WRITE_ROWS_COMPRESSED_V1',
  ] as const
  expect(wanted.filter((name) => !types.has(EventType[name]))).toEqual([])
})

test('the naive grammar finds the transactions of a log made by hand', () => {
  const log = beginLog()
  const first = addRows(log, 1)
  const second = log.add(EventType.QUERY, body.query('DROP TABLE t'))
  const open = log.add(EventType.QUERY, body.query('BEGIN'))
  const bytes = log.bytes()
  expect(tell(bytes, bytes.length, 4)).toEqual({
    transactions: [
      [first.start, first.end],
      [second, open],
    ],
    unfinished: [open],
    covered: open,
    closed: null,
  })
})

test('what does not hold is found, made small, and found again by its path', async () => {
  const wrong = makeLayer('text', fc.array(fc.nat(1000)), {
    check: (numbers) => {
      if (numbers.some((n) => n >= 400)) throw new Error('too large')
    },
    bytes: (numbers) => Buffer.from(numbers.join(' ')),
  })
  const failure = await wrong.run({ seed: SEED, count: 100, onInput: () => undefined })
  expect(failure).toMatchObject({
    layer: 'text',
    seed: SEED,
    recipe: '[400]',
    hex: '343030',
    message: expect.stringContaining('too large'),
  })
  let inputs = 0
  const again = await wrong.run({
    seed: SEED,
    count: 1,
    path: failure?.path,
    onInput: () => {
      inputs++
    },
  })
  expect(again).toMatchObject({ recipe: '[400]', hex: '343030' })
  expect(inputs).toBeLessThan(20)
})

test('a change that no checksum shows breaks the promise of checksums', () => {
  const log = beginLog()
  addRows(log, 1)
  expect(() => checkFile(log.bytes(), [7], 0)).not.toThrow()
  expect(() => checkChecksums(log.bytes(), log.bytes().fill(1, log.position - 1))).not.toThrow()
  const unchecked = beginLog({ checksums: false })
  const { start } = addRows(unchecked, 1)
  const changed = Buffer.from(unchecked.bytes())
  changed[start] = 7
  expect(() => checkChecksums(unchecked.bytes(), changed)).toThrow(/with a byte changed/)
})

/** What a transaction says of its own time, by all that it may carry. */
import { describe, expect, test } from 'vitest'
import type { Writer } from '../../../src/core/clock/ownTime.ts'
import { claims, isBeforeByMargin, isRefuted, ownSeconds, writtenSeconds } from '../../../src/core/clock/ownTime.ts'
import type { ScannedTransaction } from '../../../src/core/scan/grammar.ts'
import { MarkBit } from '../../../src/core/scan/marks.ts'

const S = 1_700_000_000
const SECOND = 1_000_000
const mysql: Writer = { serverId: 1, family: 'mysql' }
const mariadb: Writer = { serverId: 1, family: 'mariadb' }

function scanned(of: Partial<ScannedTransaction>): ScannedTransaction {
  return {
    start: 4,
    end: 400,
    serverId: 1,
    firstStampSeconds: S,
    maxStampSeconds: S,
    writtenSeconds: 0,
    commitUs: 0,
    threadId: 0,
    begunSeconds: 0,
    marks: 0,
    events: 4,
    rowsEvents: 1,
    statements: 0,
    ...of,
  }
}

describe('own seconds', () => {
  const forged = MarkBit['set-timestamp']
  test.each([
    [
      'an exact stamp wins over all',
      { commitUs: (S + 9) * SECOND + 7, maxStampSeconds: S + 99, writtenSeconds: S + 50 },
      mysql,
      S + 9,
    ],
    ['the largest stamp', { maxStampSeconds: S + 3 }, mariadb, S + 3],
    ['the time of writing, where it is later', { writtenSeconds: S + 3 }, mysql, S + 3],
    ['the stamp, where a later statement has one', { writtenSeconds: S + 3, maxStampSeconds: S + 8 }, mysql, S + 8],
    [
      'the time of writing alone, where the stamp is forged',
      { writtenSeconds: S + 3, maxStampSeconds: S + 8, marks: forged },
      mysql,
      S + 3,
    ],
    ['of another server, the time of writing', { serverId: 2, writtenSeconds: S + 3, maxStampSeconds: S + 8 }, mysql, S + 3],
    ['of another server, nothing where an applier of MariaDB wrote it', { serverId: 2, writtenSeconds: S + 3 }, mariadb, 0],
    ['of another server, nothing without a time of writing', { serverId: 2, maxStampSeconds: S + 8 }, mariadb, 0],
  ] as const)('%s', (_what, of, writer, seconds) => {
    expect(ownSeconds(scanned(of), writer)).toBe(seconds)
  })

  test('of MariaDB itself, the time of writing counts', () => {
    expect(writtenSeconds(scanned({ writtenSeconds: S + 3 }), mariadb)).toBe(S + 3)
  })
})

test('a stamp is cut off: it claims every time of its second', () => {
  const time = { exactUs: 0, ownSeconds: S }
  expect([S * SECOND - 1, S * SECOND, S * SECOND + 999_999, (S + 1) * SECOND].map((us) => claims(time, us))).toEqual([
    true,
    true,
    true,
    false,
  ])
  const exact = { exactUs: S * SECOND + 500, ownSeconds: S }
  expect([499, 500, 501].map((us) => claims(exact, S * SECOND + us))).toEqual([true, true, false])
  expect(claims({ exactUs: 0, ownSeconds: 0 }, 0)).toBe(false)
})

test('what is known to have committed before its own second is refuted; an exact stamp never is', () => {
  expect([0, 1].map((us) => isRefuted({ exactUs: 0, ownSeconds: S }, S * SECOND + us))).toEqual([true, false])
  expect(isRefuted({ exactUs: S * SECOND, ownSeconds: S }, S)).toBe(false)
})

test('by a margin of 60 s, what says a time that is 60 s earlier is before it; nothing is by a stamp that lies too far back, or by none', () => {
  const before = (ownTime: number, known: number = 0): boolean =>
    isBeforeByMargin({ exactUs: 0, ownSeconds: ownTime }, S * SECOND, 60 * SECOND, known)
  expect([before(S - 61), before(S - 60), before(S - 59), before(0)]).toEqual([true, false, false, false])
  expect([before(S - 100, S - 40), before(S - 100, S - 39)]).toEqual([true, false])
})

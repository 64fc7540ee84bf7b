/**
 * Made-up histories, where the test knows when each transaction committed, and what the log shows of it. Nothing that committed at or
 * after the time lies ahead of `safe`, whatever the stamps say; and `safe` is no earlier than what the log proves.
 * HISTORIES=100000 makes so many of them.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { at } from '../../src/app/at.ts'
import { atOffline } from '../../src/app/atOffline.ts'
import { buildIndex } from '../../src/app/index.ts'
import type { AtAnswer } from '../../src/core/answer.ts'
import { openStore } from '../../src/store/store.ts'
import type { Commit, History, Idea, IdeaOptions, Kind, Proof } from '../support/history.ts'
import { BEGIN_US, ideas, kinds, SECOND, write } from '../support/history.ts'
import { openMemory } from '../support/memory.ts'

const histories = Number(process.env['HISTORIES'] ?? 2000)
/** A share of them for each property. */
const numRuns = Math.ceil(histories / 12)
const timeout = Math.max(120_000, histories * 60)

interface Case {
  readonly ideas: readonly Idea[]
  /** As a place among the times that matter (0 to 1), and a little beside it. */
  readonly asked: readonly { readonly place: number; readonly besideUs: number }[]
}

function cases(options: IdeaOptions): fc.Arbitrary<Case> {
  return fc.record({
    ideas: ideas(options),
    asked: fc.array(
      fc.record({
        place: fc.double({ min: 0, max: 1, noNaN: true }),
        besideUs: fc.oneof(
          fc.constantFrom(0, 1, -1, SECOND, -SECOND),
          fc.integer({ min: -5000, max: 5000 }).map((s) => s * SECOND),
        ),
      }),
      { minLength: 3, maxLength: 8 },
    ),
  })
}

/** Right on a commit or on a proof, or beside. */
function timesOf({ asked }: Case, history: History): number[] {
  const known = [...history.commits.map((t) => t.committedUs), ...history.proofs.map((proof) => proof.notAfterUs), history.endUs]
  return asked.map(({ place, besideUs }) => (known[Math.floor(place * (known.length - 1))] ?? BEGIN_US) + besideUs)
}

interface Answered {
  readonly timeUs: number
  readonly online: AtAnswer
  readonly offline: AtAnswer
}

async function answers(history: History, timesUs: readonly number[], marginUs: number | null): Promise<Answered[]> {
  await using source = openMemory(history.files)
  using store = openStore(':memory:')
  const { log } = await buildIndex({ store, source })
  expect(store.counts(log).transactions).toBe(history.commits.length)
  const list: Answered[] = []
  for (const timeUs of timesUs) {
    const online = await at({ store, log, source, timeUs, marginUs, skewUs: 0, nowUs: history.endUs + SECOND })
    list.push({ timeUs, online, offline: atOffline({ store, log, timeUs, skewUs: 0 }) })
  }
  return list
}

const orderOf = (place: { file: string; position: number }): number => Number(place.file.slice(-6)) * 1e9 + place.position
const orderOfCommit = (t: Commit): number => (t.file + 1) * 1e9 + t.start

/** What committed at the time or later, and lies ahead of the answer. */
function lost(commits: readonly Commit[], { safe, effectiveUs }: AtAnswer): readonly Commit[] {
  return safe === null ? [] : commits.filter((t) => t.committedUs >= effectiveUs && orderOfCommit(t) < orderOf(safe))
}

/** The first transaction behind all that is proven by the time, or (null) none. Undefined: nothing is proven. */
function proven(commits: readonly Commit[], proofs: readonly Proof[], timeUs: number): Commit | null | undefined {
  const holding = proofs.filter((proof) => proof.notAfterUs <= timeUs)
  if (holding.length === 0) return undefined
  const to = Math.max(...holding.map((proof) => (proof.file + 1) * 1e9 + proof.end))
  return commits.find((t) => orderOfCommit(t) >= to) ?? null
}

const all: IdeaOptions = { forged: 'any', foreign: true, steps: true, longestUs: 1800 * SECOND }
const honest: IdeaOptions = { ...all, forged: false, foreign: false, steps: false }

describe.each(kinds)('a history in a log of %s', (kind: Kind) => {
  test(
    'nothing of the time or later lies ahead of safe, whatever the clocks did',
    async () => {
      await fc.assert(
        fc.asyncProperty(cases(all), async (one) => {
          const history = write(kind, one.ideas)
          for (const { online, offline } of await answers(history, timesOf(one, history), null)) {
            expect(lost(history.commits, online)).toEqual([])
            expect(lost(history.commits, offline)).toEqual([])
          }
        }),
        { numRuns },
      )
    },
    timeout,
  )

  test(
    'safe is where the proof ends, and not before',
    async () => {
      await fc.assert(
        fc.asyncProperty(cases({ ...all, forged: kind === 'mariadb' ? false : 'any', steps: false }), async (one) => {
          const history = write(kind, one.ideas)
          for (const { timeUs, online } of await answers(history, timesOf(one, history), null)) {
            const wanted =
              kind === 'mysql-8.4'
                ? timeUs < Math.min(...history.proofs.map((proof) => proof.notAfterUs))
                  ? undefined
                  : (history.commits.find((t) => t.committedUs >= timeUs) ?? null)
                : proven(history.commits, history.proofs, timeUs)
            // Where all is proven, the answer is the end of the log, or what the last file ends with.
            const end = Math.max(...history.commits.map((t) => (t.file + 1) * 1e9 + t.end))
            const place = online.safe === null ? undefined : orderOf(online.safe)
            const isEnd = wanted === null && place !== undefined && place >= end
            expect(isEnd ? null : place).toBe(wanted == null ? wanted : orderOfCommit(wanted))
          }
        }),
        { numRuns },
      )
    },
    timeout,
  )

  test(
    'with a margin, only what ran for longer is lost; both answers are boundaries, in order, and what lies between is counted',
    async () => {
      const marginUs = 60 * SECOND
      await fc.assert(
        fc.asyncProperty(cases({ ...all, forged: 'far', steps: false, longestUs: marginUs }), async (one) => {
          const history = write(kind, one.ideas)
          const { commits } = history
          const ends = new Set(commits.map((t) => t.end))
          const starts = new Set(commits.map(orderOfCommit))
          const isBoundary = (place: { file: string; position: number }): boolean =>
            starts.has(orderOf(place)) || ends.has(place.position) || history.files.at(-1)?.bytes.length === place.position
          for (const { online, offline } of await answers(history, timesOf(one, history), marginUs)) {
            expect(lost(commits, online)).toEqual([])
            for (const { safe, latest, distance } of [online, offline]) {
              if (safe === null || latest === null) continue
              expect([isBoundary(safe), isBoundary(latest)]).toEqual([true, true])
              expect(orderOf(safe)).toBeLessThanOrEqual(orderOf(latest))
              const between = commits.filter((t) => orderOfCommit(t) >= orderOf(safe) && orderOfCommit(t) < orderOf(latest))
              expect(distance).toMatchObject({
                transactions: between.length,
                bytes: between.reduce((sum, t) => sum + (t.end - t.start), 0),
              })
            }
          }
        }),
        { numRuns },
      )
    },
    timeout,
  )

  test(
    'a stamp that lies moves no answer: latest is the first honest one of the time, safe where it was without it',
    async () => {
      await fc.assert(
        fc.asyncProperty(cases(honest), fc.nat(), fc.constantFrom(-900_000, 300_000_000), async (one, which, forgedTo) => {
          const index = which % one.ideas.length
          const plain = write(kind, one.ideas)
          const lying = write(
            kind,
            one.ideas.map((idea, i) => (i === index ? { ...idea, forgedTo, rotates: false, before: 'nothing' as const } : idea)),
          )
          fc.pre(lying.files.length === plain.files.length)
          const times = timesOf(one, plain)
          const honestly = await answers(plain, times, null)
          for (const [i, { timeUs, online }] of (await answers(lying, times, null)).entries()) {
            const without = honestly[i]?.online
            expect(online.safe).toEqual(
              without?.safe == null ? without?.safe : { ...without.safe, notBeforeUs: online.safe?.notBeforeUs },
            )
            const second = Math.floor(timeUs / SECOND)
            const has = (t: Commit): boolean => (kind === 'mysql-8.4' ? t.committedUs >= timeUs : t.says >= second)
            const isLiar = (t: Commit): boolean => t.idea?.forgedTo != null
            const first = lying.commits.find((t) => !isLiar(t) && has(t))
            const liar = lying.commits.find(isLiar)
            const isLiarsTime = liar !== undefined && liar.committedUs >= second * SECOND
            // It is the answer itself only if it had committed then.
            const mayBe = [first, isLiarsTime ? liar : first].map((t) => (t === undefined ? 'after-last' : orderOfCommit(t)))
            if (online.safe === null) continue
            expect(mayBe).toContain(
              online.latest === null || online.outcome !== 'located' ? 'after-last' : orderOf(online.latest),
            )
          }
        }),
        { numRuns },
      )
    },
    timeout,
  )
})

import { expect, test } from 'vitest'
import type { Availability } from './cache.ts'
import { judge } from './need.ts'

const here: Availability = { kind: 'mariadb-10.11', available: true, version: '10.11.18' }
const required: Availability = { kind: 'mysql-9.7', available: false, why: 'no mirror' }
const optional: Availability = { kind: 'mariadb-10.5', available: false, why: 'not fetched' }

test.each([
  { name: 'all are here', found: [here], inCi: true, verdict: { kind: 'run' } },
  {
    name: 'one is not',
    found: [here, required],
    inCi: false,
    verdict: { kind: 'skip', why: 'mysql-9.7 is not here: no mirror' },
  },
  {
    name: 'a required one is not, in CI',
    found: [here, required],
    inCi: true,
    verdict: { kind: 'fail', why: 'mysql-9.7 is not here: no mirror' },
  },
  {
    name: 'another one is not, in CI',
    found: [optional],
    inCi: true,
    verdict: { kind: 'skip', why: 'mariadb-10.5 is not here: not fetched' },
  },
])('$name', ({ found, inCi, verdict }) => {
  expect(judge(found, inCi)).toEqual(verdict)
})

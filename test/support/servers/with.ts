/**
 * Suites and tests that need a real server: skipped by name, with the reason, where it is not here. In CI the servers that the promises
 * rest on must run: their absence fails there (need.ts has the rule).
 */
// This file makes tests for others, so rules on how a test is written do not fit it.
/* oxlint-disable vitest/no-conditional-tests, vitest/valid-title, vitest/expect-expect, vitest/no-disabled-tests, vitest/no-standalone-expect, vitest/valid-describe-callback, vitest/require-top-level-describe, vitest/no-identical-title */
import { describe, it } from 'vitest'
import { availability } from './cache.ts'
import type { Fetched } from './catalog.ts'
import { judge } from './need.ts'
import type { Verdict } from './need.ts'

/** All of `kinds` are needed; `faketime` is one where a clock is moved. */
export function describeWith(kinds: Fetched | readonly Fetched[], name: string, body: () => void): void {
  const verdict = verdictOn(kinds)
  if (verdict.kind === 'run') describe(name, body)
  else if (verdict.kind === 'skip') describe.skip(`${name} (${verdict.why})`, body)
  else it(name, () => Promise.reject(new Error(verdict.why)))
}

function verdictOn(kinds: Fetched | readonly Fetched[]): Verdict {
  return judge((typeof kinds === 'string' ? [kinds] : kinds).map(availability), Boolean(process.env['CI']))
}
